"""The buckets of a question: which are missing, in which intervals to ask for them, and what was answered for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from frontrow._cache.keys import Asked, moment_of
from frontrow._errors import AskError
from frontrow._time import Granularity, Interval

MOST = 5_000
"""Of more buckets the answer is kept whole: each is looked for by itself."""

MOST_INTERVALS = 8
"""One query asks for so many at most."""

EMPTY = b"null"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Bucket:
    """A bucket, or the part of one that lies inside of the interval.

    Attributes:
        start: of the whole bucket, by which Druid names it, ms
        first, last: from and to where it was asked for, ms
        key: what it is kept under; a part is something else than the whole, or another part
    """

    start: int
    first: int
    last: int
    key: str


class IrregularAnswerError(Exception):
    """Druid named a bucket that nobody asked for: its calendar is not the one here."""


def buckets_of(asked: Asked) -> list[Bucket] | None:
    """Those that the question touches, in order; None if its answer is to be kept whole."""
    granularity = asked.buckets
    if granularity is None or (asked.end - asked.start) * _MS / granularity.shortest > MOST:
        return None
    interval = Interval(_EPOCH + asked.start * _MS, _EPOCH + asked.end * _MS)
    try:
        starts = list(granularity.starts(interval))
        ends = [*starts[1:], granularity.after(starts[-1])]
    except (AskError, OverflowError, ValueError):
        return None
    if not _regular(granularity, starts):
        return None
    found = []
    for start, end in zip(map(_ms, starts), map(_ms, ends), strict=True):
        first, last = max(start, asked.start), min(end, asked.end)
        found.append(Bucket(start, first, last, asked.key_of(first, last)))
    return found


def _regular(granularity: Granularity, starts: Iterable[datetime]) -> bool:
    """Whether buckets are the same wherever one begins to count.

    Where a clock change leaves a midnight out, Druid's later days begin where that one did.
    """
    if granularity.zone == "UTC" or granularity.unit not in ("month", "week", "day"):
        return True
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(granularity.zone)
    return all(local.hour == local.minute == 0 for local in (start.astimezone(zone) for start in starts))


def runs_of(missing: Sequence[bool]) -> list[range]:
    """Stretches to ask for that hold all that is missing, as few as is sensible: where there are too many, the
    nearest are asked for as one, with what lies between.

    Args:
        missing: of each bucket, whether it is
    """
    runs: list[range] = []
    for index, each in enumerate(missing):
        if not each:
            continue
        if runs and runs[-1].stop == index:
            runs[-1] = range(runs[-1].start, index + 1)
        else:
            runs.append(range(index, index + 1))
    while len(runs) > MOST_INTERVALS:
        nearest = min(range(1, len(runs)), key=lambda at: runs[at].start - runs[at - 1].stop)
        runs[nearest - 1 : nearest + 1] = [range(runs[nearest - 1].start, runs[nearest].stop)]
    return runs


def values_of(answer: Sequence[Mapping[str, Any]], buckets: Sequence[Bucket]) -> dict[str, bytes]:
    """What was answered for each of the buckets that were asked for, as JSON by key.

    Raises:
        IrregularAnswerError: for another one
    """
    values = {bucket.key: EMPTY for bucket in buckets}
    keys = {bucket.start: bucket.key for bucket in buckets}
    for each in answer:
        try:
            key = keys[moment_of(each["timestamp"])]
        except (KeyError, ValueError, TypeError):
            raise IrregularAnswerError from None
        if values[key] != EMPTY:
            raise IrregularAnswerError
        values[key] = orjson.dumps(each)
    return values


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MS
