"""The collector on real Kafka and Druid: what was answered for is stored and counted, once."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from frontrow import Client, Interval, LedgerReport
from frontrow_ingest.collector import CollectorSettings, Context, Delivery, RecentEvents, collector_app
from frontrow_ingest.contract import decode
from frontrow_ingest.producer import KafkaSettings
from frontrow_ingest.producer.kafka_producer import KafkaSink
from support.asgi import InProcess
from support.clients import a_client
from support.cmcd_lines import T0, a_report, numbers
from support.collector_process import CollectorProcess, collecting
from support.kafka_proxy import KafkaProxy
from support.kafka_topics import stored
from support.supervised_topic import supervised_specs
from support.viewing_events import DAY_MS, an_event
from support.waiting import until

pytestmark = [
    pytest.mark.stack,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
Name = Callable[[str], str]
VIEWER = "AAECAwQFBgcICQoLDA0ODw"


def stored_events(bootstrap: str, topic: str) -> list[dict[str, Any]]:
    return [decode(record.value) for record in stored(bootstrap, topic)]


def batch(session_id: str, seqs: range) -> bytes:
    return json.dumps([an_event(session_id=session_id, seq=seq) for seq in seqs]).encode()


@pytest.mark.parametrize("backend", ["kafka-python", "confluent"])
def test_many_clients_at_once_and_a_stop_in_order(stack: Any, fresh_name: Name, tmp_path: Path, backend: str) -> None:
    topic = fresh_name("collector")
    arguments = ("--bootstrap", stack.bootstrap, "--topic", topic, "--create-topic", "--state", str(tmp_path))
    with collecting(*arguments, "--backend", backend) as collector:
        collector.await_ready()
        bodies = [batch(f"s-{number}", range(50)) for number in range(40)]
        with ThreadPoolExecutor(8) as clients:
            assert set(clients.map(collector.post, bodies * 2)) == {204}
        assert 'outcome="accepted"} 2000.0' in collector.page("/metrics")
        assert collector.stop(signal.SIGTERM) == 0
    found = [(event["session_id"], event["seq"]) for event in stored_events(stack.bootstrap, topic)]
    assert len(found) == len(set(found)) == 2_000


SPECS = {"quality": "events", "quarantine": "quarantine", "ledger": "ledger"}
RAW = ("anna@example.org", "bert@example.org")
# Not so long ago that the own time of a refused event would not be believed; an hour that no other test has.
HOUR_MS = time.time_ns() // 1_000_000 // 3_600_000 * 3_600_000 - 30 * DAY_MS + 3_600_000


@pytest.fixture
def supervised(stack: Any, fresh_name: Name) -> Iterator[tuple[str, Client]]:
    """A prefix under which events, refused events and a ledger are counted, and a client that asks for them."""
    prefix = fresh_name("collect") + "_"
    names = {spec: prefix + spec for spec in SPECS}
    asked_of = {**names, "audience": names["quality"]}  # the ledger is held against any that counts every event
    topics = {spec: prefix + topic for spec, topic in SPECS.items()}
    with (
        supervised_specs(stack.router_url, stack.bootstrap, names, topics),
        a_client(stack.router_url, datasources=asked_of, freshness=False) as client,
    ):
        yield prefix, client


def test_killed_and_begun_again_every_event_is_accounted_for(
    stack: Any, supervised: tuple[str, Client], tmp_path: Path
) -> None:
    """JSON and CMCD, good and bad, raw viewer ids, kill -9 in between, SIGTERM at the end: all is in Druid once."""
    prefix, client = supervised
    topics = {"--topic": "events", "--quarantine-topic": "quarantine", "--ledger-topic": "ledger"}
    arguments = [part for option, topic in topics.items() for part in (option, prefix + topic)]
    arguments += ["--bootstrap", stack.bootstrap, "--state", str(tmp_path / "state"), "--quarantine", "--ledger"]
    arguments += ["--trust-headers", "--raw-viewer-ids", "--producer", "edge-1"]
    env = {**os.environ, "FRONTROW_VIEWER_KEY": "2026-q4:" + bytes(range(32)).hex()}
    after = HOUR_MS - T0
    lines = [
        a_report(0, after, "ps", "s"),
        a_report(1, after + 900, "ps", "p", br=numbers(3_000), msd=900, dfa=1),
        a_report(2, after + 10_900, "t", bsd=numbers(400), dfa=4),
        a_report(3, after + 20_900, "t", dfa=9),
        a_report(4, after + 21_900, "ps", "q", dfa=9),
    ]
    json_lines = [
        json.dumps(an_event(session_id="json", seq=seq, ts=HOUR_MS + seq * 1_000, viewer_id=RAW[0])).encode()
        for seq in range(40)
    ]
    bad = json.dumps(an_event(session_id="json", seq=-1, ts=HOUR_MS, viewer_id=RAW[0], region=RAW[0])).encode()
    said = []

    def post(collector: CollectorProcess, seqs: range, reports: list[str]) -> list[int]:
        cmcd = {"kind": "application/cmcd", "x_frontrow_viewer": RAW[1], "x_frontrow_country": "AT"}
        body = b"\n".join(json_lines[seq] for seq in seqs)
        return [collector.post(body, "application/jsonl"), collector.post("\n".join(reports).encode(), **cmcd)]

    with collecting(*arguments, env=env) as collector:
        collector.await_ready()
        assert post(collector, range(20), lines[:3]) == [204, 204]
        assert collector.post(bad) == 400
        collector.stop(signal.SIGKILL)
        said.append(collector.text)
    with collecting(*arguments, "--backend", "confluent", env=env) as collector:
        collector.await_ready()
        # As players do that have not heard an answer: some again, then on.
        assert post(collector, range(10, 30), lines[2:4]) == [204, 204]
        assert collector.post(json_lines[30] + b"\n" + bad, "application/jsonl") == 207
        assert post(collector, range(25, 40), lines[3:]) == [204, 204]
        assert collector.stop(signal.SIGTERM) == 0
        said.append(collector.text)

    metrics = ["events", "plays", "attempts", "ended_plays", "rebuffer_ms", "dropped_frames"]
    start = datetime.fromtimestamp(HOUR_MS / 1000, UTC)
    interval = Interval(start, start + timedelta(hours=1))
    row = asked(client, metrics, interval, total=45)
    cmcd_dropped, json_dropped, json_rebuffer = 9, 40 * 2, 40 * 400
    assert [row[name] for name in metrics] == [45, 1, 1, 1, 400 + json_rebuffer, cmcd_dropped + json_dropped]
    # The second run's, at least: 20 events in JSON and 2 in CMCD were new to it.
    report = settled(client, interval, lambda found: found["quarantined"] == 2 and found["sent"] >= 22)
    # What a kill took from the ledger is known to be beyond it; the rest was told, also at the end.
    assert report.totals["sent"] + report.totals["beyond_ledger"] == 45
    assert report.totals["missing"] == 0
    stored_bytes = [value for topic in SPECS.values() for _, _, _, value in stored(stack.bootstrap, prefix + topic)]
    kept = [path.read_bytes() for path in (tmp_path / "state").iterdir()]
    texts = [*stored_bytes, *kept, *(text.encode() for text in said)]
    assert not [raw for raw in RAW if any(raw.encode() in text for text in texts)]


def settled(client: Client, interval: Interval, is_so: Callable[[Mapping[str, int]], bool]) -> LedgerReport:
    """The account once it says so."""
    deadline = time.monotonic() + 300
    while True:
        report = client.ledger(interval=interval)
        if is_so(report.totals):
            return report
        assert time.monotonic() < deadline, f"the account stays {report.totals}"
        time.sleep(0.1)


def asked(client: Client, metrics: list[str], interval: Interval, *, total: int) -> dict[str, Any]:
    """The answer once all events are counted."""
    deadline = time.monotonic() + 300
    while True:
        row: dict[str, Any] = dict(client.timeseries(metrics, interval=interval, granularity="all", spec="quality")[0])
        if row["events"] == total:
            return row
        assert time.monotonic() < deadline, f"{row['events']} of {total} events were counted"
        time.sleep(0.1)


class Disturbed:
    """A collector in this process whose way to Kafka can be blocked and cut."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.proxy = KafkaProxy(bootstrap)
        settings = KafkaSettings(create_topic=True, connect_timeout_s=10.0)
        settings = replace(settings, delivery_timeout_s=60.0, block_timeout_s=60.0)
        self.delivery = Delivery(
            lambda: KafkaSink(self.proxy.address, topic=topic, settings=settings), max_waiting=500, seen=RecentEvents()
        )
        self.client = InProcess(
            collector_app(
                self.delivery,
                settings=CollectorSettings(ack_timeout_s=0.5),
                context=Context(defaults={"viewer": VIEWER}),
            )
        )


