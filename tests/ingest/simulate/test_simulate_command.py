"""``frontrow simulate`` as people run it; Kafka itself is in tests/stack."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from frontrow_ingest.cli.simulate import command
from frontrow_ingest.contract import ViewingEvent
from frontrow_ingest.simulate import Simulation

PROGRAM = [sys.executable, "-c", "from frontrow_ingest.cli import main; main()", "simulate"]
START = "2026-03-01T20:00:00Z"
START_MS = 1_772_395_200_000


def simulate(*options: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    found = subprocess.run(
        [*PROGRAM, "--no-progress", *options], capture_output=True, text=True, timeout=600, check=False
    )
    assert found.returncode == code, found.stderr
    return found


def events_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_file_gets_what_the_library_makes(tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    options = ("--viewers", "50", "--duration", "2m", "--seed", "9", "--start", START, "--speed", "max", "--end-open")
    answer = simulate(*options, "--out", str(out))
    expected = Simulation(seed=9, viewers=50, start_ms=START_MS, duration_s=120, end_open=True)
    found = events_of(out.read_text())
    assert found == list(expected.events())
    for event in found:
        ViewingEvent.model_validate(event)
    assert f"{len(found):,}  to {out}" in answer.stdout
    assert answer.stderr == ""
    before = out.read_bytes()
    simulate(*options, "--out", str(out))
    assert out.read_bytes() == before


def test_standard_output_holds_events_only() -> None:
    answer = simulate("--viewers", "20", "--duration", "60", "--speed", "0", "--out", "-", "--json")
    found = events_of(answer.stdout)
    assert json.loads(answer.stderr)["events"] == len(found) > 20


def test_the_summary_as_json_counts_by_minute(tmp_path: Path) -> None:
    made = ("--viewers", "20", "--duration", "3m", "--start", START, "--speed", "max")
    answer = simulate(*made, "--json", "--out", str(tmp_path / "events"))
    summary = json.loads(answer.stdout)
    assert summary["viewers"] == 20
    assert set(summary["events_by_minute"]) <= {str(START_MS + minute * 60_000) for minute in range(3)}
    assert sum(summary["events_by_minute"].values()) == summary["events"]
    assert summary["failure"] is None


@pytest.mark.parametrize("speed", ["max", "3600"])
def test_event_time_meets_the_clock_at_the_end(speed: str) -> None:
    """A past audience, made quickly, lies in the past, not in the future."""
    before = time.time() * 1_000
    found = events_of(simulate("--viewers", "50", "--duration", "1h", "--speed", speed, "--out", "-").stdout)
    after = time.time() * 1_000
    assert before - 3_600_000 - 1 <= found[0]["ts"]
    assert before - 60_000 <= found[-1]["ts"] <= after


def test_real_time_begins_now() -> None:
    before = time.time() * 1_000
    found = events_of(simulate("--viewers", "30", "--duration", "1s", "--out", "-").stdout)
    assert before <= found[0]["ts"] <= found[-1]["ts"] <= time.time() * 1_000


@pytest.mark.parametrize(
    ("moment", "ms"),
    [
        ("2026-03-01T20:00:00Z", START_MS),
        ("2026-03-01T20:00:00", START_MS),
        ("2026-03-01T21:00:00+01:00", START_MS),
        ("2026-03-01", START_MS - 20 * 3_600_000),
    ],
)
def test_the_start_can_be_told(moment: str, ms: int, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    options = ["--viewers", "40", "--duration", "10s", "--speed", "max", "--start", moment, "--no-progress"]
    assert CliRunner().invoke(command, [*options, "--out", str(out)]).exit_code == 0
    found = events_of(out.read_text())
    assert all(ms <= event["ts"] < ms + 10_000 for event in found)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--duration", "soon"], "is not a duration; write 90s"),
        (["--duration", "0.2s"], "is not from 1 s"),
        (["--duration", "30d"], "is not from 1 s"),
        (["--speed", "-3"], "is not a speed; write 1"),
        (["--speed", "fast"], "is not a speed; write 1"),
        (["--start", "tomorrow"], "is not a time; write now"),
        (["--start", "1820-01-01"], "is not in this century"),
        (["--viewers", "0"], "not in the range"),
        (["--titles", "401"], "not in the range"),
        (["--late", "1.5"], "not in the range"),
    ],
)
def test_wrong_usage_is_told(options: list[str], words: str) -> None:
    answer = CliRunner().invoke(command, [*options, "--out", "-"])
    assert answer.exit_code == 2
    assert words in " ".join(answer.output.split())


def test_how_python_collects_garbage_is_as_before(tmp_path: Path) -> None:
    before = gc.get_threshold()
    CliRunner().invoke(command, ["--viewers", "5", "--duration", "5s", "--speed", "max", "--out", str(tmp_path / "e")])
    assert gc.get_threshold() == before


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    answer = simulate("--out", str(tmp_path / "no" / "where"), code=1)
    assert "cannot be written: No such file or directory" in answer.stderr


def test_a_full_disk_is_told_after_the_summary() -> None:
    answer = simulate("--viewers", "5", "--duration", "5s", "--speed", "max", "--out", "/dev/full", code=1)
    assert "No space left" in answer.stderr


def test_no_kafka_is_told_by_its_address() -> None:
    answer = simulate("--bootstrap", "127.0.0.1:1", "--timeout", "1", code=1)
    assert "127.0.0.1:1" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_whole_lines(tmp_path: Path, number: int) -> None:
    out = tmp_path / "events.jsonl"
    with subprocess.Popen(
        [*PROGRAM, "--viewers", "2000", "--duration", "10m", "--json", "--no-progress", "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        deadline = time.monotonic() + 300
        while not any(part.stat().st_size for part in tmp_path.glob(".*.part")):
            assert time.monotonic() < deadline, "nothing was written in 300 s"
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, number)
        said, errors = process.communicate(timeout=600)
    assert process.returncode == 130, errors
    summary = json.loads(said)
    assert summary["interrupted"]
    assert len(events_of(out.read_text())) == summary["events"] > 0
    assert list(tmp_path.iterdir()) == [out]


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    with subprocess.Popen(
        [*PROGRAM, "--viewers", "20000", "--duration", "1h", "--speed", "max", "--no-progress", "--out", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["kind"] == "attempt"
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode > 0
