"""What the doctor says of what it is shown, and of a line that is not there."""

from __future__ import annotations

import email.utils
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from frontrow_ingest.cli.doctor import command
from frontrow_ingest.doctor import Finding, examine_druid, examine_keys
from frontrow_ingest.doctor.druid import judge_clock, judge_supervisor
from frontrow_ingest.doctor.kafka import TopicState, judge_topic
from frontrow_ingest.druid import SupervisorStatus
from frontrow_ingest.testing import MemoryDruid

HOUR_MS = 3_600_000
TOPIC = TopicState("events", partitions=2, leaderless=0, replicas=3, min_insync=2, retention_ms=168 * HOUR_MS)
RUNNING = SupervisorStatus("audience", "events", "RUNNING", tasks=1, lag=5, processed=9, unparseable=0)


def bad(findings: Sequence[Finding]) -> list[str]:
    assert all(finding.mend for finding in findings if not finding.good)
    return [finding.what for finding in findings if not finding.good]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, []),
        ({"retention_ms": -1}, []),
        ({"retention_ms": 23 * HOUR_MS}, ["topic events: retention"]),
        ({"leaderless": 1}, ["topic events"]),
        ({"min_insync": 1}, ["topic events: replicas"]),
        ({"min_insync": 4}, ["topic events: replicas"]),
        ({"cleanup": "compact,delete"}, ["topic events: cleanup"]),
    ],
)
def test_topics(change: dict[str, int], wrong: list[str]) -> None:
    assert bad(list(judge_topic(replace(TOPIC, **change), brokers=3, outage_h=24))) == wrong


def test_one_broker_can_hold_one_copy_only() -> None:
    assert bad(list(judge_topic(replace(TOPIC, replicas=1, min_insync=1), brokers=1, outage_h=24))) == []


@pytest.mark.parametrize(
    ("status", "good"),
    [
        (RUNNING, True),
        (replace(RUNNING, lag=None), True),
        (replace(RUNNING, lag=1_001), False),
        (replace(RUNNING, tasks=0), False),
        (replace(RUNNING, state="UNHEALTHY_TASKS", errors=("x failed",)), False),
        (replace(RUNNING, unparseable=3), False),
        (replace(RUNNING, state="SUSPENDED", tasks=0), False),
    ],
)
def test_supervisors(status: SupervisorStatus, good: bool) -> None:
    assert judge_supervisor(status, max_lag=1_000).good is good


def test_a_topic_with_fewer_partitions_than_the_spec_wants_tasks() -> None:
    assert "partitions" in judge_supervisor(RUNNING, 1_000, wanted_tasks=2).mend
    assert judge_supervisor(replace(RUNNING, lag=None), 1_000, wanted_tasks=2).good  # it may only be starting
    assert judge_supervisor(replace(RUNNING, tasks=2), 1_000, wanted_tasks=2).good


@pytest.mark.parametrize(("skew", "good"), [(0, True), (1, True), (-1, True), (10, False), (-10, False)])
def test_clocks(skew: int, good: bool) -> None:
    now = 1_790_000_000.0
    assert judge_clock(email.utils.formatdate(now + skew, usegmt=True), now, now + 0.1).good is good


def test_a_druid_without_supervisors() -> None:
    assert bad(list(examine_druid("memory", max_lag=1, transport=MemoryDruid()))) == ["supervisors"]


GOOD_KEY = "2026-q4:" + bytes(range(32)).hex()


def test_keys_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    assert not examine_keys(file, {}).good
    file.write_text(f"# keys\n2026-q3:{bytes(range(50, 82)).hex()}\n{GOOD_KEY}\n")
    file.chmod(0o644)
    assert f"chmod 600 {file}" in examine_keys(file, {}).mend
    file.chmod(0o600)
    found = examine_keys(None, {"FRONTROW_VIEWER_KEY_FILE": str(file)})
    assert found.good
    assert "2026-q4" in found.text
    assert "0001" not in found.text
    file.write_text("")
    assert not examine_keys(file, {}).good


@pytest.mark.parametrize(("key", "good"), [("", True), (GOOD_KEY, True), ("x:abcd", False), ("ab" * 32, False)])
def test_a_key_of_the_environment(key: str, good: bool) -> None:
    found = examine_keys(None, {"FRONTROW_VIEWER_KEY": key})
    assert found.good is good
    assert not key or key not in found.text + found.mend


def test_nothing_there_is_all_told_and_exits_1() -> None:
    nobody = ["--bootstrap", "127.0.0.1:1", "--url", "http://127.0.0.1:1"]
    told = CliRunner().invoke(command, nobody, standalone_mode=False)
    assert told.return_value == 1
    assert "frontrow stack up" in told.output
    rows = json.loads(CliRunner().invoke(command, [*nobody, "--json"], standalone_mode=False).output)
    assert {row["what"] for row in rows if not row["good"]} == {"broker", "druid"}
    assert {"disk", "keys"} <= {row["what"] for row in rows}
