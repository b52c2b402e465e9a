"""``--cache``: a second run, and the rounds of a watch, ask Druid for less and say what came from where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from frontrow_ingest.testing import MemoryDruid
from support.loopback import Loopback
from support.memory_server import memory_server
from support.query_command import run
from support.viewing_events import an_event

HOUR = "2026-09-21T12:00/2026-09-21T13:00"
START_MS = int(datetime(2026, 9, 21, 12, tzinfo=UTC).timestamp() * 1000)
QUESTION = ("timeseries", "plays", "--granularity", "5m", "--interval", HOUR)


@pytest.fixture
def server() -> Iterator[Loopback]:
    druid = MemoryDruid()
    druid.apply("audience", "quality", "ledger", "quarantine")
    events = [
        an_event(
            ts=START_MS + number * 60_000, kind="first_frame", startup_ms=300, viewer_id=f"viewer-{number % 20:015d}",
            session_id=f"s{number}",
        )
        # One long after the hour that is asked for, which is therefore good for more than a moment.
        for number in (*range(60), 600)
    ]  # fmt: skip
    druid.send("events", events)
    with memory_server(druid) as found:
        yield found


def questions(server: Loopback) -> int:
    """How many queries about the plays were sent."""
    return sum("plays" in json.dumps(body.get("aggregations", [])) for body in server.bodies if isinstance(body, dict))


def test_a_second_run_asks_for_less(server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = (*QUESTION, "--url", server.url, "--cache", str(tmp_path / "kept"), "--json")
    assert run(*asked) == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["cache"]["buckets"], first["cache"]["from_cache"]) == (12, 0)
    assert questions(server) == 1
    assert run(*asked) == 0
    second = json.loads(capsys.readouterr().out)
    assert questions(server) == 1
    assert (second["cache"]["buckets"], second["cache"]["from_cache"]) == (12, 12)
    assert second["rows"] == first["rows"]
    assert run(*asked[:-1]) == 0
    assert "12 of 12 from cache" in capsys.readouterr().err


def test_without_it_every_run_asks(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert run(*QUESTION, "--url", server.url, "--json") == 0
        assert json.loads(capsys.readouterr().out)["cache"] is None
    assert questions(server) == 2


def test_the_rounds_of_a_watch_share_it(server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = str(tmp_path / "kept")
    watched = (*QUESTION, "--url", server.url, "--cache", kept, "--json", "--watch=1", "--rounds", "2")
    assert run(*watched) == 0
    rounds = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["cache"]["from_cache"] for each in rounds] == [0, 12]
    assert questions(server) == 1


def test_a_file_in_its_place_is_refused(server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kept").write_text("mine")
    assert run(*QUESTION, "--url", server.url, "--cache", str(tmp_path / "kept")) == 2
    assert "is a file" in capsys.readouterr().err
    assert (tmp_path / "kept").read_text() == "mine"
    assert not server.requests