def sent(client: InProcess, body: bytes, kind: str = "application/json") -> None:
    """Post as a player does: again while the answer is 503, which half a second without Kafka's answer makes it."""

    def answered() -> bool:
        status = client.post(body, kind).status
        assert status in (204, 503)
        return status == 204

    until("204", answered)


@pytest.fixture
def disturbed(stack: Any, fresh_name: Name) -> Iterator[tuple[Disturbed, str]]:
    topic = fresh_name("collector")
    before = set(threading.enumerate())
    collector = Disturbed(stack.bootstrap, topic)
    collector.delivery.start()
    try:
        with collector.client:
            collector.client.wait(lambda: not collector.delivery.trouble)
            yield collector, topic
    finally:
        collector.delivery.close(5)
        collector.proxy.close()
    until(
        "its threads to end", lambda: not any("frontrow" in each.name for each in set(threading.enumerate()) - before)
    )


@pytest.mark.parametrize("way", ["held back", "cut"])
def test_while_kafka_is_away_503_and_afterwards_nothing_lost_or_doubled(
    stack: Any, disturbed: tuple[Disturbed, str], way: str
) -> None:
    collector, topic = disturbed
    sent(collector.client, batch("s", range(10)))
    hold, release = (
        (collector.proxy.hold, collector.proxy.release)
        if way == "held back"
        else (collector.proxy.cut, collector.proxy.mend)
    )
    hold()
    bodies = [batch("s", range(start, start + 50)) for start in range(10, 810, 50)]
    statuses = [collector.client.post(body).status for body in bodies[:6]]
    assert statuses == [503] * 6
    until("not to be ready", lambda: collector.client.get("/ready").status == 503)
    release()
    collector.client.wait(lambda: not collector.delivery.trouble and not collector.delivery.waiting)
    for body in bodies:
        sent(collector.client, body)
    found = sorted(event["seq"] for event in stored_events(stack.bootstrap, topic))
    assert found == list(range(810))


def test_cmcd_deltas_are_whole_after_an_outage(stack: Any, disturbed: tuple[Disturbed, str]) -> None:
    collector, topic = disturbed
    lines = [a_report(number, number * 1_000, "t", "p", dfa=number * 3).encode() for number in range(20)]

    def post(number: int) -> int:
        return collector.client.post(lines[number], "application/cmcd").status

    sent(collector.client, lines[0], "application/cmcd")
    collector.proxy.hold()
    assert [post(1), post(2)] == [503, 503]
    collector.proxy.release()
    collector.client.wait(lambda: not collector.delivery.trouble and not collector.delivery.waiting)
    for line in lines[1:]:
        sent(collector.client, line, "application/cmcd")
    events = stored_events(stack.bootstrap, topic)
    assert sorted(event["seq"] for event in events) == list(range(20))
    assert sum(event["play_ms"] for event in events) == 19_000
    assert sum(event["dropped_frames"] for event in events) == 57
    assert min(event["ts"] for event in events) == T0
