"""A collector with ``--state``, killed with SIGKILL at random points while its clients repeat what was not answered."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from frontrow_ingest.contract import decode
from support import killed_collector
from support.file_topic import records

SEEDS = 12
AT_ONCE = 6
LIMIT_S = 800


def test_killed_anywhere_every_event_is_stored_once_with_its_deltas_and_every_session_ends_once(tmp_path: Path) -> None:
    reports = run_seeds(tmp_path)
    assert len(reports) == SEEDS
    for seed, report in reports.items():
        events = [decode(value) for _, value in records(tmp_path / seed / "topic")]
        found = Counter((event["session_id"], event["seq"]) for event in events)
        played = {key for key in found if key[1] < killed_collector.STEPS}
        planned = {(name, seq) for name in report["wanted"] for seq in range(killed_collector.STEPS)}
        assert {key: count for key, count in found.items() if count > 1} == {}, f"stored twice, seed {seed}"
        assert played == planned, f"lost, seed {seed}"
        ends = Counter(event["session_id"] for event in events if event["kind"] == "end")
        assert ends == dict.fromkeys(report["wanted"], 1), f"ends, seed {seed}"
        for name, wanted in report["wanted"].items():
            ours = [event for event in events if event["session_id"] == name]
            sums = {measure: sum(event[measure] for event in ours) for measure in wanted}
            assert sums == wanted, f"deltas of {name}"
    assert sum(report["kills"] for report in reports.values()) >= SEEDS * killed_collector.KILLS
    assert sum(report["kills_in_silence"] for report in reports.values()) >= SEEDS


def run_seeds(directory: Path) -> dict[str, Any]:
    """Some processes that share the seeds."""
    tests = Path(killed_collector.__file__).parents[1]
    command = [sys.executable, killed_collector.__file__, "--directory", str(directory)]
    started = [
        subprocess.Popen(
            [*command, *map(str, range(number, SEEDS, AT_ONCE))],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(tests)},
            process_group=0,
        )
        for number in range(AT_ONCE)
    ]
    try:
        ended = [(process, *process.communicate(timeout=LIMIT_S)) for process in started]
    finally:
        for process in started:
            # With its forks: one of them is under way when this is interrupted.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert [(process.returncode, errors.decode()) for process, _, errors in ended] == [(0, "")] * AT_ONCE
    return {seed: report for _, text, _ in ended for seed, report in json.loads(text).items()}
