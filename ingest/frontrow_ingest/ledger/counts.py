"""The counts of a producer by minute, and what was added to them since the last look."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from frontrow_ingest.contract.event import wall_clock_ms

MINUTE_MS = 60_000


class Added(NamedTuple):
    """What was added to one minute."""

    sent: int = 0
    bytes: int = 0
    duplicates: int = 0
    refused: int = 0
    refused_bytes: int = 0

    def plus(self, other: Added) -> Added:
        return Added(*map(sum, zip(self, other, strict=True)))

    def minus(self, other: Added) -> Added:
        return Added(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def sent_part(self) -> Added:
        """What was not refused."""
        return self._replace(refused=0, refused_bytes=0)


class LedgerCounts:
    """An EventCounter. Events are counted in the minute of their own time, refused ones in that of ``clock``.

    For one counting thread and one that takes.
    """

    def __init__(self, *, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._minutes: dict[int, list[int]] = {}

    def sent(self, ts: int, size: int) -> None:
        """See EventCounter."""
        minute = ts - ts % MINUTE_MS
        with self._lock:
            counts = self._minutes.get(minute)
            if counts is None:
                counts = self._minutes[minute] = [0] * len(Added._fields)
            counts[0] += 1
            counts[1] += size

    def refused(self, size: int) -> None:
        """See EventCounter."""
        now = self._clock()
        self._add(now - now % MINUTE_MS, Added(refused=1, refused_bytes=size))

    def duplicate(self, ts: int) -> None:
        """See EventCounter."""
        self._add(ts - ts % MINUTE_MS, Added(duplicates=1))

    def take(self) -> dict[int, Added]:
        """What was added since the last time, by the start of the minute (ms since the Unix epoch)."""
        with self._lock:
            taken, self._minutes = self._minutes, {}
        return {minute: Added(*counts) for minute, counts in sorted(taken.items())}

    def give_back(self, minute: int, added: Added) -> None:
        """Undo a take of a minute: it will be in the next one."""
        self._add(minute, added)

    def _add(self, minute: int, added: Added) -> None:
        with self._lock:
            before = Added(*self._minutes.get(minute, ()))
            self._minutes[minute] = list(before.plus(added))
