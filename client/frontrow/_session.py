"""What all questions of one client share, and what goes before each: limits, key epochs, freshness, completeness."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from frontrow._asking.ask import Ask, prepare
from frontrow._asking.completeness import (
    NOT_ASKED,
    Completeness,
    Remembered,
    ask_completeness,
    asked_of,
    steps_of,
    unknown,
)
from frontrow._asking.epochs import check_key_epochs
from frontrow._asking.formula import maximum
from frontrow._asking.ledger import SETTLED_AFTER, LedgerReport, ask_ledger, types
from frontrow._asking.suppression import NOTHING_HIDDEN, taken_out
from frontrow._asking.timeseries import Run
from frontrow._errors import AskError, TimedOutError, TransportError
from frontrow._filters import Condition
from frontrow._frames.export import Exported, check_path, closing, write_scan, write_sql
from frontrow._frames.metadata import as_json
from frontrow._frames.rows import Header, Rows, split_header, whole_or_broken
from frontrow._frames.scan_export import scan_body
from frontrow._frames.sql import sql_body, types_of
from frontrow._http.port import DruidTransport
from frontrow._limits import Limits
from frontrow._result import ColumnType, Freshness, Result, freshness_of
from frontrow._runner import Runner, checked_context
from frontrow._time import MINUTE, Granularity, Interval, IntervalLike, Last, grain_buckets, parse_interval
from frontrow._timeline import SPEC as TIMELINE_SPEC
from frontrow._timeline import EventBounds, Resolved, event_bounds, resolve
from frontrow_specs import rollup, rollup_names
from frontrow_specs.avro_schemas import EVENTS

if TYPE_CHECKING:
    from frontrow._cache import Cache
    from frontrow._cache.run import CachedRun
    from frontrow._query.base import Query

COMPLETENESS_S = 2.0
"""Completeness may take so long, and the question goes on without it."""
_LONGEST_REASON = 120
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Asking:
    """One question on its way: what runs its queries, and what is known of it before its answer.

    Attributes:
        runner: sends them
        kept: answers them from the cache, where that may be
    """

    runner: Runner
    kept: CachedRun | None = None
    fresh: Freshness | None = None
    completeness: Completeness = NOT_ASKED
    ask: Ask | None = None
    buckets: Granularity | None = None
    began: float = field(default_factory=time.perf_counter)

    @property
    def run(self) -> Runner | CachedRun:
        """What runs its queries."""
        return self.kept or self.runner

    def freshness(self) -> Freshness | None:
        """Of the answer, once it is there; the age is that of now where it comes from the cache."""
        if self.kept is None or self.fresh is not None:
            return self.fresh
        newest = self.kept.newest()
        return None if newest is None else Freshness(newest, datetime.now(UTC) - newest)

    def result(
        self,
        columns: Mapping[str, Sequence[Any]],
        types: Mapping[str, ColumnType],
        interval: Interval | None,
        exactness: str,
        units: Mapping[str, str] | None = None,
    ) -> Result:
        """The answer; what is hidden in its columns becomes its ``suppression``."""
        suppression = NOTHING_HIDDEN
        if self.ask is not None:
            columns, suppression = taken_out(columns, self.ask.least, self.ask.audience)
        return Result(
            columns,
            types,
            interval,
            exactness,
            self.freshness() if self.kept is None or self.kept.dated else self.fresh,
            time.perf_counter() - self.began,
            self.runner.first_id,
            tuple(self.runner.sent if self.kept is None else self.kept.asked),
            dict(units or {}),
            self.completeness,
            suppression,
            None if self.buckets is None else self.buckets.zone,
            None if self.kept is None else self.kept.use(),
            self.buckets,
        )


@dataclass(frozen=True)
class Session:
    """
    Attributes:
        datasources: name in Druid of a spec's datasource where it differs
        context: of each query
        with_freshness, with_key_epochs, with_completeness: ask for them before each question
        least: the smallest audience that is shown; 0 for any
        asker: for the cache: who asks, in a form that is no credential
    """

    transport: DruidTransport
    datasources: Mapping[str, str]
    limits: Limits
    context: Mapping[str, Any]
    with_freshness: bool
    with_key_epochs: bool
    with_completeness: bool = False
    least: int = 0
    cache: Cache | None = None
    asker: str = ""
    remembered: Remembered = field(default_factory=Remembered)

    def datasource(self, spec: str) -> str:
        return self.datasources.get(spec, spec)

    def asking(self, context: Mapping[str, Any] | None, *, timeout: float | None = None) -> Asking:
        """A question that nothing goes before.

        Args:
            timeout: seconds for all of it, instead of the total timeout

        Raises:
            AskError: the context is none
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        return Asking(Runner(self.transport, {**self.context, **checked_context(context)}, deadline=deadline))

    def asking_kept(self, context: Mapping[str, Any] | None, *, dated: bool = False) -> Asking:
        """The same, answered from the cache where there is one.

        Args:
            dated: the answer has a freshness
        """
        asking = self.asking(context)
        if self.cache is not None:
            from frontrow._cache.run import Place

            scope = self.cache._scope(self.transport.url, self.asker)
            place = Place(scope, self.datasource("ledger"), self._told_of)
            asking.kept = self.cache._run(place, asking.runner, asking.runner.aside(), dated=dated)
        return asking

    @cached_property
    def _told_of(self) -> frozenset[str]:
        """The datasources whose events a ledger tells of, and its own."""
        specs = [name for name in rollup_names() if rollup(name).topic == EVENTS]
        return frozenset(self.datasource(name) for name in [*specs, "ledger"])

    def ask(self, query: Query) -> Result:
        """
        Raises:
            AskError, KeyEpochsError, TransportError
        """
        if not callable(getattr(query, "_ask", None)):
            raise AskError(f"{query!r} is not a question: make one by frontrow.timeseries() or another function.")
        return query._ask(self)

    def prepare(
        self,
        metrics: Sequence[str],
        interval: IntervalLike | Last | None,
        condition: Condition | None,
        *,
        granularity: Granularity | None = None,
        dimension: str | Sequence[str] | None = None,
        spec: str | None = None,
        aggregations: Mapping[str, Any] | None = None,
    ) -> Ask:
        """A question in names of the catalogue, ready to be asked; see :func:`frontrow._asking.ask.prepare`.

        Raises:
            AskError: it makes no sense
        """
        when = self.resolved(interval)
        return prepare(
            self.datasources,
            metrics,
            when.interval,
            None if condition is None else condition.to_druid(),
            granularity=granularity,
            open_end=when.open_end,
            dimension=dimension,
            spec=spec,
            aggregations=aggregations,
            least=self.least,
        )

    def _now(self) -> datetime:
        """The time; with a cache a whole step of it, so that who asks in the same one asks the same."""
        now = datetime.now(UTC)
        if self.cache is None:
            return now
        from frontrow._cache.ages import STEP_MS

        return now - (now - _EPOCH) % timedelta(milliseconds=STEP_MS)

    @property
    def as_druid(self) -> str:
        """What is to be said of the exactness of a query that is Druid's own."""
        return "as Druid answers, small audiences too" if self.least > 1 else "as Druid answers"

    def resolved(self, interval: IntervalLike | Last | None, *, from_start: bool = False) -> Resolved:
        """The interval that is meant now; the time of a live event is asked of Druid.

        Raises:
            AskError, TransportError; see :func:`frontrow._timeline.resolve`
        """

        @cache
        def bounds(event_id: str) -> EventBounds:
            return event_bounds(event_id, self.datasource(TIMELINE_SPEC), self.asking(None).run)

        return resolve(interval, bounds, at=self._now(), from_start=from_start)

    def sql(self, text: str, parameters: Sequence[Any], context: Mapping[str, Any] | None) -> Result:
        asking, body = self.asking(context), sql_body(text, parameters)
        with self._answer(asking.runner, body, export=False) as (header, pieces):
            rows = Rows(header, b"".join(pieces), self.transport.url)
        return asking.result(rows, types_of(header), None, self.as_druid)

    def export(
        self,
        query: str | Mapping[str, Any],
        path: str | os.PathLike[str],
        parameters: Sequence[Any],
        context: Mapping[str, Any] | None,
        timeout: float | None,
    ) -> Exported:
        asking = self.asking(context, timeout=timeout)

        def caveats(types: Mapping[str, ColumnType]) -> str:
            return as_json(asking.result({}, types, None, self.as_druid))

        if isinstance(query, str):
            body, path = sql_body(query, parameters), check_path(path)
            with self._answer(asking.runner, body, export=True) as (header, pieces):
                rows = write_sql(path, header, pieces, caveats)
        else:
            body, path = scan_body(query, parameters), check_path(path)
            with whole_or_broken(self.transport.url):
                rows = write_scan(path, body, lambda: asking.runner.stream(body), caveats)
        elapsed = time.perf_counter() - asking.began
        return Exported(path, rows, path.stat().st_size, elapsed, asking.runner.first_id)

    @contextmanager
    def _answer(
        self, run: Runner, body: Mapping[str, Any], *, export: bool
    ) -> Iterator[tuple[Header, Iterator[bytes]]]:
        with closing(run.stream_sql(body, export=export)) as stream, whole_or_broken(self.transport.url):
            yield split_header(stream)

    def begin(self, ask: Ask, buckets: Granularity, context: Mapping[str, Any] | None, allow_large: bool) -> Asking:
        """A question of the catalogue that may be asked.

        Raises:
            AskError: it is beyond a limit; nothing was sent
            KeyEpochsError: it counts distinct viewers across two viewer keys
        """
        asking = self.asking_kept(context, dated=self.with_freshness)
        asking.ask, asking.buckets = ask, buckets
        self.check(ask, buckets, asking.run, allow_large)
        if self.with_freshness and asking.kept is None:
            # Before the question itself, so that the newest event it tells of is in the answer.
            asking.fresh = self.freshness(ask.spec, asking.runner.aside())
        if self.with_completeness:
            asking.completeness = self.completeness(ask, asking.run)
        return asking

    def completeness(self, ask: Ask, run: Runner | CachedRun) -> Completeness:
        """How much of what was sent in the question's interval is counted; unknown if that cannot be told."""
        if rollup(ask.spec).topic != EVENTS:
            return unknown("only viewing events are held against the ledger")
        interval = asked_of(ask.interval)

        def asked() -> Completeness:
            names = {spec: self.datasource(spec) for spec in ("ledger", "quarantine")} | {ask.spec: ask.datasource}
            now, steps = datetime.now(UTC), steps_of(interval, ask.grain)
            found = NOT_ASKED
            for step in steps:
                try:
                    aside = run.aside(COMPLETENESS_S / len(steps))
                    return ask_completeness(
                        names, ask.spec, step, interval, aside, now=now, settled_after=SETTLED_AFTER
                    )
                except TimedOutError as error:
                    found = _not_told(error)
                except (TransportError, KeyError, TypeError, ValueError, AttributeError) as error:
                    return _not_told(error)
            return found

        return self.remembered.get((ask.datasource, interval), asked)

    def check(self, ask: Ask, buckets: Granularity, run: Runner | CachedRun, allow_large: bool) -> None:
        """Whether a question of the catalogue may be asked; raises as :meth:`begin` does."""
        if not allow_large:
            self.limits.check(ask.interval, buckets, *_inner(ask))
        if self.with_key_epochs:
            check_key_epochs(ask, buckets, self.datasource("ledger"), run.aside())

    def ledger(
        self,
        interval: IntervalLike | None,
        last: str | timedelta | None,
        settled_after: timedelta,
        context: Mapping[str, Any] | None,
        allow_large: bool,
    ) -> LedgerReport:
        when = parse_interval(None if interval is None else self.resolved(interval).interval, last)
        if not allow_large:
            self.limits.check(when, grain_buckets(MINUTE))
        asking = self.asking(context)
        asking.fresh = self.freshness("audience", asking.runner.aside())
        names = {spec: self.datasource(spec) for spec in ("audience", "ledger", "quarantine")}
        columns, totals, completeness, not_known = ask_ledger(
            names, when, asking.run, now=datetime.now(UTC), settled_after=settled_after
        )
        minutes = asking.result(columns, types(), when, "exact")
        return LedgerReport(minutes, totals, completeness, asking.fresh, not_known)

    def freshness(self, spec: str, run: Run) -> Freshness | None:
        answer = run({"queryType": "dataSourceMetadata", "dataSource": self.datasource(spec)})
        newest = answer[0]["result"].get("maxIngestedEventTime") if answer else None
        return freshness_of(newest, datetime.now(UTC))


def _not_told(error: Exception) -> Completeness:
    return unknown(f"{type(error).__name__}: {str(error)[:_LONGEST_REASON]}")


def _inner(ask: Ask) -> list[Granularity]:
    """Buckets in which a question is asked besides those of its answer: maxima look at every grain."""
    return [grain_buckets(ask.grain)] if any(maximum(metric) is not None for metric in ask.metrics) else []
