"""What is in a Kafka topic."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition

DEADLINE_S = 300


class Stored(NamedTuple):
    partition: int
    offset: int
    key: bytes
    value: bytes


def stored(bootstrap: str, topic: str) -> list[Stored]:
    """Every record of a topic, by partition and offset."""
    consumer: Any = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, group_id=None)
    deadline = time.monotonic() + DEADLINE_S
    try:
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        found = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            assert time.monotonic() < deadline, f"topic {topic} could not be read to its end"
            for batch in consumer.poll(timeout_ms=500).values():
                found += [Stored(record.partition, record.offset, record.key, record.value) for record in batch]
        return sorted(found)
    finally:
        consumer.close(autocommit=False)
