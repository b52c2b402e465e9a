"""Kafka's topic, through kafka-python."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from kafka import KafkaConsumer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, NoError, for_code
from kafka.structs import TopicPartition

from frontrow_ingest.producer.settings import KafkaSettings
from frontrow_ingest.resume.errors import TopicUnreadableError
from frontrow_ingest.resume.log import StoredRecord

STALLED_S = 30.0
KNOWN_WITHIN_S = 15.0
_ASK_AGAIN_S = 0.1
Answer = TypeVar("Answer")


class KafkaLog:
    """A TopicLog of a topic that exists.

    Args:
        settings: how to reach the broker and how long to wait for its answers
        known_within_s: for how long a topic may be unknown to the broker. One that was made a moment ago is: the broker
            that is asked hears of it later than the one that made it. After that the topic is not there, and
            ``identity`` and ``bounds`` raise TopicUnreadableError.
    """

    def __init__(
        self, bootstrap: str, topic: str, settings: KafkaSettings, *, known_within_s: float = KNOWN_WITHIN_S
    ) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._known_within_s = known_within_s
        self._identity: str | None = None
        self._timeout_ms = round(settings.connect_timeout_s * 1000)
        self._options: dict[str, Any] = {
            "bootstrap_servers": bootstrap,
            "client_id": "frontrow-resume",
            "bootstrap_timeout_ms": self._timeout_ms,
            **settings.connection,
        }
        with self._explained():
            self._consumer: Any = KafkaConsumer(
                group_id=None, enable_auto_commit=False, max_poll_records=5_000, metrics_enabled=False, **self._options
            )

    @property
    def topic(self) -> str:
        """See TopicLog."""
        return self._topic

    def identity(self) -> str | None:
        """See TopicLog. Asked once: it is that of the topic this log was first asked about."""
        if self._identity is None:
            with self._explained():
                admin: Any = KafkaAdminClient(**self._options, request_timeout_ms=self._timeout_ms)
                try:
                    self._identity = self._awaited("Kafka does not know it", lambda: _described(admin, self._topic))
                finally:
                    admin.close()
        return self._identity or None

    def bounds(self) -> dict[int, tuple[int, int]]:
        """See TopicLog."""
        with self._explained():
            numbers = self._awaited(
                "Kafka names no partition of it", lambda: self._consumer.partitions_for_topic(self._topic) or None
            )
            partitions = [TopicPartition(self._topic, number) for number in sorted(numbers)]
            ends = self._consumer.end_offsets(partitions, timeout_ms=self._timeout_ms)
            begins = self._consumer.beginning_offsets(partitions, timeout_ms=self._timeout_ms)
        return {each.partition: (begins[each], ends[each]) for each in partitions}

    def read(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> Iterator[StoredRecord]:
        """See TopicLog. Gives up when nothing comes for STALLED_S seconds."""
        wanted = {TopicPartition(self._topic, number): end for number, end in ends.items() if starts[number] < end}
        if not wanted:
            return
        with self._explained():
            self._consumer.assign(list(wanted))
            for partition in wanted:
                self._consumer.seek(partition, starts[partition.partition])
        deadline = time.monotonic() + STALLED_S
        while left := [each for each, end in wanted.items() if self._position(each) < end]:
            with self._explained():
                batches = self._consumer.poll(timeout_ms=500)
            if batches:
                deadline = time.monotonic() + STALLED_S
            elif time.monotonic() > deadline:
                where = ", ".join(f"{each.partition} at {self._position(each)} of {wanted[each]}" for each in left)
                why = f"nothing came for {STALLED_S:.0f} s from partition {where}"
                raise TopicUnreadableError(self._topic, self._bootstrap, why)
            for partition, records in batches.items():
                for record in records:
                    if record.offset < wanted[partition]:
                        yield StoredRecord(partition.partition, record.offset, record.value)

    def close(self) -> None:
        """See TopicLog."""
        self._consumer.close(autocommit=False)

    def _position(self, partition: TopicPartition) -> int:
        with self._explained():
            return int(self._consumer.position(partition, timeout_ms=self._timeout_ms))

    def _awaited(self, otherwise: str, ask: Callable[[], Answer | None]) -> Answer:
        """The first answer that is not None; a TopicUnreadableError when there is none in time."""
        deadline = time.monotonic() + self._known_within_s
        while (answer := ask()) is None:
            if time.monotonic() >= deadline:
                why = f"{otherwise}, asked for {self._known_within_s:g} s"
                raise TopicUnreadableError(self._topic, self._bootstrap, why)
            time.sleep(_ASK_AGAIN_S)
        return answer

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except KafkaError as error:
            why = f"{type(error).__name__}: {error}"
            raise TopicUnreadableError(self._topic, self._bootstrap, why) from error


def _described(admin: Any, topic: str) -> str | None:
    """The topic's id, "" where brokers have none (before Kafka 2.8); None while the broker does not know the topic."""
    (told,) = admin.describe_topics([topic])
    error = for_code(told["error_code"])
    if error.retriable:
        return None
    if error is not NoError:
        raise error(f"asked for the id of {topic}")
    return str(told.get("topic_id") or "")
