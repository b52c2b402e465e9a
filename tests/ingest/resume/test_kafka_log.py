"""How KafkaLog asks for a topic that its broker does not know yet; kafka-python's clients are replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from kafka import errors as kafka_errors

from frontrow_ingest.producer import KafkaSettings
from frontrow_ingest.resume import TopicUnreadableError, kafka_log
from frontrow_ingest.resume.kafka_log import KafkaLog

NOBODY_KNOWS_IT = {"error_code": 3, "topic_id": None, "partitions": []}
KNOWN = {"error_code": 0, "topic_id": "710af7f8", "partitions": [{"partition_index": 0}]}
OF_AN_OLD_BROKER = {"error_code": 0, "partitions": [{"partition_index": 0}]}


class Broker:
    """Stands for both clients: the last of the answers is repeated."""

    def __init__(self, *, described: Iterable[dict[str, Any]] = (), partitions: Iterable[set[int]] = ()) -> None:
        self._described = _repeating(described)
        self._partitions = _repeating(partitions)
        self.asked = 0
        self.closed = 0

    def describe_topics(self, topics: list[str]) -> list[dict[str, Any]]:
        assert topics == ["events"]
        self.asked += 1
        return [next(self._described)]

    def partitions_for_topic(self, _topic: str) -> set[int]:
        self.asked += 1
        return next(self._partitions)

    def end_offsets(self, partitions: list[Any], **_: Any) -> dict[Any, int]:
        return dict.fromkeys(partitions, 7)

    def beginning_offsets(self, partitions: list[Any], **_: Any) -> dict[Any, int]:
        return dict.fromkeys(partitions, 0)

    def close(self, **_: Any) -> None:
        self.closed += 1


def _repeating(answers: Iterable[Any]) -> Iterator[Any]:
    last = None
    for last in answers:
        yield last
    while True:
        yield last


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Callable[..., KafkaLog]:
    monkeypatch.setattr(kafka_log, "_ASK_AGAIN_S", 0.001)

    def of(broker: Broker, *, known_within_s: float = 60.0) -> KafkaLog:
        monkeypatch.setattr(kafka_log, "KafkaAdminClient", lambda **_: broker)
        monkeypatch.setattr(kafka_log, "KafkaConsumer", lambda **_: broker)
        return KafkaLog("broker:1", "events", KafkaSettings(), known_within_s=known_within_s)

    return of


def test_a_topic_made_a_moment_ago_is_asked_for_again(log: Callable[..., KafkaLog]) -> None:
    broker = Broker(described=[NOBODY_KNOWS_IT, NOBODY_KNOWS_IT, KNOWN])
    made = log(broker)
    assert made.identity() == "710af7f8"
    assert (broker.asked, broker.closed) == (3, 1)
    assert made.identity() == "710af7f8"
    assert broker.asked == 3, "asked once: what this log is of does not change"


def test_a_topic_that_never_comes_is_an_error_and_not_an_unknown_identity(log: Callable[..., KafkaLog]) -> None:
    broker = Broker(described=[NOBODY_KNOWS_IT])
    with pytest.raises(TopicUnreadableError, match=r"Kafka does not know it, asked for 0\.01 s") as caught:
        log(broker, known_within_s=0.01).identity()
    assert caught.value.retryable
    assert broker.asked > 1
    assert broker.closed == 1


def test_only_a_broker_without_ids_has_none(log: Callable[..., KafkaLog]) -> None:
    broker = Broker(described=[OF_AN_OLD_BROKER])
    made = log(broker)
    assert made.identity() is None
    assert made.identity() is None
    assert broker.asked == 1


def test_a_topic_that_may_not_be_described(log: Callable[..., KafkaLog]) -> None:
    broker = Broker(described=[{"error_code": 29, "topic_id": None, "partitions": []}])
    with pytest.raises(TopicUnreadableError, match="TopicAuthorizationFailed") as caught:
        log(broker).identity()
    assert isinstance(caught.value.__cause__, kafka_errors.TopicAuthorizationFailedError)
    assert (broker.asked, broker.closed) == (1, 1), "asking again would not help"


def test_partitions_that_are_not_named_yet(log: Callable[..., KafkaLog]) -> None:
    broker = Broker(partitions=[set(), set(), {1, 0}])
    assert log(broker).bounds() == {0: (0, 7), 1: (0, 7)}
    assert broker.asked == 3


def test_partitions_that_are_never_named(log: Callable[..., KafkaLog]) -> None:
    with pytest.raises(TopicUnreadableError, match=r"names no partition of it, asked for 0\.01 s"):
        log(Broker(partitions=[set()]), known_within_s=0.01).bounds()
