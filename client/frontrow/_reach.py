"""Reach over time: how many different viewers came by now, and how many of them are new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from frontrow._ask import Ask
from frontrow._bounds import read_estimate, theta_estimate
from frontrow._errors import AskError
from frontrow._formula import aggregations
from frontrow._result import ColumnType
from frontrow._time import Granularity
from frontrow._timeseries import Run, check_timeseries

METRIC = "reach"
"""The metric whose sketches are asked for."""

MOST_BUCKETS = 200
"""Druid unites the sketches once for each bucket; more would take it too long."""

# Druid's size of a set operation; sketches are stored with it.
_SIZE = 16384
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

TYPES: Mapping[str, ColumnType] = {
    "time": "time",
    "reach": "number",
    "reach_low": "number",
    "reach_high": "number",
    "new": "number",
    "new_low": "number",
    "new_high": "number",
}
UNITS: Mapping[str, str] = dict.fromkeys([name for name in TYPES if name != "time"], "viewers")


def check_reach(ask: Ask, granularity: Granularity) -> None:
    """Refuse what has no answer, before anything is sent.

    Raises:
        AskError: buckets finer than the rows, or more than ``MOST_BUCKETS``
    """
    check_timeseries(ask, granularity)
    starts = granularity.starts(ask.interval)
    if sum(1 for _, _ in zip(range(MOST_BUCKETS + 1), starts, strict=False)) > MOST_BUCKETS:
        raise AskError(
            f"reach over more than {MOST_BUCKETS} buckets takes Druid too long: ask for a coarser granularity than "
            f"{granularity.period}, or a shorter interval."
        )


def reach_query(ask: Ask, ends: Sequence[datetime]) -> dict[str, Any]:
    """The native query: a sketch of all rows before each of the ends; the estimate of it, and of what is new in it."""
    (sketch,) = aggregations(ask.metrics[0].aggregates)
    posts = []
    for number in range(len(ends)):
        so_far = _access(number)
        before = [_access(number - 1)] if number else []
        posts.append(theta_estimate(f"reach_{number}", so_far))
        if before:
            # Druid wants a name of everything; this one it does not answer.
            new = {"type": "thetaSketchSetOp", "name": "set", "func": "NOT", "size": _SIZE, "fields": [so_far, *before]}
            posts.append(theta_estimate(f"new_{number}", new))
    return {
        "queryType": "timeseries",
        "dataSource": ask.datasource,
        "intervals": [str(ask.interval)],
        "granularity": "all",
        "context": {"skipEmptyBuckets": True},
        **ask.scope(),
        "aggregations": [
            {"type": "filtered", "filter": _before(end), "aggregator": {**sketch, "name": _sketch(number)}}
            for number, end in enumerate(ends)
        ],
        "postAggregations": posts,
    }


def ask_reach(ask: Ask, granularity: Granularity, run: Run) -> dict[str, list[Any]]:
    """Columns as in ``TYPES``: ``reach`` counts from the interval's start to the end of the bucket."""
    starts = list(granularity.starts(ask.interval))
    ends = [*starts[1:], ask.interval.end]
    answer = run(reach_query(ask, ends))
    values: Mapping[str, Any] = answer[0]["result"] if answer else {}
    reached = [read_estimate(values.get(f"reach_{number}")) for number in range(len(ends))]
    new = [reached[0], *(read_estimate(values.get(f"new_{number}")) for number in range(1, len(ends)))]
    columns: dict[str, list[Any]] = {"time": starts}
    for place, suffix in enumerate(("", "_low", "_high")):
        # What came so far cannot become less; its estimate can, by a hair.
        columns[f"reach{suffix}"] = list(accumulate((each[place] for each in reached), max))
    for place, suffix in enumerate(("", "_low", "_high")):
        columns[f"new{suffix}"] = [each[place] for each in new]
    return {name: columns[name] for name in TYPES}


def _before(end: datetime) -> dict[str, Any]:
    upper = str((end - _EPOCH) // _MS)
    return {"type": "bound", "dimension": "__time", "ordering": "numeric", "upper": upper, "upperStrict": True}


def _access(number: int) -> dict[str, Any]:
    return {"type": "fieldAccess", "fieldName": _sketch(number)}


def _sketch(number: int) -> str:
    return f"by_{number}"
