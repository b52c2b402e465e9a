"""When a failed query is asked again, and how long later. No clock and no connection here but in what is passed in."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from frontrow._errors import AskError

STATUSES = frozenset((429, 503))
"""Refusals that a later attempt may be spared."""
_ANSWERS = 10  # that allow one more retry


@dataclass(frozen=True)
class Retries:
    """How a query is asked again that Druid had no capacity for, or that nobody took: 429, 503, a connection that was
    refused, or that ended before the first byte of an answer. Never what may have changed something, and never after a
    part of an answer. All attempts together end within the total timeout.

    Attributes:
        attempts: after the first; 0 for none
        wait: seconds before the second attempt, at most: a random part of it, and of its double before the third, …
        longest_wait: seconds to which that grows. Where Druid names a time itself, it is waited for instead
        budget: so many retries may one client make in a row; each ten answers allow one more. So an outage is not
            multiplied
    """

    attempts: int = 2
    wait: float = 0.2
    longest_wait: float = 5.0
    budget: int = 10

    def __post_init__(self) -> None:
        if not (isinstance(self.attempts, int) and self.attempts >= 0 and self.budget >= 0):
            raise AskError("retries: attempts and budget are numbers from 0.")
        if not (self.wait >= 0 and self.longest_wait >= self.wait):
            raise AskError("retries: wait is seconds from 0, and longest_wait is not shorter.")

    def pause(self, attempt: int, asked: float | None, chance: Callable[[], float] = random.random) -> float:
        """Seconds to wait after the failed ``attempt``, of which the first is 0.

        Args:
            asked: what the answer asks to wait, if it does
        """
        jitter = chance() * min(self.longest_wait, self.wait * 2.0**attempt)
        # Whoever was told the same time must not come back in the same moment.
        return jitter if asked is None else asked + min(jitter, asked / 10)


NO_RETRIES = Retries(attempts=0)


class Budget:
    """Retries that a client may still make. Safe for several threads."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most * _ANSWERS
        self._lock = Lock()

    def spend(self) -> bool:
        """Take one retry; False if there is none left."""
        with self._lock:
            if self._left < _ANSWERS:
                return False
            self._left -= _ANSWERS
            return True

    def earn(self) -> None:
        """A query was answered."""
        if self._left < self._most:
            with self._lock:
                self._left = min(self._most, self._left + 1)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that an answer asks to wait, by its ``Retry-After``: a number, or a date. None without, or nonsense."""
    said = (headers.get("Retry-After") or "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    from email.utils import parsedate_to_datetime

    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds())
