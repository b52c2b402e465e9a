"""Metrics by several dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from frontrow._asking.breakdown import ask_breakdown, check_breakdown, check_dimensions
from frontrow._filters import WhereLike
from frontrow._query.base import AudienceQuery, condition_of, interval_of, names_of
from frontrow._result import ColumnType, Result
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow._time import IntervalLike, parse_granularity


@dataclass(frozen=True, kw_only=True, eq=False)
class Breakdown(AudienceQuery):
    """Made by :func:`frontrow.breakdown`, which tells of its parts."""

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    granularity: str = "all"
    n: int = 1000
    time_zone: str = "UTC"
    spec: str | None = None
    aggregations: Mapping[str, Any] | None = None
    bounds: bool = False

    def by(self, *dimensions: str) -> Breakdown:
        """The same by these dimensions, too."""
        return replace(self, dimensions=(*self.dimensions, *dimensions))

    def every(self, granularity: str, time_zone: str | None = None) -> Breakdown:
        """The same by time bucket, too, like ``"5m"``; of days and weeks in this time zone."""
        return replace(self, granularity=granularity, time_zone=time_zone or self.time_zone)

    def first(self, n: int) -> Breakdown:
        """The same with so many rows at most."""
        return replace(self, n=n)

    def bounded(self) -> Breakdown:
        """The same with bounds beside each metric from a sketch."""
        return replace(self, bounds=True)

    def of(self, spec: str) -> Breakdown:
        """The same of this rollup spec's datasource."""
        return replace(self, spec=spec)

    def _ask(self, session: Session) -> Result:
        buckets = parse_granularity(self.granularity, self.time_zone)
        check_dimensions(self.dimensions)
        ask = session.prepare(
            self.metrics,
            self.interval,
            self.condition,
            granularity=buckets,
            dimension=self.dimensions,
            spec=self.spec,
            aggregations=self.aggregations,
        )
        ask = replace(ask, bounds=self.bounds)
        check_breakdown(ask, buckets, self.n)
        asking = session.begin(ask, buckets, self.context, self.allow_large)
        multi_value = [name for name in self.dimensions if ask.is_multi_value(name)]
        columns, note = ask_breakdown(ask, self.dimensions, multi_value, buckets, self.n, asking.run)
        types: dict[str, ColumnType] = {} if buckets.is_all else {"time": "time"}
        for name in self.dimensions:
            types[name] = "string"
        return asking.result(columns, types | ask.types(), ask.interval, f"{ask.exactness()}; {note}", ask.units())


def breakdown(
    dimensions: str | Sequence[str],
    metrics: str | Sequence[str],
    *,
    granularity: str = "all",
    n: int = 1000,
    interval: IntervalLike | None = None,
    last: str | timedelta | None = None,
    where: WhereLike = None,
    time_zone: str = "UTC",
    spec: str | None = None,
    aggregations: Mapping[str, Any] | None = None,
    bounds: bool = False,
    context: Mapping[str, Any] | None = None,
    allow_large: bool = False,
) -> Breakdown:
    """Metrics by one or several dimensions, and if wanted by time bucket.

    Args:
        dimensions: 1 to 8 names from the catalogue, or attributes from lookups, ``["cdn", "isp"]``, ``"title.genre"``
        metrics: names from the catalogue; the first one ranks
        granularity: ``all`` for one bucket; otherwise as for :func:`frontrow.timeseries`
        n: rows at most, 1 to 100,000
        interval, last, where, time_zone, spec, aggregations, bounds, context, allow_large: as for
            :func:`frontrow.timeseries`

    Returns:
        Columns ``time`` (if a granularity is given), one for each dimension and one for each metric. By time, and in
        a bucket the largest first metric first, nulls last. A group that has no rows in a bucket is not there.
        ``exactness`` says whether these are all groups. With a granularity, ``n`` counts rows of all buckets together.
        A multi-value dimension counts a row once for each label; filtered by labels of the same dimension, only those
        labels show.

    Raises:
        AskError, KeyEpochsError, TransportError: as for :func:`frontrow.timeseries`
    """
    return Breakdown(
        dimensions=names_of(dimensions, "dimension"),
        metrics=names_of(metrics),
        granularity=granularity,
        n=n,
        interval=interval_of(interval, last),
        condition=condition_of(where),
        time_zone=time_zone,
        spec=spec,
        aggregations=aggregations,
        bounds=bounds,
        context=checked_context(context),
        allow_large=allow_large,
    )
