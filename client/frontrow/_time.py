"""Intervals and granularities: what a caller writes, and how long the buckets of an answer are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from frontrow._errors import AskError

if TYPE_CHECKING:
    from frontrow._timeline import Event, LastUntil, MomentLike, Since

IntervalLike: TypeAlias = "str | tuple[MomentLike, MomentLike] | Interval | LastUntil | Since | Event"
"""What a caller writes; a client works out what is known only when it is asked: see ``_timeline``."""

MINUTE = timedelta(minutes=1)
MOST_BUCKETS = 1_000_000

_LENGTHS = {
    "month": timedelta(days=28),
    "week": timedelta(days=7),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}
_LONGEST = timedelta(days=366_000)
_MS = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_PERIOD = re.compile(
    r"P(?:(?P<year>\d{1,9})Y)?(?:(?P<month>\d{1,9})M)?(?:(?P<week>\d{1,9})W)?(?:(?P<day>\d{1,9})D)?"
    r"(?:T(?:(?P<hour>\d{1,9})H)?(?:(?P<minute>\d{1,9})M)?(?:(?P<second>\d{1,9})S)?)?",
    re.ASCII,
)
_SHORT = re.compile(r"(\d{1,9})\s*(s|m|h|d|w|mo|y)", re.ASCII)


@dataclass(frozen=True)
class Interval:
    """From ``start``, included, to ``end``, excluded; both in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise AskError("a datetime without a time zone could mean any: use datetime(..., tzinfo=UTC).")

    def __str__(self) -> str:
        return f"{_iso(self.start)}/{_iso(self.end)}"

    @property
    def length_ms(self) -> float:
        """Milliseconds from start to end."""
        return (self.end - self.start).total_seconds() * 1000

    def widened(self, grain: timedelta, *, open_end: bool = False) -> Interval:
        """To whole grains of rows; with an open end, which is now, only the start.

        Raises:
            AskError: it would leave the calendar
        """
        start = _floor(self.start, grain)
        end = self.end if open_end else _floor(self.end, grain)
        return Interval(start, end if end == self.end else _moved(end, grain))


@dataclass(frozen=True)
class Last:
    """The time up to now, whenever that is asked: ``Last("30m")``."""

    length: str | timedelta


