"""Metrics by time bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from frontrow._asking.settled import only_settled
from frontrow._asking.timeseries import ask_timeseries, check_timeseries
from frontrow._filters import WhereLike
from frontrow._query.base import AudienceQuery, condition_of, interval_of, names_of
from frontrow._result import Result
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow._time import IntervalLike, parse_granularity


@dataclass(frozen=True, kw_only=True, eq=False)
class Timeseries(AudienceQuery):
    """Made by :func:`frontrow.timeseries`, which tells of its parts."""

    metrics: tuple[str, ...]
    granularity: str = "1m"
    time_zone: str = "UTC"
    spec: str | None = None
    aggregations: Mapping[str, Any] | None = field(default=None)
    settled: bool = False
    bounds: bool = False

    def every(self, granularity: str, time_zone: str | None = None) -> Timeseries:
        """The same in other buckets, like ``"5m"``, of days and weeks in this time zone."""
        return replace(self, granularity=granularity, time_zone=time_zone or self.time_zone)

    def bounded(self) -> Timeseries:
        """The same with bounds beside each metric from a sketch."""
        return replace(self, bounds=True)

    def of(self, spec: str) -> Timeseries:
        """The same of this rollup spec's datasource."""
        return replace(self, spec=spec)

    def only_settled(self) -> Timeseries:
        """The same without buckets that are not whole, or newer than the newest event."""
        return replace(self, settled=True)

    def _ask(self, session: Session) -> Result:
        buckets = parse_granularity(self.granularity, self.time_zone)
        ask = session.prepare(
            self.metrics,
            self.interval,
            self.condition,
            granularity=buckets,
            spec=self.spec,
            aggregations=self.aggregations,
        )
        ask = replace(ask, bounds=self.bounds)
        check_timeseries(ask, buckets)
        asking = session.begin(ask, buckets, self.context, self.allow_large)
        if self.settled and asking.fresh is None and asking.kept is None:
            asking.fresh = session.freshness(ask.spec, asking.runner.aside())
        columns, interval = ask_timeseries(ask, buckets, asking.run), ask.interval
        if self.settled:
            columns, interval = only_settled(columns, interval, asking.freshness(), buckets)
        return asking.result(columns, {"time": "time", **ask.types()}, interval, ask.exactness(), ask.units())


def timeseries(
    metrics: str | Sequence[str],
    *,
    interval: IntervalLike | None = None,
    last: str | timedelta | None = None,
    granularity: str = "1m",
    where: WhereLike = None,
    time_zone: str = "UTC",
    spec: str | None = None,
    aggregations: Mapping[str, Any] | None = None,
    settled: bool = False,
    bounds: bool = False,
    context: Mapping[str, Any] | None = None,
    allow_large: bool = False,
) -> Timeseries:
    """Metrics by time bucket, empty buckets included.

    Args:
        metrics: names from the catalogue
        interval: ``"start/end"`` in ISO 8601, two aware datetimes, or :func:`frontrow.last`, :func:`frontrow.since`, a
            live :func:`frontrow.event`; widened to whole rows, which are of a minute, in the datasource ``live`` of ten
            seconds, in ``retention`` of an hour
        last: instead: the time up to now, like ``"30m"``
        granularity: ``all``, ``1m``, ``5m``, ``1h``, ``1d``, ``1w``, ``1mo`` or an ISO period; ``10s`` and other steps
            below a minute for the last 24 hours
        where: ``{"country": "DE", "title.genre": ["a", "b"]}``, a :class:`Condition`, a pydruid filter or Druid's JSON
        time_zone: of the calendar that days, weeks and months follow
        spec: ask this rollup spec's datasource instead of the cheapest that can answer
        aggregations: besides the metrics, pydruid's aggregators by column, ``{"rows": count("count")}``
        settled: leave out buckets that are not whole, or not over yet by the newest event, see
            :attr:`Result.settled`; the answer's interval is that of the buckets that are left
        bounds: beside each metric from a sketch, columns ``<metric>_low`` and ``<metric>_high``, between which the
            truth is in 95 of 100 cases; exact metrics have none
        context: of these queries, in Druid's names; goes before the client's own
        allow_large: ask also beyond the client's limits of buckets and span

    Returns:
        Columns ``time`` and one for each metric. A bucket that is cut by the interval's end counts with the part of it
        that lies inside.

    Raises:
        AskError: an unknown name, or a question that makes no sense; nothing was sent
        KeyEpochsError: distinct viewers are asked for where the viewer key changed
        TransportError: no answer; its subclasses tell why
    """
    return Timeseries(
        metrics=names_of(metrics),
        interval=interval_of(interval, last),
        granularity=granularity,
        condition=condition_of(where),
        time_zone=time_zone,
        spec=spec,
        aggregations=aggregations,
        settled=settled,
        bounds=bounds,
        context=checked_context(context),
        allow_large=allow_large,
    )
