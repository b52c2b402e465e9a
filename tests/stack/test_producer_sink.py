"""Kafka does what every RecordSink does, and what only Kafka can show."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psutil
import pytest
from kafka.partitioner import murmur2

from contract.record_sink import SETTINGS, TIMEOUT_S, RecordSinkBehaviour, some_records
from frontrow_ingest.producer import BrokerUnreachableError, TopicMissingError
from frontrow_ingest.producer.kafka_producer import KafkaSink
from support.kafka_harness import SINKS, KafkaHarness
from support.kafka_topics import stored
from support.waiting import until

pytestmark = pytest.mark.stack
Name = Callable[[str], str]


@pytest.fixture(params=SINKS)
def kind(request: pytest.FixtureRequest) -> Any:
    """A client: its sink's class."""
    return SINKS[request.param]


@pytest.fixture
def harness(stack: Any, fresh_name: Name, kind: Any) -> Iterator[KafkaHarness]:
    harness = KafkaHarness(stack.bootstrap, fresh_name("producer"), kind)
    yield harness
    harness.close()


class TestKafkaSinks(RecordSinkBehaviour):
    """The suite, with the module's harness, for both clients."""


def test_acknowledged_records_are_the_topics_offsets(stack: Any, fresh_name: Name, kind: Any) -> None:
    topic = fresh_name("producer")
    sink = kind(stack.bootstrap, topic=topic, settings=replace(SETTINGS, create_topic=True, partitions=3))
    for key, value in some_records(2_000, keys=50):
        sink.send_encoded(key, value)
    sink.close(TIMEOUT_S)
    found = stored(stack.bootstrap, topic)
    assert len(found) == sink.stats.acknowledged == 2_000
    for key in {key for _, _, key, _ in found}:
        assert {partition for partition, _, one, _ in found if one == key} == {(murmur2(key) & 0x7FFFFFFF) % 3}


def test_both_clients_put_a_key_on_the_same_partition(stack: Any, fresh_name: Name) -> None:
    keys = [os.urandom(1 + number % 40) for number in range(500)]
    placed = []
    for kind in SINKS.values():
        topic = fresh_name("producer")
        sink = kind(stack.bootstrap, topic=topic, settings=replace(SETTINGS, create_topic=True, partitions=7))
        for key in keys:
            sink.send_encoded(key, b"v")
        sink.close(TIMEOUT_S)
        placed.append({key: partition for partition, _, key, _ in stored(stack.bootstrap, topic)})
    assert placed[0] == placed[1] == {key: (murmur2(key) & 0x7FFFFFFF) % 7 for key in keys}


def test_a_stopped_broker_does_not_grow_memory(stack: Any, fresh_name: Name, kind: Any) -> None:
    topic = fresh_name("producer")
    settings = replace(SETTINGS, create_topic=True, when_full="shed", max_in_flight_bytes=2_097_152)
    sink = kind(stack.bootstrap, topic=topic, settings=settings)
    sink.send_encoded(b"warm", b"up")
    sink.flush(TIMEOUT_S)
    own = psutil.Process()
    with suspended(stack.bootstrap):
        before = own.memory_info().rss
        for number in range(100_000):
            sink.send_encoded(b"session-%d" % (number % 50), b"%d" % number * 200)
        grown = own.memory_info().rss - before
        stats = sink.stats
    assert stats.shed > 90_000
    assert stats.sent + stats.shed == 100_001
    assert stats.in_flight_bytes <= settings.max_in_flight_bytes
    assert grown < 32e6  # about 100 MB were offered
    sink.close(TIMEOUT_S)
    assert sink.stats.acknowledged == len(stored(stack.bootstrap, topic)) == stats.sent


@contextmanager
def suspended(bootstrap: str) -> Iterator[None]:
    """The broker's process does nothing for the time of the block."""
    port = int(bootstrap.rpartition(":")[2])
    pid = next(
        found.pid
        for found in psutil.net_connections("tcp")
        if found.status == psutil.CONN_LISTEN and found.laddr.port == port
    )
    broker = psutil.Process(pid)
    broker.suspend()
    try:
        yield
    finally:
        broker.resume()


@pytest.mark.parametrize("compression", ["lz4", "gzip", "none"])
def test_every_compression_arrives(stack: Any, fresh_name: Name, compression: Any, kind: Any) -> None:
    topic = fresh_name("producer")
    sink = kind(stack.bootstrap, topic=topic, settings=replace(SETTINGS, create_topic=True, compression=compression))
    for key, value in some_records(100):
        sink.send_encoded(key, value)
    sink.close(TIMEOUT_S)
    assert len(stored(stack.bootstrap, topic)) == 100


def test_a_missing_topic_is_named_and_not_made(stack: Any, fresh_name: Name, kind: Any) -> None:
    topic = fresh_name("producer")
    for _ in range(2):
        with pytest.raises(TopicMissingError, match="specs apply") as caught:
            kind(stack.bootstrap, topic=topic, settings=SETTINGS)
        assert (caught.value.topic, caught.value.retryable) == (topic, False)


def test_a_cut_connection_loses_and_doubles_nothing(harness: KafkaHarness) -> None:
    sink = harness.sink(replace(SETTINGS, batch_bytes=2_000))
    records = some_records(3_000)
    for number, (key, value) in enumerate(records):
        if number in (1_000, 2_000):
            harness.proxy.cut()
            harness.proxy.mend()
        sink.send_encoded(key, value)
    sink.close(TIMEOUT_S)
    assert sink.stats.acknowledged == 3_000
    assert sorted(harness.records()) == sorted(records)


def test_a_broker_that_stays_away_ends_within_the_deadline(harness: KafkaHarness) -> None:
    harness.proxy.cut()
    before = set(threading.enumerate())
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(BrokerUnreachableError):
            harness.sink(replace(SETTINGS, connect_timeout_s=0.3))
    assert time.monotonic() - started < TIMEOUT_S
    until("its threads to end", lambda: not any("kafka" in each.name for each in set(threading.enumerate()) - before))


def test_closing_leaves_no_thread(stack: Any, fresh_name: Name) -> None:
    before = set(threading.enumerate())
    sink = KafkaSink(stack.bootstrap, topic=fresh_name("producer"), settings=replace(SETTINGS, create_topic=True))
    sink.send_encoded(b"k", b"v")
    sink.close(TIMEOUT_S)
    with pytest.raises(TopicMissingError):
        KafkaSink(stack.bootstrap, topic=fresh_name("producer"), settings=SETTINGS)
    until("its threads to end", lambda: set(threading.enumerate()) <= before)
