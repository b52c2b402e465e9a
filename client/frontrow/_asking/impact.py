"""Impact: which slices of an audience hurt a rate most."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeVar

from frontrow._asking.ask import Ask
from frontrow._asking.breakdown import check_dimensions
from frontrow._asking.formula import Value, evaluate, rank_expression
from frontrow._asking.grouping import best_first, dimension_spec, events, group_by, largest
from frontrow._asking.suppression import lines_of, marks_of, without_hidden
from frontrow._asking.timeseries import Run
from frontrow._errors import AskError
from frontrow._filters import required_values
from frontrow._result import ColumnType
from frontrow_specs import Metric, SpecNotFound, catalogue
from frontrow_specs.formula import Aggregate, Binary, Expression, Number, aggregates

MOST_SLICES = 1_000
PLACE = ("dimension", "value", "dimension_2", "value_2")
"""Columns that name a slice."""
AUDIENCE = ("unique_viewers", "plays")
"""Metrics that tell how many were affected."""
_EVENTS = Aggregate("sum", "count")
_MOST_NAMED = 3
T = TypeVar("T")


@dataclass(frozen=True)
class Rate:
    """One sum over another, such as stalled time of all time, of which it is known what is worse.

    Attributes:
        part: the sum above
        whole: the one below
        unit: of the part
    """

    metric: Metric
    part: Expression
    whole: Expression
    unit: str

    def compared(self, part: T, expected: T) -> tuple[T, T]:
        """The two in the order in which the first less the second is how much worse the part is than expected."""
        return (expected, part) if self.metric.worse == "less" else (part, expected)


@dataclass(frozen=True)
class _Slice:
    """A value of a dimension, or one of each of two, with what Druid says of it."""

    place: tuple[tuple[str, str | None], ...]
    answered: Mapping[str, Any]


def rate_of(name: str) -> Rate:
    """The rate that a metric of the catalogue is.

    Raises:
        AskError: there is no such metric, it is not one sum over another, or the catalogue does not say whether more
            or less of it is worse; names those that can be asked for
    """
    if not isinstance(name, str):
        raise AskError(f"{name!r} is not a metric: name it by text.")
    try:
        metric = catalogue().metric(name)
    except SpecNotFound as error:
        raise AskError(str(error)) from error
    found = _rate(metric)
    if found is None:
        known = ", ".join(each.name for each in catalogue().metrics.values() if _rate(each))
        raise AskError(
            f"{name} is not one sum over another of which the catalogue says whether more or less is worse; "
            f"such are {known}."
        )
    return found


def check_impact(dimensions: Sequence[str], n: int, *, pairs: bool) -> None:
    """Refuse what has no answer, before anything is sent.

    Raises:
        AskError: no dimension is named, or one twice, or only one where pairs are asked for, or ``n`` is not between
            1 and 1,000
    """
    check_dimensions(dimensions)
    if pairs and len(dimensions) < 2:
        raise AskError("pairs take two dimensions at least.")
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_SLICES:
        raise AskError(f"n={n!r} is not a number from 1 to {MOST_SLICES:,}.")


def ask_impact(
    ask: Ask, rate: Rate, dimensions: Sequence[str], multi_value: Collection[str], n: int, run: Run, *, pairs: bool
) -> tuple[dict[str, list[Any]], str]:
    """Columns as in :func:`impact_types`, the slice with the largest excess first; and what is to be said of them.

    Where the question has an audience, small slices and what would give them away come last, by name, and ``MARKS``
    says which they are.

    Args:
        ask: for the rate's metric and those of ``AUDIENCE``
        multi_value: those of the dimensions of which a row may have several values
        pairs: also of each value of one dimension with each of another
    """
    whole = next(events(run(group_by(ask, (), ask.aggregates, (), None))), {})
    total = {each: evaluate(each, whole, ask.interval.length_ms) or 0 for each in (rate.part, rate.whole)}
    needed = tuple(dict.fromkeys((*ask.aggregates, _EVENTS)))
    rank = {"type": "expression", "name": "rank", "expression": _excess_expression(rate, total)}
    # What is hidden is chosen among many slices, however few are wanted.
    limit = n if ask.audience is None else max(n, MOST_SLICES)
    found: list[tuple[_Slice, str]] = []
    for names in (*((name,) for name in dimensions), *(combinations(dimensions, 2) if pairs else ())):
        specs = [
            dimension_spec(name, required_values(ask.where, name) if name in multi_value else None) for name in names
        ]
        answer = [*events(run(group_by(ask, specs, needed, [rank], largest("rank", limit, names))))]
        slices = [_Slice(tuple((name, row[name]) for name in names), row) for row in answer]
        found += zip(slices, _marks(ask, slices), strict=True)
    found, same = _each_once(found)
    ordered = sorted(((_row(ask, rate, total, each), mark) for each, mark in found), key=_order)
    columns = {name: [row[name] for row, _ in ordered[:n]] for name in impact_types(rate, pairs=pairs)}
    note = "slices overlap: their excess does not add up" + _said(same)
    if ask.audience is None:
        return columns, note
    left_out = sum(bool(mark) for _, mark in ordered[n:])
    if left_out:
        note += f"; {left_out:,} slices with fewer than {ask.least:,} {ask.audience.of} not ranked"
    return without_hidden(columns, PLACE, [mark for _, mark in ordered[:n]]), note


def impact_types(rate: Rate, *, pairs: bool) -> dict[str, ColumnType]:
    """Types of the columns: the slice, the rate in it and elsewhere, the excess, and who is affected."""
    second: dict[str, ColumnType] = {"dimension_2": "string", "value_2": "string"} if pairs else {}
    name = rate.metric.name
    return {
        "dimension": "string",
        "value": "string",
        **second,
        name: "number",
        f"{name}_elsewhere": "number",
        "excess": "number",
        "excess_share": "number",
        "unique_viewers": "number",
        "plays": "integer",
    }


def impact_units(ask: Ask, rate: Rate) -> dict[str, str]:
    """Units of the columns of numbers."""
    return {
        **ask.units(),
        f"{rate.metric.name}_elsewhere": rate.metric.unit,
        "excess": rate.unit,
        "excess_share": "share",
    }


def _rate(metric: Metric) -> Rate | None:
    match metric.expression:
        case Binary("/", part, whole) if metric.worse and _adds_up(part) and _adds_up(whole):
            unit = _unit(part) or _unit(whole)
            return Rate(metric, part, whole, unit) if unit else None
    return None


def _adds_up(expression: Expression) -> bool:
    """Whether it is made of sums by plus and minus only: then that of two parts is the sum of theirs."""
    match expression:
        case Aggregate("sum"):
            return True
        case Binary("+" | "-", left, right):
            return _adds_up(left) and _adds_up(right)
        case _:
            return False


def _unit(expression: Expression) -> str:
    first = next(aggregates(expression))
    return next((metric.unit for metric in catalogue().metrics.values() if metric.expression == first), "")


def _excess_expression(rate: Rate, total: Mapping[Expression, float]) -> str:
    """The excess of a slice as Druid's expression, to rank by."""
    part, whole = rate.part, rate.whole
    rest = Binary("/", Binary("-", Number(float(total[part])), part), Binary("-", Number(float(total[whole])), whole))
    worse, better = rate.compared(part, Binary("*", rest, whole))
    return rank_expression(Binary("-", worse, better), 0)


