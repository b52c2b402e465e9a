"""What came later: which minutes producers have told of new events for, and which segments Druid answers from.

Each is looked up once for all questions, at most every few seconds. A look taken before an answer was fetched, beside
one taken now, tells whether the answer may have changed: by counts, so the clocks of producers do not matter.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import Any, Generic, TypeVar

from frontrow._cache.ages import STEP_MS
from frontrow._cache.entry import NO_MARKS, Marks
from frontrow._cache.keys import interval_of, moment_of
from frontrow._errors import DruidError, TransportError

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


@dataclass(frozen=True)
class Level:
    """How closely a stretch of time is watched.

    Attributes:
        back: from so long before now on, ms
        period: of the counts
        length: of these, ms
        every: a look is good until the next whole so-many ms
    """

    name: str
    back: int
    period: str
    length: int
    every: int


LEVELS = (
    Level("minute", 6 * _HOUR_MS, "PT1M", 60_000, STEP_MS),
    Level("hour", 14 * _DAY_MS, "PT1H", _HOUR_MS, 6 * STEP_MS),
    Level("day", 100 * 366 * _DAY_MS, "P1D", _DAY_MS, 60 * STEP_MS),
)
_FIRST = moment_of("2000-01-01T00:00:00Z")
_MOST_LOOKS = 1_000
_UNABLE_FOR_MS = 60_000  # until a Druid that could not say is asked again

T = TypeVar("T")


class Told:
    """What producers told of, by minute, hour or day."""

    def __init__(self, level: Level, answer: Sequence[dict[str, Any]]) -> None:
        rows = sorted((moment_of(each["timestamp"]), each["result"]) for each in answer)
        self._length = level.length
        self._starts = [start for start, _ in rows]
        self._last = [int(row.get("told") or 0) for _, row in rows]
        self._sent = [0, *accumulate(int(row.get("sent") or 0) for _, row in rows)]

    def within(self, start: int, end: int) -> tuple[int, int | None] | None:
        """How many events, and when last, of all counts that reach into the time; None where there is no ledger."""
        if not self._starts:
            return None
        first, last = bisect_right(self._starts, start - self._length), bisect_left(self._starts, end)
        if first >= last:
            return 0, None
        return self._sent[last] - self._sent[first], max(self._last[first:last])


class Segments:
    """Which segments hold which time, each known by its id, which names its version."""

    def __init__(self, datasource: str, answer: Sequence[dict[str, Any]]) -> None:
        changes: dict[int, int] = {}
        # A running task answers for a segment in several parts.
        for name in {each["id"] for each in answer}:
            number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
            for moment in name.removeprefix(f"{datasource}_").split("_")[:2]:
                at = moment_of(moment)
                changes[at] = changes.get(at, 0) ^ number
        self._from = sorted(changes)
        # Which segments hold the time after each change, all of them folded into one number.
        self._sets = [*accumulate((changes[moment] for moment in self._from), lambda known, change: known ^ change)]

    def within(self, start: int, end: int) -> str:
        """A text that is another one as soon as any segment is."""
        first, last = max(bisect_right(self._from, start) - 1, 0), bisect_left(self._from, end)
        if last - first < 2:
            return f"{self._sets[first]:x}" if last > first and self._from[first] < end else "0"
        held = b"".join(number.to_bytes(8, "big") for number in self._sets[first:last])
        return blake2b(held, digest_size=8).hexdigest()


@dataclass(frozen=True)
class Look(Generic[T]):
    """What was seen; None where nothing could be."""

    found: T | None
    good_until: int


class Looks:
    """Looks that were taken, for all questions of a cache. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looks: dict[Any, Look[Any]] = {}

    def get(self, key: Any, now: int) -> Look[Any] | None:
        """One that is still good."""
        with self._lock:
            look = self._looks.get(key)
            return look if look is not None and now < look.good_until else None

    def put(self, key: Any, look: Look[Any], now: int) -> None:
        """Remember it, and forget those that are good no more."""
        with self._lock:
            if len(self._looks) >= _MOST_LOOKS:
                self._looks = {name: each for name, each in self._looks.items() if now < each.good_until}
            self._looks[key] = look

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._looks.clear()


