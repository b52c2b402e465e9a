"""The collector on real Kafka and Druid: what was answered for is stored and counted, once."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from frontrow import Client
from frontrow._transport import Transport
from frontrow_ingest.collector import CollectorSettings, Context, Delivery, RecentEvents, collector_app
from frontrow_ingest.contract import decode
from frontrow_ingest.druid import Supervisors, ensure_topic
from frontrow_ingest.producer import KafkaSettings
from frontrow_ingest.producer.kafka_producer import KafkaSink
from frontrow_specs import rollup
from support.asgi import InProcess
from support.cmcd_lines import T0, a_report, numbers
from support.collector_process import collecting
from support.kafka_proxy import KafkaProxy
from support.kafka_topics import stored
from support.viewing_events import an_event

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


def test_many_clients_at_once_and_a_stop_in_order(stack: Any, fresh_name: Name) -> None:
    topic = fresh_name("collector")
    with collecting("--bootstrap", stack.bootstrap, "--topic", topic, "--create-topic") as collector:
        collector.await_ready()
        bodies = [batch(f"s-{number}", range(50)) for number in range(40)]
        with ThreadPoolExecutor(8) as clients:
            assert set(clients.map(collector.post, bodies * 2)) == {204}
        assert 'outcome="accepted"} 2000.0' in collector.page("/metrics")
        assert collector.stop(signal.SIGTERM) == 0
    found = [(event["session_id"], event["seq"]) for event in stored_events(stack.bootstrap, topic)]
    assert len(found) == len(set(found)) == 2_000


def test_from_a_post_to_a_count(stack: Any, fresh_name: Name) -> None:
    topic = fresh_name("collector")
    ensure_topic(stack.bootstrap, topic)
    with Transport(stack.router_url) as transport:
        supervisors = Supervisors(transport)
        supervisors.submit(rollup("quality").supervisor(bootstrap=stack.bootstrap, topic=topic, datasource=topic))
        try:
            supervisors.await_ingesting(topic)
            arguments = ("--bootstrap", stack.bootstrap, "--topic", topic, "--default", f"viewer={VIEWER}")
            with collecting(*arguments, "--trust-headers") as collector:
                collector.await_ready()
                assert collector.post(batch("json", range(20))) == 204
                lines = [
                    a_report(0, 0, "ps", "s"),
                    a_report(1, 900, "ps", "p", br=numbers(3_000), msd=900),
                    a_report(2, 10_900, "t", bsd=numbers(400)),
                    a_report(3, 11_900, "ps", "q"),
                ]
                body = "\n".join(lines).encode()
                assert collector.post(body, "application/cmcd", x_frontrow_country="AT") == 204
                assert collector.post(body, "application/cmcd", x_frontrow_country="AT") == 204
                metrics = ["events", "plays", "attempts", "ended_plays"]
                with Client(stack.router_url, datasources={"quality": topic}, freshness=False) as client:
                    found = asked(client, metrics, total=24)
            assert [found[name] for name in metrics] == [24, 1, 1, 1]
        finally:
            supervisors.terminate(topic)


def asked(client: Client, metrics: list[str], *, total: int) -> dict[str, Any]:
    """The answer once all events are counted."""
    deadline = time.monotonic() + 90
    while True:
        row: dict[str, Any] = dict(
            client.timeseries(metrics, interval="2026-09-01/2026-10-01", granularity="all", spec="quality")[0]
        )
        if row["events"] == total:
            return row
        assert time.monotonic() < deadline, f"{row['events']} of {total} events were counted"
        time.sleep(0.1)


class Disturbed:
    """A collector in this process whose way to Kafka can be blocked and cut."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.proxy = KafkaProxy(bootstrap)
        settings = KafkaSettings(create_topic=True, connect_timeout_s=2.0)
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
    assert not {thread.name for thread in set(threading.enumerate()) - before if "frontrow" in thread.name}


@pytest.mark.parametrize("way", ["held back", "cut"])
def test_while_kafka_is_away_503_and_afterwards_nothing_lost_or_doubled(
    stack: Any, disturbed: tuple[Disturbed, str], way: str
) -> None:
    collector, topic = disturbed
    assert collector.client.post(batch("s", range(10))).status == 204
    hold, release = (
        (collector.proxy.hold, collector.proxy.release)
        if way == "held back"
        else (collector.proxy.cut, collector.proxy.mend)
    )
    hold()
    bodies = [batch("s", range(start, start + 50)) for start in range(10, 810, 50)]
    statuses = [collector.client.post(body).status for body in bodies[:6]]
    assert statuses == [503] * 6
    assert collector.client.get("/ready").status == 503
    release()
    collector.client.wait(lambda: not collector.delivery.trouble and not collector.delivery.waiting)
    assert [collector.client.post(body).status for body in bodies] == [204] * len(bodies)
    found = sorted(event["seq"] for event in stored_events(stack.bootstrap, topic))
    assert found == list(range(810))


def test_cmcd_deltas_are_whole_after_an_outage(stack: Any, disturbed: tuple[Disturbed, str]) -> None:
    collector, topic = disturbed
    lines = [a_report(number, number * 1_000, "t", "p", dfa=number * 3).encode() for number in range(20)]

    def post(number: int) -> int:
        return collector.client.post(lines[number], "application/cmcd").status

    assert post(0) == 204
    collector.proxy.hold()
    assert [post(1), post(2)] == [503, 503]
    collector.proxy.release()
    collector.client.wait(lambda: not collector.delivery.trouble and not collector.delivery.waiting)
    assert [post(number) for number in range(1, 20)] == [204] * 19
    events = stored_events(stack.bootstrap, topic)
    assert sorted(event["seq"] for event in events) == list(range(20))
    assert sum(event["play_ms"] for event in events) == 19_000
    assert sum(event["dropped_frames"] for event in events) == 57
    assert min(event["ts"] for event in events) == T0
