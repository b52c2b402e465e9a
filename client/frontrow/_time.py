"""Intervals and granularities: what a caller writes, and how long the buckets of an answer are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from frontrow._errors import AskError

IntervalLike: TypeAlias = "str | tuple[datetime, datetime] | Interval"

GRAIN = timedelta(minutes=1)
"""The grain of ``audience`` and ``quality``: no row is finer."""
MOST_BUCKETS = 1_000_000

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SHORT = re.compile(r"(\d+)\s*(s|m|h|d|w|mo|y)")


@dataclass(frozen=True)
class Interval:
    """From ``start``, included, to ``end``, excluded; both in UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{_iso(self.start)}/{_iso(self.end)}"

    @property
    def length_ms(self) -> float:
        return (self.end - self.start).total_seconds() * 1000


@dataclass(frozen=True)
class Granularity:
    """Buckets of so many months and so much time, in a time zone; none of either means one bucket."""

    months: int
    time: timedelta
    period: str
    zone: str = "UTC"

    @property
    def is_all(self) -> bool:
        return not self.period

    def to_druid(self) -> Any:
        """Druid's JSON."""
        return "all" if self.is_all else {"type": "period", "period": self.period, "timeZone": self.zone}

    def after(self, start: datetime) -> datetime:
        """The end of the bucket that begins at ``start``, in UTC."""
        local = start.astimezone(ZoneInfo(self.zone))
        if self.months:
            month = local.year * 12 + local.month - 1 + self.months
            local = local.replace(year=month // 12, month=month % 12 + 1)
        # Days and weeks are the calendar's, also where a clock change makes one shorter; hours always have 60 minutes.
        if self.months or (self.time and not self.time % timedelta(days=1)):
            return (local + self.time).astimezone(UTC)
        return start.astimezone(UTC) + self.time

    def floor(self, moment: datetime) -> datetime:
        """The start of the bucket that holds a moment, in UTC, as Druid truncates to a period."""
        local = moment.astimezone(ZoneInfo(self.zone))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.months:
            month = (local.year - 1970) * 12 + local.month - 1
            month -= month % self.months
            return midnight.replace(year=1970 + month // 12, month=month % 12 + 1, day=1).astimezone(UTC)
        days, rest = divmod(self.time, timedelta(days=1))
        if days and not rest:
            # Weeks begin on Monday; other days are counted from 1970-01-01.
            origin = datetime(1970, 1, 5 if days % 7 == 0 else 1, tzinfo=midnight.tzinfo)
            return (midnight - timedelta(days=(midnight.date() - origin.date()).days % days)).astimezone(UTC)
        since = local.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return moment.astimezone(UTC) - since % self.time

    def starts(self, interval: Interval) -> Iterator[datetime]:
        """Starts of all buckets that an interval touches; one bucket of ``all`` starts with the interval."""
        start = interval.start if self.is_all else self.floor(interval.start)
        while start < interval.end:
            yield start
            if self.is_all:
                return
            start = self.after(start)

    def bucket_ms(self, start: datetime, interval: Interval) -> float:
        """The length of the part of a bucket that lies within an interval, ms."""
        if self.is_all:
            return interval.length_ms
        first, last = max(start, interval.start), min(self.after(start), interval.end)
        return (last - first).total_seconds() * 1000


def parse_interval(
    interval: IntervalLike | None, last: str | timedelta | None, *, now: datetime | None = None
) -> Interval:
    """The interval that a caller means, widened to whole minutes because rows are by the minute.

    Args:
        interval: ``"2026-11-23T20:00/2026-11-23T22:00"`` (UTC unless it has an offset), or two aware datetimes
        last: instead: the time up to now, like ``"30m"``; its start is moved back to a whole minute

    Raises:
        AskError: both or none are given, it has no length, or it is not an interval
    """
    if (interval is None) == (last is None):
        raise AskError('give one of interval="start/end" and last="30m".')
    if last is not None:
        end = (now or datetime.now(UTC)).astimezone(UTC)
        length = last if isinstance(last, timedelta) else parse_duration(last)
        if length <= timedelta(0):
            raise AskError(f"last={last!r} has no length.")
        return Interval(_floor(end - length), end)
    match interval:
        case Interval(start, end):
            pass
        case str() if interval.count("/") == 1:
            start, end = (_moment(part) for part in interval.split("/"))
        case (datetime() as start, datetime() as end):
            if start.tzinfo is None or end.tzinfo is None:
                raise AskError("a datetime without a time zone could mean any: use datetime(..., tzinfo=UTC).")
        case _:
            raise AskError(
                f"{interval!r} is not an interval: write start/end in ISO 8601, or give two aware datetimes."
            )
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if start >= end:
        raise AskError(f"the interval {start:%Y-%m-%dT%H:%M:%S}/{end:%Y-%m-%dT%H:%M:%S} ends before it begins.")
    return Interval(_floor(start), _ceil(end))


def parse_duration(text: str) -> timedelta:
    """A length of time like ``30m``, ``12h``, ``7d`` or ``PT30M``.

    Raises:
        AskError: it is none
    """
    granularity = parse_granularity(text)
    if granularity.is_all or granularity.months:
        raise AskError(f"{text!r} is not a fixed length of time: use weeks (w), days (d), hours (h), minutes (m).")
    return granularity.time


def parse_granularity(text: str, zone: str = "UTC") -> Granularity:
    """A granularity like ``all``, ``10s``, ``1m``, ``1h``, ``1d``, ``1w``, ``1mo``, ``1y`` or ``PT5M``.

    Raises:
        AskError: it is none, or there is no such time zone
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise AskError(f"no time zone {zone!r}: write it like Europe/Berlin.") from error
    if text == "all":
        return Granularity(0, timedelta(0), "", zone)
    if short := _SHORT.fullmatch(text):
        count, unit = int(short[1]), short[2]
        months = count * {"mo": 1, "y": 12}.get(unit, 0)
        time = timedelta(0) if months else _timedelta({_UNITS[unit]: count} if unit in _UNITS else {}, text)
        designator = {"mo": f"P{count}M", "y": f"P{count}Y", "w": f"P{count}W", "d": f"P{count}D"}
        period = designator.get(unit, f"PT{count}{unit.upper()}")
    elif (match := _PERIOD.fullmatch(text)) and any(match.groups()):
        years, month, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        months, period = years * 12 + month, text
        time = _timedelta({"weeks": weeks, "days": days, "hours": hours, "minutes": minutes, "seconds": seconds}, text)
    else:
        raise AskError(f"{text!r} is not a granularity: use all, 10s, 1m, 5m, 1h, 1d, 1w, 1mo, 1y or an ISO period.")
    if not months and not time:
        raise AskError(f"the granularity {text!r} has no length.")
    return Granularity(months, time, period, zone)


def check_buckets(granularity: Granularity, interval: Interval) -> None:
    """Refuse a question with absurdly many buckets.

    Raises:
        AskError: there would be more than ``MOST_BUCKETS``
    """
    length = granularity.time + timedelta(days=28) * granularity.months
    if not granularity.is_all and (interval.end - interval.start) / length > MOST_BUCKETS:
        raise AskError(
            f"{interval} in buckets of {granularity.period} is more than {MOST_BUCKETS:,} buckets: "
            "ask for a shorter interval or a coarser granularity."
        )


def _timedelta(parts: dict[str, int], text: str) -> timedelta:
    try:
        return timedelta(**parts)
    except OverflowError as error:
        raise AskError(f"{text!r} is too long.") from error


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise AskError(f"{text!r} is not a moment in ISO 8601, like 2026-11-23T20:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _floor(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _ceil(moment: datetime) -> datetime:
    floor = _floor(moment)
    return floor if floor == moment else floor + GRAIN


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