def _row(ask: Ask, rate: Rate, total: Mapping[Expression, float], found: _Slice) -> dict[str, Any]:
    length = ask.interval.length_ms

    def value(expression: Expression) -> Value:
        return evaluate(expression, found.answered, length)

    part, whole = value(rate.part) or 0, value(rate.whole) or 0
    rest = total[rate.whole] - whole
    elsewhere = (total[rate.part] - part) / rest if rest else None
    excess = None
    if elsewhere is not None:
        worse, better = rate.compared(part, elsewhere * whole)
        excess = worse - better
    (dimension, text), *second = found.place
    dimension_2, text_2 = second[0] if second else (None, None)
    return {
        "dimension": dimension,
        "value": text,
        "dimension_2": dimension_2,
        "value_2": text_2,
        f"{rate.metric.name}_elsewhere": elsewhere,
        "excess": excess,
        "excess_share": None if excess is None or not total[rate.part] else excess / total[rate.part],
        **{metric.name: value(metric.expression) for metric in ask.metrics},
    }


def _each_once(found: Sequence[tuple[_Slice, str]]) -> tuple[list[tuple[_Slice, str]], list[tuple[_Slice, str]]]:
    """What is shown without the pairs that are all of one of their slices; and these, with the name of that slice.

    A pair is a part of each of its slices: with as many events, it is the same ones. Hidden ones stay as they are.
    """
    alone = {each.place[0]: _count(each) for each, mark in found if len(each.place) == 1 and not mark}
    kept, same = [], []
    for each, mark in found:
        equal = [part for part in each.place if alone.get(part) == _count(each)]
        if len(each.place) > 1 and equal and not mark:
            same.append((each, _named(equal[:1])))
        else:
            kept.append((each, mark))
    return kept, same


def _count(found: _Slice) -> Value:
    return evaluate(_EVENTS, found.answered, 1)


def _named(place: Sequence[tuple[str, str | None]]) -> str:
    return " and ".join(f"{name} {'null' if value is None else value}" for name, value in place)


def _said(same: Sequence[tuple[_Slice, str]]) -> str:
    """Which pairs are not shown, and as which slice they are."""
    if not same:
        return ""
    named = [f"{_named(each.place)} (all of {of})" for each, of in same[:_MOST_NAMED]]
    more = [f"{len(same) - _MOST_NAMED:,} more"] if len(same) > _MOST_NAMED else []
    return f"; shown once, as the slice they are all of: {', '.join(named + more)}"


def _marks(ask: Ask, slices: Sequence[_Slice]) -> list[str]:
    """Of each slice why it is hidden, if it is: one of few viewers, or one that would give such a one away."""
    if ask.audience is None:
        return [""] * len(slices)
    keys = [tuple(value for _, value in each.place) for each in slices]
    lines = lines_of(keys, range(len(keys[0]) if keys else 0))
    return marks_of([ask.audience_in(each.answered) for each in slices], lines, ask.least)


def _order(marked: tuple[Mapping[str, Any], str]) -> Any:
    """The largest excess first; of two with the same, the simpler one. What is hidden comes last, by name."""
    row, mark = marked
    names = (row["dimension_2"], row["value_2"], row["dimension"], row["value"])
    return bool(mark), best_first(None if mark else row["excess"], *names)
