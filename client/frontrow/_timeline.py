"""Intervals that are worked out when a question is asked: up to now, since a moment, the time of a live event.

>>> last("30m", until=now() - "5m")
>>> since(event("arena-one-final").start)
>>> event("arena-one-final", first="30m")
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

from frontrow._asking.timeseries import Run
from frontrow._errors import AskError
from frontrow._time import MINUTE, Interval, IntervalLike, Last, parse_duration, parse_interval

SPEC = "audience"
"""The spec whose datasource knows when an event was."""

# All that the contract takes.
_EVER = "2000-01-01/2100-01-01"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Moment:
    """A moment that is known when a question is asked; lengths of time can be added and taken off.

    Attributes:
        base: ``now``, or an event's ``start`` (its first play) or ``end`` (its last row)
        event_id: of that event
        offset: from there
    """

    base: Literal["now", "start", "end"]
    event_id: str | None = None
    offset: timedelta = timedelta(0)

    def __add__(self, length: str | timedelta) -> Moment:
        return replace(self, offset=self.offset + _length(length))

    def __sub__(self, length: str | timedelta) -> Moment:
        return replace(self, offset=self.offset - _length(length))


MomentLike: TypeAlias = "str | datetime | Moment"


@dataclass(frozen=True)
class LastUntil:
    """The length of time before ``until``; made by :func:`last`."""

    length: timedelta
    until: datetime | Moment


@dataclass(frozen=True)
class Since:
    """From a moment up to now; made by :func:`since`."""

    start: datetime | Moment


@dataclass(frozen=True)
class Event:
    """The time of a live event; made by :func:`event`."""

    event_id: str
    first: timedelta | None = None

    @property
    def start(self) -> Moment:
        """The whole minute of its first play."""
        return Moment("start", self.event_id)

    @property
    def end(self) -> Moment:
        """The end of the last minute that has a row of it."""
        return Moment("end", self.event_id)


class NoSuchEventError(AskError):
    """There is no row of an event."""


@dataclass(frozen=True)
class EventBounds:
    """When an event was, in whole minutes.

    Attributes:
        first: of its first row, which may be an attempt long before it began
        start: of its first play; of its first row, if nobody played
        end: after its last row
    """

    first: datetime
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Resolved:
    """An interval, as a question takes it.

    Attributes:
        open_end: it ends now, and is not to be widened there
    """

    interval: Interval
    open_end: bool


def now() -> Moment:
    """The moment when the question is asked: ``interval=(frontrow.now() - "1h", frontrow.now() - "30m")``."""
    return Moment("now")


def last(length: str | timedelta, *, until: MomentLike | None = None) -> LastUntil:
    """The last so many minutes, hours or days until a moment.

    Args:
        length: like ``"30m"``
        until: now unless given; text in ISO 8601, an aware datetime, :func:`now`, or an event's start or end

    Raises:
        AskError: ``length`` has none, or ``until`` is no moment
    """
    found = _length(length)
    if found <= timedelta(0):
        raise AskError(f"last({length!r}) has no length.")
    return LastUntil(found, now() if until is None else _moment(until))


def since(start: MomentLike) -> Since:
    """From a moment up to now.

    Args:
        start: as ``until`` of :func:`last`: ``since("2026-11-23T20:00")``, ``since(event("cup-final").start)``

    Raises:
        AskError: it is no moment
    """
    return Since(_moment(start))


def event(event_id: str, *, first: str | timedelta | None = None) -> Event:
    """The time of a live event: from the minute of its first row to that of its last.

    Its ``start``, the minute of its first play, and its ``end`` are moments: ``(event("x").start - "5m", now())`` is an
    interval, too. They are asked of Druid by one small query when the question is asked.

    Args:
        event_id: as in the events
        first: only so long from its start, which is the minute of its first play

    Raises:
        AskError: that is no id, or no length of time
    """
    if not isinstance(event_id, str) or not event_id:
        raise AskError(f"{event_id!r} is not a live event: name its event_id.")
    if first is None:
        return Event(event_id)
    found = _length(first)
    if found <= timedelta(0):
        raise AskError(f"event({event_id!r}, first={first!r}) has no length.")
    return Event(event_id, found)


def resolve(
    when: IntervalLike | Last | None,
    bounds: Callable[[str], EventBounds],
    *,
    at: datetime,
    from_start: bool = False,
) -> Resolved:
    """The interval that is meant, not yet widened to whole rows.

    Args:
        bounds: finds out when an event was; called for events only, see :func:`event_bounds`
        at: now
        from_start: an event begins with its first play, as ``elapsed`` counts, and not with its first row

    Raises:
        AskError: it ends before it begins, or is no interval
    """
    at = at.astimezone(UTC)
    try:
        match when:
            case LastUntil(length, until):
                end = _at(until, bounds, at)
                return _resolved(end - length, end, at)
            case Since(start):
                return _resolved(_at(start, bounds, at), at, at)
            case Event(event_id, length):
                found = bounds(event_id)
                start = found.first if length is None and not from_start else found.start
                end = found.end if length is None else start + length
                # Of an event that goes on, its last minute is not over.
                return _resolved(start, min(end, at) if start < at else end, at)
            case (start, end) if isinstance(start, Moment) or isinstance(end, Moment):
                return _resolved(_at(_moment(start), bounds, at), _at(_moment(end), bounds, at), at)
            case Last(length):
                return Resolved(parse_interval(None, length, now=at, grain=None), open_end=True)
            case _:
                return Resolved(parse_interval(when, None, grain=None), open_end=False)
    except OverflowError as error:
        raise AskError(f"{when} leaves the calendar.") from error


def event_bounds(event_id: str, datasource: str, run: Run) -> EventBounds:
    """When an event was, by the rows there are of it now, live ones too. One small query, over all time.

    Raises:
        AskError: there is no row of it
    """
    answer = run(event_query(event_id, datasource))
    values = answer[0]["result"] if answer else {}
    if values.get("first") is None:
        raise NoSuchEventError(f"there is no row of an event {event_id!r} in {datasource}: name one that was played.")
    first, end = _from_ms(values["first"]), _from_ms(values["last"]) + MINUTE
    start = first if values.get("start") is None else _from_ms(values["start"])
    return EventBounds(first, start, end)


def event_query(event_id: str, datasource: str) -> dict[str, Any]:
    """The native query for the first and last row of an event, and the first with a play."""
    played = {"type": "bound", "dimension": "plays", "ordering": "numeric", "lower": "1"}
    return {
        "queryType": "timeseries",
        "dataSource": datasource,
        "intervals": [_EVER],
        "granularity": "all",
        "context": {"skipEmptyBuckets": True},
        "filter": {"type": "selector", "dimension": "event_id", "value": event_id},
        "aggregations": [
            {"type": "longMin", "name": "first", "fieldName": "__time"},
            {"type": "longMax", "name": "last", "fieldName": "__time"},
            {
                "type": "filtered",
                "filter": played,
                "aggregator": {"type": "longMin", "name": "start", "fieldName": "__time"},
            },
        ],
    }


def _resolved(start: datetime, end: datetime, at: datetime) -> Resolved:
    return Resolved(parse_interval((start, end), None, grain=None), open_end=end == at)


def _at(moment: datetime | Moment, bounds: Callable[[str], EventBounds], at: datetime) -> datetime:
    match moment:
        case datetime():
            return moment
        case Moment("now", _, offset):
            return at + offset
        case Moment(base, event_id, offset):
            found = bounds(event_id or "")
            return (found.start if base == "start" else found.end) + offset


def _moment(given: Any) -> datetime | Moment:
    match given:
        case Moment():
            return given
        case Event():
            raise AskError(f"an event is no moment: use event({given.event_id!r}).start or .end.")
        case str():
            try:
                found = datetime.fromisoformat(given.strip())
            except ValueError as error:
                raise AskError(f"{given!r} is not a moment in ISO 8601, like 2026-11-23T20:00.") from error
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        case datetime() if given.tzinfo is not None:
            return given
        case datetime():
            raise AskError("a datetime without a time zone could mean any: use datetime(..., tzinfo=UTC).")
        case _:
            raise AskError(f"{given!r} is not a moment: use ISO 8601, an aware datetime, now() or an event's start.")


def _length(given: Any) -> timedelta:
    return given if isinstance(given, timedelta) else parse_duration(given)


def _from_ms(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
