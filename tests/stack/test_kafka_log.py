"""Kafka's topic does what every TopicLog does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

pytest.register_assert_rewrite("contract.topic_log")

from contract.topic_log import TopicLogBehaviour  # noqa: E402
from frontrow_ingest.producer import KafkaSettings  # noqa: E402
from frontrow_ingest.producer.kafka_producer import KafkaSink  # noqa: E402
from frontrow_ingest.resume import TopicUnreadableError  # noqa: E402
from frontrow_ingest.resume.kafka_log import KafkaLog  # noqa: E402
from support.waiting import until  # noqa: E402

pytestmark = pytest.mark.stack
Name = Callable[[str], str]
TIMEOUT_S = 60.0


class KafkaTopic:
    """A topic of three partitions; one key, and so one partition, is written to."""

    def __init__(self, bootstrap: str, name: str) -> None:
        self._bootstrap = bootstrap
        self._name = name
        self._admin: Any = KafkaAdminClient(bootstrap_servers=bootstrap)
        self._create()

    def _create(self) -> None:
        self._admin.create_topics({self._name: {"num_partitions": 3}})
        self._admin.wait_for_topics([self._name], timeout_ms=TIMEOUT_S * 1000)

    def _id(self) -> Any:
        (told,) = self._admin.describe_topics([self._name])
        return told["topic_id"]

    def log(self) -> KafkaLog:
        return KafkaLog(self._bootstrap, self._name, KafkaSettings())

    def send(self, values: Sequence[bytes]) -> None:
        sink = KafkaSink(self._bootstrap, topic=self._name, settings=KafkaSettings())
        for value in values:
            sink.send_encoded(b"k", value)
        sink.close(TIMEOUT_S)

    def recreate(self) -> None:
        before = self._id()
        self._admin.delete_topics([self._name])
        self._create()
        until("the broker to know the new topic", lambda: self._id() not in (before, None))

    def truncate(self, begin: int) -> None:
        log = self.log()
        written = next(number for number, (_, end) in log.bounds().items() if end)
        log.close()
        self._admin.delete_records({TopicPartition(self._name, written): begin})

    def close(self) -> None:
        self._admin.close()


@pytest.fixture
def topic(stack: Any, fresh_name: Name) -> Iterator[KafkaTopic]:
    topic = KafkaTopic(stack.bootstrap, fresh_name("log"))
    yield topic
    topic.close()


class TestKafkaLog(TopicLogBehaviour):
    """The suite, with the module's harness."""


def test_a_topic_that_is_not_there(stack: Any, fresh_name: Name) -> None:
    log = KafkaLog(stack.bootstrap, fresh_name("log"), KafkaSettings(), known_within_s=0.5)
    with pytest.raises(TopicUnreadableError, match="names no partition"):
        log.bounds()
    with pytest.raises(TopicUnreadableError, match="does not know it"):
        log.identity()
    log.close()


def test_a_topic_that_comes_a_moment_later(stack: Any, fresh_name: Name) -> None:
    """As after another process has made it; asked for before it is there, to be sure that it is not known yet."""
    name = fresh_name("log")
    log = KafkaLog(stack.bootstrap, name, KafkaSettings(), known_within_s=TIMEOUT_S)
    making = threading.Timer(0.5, lambda: KafkaTopic(stack.bootstrap, name).close())
    making.start()
    try:
        assert log.identity() is not None
        assert log.bounds() == {0: (0, 0), 1: (0, 0), 2: (0, 0)}
    finally:
        making.join(TIMEOUT_S)
        log.close()
