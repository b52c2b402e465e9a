"""Kafka topics that supervisors read."""

from __future__ import annotations

from frontrow_ingest.errors import SupervisorError


def end_offsets(bootstrap: str, topic: str) -> dict[int, int]:
    """Where each partition of a topic ends now: the offset that its next event will have.

    Raises:
        SupervisorError: Kafka does not answer
    """
    from kafka import KafkaConsumer
    from kafka.errors import KafkaError
    from kafka.structs import TopicPartition

    try:
        consumer = KafkaConsumer(bootstrap_servers=bootstrap, request_timeout_ms=15_000)
        try:
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            ends = consumer.end_offsets(partitions)
            return {partition.partition: offset for partition, offset in ends.items()}
        finally:
            consumer.close()
    except (KafkaError, ValueError, OSError) as error:
        raise SupervisorError(f"Kafka at {bootstrap} does not tell where {topic!r} ends: {error}.") from error


def ensure_topic(bootstrap: str, topic: str, *, partitions: int = 2) -> bool:
    """Make a topic unless it exists.

    Args:
        bootstrap: Kafka's ``host:port[,host:port]``

    Returns:
        Whether it was made now.

    Raises:
        SupervisorError: Kafka does not answer, or does not make it
    """
    from kafka.admin import KafkaAdminClient, NewTopic
    from kafka.errors import KafkaError, TopicAlreadyExistsError

    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    except (KafkaError, ValueError, OSError) as error:
        raise SupervisorError(
            f"Kafka does not answer at {bootstrap} ({type(error).__name__}). Is it running? Locally: frontrow stack up."
        ) from error
    try:
        if topic in admin.list_topics():
            return False
        admin.create_topics([NewTopic(topic, num_partitions=partitions, replication_factor=1)], timeout_ms=10_000)
    except TopicAlreadyExistsError:
        return False  # another process was faster
    except KafkaError as error:
        raise SupervisorError(f"Kafka does not make the topic {topic!r}: {error}.") from error
    finally:
        admin.close()
    return True
