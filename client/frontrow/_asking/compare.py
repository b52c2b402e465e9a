"""Comparing: the same question of an interval and of one before it, row beside row.

``against`` says what to compare with: a length of time like ``"1w"``, for the same time so long before by the clock of
the question's time zone; an interval; or a live event. Rows are laid side by side by the time since each start. For a
length of days or weeks alone they are by the clock, so that eight in the evening stands beside eight in the evening
also in the week when the clock changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from frontrow._asking.ask import Ask
from frontrow._asking.breakdown import MOST_ROWS, ask_breakdown
from frontrow._asking.formula import evaluate
from frontrow._asking.suppression import MARKS, without_hidden
from frontrow._asking.timeseries import Run, ask_timeseries
from frontrow._asking.topn import MOST_VALUES, ask_top_n, restricted
from frontrow._errors import AskError
from frontrow._result import ColumnType
from frontrow._time import Granularity, Interval, parse_granularity

SUFFIXES = ("_before", "_change", "_change_share")
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Shift:
    """So long before, by the clock of a time zone."""

    period: Granularity

    @property
    def of_days(self) -> bool:
        """Whether the same time of day is meant."""
        return self.period.unit in ("day", "week")

    def before(self, moment: datetime) -> datetime:
        """The moment so long before, in UTC.

        Days, weeks and months are the calendar's: the same time of day, and the last of the month where there is no
        such day. Where the clock goes forward over that time, it is the moment as if it had not.

        Raises:
            AskError: it would be before the first year
        """
        local = moment.astimezone(ZoneInfo(self.period.zone))
        try:
            match self.period.unit:
                case "month":
                    return _months_before(local, self.period.count).astimezone(UTC)
                case "day" | "week":
                    return (local - self.period.shortest).astimezone(UTC)
                case _:
                    return moment.astimezone(UTC) - self.period.shortest
        except (OverflowError, ValueError) as error:
            raise AskError(f"{self.period.period} before {moment:%Y-%m-%d} is out of the calendar.") from error

    def interval_before(self, interval: Interval) -> Interval:
        """The interval so long before.

        Raises:
            AskError: the clock went forward over all of it
        """
        start, end = self.before(interval.start), self.before(interval.end)
        if start >= end:
            raise AskError(f"{interval} has no time so long before: the clock went forward over it.")
        return Interval(start, end)


def parse_shift(text: str, zone: str) -> Shift:
    """What ``against="1w"`` means.

    Raises:
        AskError: it is no length of time
    """
    period = parse_granularity(text, zone)
    if period.is_all:
        raise AskError('against="all" is no length of time: write it like "1w" or "1d".')
    return Shift(period)


@dataclass(frozen=True)
class Compared:
    """What is compared: two intervals, and how their buckets are laid side by side."""

    interval: Interval
    before: Interval
    shift: Shift | None

    @property
    def cut(self) -> timedelta:
        """How much shorter the other interval is; a length of time before, only the change of a clock is between."""
        shorter = (self.interval.end - self.interval.start) - (self.before.end - self.before.start)
        return timedelta(0) if self.shift else shorter


def compared(interval: Interval, against: Shift | Interval, grain: timedelta, *, open_end: bool) -> Compared:
    """The two intervals, in whole rows, of the same length where what is compared with is long enough.

    Args:
        interval: that is asked about; if it ends now, the row that is not full yet is left out
        against: a length of time, or the interval to compare with, from its start

    Raises:
        AskError: nothing is left to compare, or they are one and the same
    """
    if open_end:
        interval = Interval(interval.start, _floored(interval.end, grain))
        if interval.end <= interval.start:
            raise AskError("there is no full row to compare yet: ask for a longer interval, or a little later.")
    interval = interval.widened(grain)
    if isinstance(against, Shift):
        return Compared(interval, against.interval_before(interval).widened(grain), against)
    before = against.widened(grain)
    end = min(before.end, before.start + (interval.end - interval.start))
    before = Interval(before.start, end)
    if before == interval:
        raise AskError(f"{interval} would be compared with itself.")
    return Compared(interval, before, None)


def bucketed(granularity: Granularity, start: datetime, compared: Compared) -> Granularity:
    """The buckets to ask in: by the time since the start, they begin with it; by the clock, they are the calendar's.

    Raises:
        AskError: days, weeks or months are asked for by the time since the start
    """
    if compared.shift is not None or granularity.is_all:
        return granularity
    if not granularity.is_of_clock:
        raise AskError(
            f"buckets of {granularity.period} are the calendar's, and the two begin at different times: ask for hours, "
            'minutes or "all", or compare with a length of time before, like against="1w".'
        )
    return replace(granularity, origin=start)


def ask_compared_timeseries(
    now: Ask, before: Ask, granularity: Granularity, pair: Compared, run: Run
) -> dict[str, list[Any]]:
    """Columns ``elapsed`` (minutes since the start), ``time``, ``time_before``, and four for each metric.

    Raises:
        AskError: the buckets of the two do not lie side by side
    """
    buckets = [bucketed(granularity, each.interval.start, pair) for each in (now, before)]
    found, earlier = (ask_timeseries(ask, each, run) for ask, each in zip((now, before), buckets, strict=True))
    starts, starts_before = found["time"], earlier["time"]
    partners = _partners(starts, starts_before, granularity, pair)
    columns: dict[str, list[Any]] = {
        "elapsed": [max((start - now.interval.start) / _MINUTE, 0.0) for start in starts],
        "time": starts,
        "time_before": [None if place is None else starts_before[place] for place in partners],
    }
    for metric in now.metrics:
        values = earlier[metric.name]
        columns |= change_columns(
            metric.name, found[metric.name], [None if place is None else values[place] for place in partners]
        )
    if now.audience is None:
        return columns
    marks = [
        mark or ("" if place is None else earlier[MARKS][place])
        for mark, place in zip(found[MARKS], partners, strict=True)
    ]
    return without_hidden(columns, ["elapsed", "time", "time_before"], marks)


def ask_compared_top_n(
    now: Ask, before: Ask, dimension: str, multi_value: bool, n: int, run: Run
) -> tuple[dict[str, list[Any]], str]:
    """Columns: the dimension, the values of now's top list in its order, and four for each metric; and the note of it.

    A value that had no row before has there what no rows have: 0 of a sum, null of a ratio.
    """
    found, note = ask_top_n(now, dimension, multi_value, n, run)
    values = found[dimension]
    earlier: Mapping[str, Sequence[Any]] = {dimension: (), **{metric.name: () for metric in now.metrics}}
    if values:
        # Where rows have several values, others come along: all are taken, and those that were asked for are looked up.
        most = MOST_VALUES if multi_value else len(values)
        earlier, _ = ask_top_n(restricted(before, dimension, values), dimension, multi_value, most, run)
    return joined([dimension], found, earlier, before), note


def ask_compared_breakdown(
    now: Ask, before: Ask, dimensions: Sequence[str], multi_value: Sequence[str], n: int, run: Run
) -> tuple[dict[str, list[Any]], str]:
    """Columns: each dimension, now's groups in their order, and four for each metric; and the note of it."""
    everything = parse_granularity("all")
    found, note = ask_breakdown(now, dimensions, multi_value, everything, n, run)
    earlier: Mapping[str, Sequence[Any]] = dict.fromkeys(found, ())
    if found[dimensions[0]]:
        of_these = before
        for name in dimensions:
            of_these = restricted(of_these, name, [*dict.fromkeys(found[name])])
        earlier, _ = ask_breakdown(of_these, dimensions, multi_value, everything, MOST_ROWS, run)
    return joined(dimensions, found, earlier, before), note


