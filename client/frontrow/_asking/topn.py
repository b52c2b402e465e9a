"""Top lists: the values of a dimension with the largest value of a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from frontrow._asking.ask import Ask
from frontrow._asking.bounds import bound_values
from frontrow._asking.formula import aggregations as druid_aggregations
from frontrow._asking.formula import clean, evaluate, maximum
from frontrow._asking.grouping import best_first, dimension_spec, events, group_by, largest, ranked
from frontrow._asking.maxima import maxima
from frontrow._asking.suppression import listed, marks_of, without_hidden
from frontrow._asking.timeseries import Run
from frontrow._errors import AskError
from frontrow._filters import required_values
from frontrow_specs import Metric
from frontrow_specs.formula import Expression

# Druid keeps at least so many values per segment: fewer distinct values than that, and nothing was cut off.
THRESHOLD = 1000
MOST_VALUES = 10_000


def check_top_n(ask: Ask, n: int) -> None:
    """Refuse what has no answer, before anything is sent.

    Raises:
        AskError: ``n`` is not between 1 and 10,000, or no metric is named
    """
    if not ask.metrics:
        raise AskError("name the metric to rank by.")
    if not isinstance(n, int) or not 1 <= n <= MOST_VALUES:
        raise AskError(f"n={n!r} is not a number from 1 to {MOST_VALUES:,}.")


def ask_top_n(ask: Ask, dimension: str, multi_value: bool, n: int, run: Run) -> tuple[dict[str, list[Any]], str]:
    """Columns of the answer, the dimension first, best row first; and what is to be said of its exactness.

    Where the question has an audience, small values and what would give them away are not ranked: they come last, by
    name, if there is room, and ``MARKS`` says which they are.
    """
    bucket_ms = ask.interval.length_ms
    only = required_values(ask.where, dimension) if multi_value else None
    first = ask.metrics[0]
    peaks: dict[str, dict[Any, float]] = {}
    # What is hidden is chosen among many values, however few are wanted: the same for a short list and for a long one.
    limit = max(n, THRESHOLD)
    most = n if ask.audience is None else limit
    cut = False
    if (inner := maximum(first)) is not None:
        values = peaks[first.name] = _maxima(ask, dimension, inner, only, most, run)
        more = ask.aggregates or ask.extra
        answered = _rows(ask, dimension, list(values), multi_value, run) if more else {value: {} for value in values}
    elif multi_value:
        answered = {row[dimension]: row for row in events(run(group_by_query(ask, dimension, first, most, only)))}
    else:
        answer = run(top_n_query(ask, dimension, first, limit, only))
        answered = {row[dimension]: row for row in (answer[0]["result"] if answer else ())}
        cut = len(answered) >= limit

    def place(value: Any) -> tuple[float, tuple[str, ...]]:
        found = (
            peaks[first.name].get(value)
            if first.name in peaks
            else evaluate(first.expression, answered[value], bucket_ms)
        )
        return best_first(found, value)

    marks = _marks(ask, answered)
    chosen = _listed(sorted(answered, key=place), marks, n)
    if cut:
        # Some segment may have left a value out: ask again for just these, so that their numbers are whole.
        answered |= _rows(ask, dimension, chosen, False, run)
        marks = _marks(ask, answered)
    left_out = sum(bool(mark) for mark in marks.values()) - sum(bool(marks[value]) for value in chosen)
    answered = {value: answered[value] for value in chosen}
    for metric in ask.metrics:
        inner = maximum(metric)
        if inner is not None and metric.name not in peaks and answered:
            of_these = restricted(ask, dimension, list(answered))
            values_shown = list(answered) if multi_value else None
            peaks[metric.name] = _maxima(of_these, dimension, inner, values_shown, len(answered), run)
    return _columns(ask, dimension, answered, peaks, marks), _note(ask, cut, limit, left_out)


def top_n_query(
    ask: Ask, dimension: str, by: Metric | None, threshold: int, only: Sequence[str | None] | None
) -> dict[str, Any]:
    """The native query.

    Args:
        by: the metric to rank by; None for the caller's own first aggregation
        only: values of a multi-value dimension that may show, or None for all
    """
    from pydruid.query import QueryBuilder

    needed, posts, metric = ranked(ask, by)
    query: dict[str, Any] = (
        QueryBuilder()
        .topn(
            {
                "datasource": ask.datasource,
                "intervals": [str(ask.interval)],
                "granularity": "all",
                "dimension": dimension_spec(dimension, only),
                "metric": metric,
                "threshold": threshold,
                "aggregations": {},
            }
        )
        .query_dict
    )
    query["aggregations"] = [*druid_aggregations(needed), *ask.extra]
    if posts:
        query["postAggregations"] = posts
    return query | ask.scope()


def group_by_query(
    ask: Ask, dimension: str, by: Metric | None, limit: int, only: Sequence[str | None] | None
) -> dict[str, Any]:
    """The native query for a multi-value dimension: a topN would leave out the rows that have no label at all."""
    needed, posts, metric = ranked(ask, by)
    return group_by(ask, [dimension_spec(dimension, only)], needed, posts, largest(metric, limit))


def _columns(
    ask: Ask,
    dimension: str,
    answered: Mapping[Any, Mapping[str, Any]],
    peaks: Mapping[str, Mapping[Any, float]],
    marks: Mapping[Any, str],
) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {dimension: list(answered)}
    for metric in ask.metrics:
        if maximum(metric) is not None:
            found = peaks.get(metric.name, {})
            columns[metric.name] = [found.get(value) for value in answered]
        else:
            length = ask.interval.length_ms
            columns[metric.name] = [evaluate(metric.expression, row, length) for row in answered.values()]
            if ask.bounds:
                columns |= bound_values([metric], [*answered.values()])
    for aggregator in ask.extra:
        columns[aggregator["name"]] = [clean(row.get(aggregator["name"])) for row in answered.values()]
    # Druid ranks by doubles; the order shown is that of the values shown, equal ones by name.
    first = columns[ask.metrics[0].name]
    order = sorted(range(len(first)), key=lambda row: best_first(first[row], columns[dimension][row]))
    names = columns[dimension]
    of_rows = [marks[value] for value in names]
    order = listed(order, of_rows, names, len(names))
    columns = {name: [values[row] for row in order] for name, values in columns.items()}
    return columns if ask.audience is None else without_hidden(columns, [dimension], [of_rows[row] for row in order])


def _marks(ask: Ask, answered: Mapping[Any, Mapping[str, Any]]) -> dict[Any, str]:
    """Of each value why it is hidden, if it is. All values that Druid answered are one line."""
    if ask.audience is None:
        return dict.fromkeys(answered, "")
    audiences = [ask.audience_in(row) for row in answered.values()]
    return dict(zip(answered, marks_of(audiences, [range(len(audiences))], ask.least), strict=True))


def _listed(values: Sequence[Any], marks: Mapping[Any, str], most: int) -> list[Any]:
    rows = listed(range(len(values)), [marks[value] for value in values], values, most)
    return [values[row] for row in rows]


def _note(ask: Ask, cut: bool, limit: int, left_out: int) -> str:
    note = "top list exact"
    if cut:
        note = f"numbers re-queried; the choice among {limit:,} values or more is approximate"
    if left_out and ask.audience is not None:
        count = f"{'at least ' if cut else ''}{left_out:,} {'value' if left_out == 1 else 'values'}"
        note += f"; {count} with fewer than {ask.least:,} {ask.audience.of} not ranked"
    return note


def _rows(ask: Ask, dimension: str, values: list[Any], multi_value: bool, run: Run) -> dict[Any, Mapping[str, Any]]:
    """Aggregates of the asked metrics for just these values."""
    if not values:
        return {}
    by = next((metric for metric in ask.metrics if maximum(metric) is None), None)
    of_these = restricted(ask, dimension, values)
    if multi_value:
        rows = events(run(group_by_query(of_these, dimension, by, MOST_VALUES, values)))
    else:
        answer = run(top_n_query(of_these, dimension, by, len(values), None))
        rows = answer[0]["result"] if answer else []
    found = {row[dimension]: row for row in rows}
    return {value: found.get(value, {}) for value in values}


def _maxima(
    ask: Ask, dimension: str, inner: Expression, only: Sequence[str | None] | None, n: int, run: Run
) -> dict[Any, float]:
    """The largest value of a formula over the grains, for each value of the dimension: the ``n`` largest."""
    answer = run(maxima(ask, [dimension_spec(dimension, only)], [dimension], inner, n))
    return {row[dimension]: row["max_over_grain"] for row in events(answer)}


def restricted(ask: Ask, dimension: str, values: Sequence[Any]) -> Ask:
    """The same question, for some values of the dimension."""
    within = {"type": "in", "dimension": dimension, "values": list(values)}
    where = within if ask.where is None else {"type": "and", "fields": [dict(ask.where), within]}
    return replace(ask, where=where)
