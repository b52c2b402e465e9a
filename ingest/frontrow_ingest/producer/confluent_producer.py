"""Kafka as the sink, through confluent-kafka (librdkafka): the same records on the same partitions for less work."""

from __future__ import annotations

import logging
import time
from typing import Any

from frontrow_ingest.errors import DeliveryError, IngestError

try:
    from confluent_kafka import KafkaError, KafkaException, Message, Producer
except ModuleNotFoundError as missing:
    raise IngestError(
        "the backend confluent needs confluent-kafka: pip install 'frontrow[fast]', or use the backend kafka-python"
    ) from missing

from frontrow_ingest.producer.bounded import BoundedSink
from frontrow_ingest.producer.confluent_options import translated
from frontrow_ingest.producer.errors import BrokerUnreachableError, RecordTooLargeError
from frontrow_ingest.producer.in_flight import SETTLE_EVERY, Account
from frontrow_ingest.producer.settings import RECONNECT_MS, KafkaSettings
from frontrow_ingest.producer.topics import require_topic

LET_GO_S = 5.0  # for librdkafka to report what was given up
_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())


class Reported(Account):
    """The account of records whose answers librdkafka reports, each by one call of ``report`` while it is polled."""

    def __init__(self) -> None:
        super().__init__()
        self.producer: Producer | None = None

    def add(self, size: int) -> None:
        """Take note of a record of ``size`` bytes."""
        self.sent += 1
        self.sent_bytes += size
        if not self.sent % SETTLE_EVERY:
            self.settle()

    def report(self, error: KafkaError | None, message: Message) -> None:
        """Count an answer."""
        key = message.key() or b""
        if error is None:
            self.acknowledged += 1
        else:
            self._fail(error.name(), key, message.value() or b"")
        self.answered_bytes += len(key) + len(message)  # a message's len is its value's

    def _look(self) -> None:
        if self.producer is not None:
            self.producer.poll(0)

    def _await(self, seconds: float) -> None:
        with self._looking:
            if self.producer is not None:
                self.producer.poll(min(seconds, 0.1))


class ConfluentSink(BoundedSink[Reported]):
    """A RecordSink that writes to one topic: idempotent, acknowledged by all in-sync replicas.

    The constructor returns when a broker has answered and the topic exists; otherwise it raises
    BrokerUnreachableError or TopicMissingError.
    """

    def __init__(self, bootstrap: str, *, topic: str, settings: KafkaSettings) -> None:
        super().__init__(bootstrap, topic, settings, Reported())
        options = _options(bootstrap, settings, self._in_flight)
        try:
            self._producer = Producer(options)
        except KafkaException as error:
            raise DeliveryError(
                f"confluent-kafka does not take the settings for {bootstrap} ({_text(error)}): change them"
            ) from None
        self._in_flight.producer = self._producer
        self._produce = self._producer.produce
        try:
            self._get_acquainted()
        except BaseException:
            self._closed = True
            self._let_go()
            raise

    def _get_acquainted(self) -> None:
        try:
            known = self._producer.list_topics(timeout=self._settings.connect_timeout_s).topics
        except KafkaException as error:
            raise BrokerUnreachableError(self._where, self._settings.connect_timeout_s, _text(error)) from error
        if self._topic not in known:
            require_topic(self._where, self._topic, self._settings)

    def _hand_in(self, key: bytes, value: bytes) -> None:
        try:
            self._produce(self._topic, value, key)
        except (KafkaException, BufferError) as error:
            raise self._explained(error, len(key) + len(value)) from error
        self._in_flight.add(len(key) + len(value))

    def _let_go(self) -> None:
        if self._in_flight.in_flight_bytes:
            self._producer.purge()
            self._in_flight.wait(0, LET_GO_S)
        self._in_flight.producer = None
        self._producer.close()

    def _explained(self, error: Exception, size: int) -> DeliveryError:
        code = error.args[0].code() if isinstance(error, KafkaException) else None
        if code == KafkaError.MSG_SIZE_TOO_LARGE:
            return RecordTooLargeError(size, self._max_record)
        return DeliveryError(
            f"Kafka at {self._where} did not take an event ({_text(error)}): check the broker and its log"
        )


def _options(bootstrap: str, settings: KafkaSettings, account: Reported) -> dict[str, Any]:
    delivery_ms = round(settings.delivery_timeout_s * 1000) + settings.linger_ms
    return {
        "bootstrap.servers": bootstrap,
        "client.id": "frontrow-producer",
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": settings.compression,
        "batch.size": settings.batch_bytes,
        "batch.num.messages": 100_000,
        "linger.ms": settings.linger_ms,
        "partitioner": "murmur2_random",  # that of the other clients
        "message.max.bytes": max(settings.batch_bytes, settings.max_record_bytes) + 1_024,
        "message.timeout.ms": delivery_ms,
        "request.timeout.ms": min(delivery_ms, 30_000),
        "socket.timeout.ms": max(min(delivery_ms, 30_000), 1_000),
        "reconnect.backoff.max.ms": RECONNECT_MS,
        # The bound is kept here, in bytes; librdkafka's own must not come first.
        "queue.buffering.max.messages": 0,
        "queue.buffering.max.kbytes": 2_147_483_647,
        "on_delivery": account.report,
        "error_cb": _note,
        "logger": _LOG,
        **translated(settings.connection),
    }


def _note(error: KafkaError) -> None:
    """What librdkafka says on the way; what it means for records comes with their answers."""
    _LOG.info("librdkafka at %.3f: %s", time.time(), error.name())


def _text(error: Exception) -> str:
    """librdkafka's name for an error: its text may hold what was configured."""
    first = error.args[0] if error.args else error
    return first.name() if isinstance(first, KafkaError) else type(error).__name__
