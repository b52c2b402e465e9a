"""Kafka does what every RecordSink does, and what only Kafka can show."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from kafka.partitioner import murmur2

from contract.record_sink import SETTINGS, TIMEOUT_S, RecordSinkBehaviour, some_records
from frontrow_ingest.producer import BrokerUnreachableError, TopicMissingError
from frontrow_ingest.producer.kafka_producer import KafkaSink
from support.kafka_harness import KafkaHarness
from support.kafka_topics import stored

pytestmark = pytest.mark.stack
Name = Callable[[str], str]


@pytest.fixture
def harness(stack: Any, fresh_name: Name) -> Iterator[KafkaHarness]:
    harness = KafkaHarness(stack.bootstrap, fresh_name("producer"))
    yield harness
    harness.close()


class TestKafkaSink(RecordSinkBehaviour):
    """The suite, with the module's harness."""


def test_acknowledged_records_are_the_topics_offsets(stack: Any, fresh_name: Name) -> None:
    topic = fresh_name("producer")
    sink = KafkaSink(stack.bootstrap, topic=topic, settings=replace(SETTINGS, create_topic=True, partitions=3))
    for key, value in some_records(2_000, keys=50):
        sink.send_encoded(key, value)
    sink.close(TIMEOUT_S)
    found = stored(stack.bootstrap, topic)
    assert len(found) == sink.stats.acknowledged == 2_000
    for key in {key for _, _, key, _ in found}:
        assert {partition for partition, _, one, _ in found if one == key} == {(murmur2(key) & 0x7FFFFFFF) % 3}


@pytest.mark.parametrize("compression", ["lz4", "gzip", "none"])
def test_every_compression_arrives(stack: Any, fresh_name: Name, compression: Any) -> None:
    topic = fresh_name("producer")
    sink = KafkaSink(
        stack.bootstrap, topic=topic, settings=replace(SETTINGS, create_topic=True, compression=compression)
    )
    for key, value in some_records(100):
        sink.send_encoded(key, value)
    sink.close(TIMEOUT_S)
    assert len(stored(stack.bootstrap, topic)) == 100


def test_a_missing_topic_is_named_and_not_made(stack: Any, fresh_name: Name) -> None:
    topic = fresh_name("producer")
    for _ in range(2):
        with pytest.raises(TopicMissingError, match="specs apply") as caught:
            KafkaSink(stack.bootstrap, topic=topic, settings=SETTINGS)
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
    assert time.monotonic() - started < 10
    assert not [thread.name for thread in set(threading.enumerate()) - before if "kafka" in thread.name]


def test_closing_leaves_no_thread(stack: Any, fresh_name: Name) -> None:
    before = set(threading.enumerate())
    sink = KafkaSink(stack.bootstrap, topic=fresh_name("producer"), settings=replace(SETTINGS, create_topic=True))
    sink.send_encoded(b"k", b"v")
    sink.close(TIMEOUT_S)
    with pytest.raises(TopicMissingError):
        KafkaSink(stack.bootstrap, topic=fresh_name("producer"), settings=SETTINGS)
    assert set(threading.enumerate()) <= before
