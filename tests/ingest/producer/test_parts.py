"""Settings, the partitioner, the books of what is in flight."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.partitioner import murmur2 as kafkas_murmur2

from frontrow_ingest.producer import KafkaSettings, partitioner
from frontrow_ingest.producer.in_flight import SETTLE_EVERY, InFlight
from frontrow_ingest.producer.memory import MemoryAnswer
from frontrow_ingest.producer.partitioner import SessionPartitioner, murmur2


class Cluster:
    def __init__(self, partitions: Iterable[int] | None) -> None:
        self.partitions = partitions
        self.asked = 0

    def partitions_for_topic(self, _topic: str) -> set[int] | None:
        self.asked += 1
        return None if self.partitions is None else set(self.partitions)


def place(chooser: SessionPartitioner, key: bytes, cluster: Cluster) -> int | None:
    return chooser.partition("events", key, key, b"", b"", cluster)


@given(st.binary(max_size=70))
@settings(deadline=None)
def test_the_hash_is_kafkas(data: bytes) -> None:
    assert murmur2(data) == kafkas_murmur2(data)


def test_a_key_goes_where_every_kafka_client_sends_it() -> None:
    chooser, cluster = SessionPartitioner(), Cluster(range(5))
    for number in range(200):
        key = b"session-%d" % number
        assert place(chooser, key, cluster) == (kafkas_murmur2(key) & 0x7FFFFFFF) % 5
        assert place(chooser, key, cluster) == (kafkas_murmur2(key) & 0x7FFFFFFF) % 5


def test_a_topic_that_grows_is_noticed() -> None:
    chooser, cluster = SessionPartitioner(), Cluster([0])
    assert {place(chooser, b"%d" % number, cluster) for number in range(50)} == {0}
    cluster.partitions = range(4)
    for number in range(300):
        place(chooser, b"%d" % number, cluster)
    assert {place(chooser, b"%d" % number, cluster) for number in range(50)} == {0, 1, 2, 3}


def test_a_topic_without_partitions_gets_none_until_it_has_some() -> None:
    chooser, cluster = SessionPartitioner(), Cluster(None)
    assert place(chooser, b"k", cluster) is None
    cluster.partitions = [0]
    assert place(chooser, b"k", cluster) == 0


def test_remembered_keys_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitioner, "MAX_SESSIONS", 10)
    chooser, cluster = SessionPartitioner(), Cluster(range(3))
    for number in range(100):
        place(chooser, b"%d" % number, cluster)
        assert len(chooser._chosen) <= 10
    assert cluster.asked < 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_bytes": 0},
        {"max_in_flight_bytes": 0},
        {"max_record_bytes": -1},
        {"partitions": 0},
        {"linger_ms": -1},
        {"max_failed": -1},
        {"connect_timeout_s": 0},
        {"delivery_timeout_s": -3.0},
        {"block_timeout_s": 0.0},
    ],
)
def test_settings_that_make_no_sense_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        KafkaSettings(**wrong)


def test_settings_do_not_show_credentials() -> None:
    assert "hunter2" not in repr(KafkaSettings(connection={"sasl_plain_password": "hunter2"}))


def test_answers_are_counted_in_order_of_sending() -> None:
    books = InFlight()
    answers = [MemoryAnswer() for _ in range(3)]
    for answer in answers:
        books.add(answer, b"k", b"value 123")
    answers[1].settle(ValueError("x"))
    answers[2].settle()
    assert (books.stats.in_flight, books.stats.in_flight_bytes) == (3, 30)
    answers[0].settle()
    assert (books.stats.acknowledged, books.stats.failed, books.stats.in_flight) == (2, 1, 0)
    assert books.errors == {"ValueError": 1}


def test_the_books_settle_themselves() -> None:
    books = InFlight()
    for _ in range(SETTLE_EVERY):
        answer = MemoryAnswer()
        answer.settle()
        books.add(answer, b"", b"v")
    assert books.in_flight_bytes == 0


def test_a_wait_ends_with_the_answer_or_at_its_deadline() -> None:
    books = InFlight()
    answer = MemoryAnswer()
    books.add(answer, b"k", b"value 123")
    started = time.monotonic()
    assert not books.wait(9, 0.05)
    assert time.monotonic() - started >= 0.05
    assert books.wait(10, 0.0)
    answer.settle()
    assert books.wait(0, 0.0)


def test_a_wait_is_not_ended_by_a_failed_record() -> None:
    class Failing(MemoryAnswer):
        def get(self, timeout: float | None = None) -> object:  # noqa: ARG002
            self.settle(OSError("gone"))
            raise OSError("gone")

    books = InFlight()
    books.add(Failing(), b"k", b"value 123")
    assert books.wait(0, 1)
    assert books.failed == 1
