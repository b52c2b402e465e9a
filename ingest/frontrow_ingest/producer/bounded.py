"""What all sinks do alike: the bounds, the policy where there is no room, and the errors that tell of both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer.errors import (
    DeliveryFailedError,
    DeliveryTimeoutError,
    InFlightFullError,
    ProducerClosedError,
    RecordTooLargeError,
)
from frontrow_ingest.producer.in_flight import Account
from frontrow_ingest.producer.port import DeliveryStats
from frontrow_ingest.producer.settings import KafkaSettings

A = TypeVar("A", bound=Account)


class BoundedSink(ABC, Generic[A]):
    """A RecordSink but for the two things that only a subclass knows: how to hand in, and how to let go.

    ``where`` is the broker's address for messages.
    """

    def __init__(self, where: str, topic: str, settings: KafkaSettings, in_flight: A) -> None:
        self._where = where
        self._topic = topic
        self._settings = settings
        self._in_flight = in_flight
        self._limit = settings.max_in_flight_bytes
        self._max_record = min(settings.max_record_bytes, settings.max_in_flight_bytes)
        self._max_failed = settings.max_failed
        self._closed = False

    @abstractmethod
    def _hand_in(self, key: bytes, value: bytes) -> None:
        """Give a record to the client and take note of it; raises DeliveryError if the client does not take it."""

    @abstractmethod
    def _let_go(self) -> None:
        """End the client; what has no answer by now is given up, and counted as failed."""

    def send_encoded(self, key: bytes, value: bytes) -> bool:
        """See RecordSink."""
        size = len(key) + len(value)
        account = self._in_flight
        if self._closed or size > self._max_record or account.failed > self._max_failed:
            raise self._objection(size)
        if account.sent_bytes - account.answered_bytes + size > self._limit and not self._has_room(size):
            return False
        self._hand_in(key, value)
        return True

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
        self._in_flight.when_lost(tell)

    @property
    def stats(self) -> DeliveryStats:
        """See RecordSink."""
        return self._in_flight.stats

    def _has_room(self, size: int) -> bool:
        """Make room for a record, or do as the settings say; False if it is to be shed."""
        when_full, account = self._settings.when_full, self._in_flight
        waited_s = self._settings.block_timeout_s if when_full == "block" else 0.0
        if account.wait(self._limit - size, waited_s):
            return True
        if when_full == "shed":
            account.shed += 1
            return False
        if when_full == "block":
            raise self._late(f"room among the {self._limit} bytes in flight", waited_s)
        stats = account.stats
        raise InFlightFullError(self._limit, self._where, in_flight=stats.in_flight)

    def _objection(self, size: int) -> DeliveryError:
        if self._closed:
            return ProducerClosedError()
        if size > self._max_record:
            return RecordTooLargeError(size, self._max_record)
        return self._failed()

    def _late(self, waited_for: str, waited_s: float) -> DeliveryTimeoutError:
        stats = self._in_flight.stats
        return DeliveryTimeoutError(
            waited_for, waited_s, self._where, in_flight=stats.in_flight, in_flight_bytes=stats.in_flight_bytes
        )

    def _failed(self) -> DeliveryFailedError:
        stats = self._in_flight.stats
        return DeliveryFailedError(self._topic, self._where, acknowledged=stats.acknowledged, errors=stats.errors)
