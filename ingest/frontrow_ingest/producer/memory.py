"""Memory as the sink: the double of Kafka for tests, with its bounds, its order and its ways to fail."""

from __future__ import annotations

import time

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer.bounded import BoundedSink
from frontrow_ingest.producer.in_flight import InFlight
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


class MemorySink(BoundedSink[InFlight]):
    """A RecordSink that keeps what it is sent: ``records`` holds (key, value) in order.

    ``hold()`` makes it slow: records wait, unanswered, until ``release()`` stores or ``lose()`` forgets them.
    ``fail_with(error)`` makes it refuse what comes next, until ``fail_with(None)``.
    """

    def __init__(self, settings: KafkaSettings | None = None, *, topic: str = "events") -> None:
        super().__init__(WHERE, topic, settings or KafkaSettings(), InFlight())
        self.records: list[tuple[bytes, bytes]] = []
        self._held: list[tuple[bytes, bytes, MemoryAnswer]] = []
        self._holding = False
        self._error: BaseException | None = None

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

    def _hand_in(self, key: bytes, value: bytes) -> None:
        answer = MemoryAnswer()
        if self._holding:
            self._held.append((key, value, answer))
        else:
            if self._error is None:
                self.records.append((key, value))
            answer.settle(self._error)
        self._in_flight.add(answer, key, value)

    def _let_go(self) -> None:
        self.lose()
        self._in_flight.settle()
