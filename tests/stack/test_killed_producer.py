"""``frontrow produce FILE --resume`` killed with SIGKILL at random points and run again: every event is stored once.

FRONTROW_TEST_SEEDS=56, or another number, takes more seeds than a run of all tests has time for.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from frontrow_ingest.contract import decode
from frontrow_ingest.druid import ensure_topic
from support import killed_runs
from support.kafka_topics import stored

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
SEEDS = int(os.environ.get("FRONTROW_TEST_SEEDS", "24"))
AT_ONCE = 2
LIMIT_S = 800


def test_killed_anywhere_every_event_is_stored_once(
    stack: Any, fresh_name: Callable[[str], str], tmp_path: Path
) -> None:
    topics = [fresh_name("killed") for _ in range(AT_ONCE)]
    for topic in topics:
        ensure_topic(stack.bootstrap, topic, partitions=3)
    reports = run_seeds(stack.bootstrap, topics, tmp_path)
    expected = {(session, seq) for report in reports for session, seq in report["events"]}
    found = Counter(
        (event["session_id"], event["seq"])
        for topic in topics
        for event in (decode(each.value) for each in stored(stack.bootstrap, topic))
    )
    kills = Counter(where for report in reports for where in report["kills"])
    print(dict(kills), {name: sum(report[name] for report in reports) for name in ("runs", "learnt", "resumed_inside")})
    assert {event: count for event, count in found.items() if count > 1} == {}
    assert found.keys() == expected
    # That the kills came where they hurt: while events were under way, and between checkpoints. All places are planned
    # for alike; a run that ends before it comes to its own is not killed.
    assert len(kills) >= len(killed_runs.POINTS), kills
    assert kills.total() >= SEEDS
    assert sum(report["learnt"] for report in reports) > SEEDS
    assert sum(report["resumed_inside"] for report in reports) > SEEDS // 4


def run_seeds(bootstrap: str, topics: list[str], directory: Path) -> list[dict[str, Any]]:
    """Some processes that share the seeds, each with a topic of its own."""
    tests = Path(killed_runs.__file__).parents[1]
    command = [sys.executable, killed_runs.__file__, "--bootstrap", bootstrap, "--directory", str(directory)]
    started = [
        subprocess.Popen(
            [*command, "--topic", topic, *map(str, range(number, SEEDS, AT_ONCE))],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(tests)},
            process_group=0,
        )
        for number, topic in enumerate(topics)
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
    return [json.loads(text) for _, text, _ in ended]
