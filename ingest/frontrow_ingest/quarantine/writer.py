"""The quarantine topic as the sink of refused events."""

from __future__ import annotations

from frontrow_ingest.contract import ViewerKeys
from frontrow_ingest.contract.codec import topic_encoder
from frontrow_ingest.producer.port import RecordSink
from frontrow_ingest.producer.settings import KafkaSettings
from frontrow_ingest.quarantine.port import Rejected
from frontrow_ingest.quarantine.record import QUARANTINE_TOPIC, refusal_values


class TopicQuarantine:
    """A QuarantineSink that writes to a topic through a RecordSink. Raw viewer ids are masked before.

    Args:
        producer: named in each record as who sent, or would have sent, the event
        viewer_keys: where originals come with raw viewer ids: makes the pseudonyms that are kept instead
    """

    def __init__(self, sink: RecordSink, *, producer: str | None = None, viewer_keys: ViewerKeys | None = None) -> None:
        self._sink = sink
        self._producer = producer
        self._keys = viewer_keys
        self._encode = topic_encoder(QUARANTINE_TOPIC)

    def put(self, rejected: Rejected) -> None:
        """See QuarantineSink."""
        values = refusal_values(rejected, self._producer, self._keys)
        self._sink.send_encoded(values["id"].encode(), self._encode(values))

    def flush(self, timeout: float) -> None:
        """See QuarantineSink."""
        self._sink.flush(timeout)

    def close(self, timeout: float) -> None:
        """See QuarantineSink."""
        self._sink.close(timeout)


def kafka_quarantine(
    bootstrap: str,
    *,
    topic: str = QUARANTINE_TOPIC,
    producer: str | None = None,
    settings: KafkaSettings | None = None,
    viewer_keys: ViewerKeys | None = None,
) -> TopicQuarantine:
    """The quarantine topic of a Kafka. Raises BrokerUnreachableError or TopicMissingError."""
    from frontrow_ingest.producer.kafka_producer import KafkaSink  # kafka-python is only needed here

    sink = KafkaSink(bootstrap, topic=topic, settings=settings or KafkaSettings())
    return TopicQuarantine(sink, producer=producer, viewer_keys=viewer_keys)
