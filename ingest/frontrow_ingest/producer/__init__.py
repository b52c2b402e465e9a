"""Events out to Kafka: checked, encoded, delivered, and accounted for.

:class:`EventProducer` is the front; behind it stands a :class:`RecordSink`, which is Kafka or, in tests, memory.
"""

from __future__ import annotations

from frontrow_ingest.producer.errors import (
    BrokerUnreachableError,
    DeliveryFailedError,
    DeliveryTimeoutError,
    InFlightFullError,
    ProducerClosedError,
    RecordTooLargeError,
    TopicMissingError,
    WorkerCrashedError,
)
from frontrow_ingest.producer.events import EventProducer
from frontrow_ingest.producer.memory import MemorySink
from frontrow_ingest.producer.port import DeliveryStats, EventCounter, ProducerStats, RecordSink, SeenEvents
from frontrow_ingest.producer.settings import KafkaSettings
from frontrow_ingest.producer.window import TimeWindow

__all__ = [
    "BrokerUnreachableError",
    "DeliveryFailedError",
    "DeliveryStats",
    "DeliveryTimeoutError",
    "EventCounter",
    "EventProducer",
    "InFlightFullError",
    "KafkaSettings",
    "MemorySink",
    "ProducerClosedError",
    "ProducerStats",
    "RecordSink",
    "RecordTooLargeError",
    "SeenEvents",
    "TimeWindow",
    "TopicMissingError",
    "WorkerCrashedError",
]
