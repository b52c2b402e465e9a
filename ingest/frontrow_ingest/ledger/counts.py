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


class Place(NamedTuple):
    """What is counted together: the start of a minute, ms since the Unix epoch, and the viewer key's epoch."""

    minute: int
    viewer_key_epoch: str | None = None


class LedgerCounts:
    """An EventCounter. Events are counted in the minute of their own time, refused ones in that of ``clock``.

    ``epoch`` names the key that made the viewer id of the event which is being sent; None where none did. For one
    counting thread and one that takes.
    """

    def __init__(
        self, *, clock: Callable[[], int] = wall_clock_ms, epoch: Callable[[], str | None] = lambda: None
    ) -> None:
        self._clock = clock
        self._epoch = epoch
        self._lock = threading.Lock()
        self._places: dict[tuple[int, str | None], list[int]] = {}

    def sent(self, ts: int, size: int) -> None:
        """See EventCounter."""
        self.sent_of(self._epoch(), ts, size)

    def sent_of(self, epoch: str | None, ts: int, size: int) -> None:
        """The same, for an event whose viewer id was made by the key of an epoch."""
        place = ts - ts % MINUTE_MS, epoch  # for every event: a plain tuple is made in a fifth of the time
        with self._lock:
            counts = self._places.get(place)
            if counts is None:
                counts = self._places[place] = [0] * len(Added._fields)
            counts[0] += 1
            counts[1] += size

    def refused(self, size: int) -> None:
        """See EventCounter."""
        now = self._clock()
        self._add(Place(now - now % MINUTE_MS), Added(refused=1, refused_bytes=size))

    def duplicate(self, ts: int) -> None:
        """See EventCounter."""
        self._add(Place(ts - ts % MINUTE_MS), Added(duplicates=1))

    def take(self) -> dict[Place, Added]:
        """What was added since the last time, oldest minute first."""
        with self._lock:
            taken, self._places = self._places, {}
        return {Place(*place): Added(*taken[place]) for place in sorted(taken, key=lambda place: place[0])}

    def give_back(self, place: Place, added: Added) -> None:
        """Undo a take: it will be in the next one."""
        self._add(place, added)

    def _add(self, place: Place, added: Added) -> None:
        with self._lock:
            before = Added(*self._places.get(place, ()))
            self._places[place] = list(before.plus(added))
