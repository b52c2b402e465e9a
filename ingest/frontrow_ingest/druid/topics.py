"""Kafka topics that supervisors read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any, TypeAlias

from frontrow_ingest.errors import SupervisorError

ConsumerRecord: TypeAlias = Any  # kafka-python's, which has no types
_KNOWN_WITHIN_MS = 30_000  # the broker that is asked next hears of a topic later than the one that made it
_LOOK_ONLY: dict[str, Any] = {"allow_auto_create_topics": False}  # else who asks for a topic makes it


def end_offsets(bootstrap: str, topic: str) -> dict[int, int]:
    """Where each partition of a topic ends now: the offset that its next event will have.

    Raises:
        SupervisorError: Kafka does not answer
    """
    return _bounds(bootstrap, topic)[1]


def begin_offsets(bootstrap: str, topic: str) -> dict[int, int]:
    """Where each partition of a topic begins now: the offset of the oldest event that Kafka still has.

    Raises:
        SupervisorError: Kafka does not answer
    """
    return _bounds(bootstrap, topic)[0]


def event_ends(bootstrap: str, topic: str, *, deadline_s: float = 20.0) -> dict[int, int]:
    """Behind the last event of each partition; what a task has read when it has read everything.

    Transactions leave marks, which have offsets of their own and are no events: a topic may end later than this.

    Raises:
        SupervisorError: Kafka does not answer, or not in time
    """
    begins, ends = _bounds(bootstrap, topic)
    found: dict[int, int] = {}
    looked_at = 8
    while unknown := [number for number in ends if number not in found]:
        for record in last_records(bootstrap, topic, looked_at, deadline_s=deadline_s):
            found[record.partition] = record.offset + 1
        for number in unknown:
            if ends[number] - begins[number] <= looked_at:
                found.setdefault(number, begins[number])
        looked_at *= 64
    return found


def _bounds(bootstrap: str, topic: str) -> tuple[dict[int, int], dict[int, int]]:
    from kafka import KafkaConsumer
    from kafka.errors import KafkaError
    from kafka.structs import TopicPartition

    try:
        consumer = KafkaConsumer(bootstrap_servers=bootstrap, request_timeout_ms=15_000, **_LOOK_ONLY)
        try:
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        finally:
            consumer.close()
    except (KafkaError, ValueError, OSError) as error:
        raise SupervisorError(f"Kafka at {bootstrap} does not tell the offsets of {topic!r}: {error}.") from error
    return (
        {partition.partition: offset for partition, offset in begins.items()},
        {partition.partition: offset for partition, offset in ends.items()},
    )


def ensure_topic(bootstrap: str, topic: str, *, partitions: int = 2) -> bool:
    """Make a topic unless it exists, and wait until Kafka names its partitions and who leads them.

    Args:
        bootstrap: Kafka's ``host:port[,host:port]``

    Returns:
        Whether it was made now.

    Raises:
        SupervisorError: Kafka does not answer, does not make it, or does not know it in time
    """
    from kafka.admin import KafkaAdminClient, NewTopic
    from kafka.errors import KafkaError, TopicAlreadyExistsError

    try:
        admin: Any = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    except (KafkaError, ValueError, OSError) as error:
        raise SupervisorError(
            f"Kafka does not answer at {bootstrap} ({type(error).__name__}). Is it running? Locally: frontrow stack up."
        ) from error
    try:
        if topic in admin.list_topics():
            return False
        made = True
        try:
            admin.create_topics([NewTopic(topic, num_partitions=partitions, replication_factor=1)], timeout_ms=10_000)
        except TopicAlreadyExistsError:
            made = False  # another process was faster
        admin.wait_for_topics([topic], timeout_ms=_KNOWN_WITHIN_MS)
    except KafkaError as error:
        raise SupervisorError(f"Kafka does not make the topic {topic!r}: {error}.") from error
    finally:
        admin.close()
    return made


def last_records(bootstrap: str, topic: str, count: int, *, deadline_s: float = 20.0) -> list[ConsumerRecord]:
    """The last records of each partition of a topic, by partition and offset; none of a topic that is not there.

    Raises:
        SupervisorError: Kafka does not answer, or does not give them in time
    """
    from kafka import KafkaConsumer
    from kafka.errors import KafkaError
    from kafka.structs import TopicPartition

    deadline = time.monotonic() + deadline_s
    found: list[ConsumerRecord] = []
    try:
        consumer: Any = KafkaConsumer(
            bootstrap_servers=bootstrap,
            enable_auto_commit=False,
            group_id=None,
            isolation_level="read_committed",
            **_LOOK_ONLY,
        )
        try:
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            consumer.assign(partitions)
            begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
            for partition in partitions:
                consumer.seek(partition, max(begins[partition], ends[partition] - count))
            while any(consumer.position(partition) < ends[partition] for partition in partitions):
                if time.monotonic() > deadline:
                    raise SupervisorError(
                        f"waited {deadline_s:.0f} s for the last records of {topic!r} at {bootstrap}."
                    )
                for batch in consumer.poll(timeout_ms=500).values():
                    found += batch
        finally:
            consumer.close(autocommit=False)
    except (KafkaError, ValueError, OSError) as error:
        raise SupervisorError(f"Kafka at {bootstrap} does not give the last of {topic!r}: {error}.") from error
    return sorted(found, key=lambda record: (record.partition, record.offset))


@contextmanager
def scratch_topic(bootstrap: str, topic: str, count: int) -> Iterator[tuple[str, int]]:
    """A topic that holds the last records of another, byte for byte, for as long as the block runs.

    Gives its name, and how many records it holds; without records, none is made.

    Raises:
        SupervisorError: Kafka does not answer, or does not let it be made
    """
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    records = last_records(bootstrap, topic, count)
    records = sorted(records, key=lambda record: record.timestamp)[-count:]
    name = f"frontrow_sample_{token_hex(6)}"
    if not records:
        yield name, 0
        return
    try:
        ensure_topic(bootstrap, name, partitions=1)
    except SupervisorError as error:
        raise SupervisorError(f"no sample of {topic!r} can be taken: {error} Without one: --sample 0.") from error
    try:
        try:
            producer = KafkaProducer(bootstrap_servers=bootstrap)
            for record in records:
                producer.send(name, key=record.key, value=record.value)
            producer.flush(timeout=15)
            producer.close(timeout=5)
        except KafkaError as error:
            raise SupervisorError(f"Kafka at {bootstrap} does not take a sample of {topic!r}: {error}.") from error
        yield name, len(records)
    finally:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        try:
            admin.delete_topics([name], timeout_ms=10_000)
        finally:
            admin.close()
