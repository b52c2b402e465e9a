"""The records that have been handed in and have no answer yet."""

from __future__ import annotations

import contextlib
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Protocol

from frontrow_ingest.producer.port import DeliveryStats

SETTLE_EVERY = 256


class Pending(Protocol):
    """The answer to come for one record; kafka-python's record future has this shape."""

    @property
    def is_done(self) -> bool: ...

    @property
    def exception(self) -> BaseException | None: ...

    def get(self, timeout: float | None = None) -> object: ...


class InFlight:
    """Counts records and bytes without an answer, and what became of the others.

    Answers are looked at in the order of sending, in bulk: a callback for each record would cost more than the rest of
    the bookkeeping. ``bytes`` is therefore an upper bound between two looks.
    """

    def __init__(self) -> None:
        self._pending: deque[tuple[Pending, bytes, bytes]] = deque()
        self._errors: Counter[str] = Counter()
        self._sent = 0
        self._acknowledged = 0
        self._sent_bytes = 0
        self.bytes = 0
        self.failed = 0
        self.when_lost: Callable[[bytes, bytes], None] | None = None

    def add(self, pending: Pending, key: bytes, value: bytes) -> None:
        """Take note of a record."""
        size = len(key) + len(value)
        self._pending.append((pending, key, value))
        self._sent += 1
        self._sent_bytes += size
        self.bytes += size
        if not self._sent % SETTLE_EVERY:
            self.settle()

    def settle(self) -> None:
        """Count the records at the front that have an answer by now."""
        queue = self._pending
        while queue and queue[0][0].is_done:
            pending, key, value = queue.popleft()
            self.bytes -= len(key) + len(value)
            if pending.exception is None:
                self._acknowledged += 1
            else:
                self.failed += 1
                self._errors[type(pending.exception).__name__] += 1
                if self.when_lost is not None:
                    self.when_lost(key, value)

    def wait(self, allowed_bytes: int, timeout: float) -> bool:
        """Wait until at most ``allowed_bytes`` are in flight. False if they were not within ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        self.settle()
        while self.bytes > allowed_bytes:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            with contextlib.suppress(Exception):  # late or failed: settle() finds out which
                self._pending[0][0].get(remaining)
            self.settle()
        return True

    @property
    def errors(self) -> dict[str, int]:
        """The failed records by the name of their error."""
        return dict(self._errors)

    @property
    def stats(self) -> DeliveryStats:
        """The counts, after a look at the answers."""
        self.settle()
        return DeliveryStats(
            sent=self._sent,
            acknowledged=self._acknowledged,
            failed=self.failed,
            in_flight=len(self._pending),
            bytes=self._sent_bytes,
            in_flight_bytes=self.bytes,
            errors=self.errors,
        )
