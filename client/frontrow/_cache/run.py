"""Asks the queries of one question: from what is kept, and of Druid only what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import orjson

from frontrow._cache.ages import SETTLED_MS, STEP_MS, age_of, good_for
from frontrow._cache.buckets import EMPTY, Bucket, IrregularAnswerError, buckets_of, runs_of, values_of
from frontrow._cache.entry import NO_MARKS, Entry, Marks
from frontrow._cache.flights import Flights
from frontrow._cache.guard import Guard, Look, Looks
from frontrow._cache.keys import Asked, asked, moment_of, tables_of
from frontrow._cache.store import Store
from frontrow._cache.use import GUARDS, CacheUse

NEWEST_GOOD_MS = 1_000
"""A newest event that was looked up so short a time ago is taken for that of now: it can only be too old."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Sender(Protocol):
    """Sends the native queries of one question."""

    @property
    def context(self) -> Mapping[str, Any]:
        """Of each query, unless it says otherwise."""
        ...

    def __call__(self, query: dict[str, Any]) -> list[Any]:
        """Druid's answer."""
        ...

    def left(self) -> float:
        """Seconds that the question has left; raises TimedOutError when there are none."""
        ...


class AsideSender(Sender, Protocol):
    """One for queries that are not among those of the question."""

    def aside(self, seconds: float | None = None) -> AsideSender:
        """The same, for less time."""
        ...


@dataclass(frozen=True)
class Shared:
    """What all questions of a cache share."""

    store: Store
    flights: Flights
    looks: Looks
    clock: Callable[[], int]


@dataclass(frozen=True)
class Place:
    """Whom a question is asked.

    Attributes:
        scope: the Druid's address, and who asks
        ledger: the ledger's datasource
        covered: the datasources that it tells of: those of events, and itself
    """

    scope: str
    ledger: str
    covered: frozenset[str]


