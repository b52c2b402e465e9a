"""Reading a topic from one place to its end as it is now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from frontrow_ingest.contract import WireError
from frontrow_ingest.errors import QuarantineError
from frontrow_ingest.producer.errors import BrokerUnreachableError, TopicMissingError
from frontrow_ingest.quarantine.record import QuarantineRecord, read_record

CONNECT_S = 10.0
STALL_S = 30.0


class Message(NamedTuple):
    """One message; ``written_ms`` is Kafka's own time for it, ms since the Unix epoch."""

    partition: int
    offset: int
    written_ms: int
    value: bytes | None


def read_topic(
    bootstrap: str, topic: str, *, since_ms: int | None = None, last: int | None = None
) -> Iterator[Message]:
    """The committed messages of a topic, in order within a partition, up to its end at the time of the call.

    Args:
        since_ms: leave out what was written before, ms since the Unix epoch
        last: at most so many of each partition, the newest

    Raises:
        BrokerUnreachableError, TopicMissingError
        QuarantineError: nothing came for ``STALL_S`` seconds though there is more
    """
    reader = TopicReader(bootstrap)
    try:
        yield from reader.messages(topic, since_ms, last)
    finally:
        reader.close()


def read_quarantine(bootstrap: str, topic: str, *, since_ms: int | None = None) -> Iterator[QuarantineRecord]:
    """The records of a quarantine topic. What is none is passed over: it would be no help to stop at it."""
    for message in read_topic(bootstrap, topic, since_ms=since_ms):
        try:
            yield read_record(message.value or b"")
        except WireError:
            continue


class TopicReader:
    """One connection to read by. Raises BrokerUnreachableError when it is made without a broker."""

    def __init__(self, bootstrap: str) -> None:
        from kafka import KafkaConsumer
        from kafka.errors import KafkaError

        self._bootstrap = bootstrap
        options: dict[str, Any] = {
            "bootstrap_servers": bootstrap,
            "client_id": "frontrow-quarantine",
            "enable_auto_commit": False,
            "group_id": None,
            # As Druid reads: what belongs to a replay that was broken off is not there.
            "isolation_level": "read_committed",
            "bootstrap_timeout_ms": round(CONNECT_S * 1000),
        }
        try:
            self._consumer: Any = KafkaConsumer(**options)
        except KafkaError as error:
            raise BrokerUnreachableError(bootstrap, CONNECT_S, type(error).__name__) from error

    def close(self) -> None:
        """Let go."""
        self._consumer.close(autocommit=False)

    def messages(self, topic: str, since_ms: int | None = None, last: int | None = None) -> Iterator[Message]:
        """See :func:`read_topic`."""
        from kafka.structs import TopicPartition

        consumer = self._consumer
        if topic not in consumer.topics():
            raise TopicMissingError(topic, self._bootstrap)
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        consumer.seek_to_beginning(*partitions)
        if since_ms is not None:
            found = consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
            for partition in partitions:
                consumer.seek(partition, found[partition].offset if found.get(partition) else ends[partition])
        if last is not None:
            for partition in partitions:
                consumer.seek(partition, max(consumer.position(partition), ends[partition] - last))
        heard = time.monotonic()
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            batches = consumer.poll(timeout_ms=500)
            for partition, records in batches.items():
                for record in records:
                    if record.offset < ends[partition]:
                        yield Message(record.partition, record.offset, record.timestamp, record.value)
            if batches:
                heard = time.monotonic()
            elif time.monotonic() - heard > STALL_S:
                raise QuarantineError(
                    f"waited {STALL_S:.0f} s for the rest of topic {topic} at {self._bootstrap}: check the broker"
                )

    def one(self, topic: str, partition: int, offset: int) -> bytes | None:
        """The value of one message; None where Kafka has it no more."""
        from kafka.structs import TopicPartition

        place = TopicPartition(topic, partition)
        self._consumer.assign([place])
        if not self._consumer.beginning_offsets([place])[place] <= offset < self._consumer.end_offsets([place])[place]:
            return None
        self._consumer.seek(place, offset)
        deadline = time.monotonic() + STALL_S
        while time.monotonic() < deadline:
            for record in self._consumer.poll(timeout_ms=500, max_records=1).get(place, ()):
                return record.value if record.offset == offset else None
        raise QuarantineError(f"waited {STALL_S:.0f} s for {topic}-{partition} offset {offset}: check the broker")