@dataclass(frozen=True)
class Granularity:
    """Buckets of so many units of the calendar or the clock, in a time zone; none of a unit means one bucket.

    Attributes:
        unit: one of ``month``, ``week``, ``day``, ``hour``, ``minute``, ``second``
        period: the same as an ISO period, for Druid
        origin: a moment at which a bucket of hours, minutes or seconds begins; None for the calendar's
    """

    count: int
    unit: str
    period: str
    zone: str = "UTC"
    origin: datetime | None = None

    @property
    def is_all(self) -> bool:
        return not self.count

    @property
    def is_of_clock(self) -> bool:
        """Whether every bucket is of the same length: not the calendar's days, weeks and months."""
        return not self.is_all and self.unit in ("hour", "minute", "second")

    @property
    def shortest(self) -> timedelta:
        """The length of the shortest bucket, clock changes aside."""
        return self.count * _LENGTHS[self.unit]

    @property
    def whole(self) -> str:
        """In words, as rows of this grain hold time: ``whole minutes``."""
        return f"whole {self.unit}s" if self.count == 1 else f"whole {self.count} {self.unit}s"

    def fits(self, grain: timedelta, interval: Interval) -> bool:
        """Whether every bucket is made of whole rows.

        Raises:
            AskError: a bucket leaves the calendar
        """
        if self.is_all or self.shortest % grain:
            return self.is_all
        # Midnight is a whole minute everywhere, but not a whole hour of UTC.
        return grain <= MINUTE or not (next(self.starts(interval), _EPOCH) - _EPOCH) % grain

    def to_druid(self) -> Any:
        """Druid's JSON."""
        if self.is_all:
            return "all"
        druid = {"type": "period", "period": self.period, "timeZone": self.zone}
        return druid if self.origin is None else {**druid, "origin": _iso(self.origin)}

    def after(self, start: datetime) -> datetime:
        """The end of the bucket that begins at ``start``, in UTC."""
        local = start.astimezone(ZoneInfo(self.zone))
        match self.unit:
            case "month":
                month = local.year * 12 + local.month - 1 + self.count
                return local.replace(year=month // 12, month=month % 12 + 1).astimezone(UTC)
            case "week" | "day":
                # The calendar's, also where a clock change makes one shorter; an hour always has 60 minutes.
                return (local + self.shortest).astimezone(UTC)
            case _:
                return start.astimezone(UTC) + self.shortest

    def floor(self, moment: datetime) -> datetime:
        """The start of the bucket that holds a moment, in UTC.

        As Druid does: one week begins on Monday; several of a unit are counted from 1970-01-01 in the time zone.
        """
        if self.origin is not None:
            return moment.astimezone(UTC) - (moment - self.origin) % self.shortest
        zone = ZoneInfo(self.zone)
        local = moment.astimezone(zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        match self.unit:
            case "month":
                month = (local.year - 1970) * 12 + local.month - 1
                month -= month % self.count
                return midnight.replace(year=1970 + month // 12, month=month % 12 + 1, day=1).astimezone(UTC)
            case "week" | "day":
                origin = _MONDAY if (self.count, self.unit) == (1, "week") else _EPOCH
                days = (midnight.date() - origin.date()) % self.shortest
                return (midnight - days).astimezone(UTC)
            case _ if self.count == 1:
                return moment.astimezone(UTC) - (local.replace(tzinfo=UTC) - _EPOCH) % self.shortest
            case _:
                elapsed = moment - _EPOCH.replace(tzinfo=zone)
                return moment.astimezone(UTC) - elapsed % self.shortest

    def starts(self, interval: Interval) -> Iterator[datetime]:
        """Starts of all buckets that an interval touches; one bucket of ``all`` starts with the interval.

        Raises:
            AskError: a bucket begins or ends outside of the years 1 to 9999
        """
        try:
            start = interval.start if self.is_all else self.floor(interval.start)
            while start < interval.end:
                yield start
                if self.is_all:
                    return
                start = self.after(start)
        except (OverflowError, ValueError) as error:
            raise AskError(f"{interval} in buckets of {self.period} leaves the calendar.") from error

    def bucket_ms(self, start: datetime, interval: Interval) -> float:
        """The length of the part of a bucket that lies within an interval, ms."""
        if self.is_all:
            return interval.length_ms
        first, last = max(start, interval.start), min(self.after(start), interval.end)
        return (last - first) / _MS


def parse_interval(
    interval: IntervalLike | None,
    last: str | timedelta | None,
    *,
    now: datetime | None = None,
    grain: timedelta | None = MINUTE,
) -> Interval:
    """The interval that a caller means, widened to whole grains because rows are no finer; without a grain as it is.

    Args:
        interval: ``"2026-11-23T20:00/2026-11-23T22:00"`` (UTC unless it has an offset), or two aware datetimes
        last: instead: the time up to now, like ``"30m"``; its start is moved back to a whole grain

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
        try:
            asked = Interval(end - length, end)
            return asked if grain is None else asked.widened(grain, open_end=True)
        except OverflowError as error:
            raise AskError(f"last={last!r} is before the first year.") from error
    match interval:
        case Interval(start, end):
            pass
        case str() if interval.count("/") == 1:
            start, end = _ends(*interval.split("/"))
        case (datetime() as start, datetime() as end):
            Interval(start, end)
        case _:
            raise AskError(
                f"{interval!r} is not an interval: write start/end in ISO 8601, or give two aware datetimes."
            )
    start, end = _utc(start), _utc(end)
    if start >= end:
        raise AskError(f"the interval {start:%Y-%m-%dT%H:%M:%S}/{end:%Y-%m-%dT%H:%M:%S} ends before it begins.")
    return Interval(start, end) if grain is None else Interval(start, end).widened(grain)


def grain_buckets(grain: timedelta) -> Granularity:
    """Buckets of a spec's grain, in UTC."""
    seconds = int(grain.total_seconds())
    for unit, length in (("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % length == 0:
            return Granularity(seconds // length, unit, f"PT{seconds // length}{unit[0].upper()}")
    raise AskError(f"a grain of {grain} is not of whole seconds.")


def parse_duration(text: str) -> timedelta:
    """A length of time like ``30m``, ``12h``, ``7d`` or ``PT30M``.

    Raises:
        AskError: it is none
    """
    if not isinstance(text, str):
        raise AskError(f"{text!r} is not a length of time: write it like '30m'.")
    granularity = parse_granularity(text)
    if granularity.is_all or granularity.unit == "month":
        raise AskError(f"{text!r} is not a fixed length of time: use weeks (w), days (d), hours (h), minutes (m).")
    return granularity.shortest


def parse_granularity(text: str, zone: str = "UTC") -> Granularity:
    """A granularity like ``all``, ``10s``, ``1m``, ``1h``, ``1d``, ``1w``, ``1mo``, ``1y`` or ``PT5M``.

    Raises:
        AskError: it is none, or there is no such time zone
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError, AttributeError) as error:
        raise AskError(f"no time zone {zone!r}: write it like Europe/Berlin.") from error
    if not isinstance(text, str):
        raise AskError(f"{text!r} is not a granularity: write it like '1m'.")
    if text == "all":
        return Granularity(0, "minute", "", zone)
    if short := _SHORT.fullmatch(text):
        count, designator = int(short[1]), short[2].upper()
        of_clock = designator in ("S", "M", "H")
        text = f"P{'T' if of_clock else ''}{count}{'M' if designator == 'MO' else designator}"
    match = _PERIOD.fullmatch(text)
    given = {unit: part for unit, part in match.groupdict().items() if part} if match else {}
    if len(given) != 1:
        raise AskError(
            f"{text!r} is not a granularity: use all, 10s, 1m, 5m, 1h, 1d, 1w, 1mo, 1y or an ISO period of one unit."
        )
    unit, count = next((unit, int(part)) for unit, part in given.items())
    if unit == "year":
        unit, count = "month", count * 12
    if not 0 < count * _LENGTHS[unit].total_seconds() <= _LONGEST.total_seconds():
        raise AskError(f"the granularity {text!r} is not between a second and {_LONGEST.days:,} days.")
    return Granularity(count, unit, text, zone)


def check_buckets(granularity: Granularity, interval: Interval) -> None:
    """Refuse a question with absurdly many buckets.

    Raises:
        AskError: there would be more than ``MOST_BUCKETS``
    """
    if not granularity.is_all and (interval.end - interval.start) / granularity.shortest > MOST_BUCKETS:
        raise AskError(
            f"{interval} in buckets of {granularity.period} is more than {MOST_BUCKETS:,} buckets: "
            "ask for a shorter interval or a coarser granularity."
        )


def _ends(first: str, second: str) -> tuple[datetime, datetime]:
    """Start and end, of which one may be a length of time, like PT1H."""
    if second.strip().startswith("P"):
        start = _moment(first)
        return start, _moved(start, parse_duration(second.strip()))
    if first.strip().startswith("P"):
        end = _moment(second)
        return _moved(end, -parse_duration(first.strip())), end
    return _moment(first), _moment(second)


def _moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError as error:
        raise AskError(f"{moment:%Y-%m-%d} and {by.days} days lead out of the calendar.") from error


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise AskError(f"{moment} is out of the calendar in UTC.") from error


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise AskError(f"{text!r} is not a moment in ISO 8601, like 2026-11-23T20:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _floor(moment: datetime, grain: timedelta) -> datetime:
    moment = moment.astimezone(UTC)
    return moment - (moment - _EPOCH) % grain


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
