"""How many different viewers came by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from frontrow._asking.reach import METRIC, TYPES, UNITS, ask_reach, check_reach
from frontrow._filters import WhereLike
from frontrow._query.base import AudienceQuery, condition_of, interval_of
from frontrow._result import Result
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow._time import IntervalLike, parse_granularity


@dataclass(frozen=True, kw_only=True, eq=False)
class Reach(AudienceQuery):
    """Made by :func:`frontrow.reach`, which tells of its parts."""

    granularity: str = "1m"
    time_zone: str = "UTC"

    def every(self, granularity: str, time_zone: str | None = None) -> Reach:
        """The same in other buckets, like ``"5m"``, of days and weeks in this time zone."""
        return replace(self, granularity=granularity, time_zone=time_zone or self.time_zone)

    def _ask(self, session: Session) -> Result:
        buckets = parse_granularity(self.granularity, self.time_zone)
        ask = session.prepare((METRIC,), self.interval, self.condition, granularity=buckets)
        check_reach(ask, buckets)
        # Viewers of all buckets are united: a key epoch must reach over the whole interval.
        asking = session.begin(ask, parse_granularity("all"), self.context, self.allow_large)
        columns = ask_reach(ask, buckets, asking.run)
        return asking.result(columns, TYPES, ask.interval, ask.exactness(), UNITS)


def reach(
    *,
    interval: IntervalLike | None = None,
    last: str | timedelta | None = None,
    granularity: str = "1m",
    where: WhereLike = None,
    time_zone: str = "UTC",
    context: Mapping[str, Any] | None = None,
    allow_large: bool = False,
) -> Reach:
    """How many different viewers came by now, bucket after bucket, and how many of them are new.

    Needs the extra ``sketches``.

    Args:
        interval, last: counted from its start; as for :func:`frontrow.timeseries`
        granularity: 200 buckets at most
        where, time_zone, context, allow_large: as for :func:`frontrow.timeseries`

    Returns:
        Columns ``time`` (start of the bucket), ``reach`` (distinct viewers from the start of the interval to the end of
        the bucket) and ``new`` (of them, those who had not come before the bucket), each with ``_low`` and ``_high``,
        between which the truth is in 95 of 100 cases (theta sketches, two standard deviations). Above 16,384 viewers
        each number is an estimate of its own, so the ``new`` ones do not add up to the last ``reach`` exactly.

    Raises:
        AskError, KeyEpochsError, TransportError: as for :func:`frontrow.timeseries`
        MissingExtraError: datasketches is not installed
    """
    return Reach(
        granularity=granularity,
        time_zone=time_zone,
        interval=interval_of(interval, last),
        condition=condition_of(where),
        context=checked_context(context),
        allow_large=allow_large,
    )
