"""Kafka as the sink, through kafka-python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kafka import KafkaProducer
from kafka.errors import IllegalStateError, KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer.errors import (
    BrokerUnreachableError,
    DeliveryFailedError,
    DeliveryTimeoutError,
    ProducerClosedError,
    RecordTooLargeError,
    TopicMissingError,
)
from frontrow_ingest.producer.in_flight import InFlight
from frontrow_ingest.producer.partitioner import SessionPartitioner
from frontrow_ingest.producer.port import DeliveryStats
from frontrow_ingest.producer.settings import KafkaSettings
from frontrow_ingest.producer.topics import require_topic

LET_GO_S = 5.0  # for the background thread to end once nothing is in flight, or all was given up


class KafkaSink:
    """A RecordSink that writes to one topic: idempotent, acknowledged by all in-sync replicas.

    The constructor returns when a broker has answered and the topic exists; otherwise it raises
    BrokerUnreachableError or TopicMissingError.
    """

    def __init__(self, bootstrap: str, *, topic: str, settings: KafkaSettings) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._settings = settings
        self._in_flight = InFlight()
        self._limit = settings.max_in_flight_bytes
        self._max_record = min(settings.max_record_bytes, settings.max_in_flight_bytes)
        self._closed = False
        self._producer = _connect(bootstrap, settings)
        self._send = self._producer.send
        try:
            self._get_acquainted()
        except BaseException:
            self._closed = True
            self._let_go()
            raise

    def send_encoded(self, key: bytes, value: bytes) -> None:
        """See RecordSink."""
        size = len(key) + len(value)
        in_flight = self._in_flight
        if self._closed or size > self._max_record or in_flight.failed > self._settings.max_failed:
            raise self._objection(size)
        if in_flight.bytes + size > self._limit:
            self._make_room(size)
        try:
            pending = self._send(self._topic, value, key)
        except (KafkaError, ValueError) as error:
            raise self._explained(error, size) from error
        in_flight.add(pending, key, value)

    def flush(self, timeout: float) -> None:
        """See RecordSink. Batches wait ``linger_ms`` at most, so that waiting for the answers is all there is to do."""
        if not self._in_flight.wait(0, timeout):
            raise self._late("the acknowledgement of all events", timeout)
        if self._in_flight.failed:
            raise self._failed()

    def close(self, timeout: float) -> None:
        """See RecordSink. What has no answer after ``timeout`` seconds is given up and counted as failed."""
        if self._closed:
            return
        self._closed = True
        late: DeliveryTimeoutError | None = None
        try:
            if not self._in_flight.wait(0, timeout):
                late = self._late("the acknowledgement of all events", timeout)
        finally:  # also when Ctrl-C ends the wait
            self._let_go()
        if late is not None:
            raise late
        if self._in_flight.failed:
            raise self._failed()

    def when_lost(self, tell: Callable[[bytes, bytes], None]) -> None:
        """See RecordSink."""
        self._in_flight.when_lost = tell

    @property
    def stats(self) -> DeliveryStats:
        """See RecordSink."""
        return self._in_flight.stats

    def _get_acquainted(self) -> None:
        """See that the topic exists, and wait for its partitions now: otherwise the first send would."""
        require_topic(self._bootstrap, self._topic, self._settings)
        try:
            self._producer.partitions_for(self._topic)
        except KafkaError as error:
            raise self._explained(error, 0) from error

    def _make_room(self, size: int) -> None:
        waited_s = self._settings.block_timeout_s
        if not self._in_flight.wait(self._limit - size, waited_s):
            raise self._late(f"room among the {self._limit} bytes in flight", waited_s)

    def _let_go(self) -> None:
        if self._in_flight.stats.in_flight:
            # kafka-python has no public way to give up: its close() first waits for a flush, and raises without
            # closing when that is late, leaving a thread that goes on sending.
            sender: Any = getattr(self._producer, "_sender", None)
            if sender is not None:
                sender.force_close()
        try:
            self._producer.close(timeout=LET_GO_S)
        except KafkaError:
            pass  # nothing in flight is lost by it: the counts below say what was given up
        finally:
            self._in_flight.settle()

    def _objection(self, size: int) -> DeliveryError:
        if self._closed:
            return ProducerClosedError()
        if size > self._max_record:
            return RecordTooLargeError(size, self._max_record)
        return self._failed()

    def _explained(self, error: Exception, size: int) -> DeliveryError:
        if isinstance(error, MessageSizeTooLargeError):
            return RecordTooLargeError(size, self._max_record)
        if isinstance(error, KafkaTimeoutError):
            return self._late(f"the partitions of topic {self._topic}", self._settings.block_timeout_s)
        if isinstance(error, IllegalStateError):
            return ProducerClosedError()
        if isinstance(error, ValueError):
            return TopicMissingError(self._topic, self._bootstrap)
        return DeliveryError(
            f"Kafka at {self._bootstrap} did not take an event ({error}): check the broker and its log"
        )

    def _late(self, waited_for: str, waited_s: float) -> DeliveryTimeoutError:
        stats = self._in_flight.stats
        return DeliveryTimeoutError(
            waited_for, waited_s, self._bootstrap, in_flight=stats.in_flight, in_flight_bytes=stats.in_flight_bytes
        )

    def _failed(self) -> DeliveryFailedError:
        stats = self._in_flight.stats
        return DeliveryFailedError(self._topic, self._bootstrap, acknowledged=stats.acknowledged, errors=stats.errors)


def _connect(bootstrap: str, settings: KafkaSettings) -> KafkaProducer:
    delivery_ms = round(settings.delivery_timeout_s * 1000)
    options: dict[str, Any] = {
        "bootstrap_servers": bootstrap,
        "client_id": "frontrow-producer",
        "acks": "all",
        "enable_idempotence": True,
        "compression_type": None if settings.compression == "none" else settings.compression,
        "batch_size": settings.batch_bytes,
        "linger_ms": settings.linger_ms,
        "partitioner": SessionPartitioner(),
        "allow_auto_create_topics": False,
        "max_block_ms": round(settings.block_timeout_s * 1000),
        # kafka-python wants the delivery deadline to cover the linger and one request
        "delivery_timeout_ms": delivery_ms + settings.linger_ms,
        "request_timeout_ms": delivery_ms,
        "bootstrap_timeout_ms": round(settings.connect_timeout_s * 1000),
        "metrics_enabled": False,
        **settings.connection,
    }
    try:
        return KafkaProducer(**options)
    except KafkaError as error:
        raise BrokerUnreachableError(bootstrap, settings.connect_timeout_s, type(error).__name__) from error
    except ValueError:
        problem = f"{bootstrap!r} is no Kafka address (HOST:PORT, more than one with commas), or a connection option"
        raise DeliveryError(f"{problem} is not one of kafka-python's") from None  # its message may hold credentials
    except RuntimeError as error:
        raise DeliveryError(
            f"compression {settings.compression} is not available ({error}): install its package or use lz4"
        ) from error
