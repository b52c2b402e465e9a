"""Kafka's topic, through kafka-python."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

from kafka import KafkaConsumer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from frontrow_ingest.producer.settings import KafkaSettings
from frontrow_ingest.resume.errors import TopicUnreadableError
from frontrow_ingest.resume.log import StoredRecord

STALLED_S = 30.0


class KafkaLog:
    """A TopicLog of a topic that exists. ``settings`` say how to reach the broker and how long to wait for it."""

    def __init__(self, bootstrap: str, topic: str, settings: KafkaSettings) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
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
        if self._identity is not None:
            return self._identity
        with self._explained():
            admin: Any = KafkaAdminClient(**self._options, request_timeout_ms=self._timeout_ms)
            try:
                found = admin.describe_topics([self._topic])
            finally:
                admin.close()
        topic_id = found[0].get("topic_id") if found else None
        self._identity = str(topic_id) if topic_id else None
        return self._identity

    def bounds(self) -> dict[int, tuple[int, int]]:
        """See TopicLog."""
        with self._explained():
            numbers = self._consumer.partitions_for_topic(self._topic) or ()
            partitions = [TopicPartition(self._topic, number) for number in sorted(numbers)]
            if not partitions:
                raise TopicUnreadableError(self._topic, self._bootstrap, "Kafka names no partition of it")
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

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except KafkaError as error:
            why = f"{type(error).__name__}: {error}"
            raise TopicUnreadableError(self._topic, self._bootstrap, why) from error
