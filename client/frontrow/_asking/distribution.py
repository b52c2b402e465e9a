"""Distributions: how many values lie in which range, from a quantiles sketch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from frontrow._asking.ask import Ask
from frontrow._asking.formula import clean
from frontrow._asking.grouping import dimension_spec, events, group_by, largest
from frontrow._asking.merging import merged, nested_bins
from frontrow._asking.suppression import listed, marks_of, without_hidden
from frontrow._asking.timeseries import Run
from frontrow._errors import AskError
from frontrow._filters import required_values
from frontrow._result import ColumnType
from frontrow_specs import catalogue
from frontrow_specs.files import near
from frontrow_specs.formula import Aggregate

MOST_BINS = 1_000
MOST_VALUES = 100
SEEN = 1_000
"""Of so many values what is hidden is chosen, however few are wanted."""

COUNTED: Mapping[str, str] = {"startup_time": "plays", "quarantined_delay": "events"}
"""What has a distribution, and what is counted in it."""

EXACT_BELOW = 512
"""The sketches (k = 256) keep every value of fewer than twice k."""
_SHARE_ERROR, _UP_TO_ERROR = "0.88 %", "0.72 %"

_STEPS = (1, 2, 5, 10)
_BY_QUANTILES = "quantiles"
_HISTOGRAM = "histogram"


def quantile_of(name: str) -> str:
    """The metric of the catalogue whose sketch has a distribution.

    Raises:
        AskError: there is no distribution of this name
    """
    if name not in COUNTED:
        raise AskError(f"no distribution of {name!r}: {near(str(name), COUNTED)}")
    return next(metric for metric in catalogue().metrics if metric.startswith(f"{name}_p"))


def check_distribution(bins: int | Sequence[float], n: int) -> None:
    """Refuse what has no answer, before anything is sent.

    Raises:
        AskError: ``bins`` is neither a number from 1 to 1,000 nor so many rising numbers, ``n`` not from 1 to 100
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_VALUES:
        raise AskError(f"n={n!r} is not a number from 1 to {MOST_VALUES}.")
    if isinstance(bins, int) and not isinstance(bins, bool):
        if not 1 <= bins <= MOST_BINS:
            raise AskError(f"bins={bins!r} is not a number from 1 to {MOST_BINS:,}.")
        return
    splits = [] if isinstance(bins, str | bytes | Mapping) or not isinstance(bins, Sequence) else [*bins]
    numbers = [split for split in splits if isinstance(split, int | float) and not isinstance(split, bool)]
    if len(numbers) != len(splits) or not 1 <= len(splits) <= MOST_BINS or not all(map(math.isfinite, numbers)):
        raise AskError(f"bins={bins!r} is neither how many, nor a list of 1 to {MOST_BINS:,} ms where one ends.")
    if any(left >= right for left, right in pairwise(numbers)):
        raise AskError(f"bins={bins!r}: each number must be larger than the one before.")


def ask_distribution(
    ask: Ask, name: str, bins: int | Sequence[float], by: str | None, multi_value: bool, n: int, run: Run
) -> tuple[dict[str, list[Any]], str]:
    """Columns as in :func:`distribution_types`, and what is to be said of their exactness.

    Args:
        ask: for the metric of :func:`quantile_of`
        bins: about how many, or where one ends and the next begins
        by: a dimension, of whose values the ``n`` with the most are compared

    Where the question has an audience, the distribution of few viewers or values, and one that would give it away, is
    one row without numbers, which ``MARKS`` says; of the others, bins with few values are merged.
    """
    splits = _splits(ask, bins, run) if isinstance(bins, int) else [float(split) for split in bins]
    columns: dict[str, list[Any]] = {column: [] for column in distribution_types(name, by)}
    groups = _counted(ask, splits, by, multi_value, n, run) if splits else []
    marks = marks_of([audience for *_, audience in groups], [range(len(groups))], ask.least)
    ends = _ends([counts for _, counts, _ in groups], marks, 0 if ask.audience is None else ask.least)
    of_rows: list[str] = []
    lost = 0
    for place in listed(range(len(groups)), marks, [value for value, *_ in groups], n):
        value, counts, _ = groups[place]
        if marks[place]:
            # One row, as the bins would tell.
            for column, found in columns.items():
                found.append(value if column == by else None)
            of_rows.append(marks[place])
            continue
        at = [splits[end - 1] for end in ends[place]]
        lost += len(splits) - len(at)
        total, counts = sum(counts), merged(counts, ends[place])
        rows: dict[str, Sequence[Any]] = {
            "from_ms": [None, *at],
            "to_ms": [*at, None],
            COUNTED[name]: counts,
            "share": [count / total for count in counts],
            "share_up_to": [count / total for count in accumulate(counts)],
        }
        if by is not None:
            rows[by] = [value] * len(counts)
        for column, values in rows.items():
            columns[column] += values
        of_rows += [""] * len(counts)
    what = COUNTED[name]
    note = f"share within {_SHARE_ERROR} and share_up_to within {_UP_TO_ERROR} of all {what} (99 %)"
    note = f"{note}; exact below {EXACT_BELOW} {what}"
    if lost:
        note = f"{note}; {lost:,} fewer bins than asked for: those with fewer than {ask.least:,} {what} are merged"
    return (columns if ask.audience is None else without_hidden(columns, [by or ""], of_rows)), note