class Guard:
    """The marks of one question.

    Args:
        ask: sends a query
        share: asks for what several want at once only once, see :meth:`Flights.share`
        ledger: the ledger's datasource
        covered: the datasources that it tells of
    """

    def __init__(
        self,
        ask: Callable[[dict[str, Any]], list[Any]],
        share: Callable[[Any, Callable[[], Any]], Any],
        looks: Looks,
        scope: str,
        ledger: str,
        covered: frozenset[str],
        clock: Callable[[], int],
    ) -> None:
        self._ask, self._share, self._looks = ask, share, looks
        self._scope, self._ledger, self._covered, self._clock = scope, ledger, covered, clock
        # Of one question all marks are of the same looks.
        self._taken: dict[Any, Any] = {}

    def marks(self, tables: Sequence[str], start: int, end: int) -> Marks:
        """What is known of the data of a stretch of time, by looks that are no older than their level allows.

        A look that fails leaves no mark; what has one, was kept with another, and is asked for again.
        """
        if start < _FIRST:
            return NO_MARKS
        level = self._level(start)
        ledger, told = None, None
        if tables and self._covered.issuperset(tables) and (told_of := self._told(level)) is not None:
            found = told_of.within(start, end)
            if found is not None:
                ledger, told = f"{level.name}:{found[0]}", found[1]
        seen = [look.within(start, end) for name in tables if (look := self._segments(name, level)) is not None]
        segments = f"{level.name}:{','.join(seen)}" if seen and len(seen) == len(tables) else None
        return Marks(ledger, told, segments)

    def _level(self, start: int) -> Level:
        now = self._clock()
        return next((level for level in LEVELS if start >= _from(level, now)), LEVELS[-1])

    def _told(self, level: Level) -> Told | None:
        query = {
            "queryType": "timeseries",
            "dataSource": self._ledger,
            "granularity": {"type": "period", "period": level.period, "timeZone": "UTC"},
            "aggregations": [
                {"type": "longSum", "name": "sent", "fieldName": "sent"},
                {"type": "longMax", "name": "told", "fieldName": "last_emitted_ts"},
            ],
            "context": {"skipEmptyBuckets": True},
        }
        return self._look(("told", self._ledger, level.name), level, query, lambda answer: Told(level, answer))

    def _segments(self, datasource: str, level: Level) -> Segments | None:
        query = {
            "queryType": "segmentMetadata",
            "dataSource": datasource,
            "merge": False,
            "analysisTypes": [],
            "toInclude": {"type": "none"},
        }
        return self._look(
            ("segments", datasource, level.name), level, query, lambda answer: Segments(datasource, answer)
        )

    def _look(
        self, name: tuple[str, ...], level: Level, query: dict[str, Any], read: Callable[[list[Any]], T]
    ) -> T | None:
        if name in self._taken:
            found: T | None = self._taken[name]
            return found
        key = (self._scope, *name)
        look = self._looks.get(key, self._clock())
        if look is None:
            look = self._share(key, lambda: self._looked(key, level, query, read))
        self._taken[name] = look.found
        return look.found

    def _looked(self, key: Any, level: Level, query: dict[str, Any], read: Callable[[list[Any]], T]) -> Look[T]:
        now = self._clock()
        interval = interval_of(_from(level, now), now - now % _HOUR_MS + 2 * _DAY_MS)
        good_until = now - now % level.every + level.every
        try:
            look: Look[T] = Look(read(self._ask({**query, "intervals": [interval]})), good_until)
        except DruidError as error:
            # No such query there, or not for who asks: it stays so. What may pass is asked again by the next one.
            look = Look(None, now if error.retryable else now + _UNABLE_FOR_MS)
        except TransportError:
            look = Look(None, now)
        except (KeyError, TypeError, ValueError, AttributeError):
            look = Look(None, now + _UNABLE_FOR_MS)  # an answer of another shape
        self._looks.put(key, look, now)
        return look


def _from(level: Level, now: int) -> int:
    """The first moment that a level watches: whole hours, so that looks of one hour are of the same."""
    return max(now - now % _HOUR_MS - level.back, _FIRST)
