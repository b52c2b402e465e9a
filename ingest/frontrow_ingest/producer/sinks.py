"""Kafka as a sink: through the client that the settings name, now or when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer.errors import DeliveryTimeoutError, InFlightFullError, RecordTooLargeError
from frontrow_ingest.producer.port import DeliveryStats, RecordSink
from frontrow_ingest.producer.settings import KafkaSettings

_HARMLESS = (DeliveryTimeoutError, InFlightFullError, RecordTooLargeError)


def open_sink(bootstrap: str, topic: str, settings: KafkaSettings) -> RecordSink:
    """A topic of a Kafka. Raises BrokerUnreachableError, TopicMissingError, or IngestError for a missing extra."""
    if settings.backend == "confluent":
        from frontrow_ingest.producer.confluent_producer import ConfluentSink  # brings its extra, or says which

        return ConfluentSink(bootstrap, topic=topic, settings=settings)
    from frontrow_ingest.producer.kafka_producer import KafkaSink  # kafka-python is only needed here

    return KafkaSink(bootstrap, topic=topic, settings=settings)


class LateSink:
    """A RecordSink that connects when it is first needed, and anew after a failure: for processes that outlive Kafka.

    Until it is connected, every method but ``close`` raises what ``connect`` raises. A failure is told once; the sink
    after it begins without failures. Its ``stats`` are those of the sink it has now.
    """

    def __init__(self, connect: Callable[[], RecordSink]) -> None:
        self._connect = connect
        self._sink: RecordSink | None = None
        self._connecting = threading.Lock()

    def connected(self) -> RecordSink:
        """The sink; connects if need be. For any thread."""
        with self._connecting:
            if self._sink is None:
                self._sink = self._connect()
            return self._sink

    def send_encoded(self, key: bytes, value: bytes) -> bool:
        """See RecordSink."""
        sink = self.connected()
        try:
            return sink.send_encoded(key, value)
        except DeliveryError as error:
            self._after(error)
            raise

    def flush(self, timeout: float) -> None:
        """See RecordSink."""
        if self._sink is None:
            return
        try:
            self._sink.flush(timeout)
        except DeliveryError as error:
            self._after(error)
            raise

    def close(self, timeout: float) -> None:
        """See RecordSink."""
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.close(timeout)

    def when_lost(self, tell: Callable[[bytes, bytes], None]) -> None:
        """See RecordSink."""
        self.connected().when_lost(tell)

    @property
    def stats(self) -> DeliveryStats:
        """See RecordSink."""
        return self._sink.stats if self._sink is not None else DeliveryStats()

    def _after(self, error: DeliveryError) -> None:
        """A sink tells of its failed records for ever: the next call gets another."""
        if not isinstance(error, _HARMLESS):
            with suppress(DeliveryError):
                self.close(0)
