"""A killed producer, a client that retries and a whole replay, up to Druid's totals: every event counts once."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from frontrow import Client, Interval
from frontrow._http.transport import Transport
from frontrow_ingest.druid import Supervisors, end_offsets, ensure_topic
from frontrow_ingest.simulate import Simulation
from frontrow_specs import rollup
from support.clients import a_client

from .conftest import StackUrls
from .test_producer_command import COMMAND

pytestmark = [pytest.mark.stack, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
WHOLE = Interval(datetime(2026, 3, 1, 19, 0, tzinfo=UTC), datetime(2026, 3, 1, 23, 0, tzinfo=UTC))
METRICS = ["events", "plays", "play_ms", "ended_plays"]
DEADLINE_S = 300


@contextmanager
def datasource(stack: StackUrls, topic: str) -> Iterator[Client]:
    """The audience spec over a topic, and a client that asks it."""
    ensure_topic(stack.bootstrap, topic)
    with Transport(stack.router_url) as transport:
        supervisors = Supervisors(transport)
        supervisors.submit(rollup("audience").supervisor(bootstrap=stack.bootstrap, topic=topic, datasource=topic))
        try:
            supervisors.await_ingesting(topic, deadline_s=DEADLINE_S)
            with a_client(stack.router_url, datasources={"audience": topic}, freshness=False) as client:
                yield client
            supervisors.await_read(topic, end_offsets(stack.bootstrap, topic), deadline_s=DEADLINE_S)
        finally:
            supervisors.terminate(topic)


def test_totals_are_those_of_the_distinct_events(
    stack: StackUrls, fresh_name: Callable[[str], str], tmp_path: Path
) -> None:
    topic = fresh_name("once")
    simulation = Simulation(seed=11, viewers=2_500, start_ms=int(START.timestamp() * 1000), duration_s=900)
    events = list(simulation.events())
    whole, again = tmp_path / "in.jsonl", tmp_path / "retries.jsonl"
    lines = [json.dumps(event).encode() + b"\n" for event in events]
    whole.write_bytes(b"".join(lines))
    again.write_bytes(b"".join(random.Random(1).sample(lines, 5_000)))
    command = [*COMMAND, str(whole), "--bootstrap", stack.bootstrap, "--topic", topic, "--no-progress", "--json"]
    with datasource(stack, topic) as client:
        for part in (0.2, 0.5, 0.7):
            kill_at(stack.bootstrap, topic, [*command, "--resume"], int(part * len(events)))
        last = finish([*command, "--resume"])
        assert last["read_back"]["learnt"] > 0
        retried = finish([*command[:-7], str(again), *command[-6:], "--state", f"{whole}.state"])
        assert (retried["sent"], retried["duplicates"]) == (0, 5_000)
        replayed = finish([*command, "--state", f"{whole}.state"])
        assert (replayed["sent"], replayed["duplicates"]) == (0, len(events))
        assert sum(end_offsets(stack.bootstrap, topic).values()) == len(events)
        expected = {
            "events": len(events),
            "plays": sum(event["kind"] == "first_frame" for event in events),
            "play_ms": sum(event["play_ms"] for event in events),
            "ended_plays": sum(event["kind"] == "end" and event["started"] for event in events),
        }
        deadline = time.monotonic() + DEADLINE_S
        while (found := totals(client))["events"] < len(events):
            assert time.monotonic() < deadline, f"Druid holds {found} of {expected}"
            time.sleep(0.1)
        assert found == expected


def totals(client: Client) -> dict[str, int]:
    row = client.timeseries(METRICS, interval=WHOLE, granularity="all", spec="audience")[0]
    return {metric: row[metric] for metric in METRICS}


def kill_at(bootstrap: str, topic: str, command: list[str], stored: int) -> None:
    """Run until the topic holds so many events, then SIGKILL.

    Right after more were stored, so that some are behind the last checkpoint.
    """
    deadline = time.monotonic() + DEADLINE_S
    consumer: Any = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    held = before = sum(consumer.end_offsets(partitions).values())
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while held < stored or held == before:
                assert time.monotonic() < deadline, f"{stored} events were not stored"
                assert process.poll() is None, "the producer ended by itself"
                before, held = held, sum(consumer.end_offsets(partitions).values())
        finally:
            process.kill()
            consumer.close(autocommit=False)
    assert process.returncode == -signal.SIGKILL


def finish(command: list[str]) -> dict[str, dict[str, int]]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr
    summary: dict[str, dict[str, int]] = json.loads(done.stdout)
    return summary
