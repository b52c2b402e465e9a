"""How values are distributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from frontrow._asking.distribution import (
    ask_distribution,
    check_distribution,
    distribution_types,
    distribution_units,
    quantile_of,
)
from frontrow._errors import AskError
from frontrow._filters import WhereLike
from frontrow._query.base import AudienceQuery, condition_of, interval_of
from frontrow._result import Result
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow._time import IntervalLike, parse_granularity


@dataclass(frozen=True, kw_only=True, eq=False)
class Distribution(AudienceQuery):
    """Made by :func:`frontrow.distribution`, which tells of its parts."""

    metric: str = "startup_time"
    bins: int | tuple[float, ...] = 20
    by: str | None = None
    n: int = 5

    def of_each(self, dimension: str, n: int = 5) -> Distribution:
        """The same for each value of a dimension, of those with the most."""
        return replace(self, by=dimension, n=n)

    def _ask(self, session: Session) -> Result:
        metric = quantile_of(self.metric)
        check_distribution(self.bins, self.n)
        ask = session.prepare((metric,), self.interval, self.condition, dimension=self.by)
        asking = session.begin(ask, parse_granularity("all"), self.context, self.allow_large)
        multi_value = self.by is not None and ask.is_multi_value(self.by)
        columns, note = ask_distribution(ask, self.metric, self.bins, self.by, multi_value, self.n, asking.run)
        types, units = distribution_types(self.metric, self.by), distribution_units(self.metric)
        return asking.result(columns, types, ask.interval, f"{ask.exactness()}; {note}", units)


def distribution(
    metric: str = "startup_time",
    *,
    bins: int | Sequence[float] = 20,
    by: str | None = None,
    n: int = 5,
    interval: IntervalLike | None = None,
    last: str | timedelta | None = None,
    where: WhereLike = None,
    context: Mapping[str, Any] | None = None,
    allow_large: bool = False,
) -> Distribution:
    """How start-up times are distributed: how many plays lie in each range, from Druid's quantiles sketch.

    Args:
        metric: ``startup_time``, or ``quarantined_delay``
        bins: where one ends and the next begins, ms, rising; or about how many, of a round width, between the least
            value and that which one play of a hundred exceeds
        by: a dimension, to compare the distributions of its values in the same bins
        n: with ``by``, how many values at most, those with the most plays; 1 to 100
        interval, last, where, context, allow_large: as for :func:`frontrow.timeseries`

    Returns:
        A row for each bin, of each value of ``by`` if one is given; none where there is no play:

        - ``from_ms``, excluded, and ``to_ms``, included; null for the first and the last, which have no end
        - ``plays`` (``events`` of ``quarantined_delay``): how many, estimated
        - ``share`` of all of them, and ``share_up_to``, of all up to ``to_ms``

        A bin with fewer plays than ``Client(min_audience=…)`` is merged with its neighbours until it has enough; one
        without any stays. With ``by``, each bin of a smaller value is one or several of any larger, and the two
        smallest have the same, so that none can be had by subtraction from all. ``exactness`` says how many bins that
        took. A value with fewer plays or viewers in all is one row of nulls.

        Exact up to 511 plays. Above, at 99 % confidence, ``share`` is within 0.88 and ``share_up_to`` within 0.72
        percentage points: DataSketches' normalized rank errors of a quantiles sketch with k = 256.

    Raises:
        AskError, TransportError: as for :func:`frontrow.timeseries`
    """
    if by is not None and not isinstance(by, str):
        raise AskError(f"{by!r} is not a dimension: name it by text.")
    check_distribution(bins, n)
    return Distribution(
        metric=metric,
        bins=bins if isinstance(bins, int) else tuple(bins),
        by=by,
        n=n,
        interval=interval_of(interval, last),
        condition=condition_of(where),
        context=checked_context(context),
        allow_large=allow_large,
    )
