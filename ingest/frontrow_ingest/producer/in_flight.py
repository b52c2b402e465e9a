"""The records that have been handed in and have no answer yet."""

from __future__ import annotations

import contextlib
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable
from typing import Protocol

from frontrow_ingest.producer.port import DeliveryStats

SETTLE_EVERY = 256


class Account(ABC):
    """Counts records and bytes, with and without an answer.

    Records are added in one thread; looking at the counts is for any. Each number is written in one place only, so that
    the thread that adds needs no lock.
    """

    def __init__(self) -> None:
        self.sent = 0
        self.sent_bytes = 0
        self.answered_bytes = 0
        self.acknowledged = 0
        self.failed = 0
        self.shed = 0
        self._errors: Counter[str] = Counter()
        self._when_lost: Callable[[bytes, bytes], None] | None = None
        self._looking = threading.Lock()
        self._listener = 0

    def when_lost(self, tell: Callable[[bytes, bytes], None]) -> None:
        """Tell of each lost record, in this thread."""
        self._when_lost, self._listener = tell, threading.get_ident()

    @abstractmethod
    def _look(self) -> None:
        """Count the answers that are there by now."""

    @abstractmethod
    def _await(self, seconds: float) -> None:
        """Return when there may be an answer, or after so many seconds."""

    @property
    def in_flight_bytes(self) -> int:
        """Bytes without an answer: an upper bound between two looks."""
        return self.sent_bytes - self.answered_bytes

    def settle(self) -> None:
        """Count the answers that are there by now, unless another thread is doing so.

        Losses are told in the thread that asked for them only; then other threads do not look.
        """
        if self._when_lost is not None and threading.get_ident() != self._listener:
            return
        if self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()

    def wait(self, allowed_bytes: int, timeout: float) -> bool:
        """Wait until at most ``allowed_bytes`` are in flight. False if they were not within ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        self.settle()
        while self.in_flight_bytes > allowed_bytes:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            self._await(remaining)
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
        acknowledged, failed, answered = self.acknowledged, self.failed, self.answered_bytes
        sent, sent_bytes = self.sent, self.sent_bytes
        return DeliveryStats(
            sent=sent,
            acknowledged=acknowledged,
            failed=failed,
            in_flight=sent - acknowledged - failed,
            bytes=sent_bytes,
            in_flight_bytes=sent_bytes - answered,
            errors=self.errors,
            shed=self.shed,
        )

    def _fail(self, error: str, key: bytes, value: bytes) -> None:
        self.failed += 1
        self._errors[error] += 1
        if self._when_lost is not None:
            self._when_lost(key, value)


class Pending(Protocol):
    """The answer to come for one record; kafka-python's record future has this shape."""

    @property
    def is_done(self) -> bool: ...

    @property
    def exception(self) -> BaseException | None: ...

    def get(self, timeout: float | None = None) -> object: ...


class InFlight(Account):
    """The account of records whose answers are futures.

    They are looked at in the order of sending, in bulk: a callback for each record would cost more than the rest of
    the bookkeeping.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pending: deque[tuple[Pending, bytes, bytes]] = deque()

    def add(self, pending: Pending, key: bytes, value: bytes) -> None:
        """Take note of a record."""
        self._pending.append((pending, key, value))
        self.sent += 1
        self.sent_bytes += len(key) + len(value)
        if not self.sent % SETTLE_EVERY:
            self.settle()

    def _look(self) -> None:
        queue = self._pending
        while queue and queue[0][0].is_done:
            pending, key, value = queue.popleft()
            if pending.exception is None:
                self.acknowledged += 1
            else:
                self._fail(type(pending.exception).__name__, key, value)
            self.answered_bytes += len(key) + len(value)

    def _await(self, seconds: float) -> None:
        # Late or failed: a look finds out which. Another thread may just have taken the last one.
        with contextlib.suppress(Exception):
            self._pending[0][0].get(seconds)
