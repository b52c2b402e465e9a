"""Kafka as the sink, through kafka-python."""

from __future__ import annotations

import time
from typing import Any

from kafka import KafkaProducer
from kafka.errors import IllegalStateError, KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer.bounded import BoundedSink
from frontrow_ingest.producer.errors import (
    BrokerUnreachableError,
    ProducerClosedError,
    RecordTooLargeError,
    TopicMissingError,
)
from frontrow_ingest.producer.in_flight import InFlight
from frontrow_ingest.producer.partitioner import SessionPartitioner
from frontrow_ingest.producer.settings import RECONNECT_MS, KafkaSettings
from frontrow_ingest.producer.topics import require_topic

LET_GO_S = 5.0  # for the background thread to end once nothing is in flight, or all was given up


class KafkaSink(BoundedSink[InFlight]):
    """A RecordSink that writes to one topic: idempotent, acknowledged by all in-sync replicas.

    The constructor returns when a broker has answered and the topic exists; otherwise it raises
    BrokerUnreachableError or TopicMissingError.
    """

    def __init__(self, bootstrap: str, *, topic: str, settings: KafkaSettings) -> None:
        super().__init__(bootstrap, topic, settings, InFlight())
        self._producer = _connect(bootstrap, settings)
        self._send = self._producer.send
        try:
            self._get_acquainted()
        except BaseException:
            self._closed = True
            self._let_go()
            raise

    def _hand_in(self, key: bytes, value: bytes) -> None:
        try:
            pending = self._send(self._topic, value, key)
        except (KafkaError, ValueError) as error:
            raise self._explained(error, len(key) + len(value)) from error
        self._in_flight.add(pending, key, value)

    def _get_acquainted(self) -> None:
        """See that the topic exists, and wait for its partitions now: otherwise the first send would."""
        require_topic(self._where, self._topic, self._settings)
        deadline = time.monotonic() + self._settings.connect_timeout_s
        while True:
            try:
                self._producer.partitions_for(self._topic)
                return
            except KafkaTimeoutError as error:
                # kafka-python gives it the time of a send, which may be short.
                if time.monotonic() >= deadline:
                    waited = max(self._settings.connect_timeout_s, self._settings.block_timeout_s)
                    raise self._late(f"the partitions of topic {self._topic}", waited) from error
            except KafkaError as error:
                raise self._explained(error, 0) from error

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

    def _explained(self, error: Exception, size: int) -> DeliveryError:
        if isinstance(error, MessageSizeTooLargeError):
            return RecordTooLargeError(size, self._max_record)
        if isinstance(error, KafkaTimeoutError):
            return self._late(f"the partitions of topic {self._topic}", self._settings.block_timeout_s)
        if isinstance(error, IllegalStateError):
            return ProducerClosedError()
        if isinstance(error, ValueError):
            return TopicMissingError(self._topic, self._where)
        return DeliveryError(f"Kafka at {self._where} did not take an event ({error}): check the broker and its log")


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
        "reconnect_backoff_max_ms": RECONNECT_MS,
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
