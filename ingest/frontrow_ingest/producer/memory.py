"""Memory as the sink: the double of Kafka for tests, with its bounds, its order and its ways to fail."""

from __future__ import annotations

import time
from collections.abc import Callable

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer.errors import (
    DeliveryFailedError,
    DeliveryTimeoutError,
    ProducerClosedError,
    RecordTooLargeError,
)
from frontrow_ingest.producer.in_flight import InFlight
from frontrow_ingest.producer.port import DeliveryStats
from frontrow_ingest.producer.settings import KafkaSettings

WHERE = "memory"


class MemoryAnswer:
    """The answer to one record; done at once unless it is held back."""

    def __init__(self) -> None:
        self.is_done = False
        self.exception: BaseException | None = None

    def settle(self, error: BaseException | None = None) -> None:
        """Give the answer: acknowledged, or the error."""
        self.exception = error
        self.is_done = True

    def get(self, timeout: float | None = None) -> object:
        """Nothing arrives by itself here: a held answer is late after ``timeout`` seconds."""
        if not self.is_done:
            time.sleep(timeout or 0.0)
        return None


class MemorySink:
    """A RecordSink that keeps what it is sent: ``records`` holds (key, value) in order.

    ``hold()`` makes it slow: records wait, unanswered, until ``release()`` stores or ``lose()`` forgets them.
    ``fail_with(error)`` makes it refuse what comes next, until ``fail_with(None)``.
    """

    def __init__(self, settings: KafkaSettings | None = None, *, topic: str = "events") -> None:
        self.records: list[tuple[bytes, bytes]] = []
        self._settings = settings or KafkaSettings()
        self._topic = topic
        self._in_flight = InFlight()
        self._held: list[tuple[bytes, bytes, MemoryAnswer]] = []
        self._holding = False
        self._error: BaseException | None = None
        self._closed = False

    def hold(self) -> None:
        """Store and answer nothing from now on."""
        self._holding = True

    def release(self) -> None:
        """Store and answer what was held, and from now on everything at once."""
        self._holding = False
        for key, value, answer in self._held:
            self.records.append((key, value))
            answer.settle()
        self._held.clear()

    def lose(self) -> None:
        """Fail what was held, without storing it, and take from now on everything at once."""
        self._holding = False
        for _, _, answer in self._held:
            answer.settle(DeliveryError("given up"))
        self._held.clear()

    def fail_with(self, error: BaseException | None) -> None:
        """Refuse every record from now on with this error; None takes them again."""
        self._error = error

    def send_encoded(self, key: bytes, value: bytes) -> None:
        """See RecordSink."""
        size = len(key) + len(value)
        limit = self._settings.max_in_flight_bytes
        if objection := self._objection(size):
            raise objection
        if self._in_flight.bytes + size > limit and not self._in_flight.wait(
            limit - size, self._settings.block_timeout_s
        ):
            raise self._late(f"room among the {limit} bytes in flight", self._settings.block_timeout_s)
        answer = MemoryAnswer()
        if self._holding:
            self._held.append((key, value, answer))
        else:
            if self._error is None:
                self.records.append((key, value))
            answer.settle(self._error)
        self._in_flight.add(answer, key, value)

    def flush(self, timeout: float) -> None:
        """See RecordSink."""
        if not self._in_flight.wait(0, timeout):
            raise self._late("the acknowledgement of all events", timeout)
        if self._in_flight.failed:
            raise self._failed()

    def close(self, timeout: float) -> None:
        """See RecordSink."""
        if self._closed:
            return
        self._closed = True
        try:
            self.flush(timeout)
        finally:
            self.lose()
            self._in_flight.settle()

    def when_lost(self, tell: Callable[[bytes, bytes], None]) -> None:
        """See RecordSink."""
        self._in_flight.when_lost = tell

    @property
    def stats(self) -> DeliveryStats:
        """See RecordSink."""
        return self._in_flight.stats

    def _objection(self, size: int) -> DeliveryError | None:
        max_record = min(self._settings.max_record_bytes, self._settings.max_in_flight_bytes)
        if self._closed:
            return ProducerClosedError()
        if size > max_record:
            return RecordTooLargeError(size, max_record)
        return self._failed() if self._in_flight.failed > self._settings.max_failed else None

    def _late(self, waited_for: str, waited_s: float) -> DeliveryTimeoutError:
        stats = self._in_flight.stats
        return DeliveryTimeoutError(
            waited_for, waited_s, WHERE, in_flight=stats.in_flight, in_flight_bytes=stats.in_flight_bytes
        )

    def _failed(self) -> DeliveryFailedError:
        stats = self._in_flight.stats
        return DeliveryFailedError(self._topic, WHERE, acknowledged=stats.acknowledged, errors=stats.errors)
