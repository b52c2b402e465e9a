"""Which buckets of an answer are whole, and old enough that their events have come.

A bucket is settled when it lies inside the answered interval and ends no later than the newest event that was queryable
just before the question (by the player's clock), nor later than the moment of asking, should that clock be ahead. Where
freshness was not asked for, only the interval decides. Settled is not final: a late event counts in its own bucket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median_low
from typing import TYPE_CHECKING, Any

from frontrow._time import Granularity, Interval, parse_granularity

if TYPE_CHECKING:
    from frontrow._result import Freshness


def is_settled(start: datetime, end: datetime, interval: Interval | None, freshness: Freshness | None) -> bool:
    """Whether a bucket is whole and old enough."""
    within = interval is None or (interval.start <= start and end <= interval.end)
    if freshness is None:
        return within
    asked_at = freshness.newest + freshness.age
    return within and end <= min(freshness.newest, asked_at)


def settled_buckets(
    starts: Sequence[datetime | None],
    interval: Interval | None,
    freshness: Freshness | None,
    buckets: Granularity | None,
) -> tuple[bool, ...]:
    """Of each row of a time column, whether its bucket is settled; a row without a time belongs to none.

    Args:
        buckets: that were asked for; None where that is not known
    """
    distinct = sorted({start for start in starts if start is not None})
    ends = bucket_ends(distinct, interval, buckets)
    found = {start: is_settled(start, end, interval, freshness) for start, end in zip(distinct, ends, strict=True)}
    return tuple(start is None or found[start] for start in starts)


def only_settled(
    columns: Mapping[str, Sequence[Any]], interval: Interval, freshness: Freshness | None, buckets: Granularity
) -> tuple[dict[str, list[Any]], Interval]:
    """The rows of settled buckets, and the interval that they are of; it has no length where there are none."""
    starts: Sequence[datetime] = columns["time"]
    settled = settled_buckets(starts, interval, freshness, buckets)
    left = {
        name: [value for value, is_kept in zip(values, settled, strict=True) if is_kept]
        for name, values in columns.items()
    }
    ends = [end for end, is_kept in zip(bucket_ends(starts, interval, buckets), settled, strict=True) if is_kept]
    return left, Interval(left["time"][0], ends[-1]) if ends else Interval(interval.start, interval.start)


def bucket_ends(starts: Sequence[datetime], interval: Interval | None, buckets: Granularity | None) -> list[datetime]:
    """Where each bucket ends: where the next one begins; the last one as it was asked for, or after the usual step."""
    if not starts:
        return []
    return [*starts[1:], _last_end(starts, interval, buckets)]


def _last_end(starts: Sequence[datetime], interval: Interval | None, buckets: Granularity | None) -> datetime:
    if buckets is not None and not buckets.is_all:
        return buckets.after(starts[-1])
    if len(starts) > 1:
        return starts[-1] + median_low([after - before for before, after in pairwise(starts)])
    return interval.end if interval else starts[-1]


def buckets_of(queries: Sequence[Mapping[str, Any]], times: Sequence[datetime | None]) -> Granularity | None:
    """The buckets that queries asked for and that these times begin; None if there are none such."""
    starts = sorted({time for time in times if time is not None})
    for query in queries if starts else ():
        asked = query.get("granularity")
        if isinstance(asked, Mapping) and "period" in asked:
            found = parse_granularity(str(asked["period"]), str(asked.get("timeZone", "UTC")))
            if all(found.after(start) == after for start, after in list(pairwise(starts))[-1:]) and (
                found.floor(starts[-1]) == starts[-1]
            ):
                return found
    return None