class CachedRun:
    """Answers queries as ``send`` does, from the cache where it may.

    Args:
        send: for the question's own queries
        aside: for those that go before it, and for what has to be known of late data and freshness
        dated: the answer's freshness has to be known, also that of what is not kept

    Attributes:
        asked: the queries that it was asked, without ids
    """

    def __init__(self, shared: Shared, place: Place, send: Sender, aside: AsideSender, *, dated: bool = True) -> None:
        self._shared, self._place = shared, place
        self._send, self._aside = send, aside
        self.dated = dated
        self._sent: list[int] = [0]
        self.asked: list[dict[str, Any]] = []
        self._used: list[Entry] = []
        self._from_cache: list[Entry] = []
        self._guard = Guard(
            self._ask_aside, self._share, shared.looks, place.scope, place.ledger, place.covered, shared.clock
        )

    def __call__(self, query: dict[str, Any]) -> list[Any]:
        """Druid's answer, or what it would be; nobody else has the same objects.

        Raises:
            FrontrowError: as ``send`` does
        """
        query = {**query, "context": {**self._send.context, **(query.get("context") or {})}}
        self.asked.append(query)
        found = asked(query, self._place.scope)
        if found is None:
            return self._passed(query)
        buckets = buckets_of(found)
        if buckets is not None:
            try:
                return self._by_bucket(found, buckets)
            except IrregularAnswerError:
                pass
        return self._whole(found)

    def aside(self, seconds: float | None = None) -> CachedRun:
        """For queries that go before the question: they count as sent, but are no parts of its answer.

        Args:
            seconds: of its time at most
        """
        aside = self._aside.aside(seconds)
        run = CachedRun(self._shared, self._place, aside, aside, dated=False)
        run._sent = self._sent
        return run

    def left(self) -> float:
        """Seconds that the question has left."""
        return self._send.left()

    def use(self) -> CacheUse:
        """What of the answer came from the cache."""
        now = self._shared.clock()
        fetched = min((entry.fetched for entry in self._used), default=None)
        guarded_by = [_guarded_by(entry) for entry in self._from_cache if not entry.is_young(now)]
        return CacheUse(
            buckets=len(self._used),
            from_cache=len(self._from_cache),
            queries_sent=self._sent[0],
            oldest=None if fetched is None else _EPOCH + timedelta(milliseconds=fetched),
            guard=GUARDS[max(guarded_by)] if guarded_by else None,
        )

    def newest(self) -> datetime | None:
        """The newest event that was queryable when the oldest part that is not settled was fetched; of an answer that
        is settled all through, when its oldest part was. None if there was none.
        """
        parts = [entry for entry in self._used if not entry.settled] or self._used
        known = [entry.newest for entry in parts]
        found = [each for each in known if each is not None]
        return _EPOCH + timedelta(milliseconds=min(found)) if found and len(found) == len(known) else None

    def _passed(self, query: dict[str, Any]) -> list[Any]:
        """What is not kept, with the newest event from before it."""
        if self.dated and (tables := tables_of(query.get("dataSource"))):
            newest = self._newest(tables)
            self._used.append(Entry(b"", self._shared.clock(), newest, 0, False, NO_MARKS))
        return self._ask(query)

    def _by_bucket(self, asked: Asked, buckets: Sequence[Bucket]) -> list[Any]:
        kept = self._shared.store.get(bucket.key for bucket in buckets) if asked.read else {}
        parts = {bucket.key: kept[bucket.key] for bucket in buckets if self._is_good(asked, bucket, kept)}
        from_cache = dict(parts)
        runs = runs_of([bucket.key not in parts for bucket in buckets])
        if runs:
            wanted = [buckets[index] for run in runs for index in run]
            intervals = [(buckets[run.start].first, buckets[run.stop - 1].last) for run in runs]
            key = (asked.name, *intervals)
            fetched, by_another = self._share_own(key, lambda: self._fetch(asked, wanted, intervals), asked)
            parts |= fetched
            if by_another:
                from_cache |= fetched
            else:
                from_cache = {name: entry for name, entry in from_cache.items() if name not in fetched}
                self._keep(asked, buckets, parts, fetched)
        self._used += parts.values()
        self._from_cache += from_cache.values()
        values = [parts[bucket.key].value for bucket in buckets]
        # New objects each time: who changes an answer changes nobody else's.
        return _loaded(b"[" + b",".join(value for value in values if value != EMPTY) + b"]")

    def _is_good(self, asked: Asked, bucket: Bucket, kept: Mapping[str, Entry]) -> bool:
        entry = kept.get(bucket.key)
        return entry is not None and self._is_valid(asked, entry, bucket.first, bucket.last)

    def _is_valid(self, asked: Asked, entry: Entry, start: int, end: int) -> bool:
        now = self._shared.clock()
        if entry.is_young(now):
            return True
        return entry.may_be_good(now) and entry.is_unchanged(self._guard.marks(asked.tables, start, end))

    def _fetch(self, asked: Asked, wanted: Sequence[Bucket], intervals: Sequence[tuple[int, int]]) -> dict[str, Entry]:
        """Buckets as Druid has them now, by key. What is known of late data and the newest event is from before."""
        marks = {bucket.key: self._marks(asked, bucket.first, bucket.last) for bucket in wanted}
        newest = self._newest(asked.tables)
        fetched = self._shared.clock()
        answer = self._ask(asked.narrowed(intervals))
        values = values_of(answer, wanted)
        return {
            bucket.key: _entry(values[bucket.key], bucket.last, fetched, newest, marks[bucket.key]) for bucket in wanted
        }

    def _keep(
        self, asked: Asked, buckets: Sequence[Bucket], parts: Mapping[str, Entry], fetched: Mapping[str, Entry]
    ) -> None:
        """What was fetched, but of the empty buckets only those before the newest with data: later ones may be empty
        because their events are on their way.
        """
        if not asked.write:
            return
        full = [index for index, bucket in enumerate(buckets) if parts[bucket.key].value != EMPTY]
        before = buckets[: max(full, default=-1) + 1]
        self._shared.store.put({bucket.key: fetched[bucket.key] for bucket in before if bucket.key in fetched})

    def _whole(self, asked: Asked) -> list[Any]:
        entry = self._shared.store.get([asked.key]).get(asked.key) if asked.read else None
        if entry is None or not self._is_valid(asked, entry, asked.start, asked.end):
            entry, by_another = self._share_own(asked.key, lambda: self._fetch_whole(asked), asked)
            if not by_another and asked.write:
                self._shared.store.put({asked.key: entry})
        else:
            by_another = True
        if asked.tables:  # what a lookup says has no time
            self._used.append(entry)
            self._from_cache += [entry] if by_another else []
        return _loaded(entry.value)

    def _fetch_whole(self, asked: Asked) -> Entry:
        marks = self._marks(asked, asked.start, asked.end)
        newest = self._newest(asked.tables)
        fetched = self._shared.clock()
        entry = _entry(orjson.dumps(self._ask(dict(asked.query))), asked.end, fetched, newest, marks)
        # What is missing from an empty answer may be on its way.
        return entry if entry.value != b"[]" else replace(entry, good_for=STEP_MS)

    def _marks(self, asked: Asked, start: int, end: int) -> Marks:
        """Of what is good for a step only, nothing has to be known."""
        young = self._shared.clock() - end < SETTLED_MS
        return NO_MARKS if young else self._guard.marks(asked.tables, start, end)

    def _newest(self, tables: Sequence[str]) -> int | None:
        """The newest event that can be asked for by now, ms: the oldest of them where several datasources are read."""
        found = [self._newest_of(name) for name in tables]
        known = [each for each in found if each is not None]
        return min(known) if known and len(known) == len(found) else None

    def _newest_of(self, datasource: str) -> int | None:
        key = (self._place.scope, "newest", datasource)
        now = self._shared.clock()

        def look() -> int | None:
            at = self._shared.clock()
            answer = self._ask_aside({"queryType": "dataSourceMetadata", "dataSource": datasource})
            found = _newest_in(answer)
            self._shared.looks.put(key, Look(found, at + NEWEST_GOOD_MS), at)
            return found

        known = self._shared.looks.get(key, now)
        return known.found if known is not None else self._share(key, look)

    def _share_own(self, key: Any, ask: Callable[[], Any], asked: Asked) -> tuple[Any, bool]:
        """Who is not to be answered from what is kept, is not answered with what another one gets either."""
        if not asked.read:
            return ask(), False
        return self._shared.flights.share(key, ask, self._send.left)

    def _share(self, key: Any, ask: Callable[[], Any]) -> Any:
        return self._shared.flights.share(key, ask, self._send.left)[0]

    def _ask(self, query: dict[str, Any]) -> list[Any]:
        self._sent[0] += 1
        return self._send(query)

    def _ask_aside(self, query: dict[str, Any]) -> list[Any]:
        self._sent[0] += 1
        return self._aside(query)


def _entry(value: bytes, end: int, fetched: int, newest: int | None, marks: Marks) -> Entry:
    age = age_of(end, fetched, newest)
    return Entry(value, fetched, newest, good_for(age), age >= SETTLED_MS, marks)


def _guarded_by(entry: Entry) -> int:
    told = entry.marks.ledger
    # Of data that nobody told of, nobody will tell that more of it came.
    if told is not None and (entry.value == EMPTY or not told.endswith(":0")):
        return 0
    return 1 if entry.marks.segments is not None else 2


def _newest_in(answer: Sequence[Any]) -> int | None:
    newest = answer[0]["result"].get("maxIngestedEventTime") if answer else None
    # A task that has read no event yet gives the first moment of Druid's calendar, long before that of Python.
    return None if newest is None or str(newest).startswith("-") else moment_of(newest)


def _loaded(value: bytes) -> list[Any]:
    found: list[Any] = orjson.loads(value)
    return found