def joined(
    dimensions: Sequence[str], found: Mapping[str, Sequence[Any]], earlier: Mapping[str, Sequence[Any]], before: Ask
) -> dict[str, list[Any]]:
    """Rows of now with those of before that have the same values of the dimensions beside them.

    Args:
        before: whose metrics say what no rows have, for the values that are not in ``earlier``
    """
    keys = list(zip(*(found[name] for name in dimensions), strict=True))
    places = {key: row for row, key in enumerate(zip(*(earlier[name] for name in dimensions), strict=True))}
    columns: dict[str, list[Any]] = {name: list(found[name]) for name in dimensions}
    for metric in before.metrics:
        nothing = evaluate(metric.expression, {}, before.interval.length_ms)
        values = [earlier[metric.name][places[key]] if key in places else nothing for key in keys]
        columns |= change_columns(metric.name, found[metric.name], values)
    if before.audience is None:
        return columns
    of_before = dict(zip(places, earlier.get(MARKS, ()), strict=True))
    # One that is hidden in either of the two is hidden in both: their difference would tell.
    marks = [mark or of_before.get(key, "") for key, mark in zip(keys, found[MARKS], strict=True)]
    return without_hidden(columns, dimensions, marks)


def change_columns(name: str, values: Sequence[Any], before: Sequence[Any]) -> dict[str, list[Any]]:
    """A metric, what it was before, the difference, and its share of what it was; null of a null or of nothing."""
    changes = [None if None in (new, old) else new - old for new, old in zip(values, before, strict=True)]
    shares = [change / old if change is not None and old else None for change, old in zip(changes, before, strict=True)]
    columns = (list(values), list(before), changes, shares)
    return {f"{name}{suffix}": column for suffix, column in zip(("", *SUFFIXES), columns, strict=True)}