def distribution_types(name: str, by: str | None) -> dict[str, ColumnType]:
    """Types of the columns."""
    found: dict[str, ColumnType] = {} if by is None else {by: "string"}
    numbers: dict[str, ColumnType] = {"share": "number", "share_up_to": "number"}
    return {**found, "from_ms": "number", "to_ms": "number", COUNTED[name]: "integer", **numbers}


def distribution_units(name: str) -> dict[str, str]:
    """Units of the columns of numbers."""
    return {"from_ms": "ms", "to_ms": "ms", COUNTED[name]: COUNTED[name], "share": "share", "share_up_to": "share"}


def round_splits(least: float, most: float, count: int) -> list[float]:
    """Multiples of a round step between two values, about so many: the first is above the least, the last not below
    the most."""
    wanted = max((most - least) / count, 1.0)
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(factor * power for factor in _STEPS if factor * power >= wanted)
    first = math.floor(least / step) + 1
    return [number * step for number in range(first, max(first, math.ceil(most / step)) + 1)]


def _splits(ask: Ask, count: int, run: Run) -> list[float]:
    """Where bins end: up to the value that one of a hundred exceeds, so that a few do not flatten all others."""
    (sketch,) = ask.metrics[0].aggregates
    ends = {
        "type": "quantilesDoublesSketchToQuantiles",
        "name": _BY_QUANTILES,
        "fractions": [0, 0.99],
        "field": _field(sketch),
    }
    for row in events(run(group_by(ask, (), [sketch], [ends], None))):
        least, most = map(clean, row[_BY_QUANTILES])
        if least is not None and most is not None:
            return round_splits(least, most, count)
    return []


def _counted(
    ask: Ask, splits: Sequence[float], by: str | None, multi_value: bool, n: int, run: Run
) -> list[tuple[str | None, list[int], float | None]]:
    """How many values each bin holds, by the dimension's value, and whom that tells of; 0 where nothing is hidden.

    A bin ends with its larger number, included. Without a value there is no distribution. So few values are of no more
    viewers.
    """
    (sketch,) = ask.metrics[0].aggregates
    histogram = {
        "type": "quantilesDoublesSketchToHistogram",
        "name": _HISTOGRAM,
        "splitPoints": list(splits),
        "field": _field(sketch),
    }
    dimensions = []
    if by is not None:
        dimensions = [dimension_spec(by, required_values(ask.where, by) if multi_value else None)]
    # A sketch is as large as it holds values.
    most = n if ask.audience is None else max(n, SEEN)
    order = None if by is None else largest(sketch.column, most, [by])
    needed = [sketch, *(() if ask.audience is None else (ask.audience.aggregate,))]
    answer = run(group_by(ask, dimensions, needed, [histogram], order))
    found: list[tuple[str | None, list[int], float | None]] = []
    for row in events(answer):
        # The sketch's values stand for whole numbers of values; Druid answers their share, times all of them.
        counts = [round(clean(count) or 0) for count in row[_HISTOGRAM]]
        if not any(counts):
            continue
        audience = 0.0 if ask.audience is None else ask.audience_in(row)
        found.append((None if by is None else row[by], counts, audience and min(audience, sum(counts))))
    return found


def _ends(groups: Sequence[Sequence[int]], marks: Sequence[str], least: int) -> list[list[int]]:
    """Of each group after how many of the bins one ends that is shown; of hidden ones nothing."""
    hidden = [counts for counts, mark in zip(groups, marks, strict=True) if mark]
    shown = [counts for counts, mark in zip(groups, marks, strict=True) if not mark]
    rest = [sum(bins) for bins in zip(*hidden, strict=True)] or [0] * len(next(iter(shown), ()))
    found = iter(nested_bins(shown, rest, least))
    return [[] if mark else next(found) for mark in marks]


def _field(sketch: Aggregate) -> dict[str, Any]:
    return {"type": "fieldAccess", "fieldName": sketch.column}
