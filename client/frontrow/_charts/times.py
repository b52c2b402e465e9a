"""Time on a chart: which zone, and where to put ticks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from frontrow._time import parse_granularity

if TYPE_CHECKING:
    from frontrow._result import Result

_MOST_TICKS = 8
_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)
_HOURS = (1, 2, 3, 6, 12)
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 3, 6, 12, 60, 120)


def zone_of(result: Result, asked: str | None) -> ZoneInfo:
    """The zone that was asked for, otherwise that of the question, or of the query's buckets.

    Raises:
        AskError: there is no such zone
    """
    periods = (query.get("granularity") for query in result.queries)
    zones = [period["timeZone"] for period in periods if isinstance(period, dict) and "timeZone" in period]
    # Maxima are asked for in buckets of UTC besides the question itself.
    name = asked or result.time_zone or next((zone for zone in zones if zone != "UTC"), "UTC")
    parse_granularity("1m", name)
    return ZoneInfo(name)


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def ticks(first: datetime, last: datetime, zone: ZoneInfo) -> dict[int, list[str]]:
    """Labels, of one or two lines, by the millisecond they belong to. Vega knows no zones but UTC and the reader's."""
    span = (last - first).total_seconds()
    seconds = next((step for step in _SECONDS if span / step <= _MOST_TICKS), None)
    hours = next((step for step in _HOURS if span / 3600 / step <= _MOST_TICKS), None)
    days = next((step for step in _DAYS if span / 86400 / step <= _MOST_TICKS), None)
    months = next((step for step in _MONTHS if span / 86400 / 28 / step <= _MOST_TICKS), _MONTHS[-1])
    if seconds:
        moments, short, long = _every(first, seconds), "%H:%M" if seconds >= 60 else "%H:%M:%S", "%-d %b"
    elif hours:
        moments, short, long = _at_hours(first, hours, zone), "%H:%M", "%-d %b"
    elif days:
        moments, short, long = _at_days(first, days, zone), "%-d %b", "%Y"
    else:
        moments, short, long = _at_months(first, months, zone), "%b", "%Y"
    found: dict[int, list[str]] = {}
    told = ""
    for moment in moments:
        if moment > last:
            break
        if moment < first:
            continue
        local = moment.astimezone(zone)
        line, below = _said(local, short), _said(local, long)
        found[milliseconds(moment)] = [line] if below == told else [line, below]
        told = below
    return found


def moment_text(moment: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """A moment in words, in a zone."""
    return _said(moment.astimezone(zone), "%-d %b %Y, %H:%M:%S" if seconds else "%-d %b %Y, %H:%M")


def length_text(length: timedelta) -> str:
    """A length of time in its largest unit that fits."""
    seconds = int(length.total_seconds())
    sizes = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
    unit = next((name for name, size in sizes.items() if seconds >= size and seconds % size == 0), "second")
    count = seconds // sizes[unit]
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _said(local: datetime, pattern: str) -> str:
    # Not every platform's strftime takes %-d.
    return local.strftime(pattern.replace("%-d", str(local.day)))


def _every(first: datetime, seconds: int) -> Iterator[datetime]:
    moment = first - (first - datetime(1970, 1, 1, tzinfo=UTC)) % timedelta(seconds=seconds)
    while True:
        yield moment
        moment += timedelta(seconds=seconds)


def _at_hours(first: datetime, step: int, zone: ZoneInfo) -> Iterator[datetime]:
    for midnight in _at_days(first, 1, zone):
        local = midnight.astimezone(zone)
        # Where the clock is set back there is an hour twice.
        hours = (local.replace(hour=hour, fold=fold) for hour in range(0, 24, step) for fold in (0, 1))
        yield from sorted({hour.astimezone(UTC) for hour in hours})


def _at_days(first: datetime, step: int, zone: ZoneInfo) -> Iterator[datetime]:
    day = first.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    day -= timedelta(days=(day.toordinal() - 1) % step)  # weeks from Monday
    while True:
        yield day.astimezone(UTC)
        day += timedelta(days=step)


def _at_months(first: datetime, step: int, zone: ZoneInfo) -> Iterator[datetime]:
    local = first.astimezone(zone)
    month = local.year * 12 + local.month - 1
    month -= month % step
    while True:
        yield datetime(month // 12, month % 12 + 1, 1, tzinfo=zone).astimezone(UTC)
        month += step