def compared_types(types: Mapping[str, ColumnType]) -> dict[str, ColumnType]:
    """Types of the columns of metrics, from those of the metrics."""
    return {
        f"{name}{suffix}": "number" if suffix == "_change_share" else type_
        for name, type_ in types.items()
        for suffix in ("", *SUFFIXES)
    }


def compared_units(units: Mapping[str, str]) -> dict[str, str]:
    """Units of the columns of metrics, from those of the metrics."""
    return {
        f"{name}{suffix}": "share" if suffix == "_change_share" else unit
        for name, unit in units.items()
        for suffix in ("", *SUFFIXES)
    }


def compared_note(pair: Compared) -> str:
    """What is to be said of the answer: with what it compares."""
    said = f"compared with {pair.before}"
    if pair.cut:
        said += f", which ends {pair.cut / _MINUTE:,.0f} minutes sooner after its start"
    return said


def _partners(
    starts: Sequence[datetime], earlier: Sequence[datetime], granularity: Granularity, pair: Compared
) -> list[int | None]:
    """For each bucket of now, the place of the one before that stands beside it; None where that is over already."""
    in_order: list[int | None] = [number if number < len(earlier) else None for number in range(len(starts))]
    shift = pair.shift
    if shift is None or granularity.is_all:
        return in_order
    places = {start: number for number, start in enumerate(earlier)}
    found: list[int | None] = [None]
    if not granularity.is_of_clock:
        # The first day or month beside the first one: where months differ in length, their last days have none beside.
        if places.get(shift.before(starts[0])) == 0:
            return in_order
    elif shift.of_days:
        found = [places.get(shift.before(start)) for start in starts]
    else:
        found = [places.get(start - (pair.interval.start - pair.before.start)) for start in starts]
    if None in found:
        raise AskError(
            f"buckets of {granularity.period} do not lie side by side with those of {shift.period.period} before: ask "
            "for buckets that divide it, or of an hour at most where the clock changes between."
        )
    return found


def _months_before(local: datetime, count: int) -> datetime:
    month = local.year * 12 + local.month - 1 - count
    year, number = month // 12, month % 12 + 1
    for day in range(local.day, 27, -1):
        try:
            return local.replace(year=year, month=number, day=day)
        except ValueError:
            continue
    return local.replace(year=year, month=number)


def _floored(moment: datetime, grain: timedelta) -> datetime:
    return Interval(moment, moment).widened(grain, open_end=True).start
