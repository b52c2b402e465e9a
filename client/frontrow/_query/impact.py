"""Which slices of an audience hurt a rate most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from frontrow._asking.impact import AUDIENCE, ask_impact, check_impact, impact_types, impact_units, rate_of
from frontrow._filters import WhereLike
from frontrow._query.base import AudienceQuery, condition_of, interval_of, names_of
from frontrow._result import Result
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow._time import IntervalLike, parse_granularity


@dataclass(frozen=True, kw_only=True, eq=False)
class Impact(AudienceQuery):
    """Made by :func:`frontrow.impact`, which tells of its parts."""

    metric: str
    dimensions: tuple[str, ...]
    n: int = 20
    pairs: bool = False
    spec: str | None = None

    def by(self, *dimensions: str) -> Impact:
        """The same of these dimensions, too."""
        return replace(self, dimensions=(*self.dimensions, *dimensions))

    def with_pairs(self) -> Impact:
        """The same, and of each value of one dimension with each of another."""
        return replace(self, pairs=True)

    def first(self, n: int) -> Impact:
        """The same with so many rows at most."""
        return replace(self, n=n)

    def of(self, spec: str) -> Impact:
        """The same of this rollup spec's datasource."""
        return replace(self, spec=spec)

    def _ask(self, session: Session) -> Result:
        rate = rate_of(self.metric)
        check_impact(self.dimensions, self.n, pairs=self.pairs)
        ask = session.prepare(
            (self.metric, *AUDIENCE), self.interval, self.condition, dimension=self.dimensions, spec=self.spec
        )
        asking = session.begin(ask, parse_granularity("all"), self.context, self.allow_large)
        multi_value = [name for name in self.dimensions if ask.is_multi_value(name)]
        columns, note = ask_impact(ask, rate, self.dimensions, multi_value, self.n, asking.run, pairs=self.pairs)
        types, said = impact_types(rate, pairs=self.pairs), f"{ask.exactness()}; {note}"
        return asking.result(columns, types, ask.interval, said, impact_units(ask, rate))


def impact(
    metric: str,
    dimensions: str | Sequence[str],
    *,
    n: int = 20,
    pairs: bool = False,
    interval: IntervalLike | None = None,
    last: str | timedelta | None = None,
    where: WhereLike = None,
    spec: str | None = None,
    context: Mapping[str, Any] | None = None,
    allow_large: bool = False,
) -> Impact:
    """Which slices of the audience hurt a rate most: how much more each has of it than if it did like all others.

    Such an attribution of excess failures to slices is also what Conviva's and other services' "impact" gives. It finds
    what goes together, not what is the cause. And slices overlap: a bad CDN, an access network that mostly uses it, and
    the country that it is in show the same excess, so that excess never adds up. Of slices with nearly the same excess,
    the one with the highest rate is the narrowest; ``pairs`` finds a fault between two.

    Args:
        metric: one sum over another, of which the catalogue says whether more or less is worse: ``rebuffer_ratio``,
            ``start_failure_rate``, ``playback_failure_rate`` and the like, and ``average_bitrate``; the error lists
            them
        dimensions: 1 to 8 names from the catalogue, or attributes from lookups; each value of each is a slice
        n: rows at most, 1 to 1,000
        pairs: also each value of one dimension with each of another; one query for each two dimensions. A pair that is
            all of one of its slices is shown once, as that slice, and ``exactness`` names it
        interval, last, where, spec, context, allow_large: as for :func:`frontrow.timeseries`

    Returns:
        The slice with the largest excess first; one row each:

        - ``dimension``, ``value``; with ``pairs`` also ``dimension_2``, ``value_2``, null where it is none
        - the metric in the slice, and ``<metric>_elsewhere``: of all rows outside of it, null if there are none
        - ``excess``: the metric's numerator in the slice, less what the rate elsewhere would have given for the
          slice's denominator; in the numerator's unit, like ms of rebuffering or failed sessions. Where less is worse
          it is what lacks, like bits. Negative where the slice does better than all others
        - ``excess_share``: of the numerator of all rows
        - ``unique_viewers`` and ``plays`` in the slice

    Raises:
        AskError, KeyEpochsError, TransportError: as for :func:`frontrow.timeseries`
    """
    return Impact(
        metric=metric,
        dimensions=names_of(dimensions, "dimension"),
        n=n,
        pairs=pairs,
        interval=interval_of(interval, last),
        condition=condition_of(where),
        spec=spec,
        context=checked_context(context),
        allow_large=allow_large,
    )
