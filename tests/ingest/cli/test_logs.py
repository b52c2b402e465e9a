"""Logs as JSON lines, from the command line only."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

from frontrow_ingest.cli.logs import JsonFormatter
from support.viewing_events import a_line


def test_a_record_is_one_json_object() -> None:
    try:
        raise OSError("gone")
    except OSError:
        record = logging.getLogger("x").makeRecord(
            "x",
            logging.WARNING,
            "f",
            1,
            "took %d s",
            (3,),
            sys.exc_info(),
            extra={"topic": "events", "name_": {1: b"x"}},
        )
    line = JsonFormatter().format(record)
    found = json.loads(line)
    assert "\n" not in line
    assert (found["level"], found["logger"], found["message"], found["topic"]) == ("warning", "x", "took 3 s", "events")
    assert found["time"].endswith("+00:00")
    assert "OSError: gone" in found["error"]


def run(*arguments: str) -> str:
    code = "from frontrow_ingest.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 1
    return done.stderr


def test_an_error_is_a_log_line_where_logs_are_json() -> None:
    missing = ("specs", "show", "nothing-like-it")
    assert run(*missing).startswith("error: ")
    assert json.loads(run("--log-format", "json", *missing))["level"] == "error"


def test_a_run_is_a_log_line_with_its_account(tmp_path: Path) -> None:
    code = (
        "from frontrow_ingest.cli import main, opened\n"
        "from frontrow_ingest.producer import EventProducer, MemorySink\n"
        "opened.EventProducer = lambda *_, **__: EventProducer(sink=MemorySink()); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--log-format", "json", "produce", "-"],
        input=a_line() + b"\n",
        capture_output=True,
        cwd=tmp_path,
        timeout=600,
        check=True,
    )
    (line,) = done.stderr.splitlines()
    assert (json.loads(line)["message"], json.loads(line)["acknowledged"]) == ("run ended", 1)


def test_an_import_configures_nothing() -> None:
    code = "import logging, frontrow_ingest.cli.main, frontrow_ingest.producer; print(logging.getLogger().handlers)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout.strip() == "[]"
