"""Answers of every shape that can be drawn, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from frontrow import Freshness, Interval, Result
from frontrow._result import ColumnType

AT = datetime(2026, 11, 23, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
UNITS = {
    "plays": "plays",
    "concurrent_viewers": "viewers",
    "startup_time_p50": "ms",
    "startup_time_p95": "ms",
    "rebuffer_ratio": "share",
    "share": "share",
    "share_up_to": "share",
    "excess": "ms",
}
KINDS: Mapping[type, ColumnType] = {datetime: "time", str: "string", int: "integer", float: "number"}


def answer(
    columns: Mapping[str, Sequence[Any]],
    *,
    interval: Interval | None = None,
    newest: datetime | None = None,
    queries: Sequence[Mapping[str, Any]] = ({"queryType": "timeseries"},),
    exactness: str = "exact",
) -> Result:
    """An answer with these columns; of an hour unless said otherwise."""
    types = {
        name: next((KINDS[type(value)] for value in values if value is not None), "number")
        for name, values in columns.items()
    }
    return Result(
        columns,
        types,
        interval or Interval(AT, AT + 60 * MINUTE),
        exactness,
        Freshness(newest, timedelta(seconds=1)) if newest else None,
        0.1,
        "id",
        tuple(queries),
        {name: unit for name, unit in UNITS.items() if name in columns},
    )


def minutes(count: int, step: timedelta = MINUTE) -> list[datetime]:
    return [AT + number * step for number in range(count)]


def in_zone(zone: str, period: str = "PT1M") -> list[dict[str, Any]]:
    return [{"queryType": "timeseries", "granularity": {"type": "period", "period": period, "timeZone": zone}}]


TOP = answer({"cdn": ["a", "b", None], "plays": [30, 20, 10]})
LINE = answer({"time": minutes(4), "plays": [1, 2, 3, 4]})
CELLS = answer({"cdn": ["a", "a", "b"], "country": ["DE", "FR", "DE"], "rebuffer_ratio": [0.02, None, 0.001]})
CURVE = answer(
    {
        "position": [0, 1],
        "sessions": [4.0, 3.0],
        "retention": [1.0, 0.75],
        "came_so_far": [4.0, 3.0],
        "remaining": [1.0, 0.75],
    },
    queries=[
        {
            "queryType": "groupBy",
            "filter": {
                "type": "and",
                "fields": [
                    {"type": "and", "fields": [{"type": "selector", "dimension": "content_id", "value": "film"}]},
                    {"type": "selector", "dimension": "position_is", "value": "percent"},
                ],
            },
        }
    ],
)
BOUNDED = answer({"time": minutes(3), "reach": [10, 20, 30], "reach_low": [9, 18, 27], "reach_high": [11, 22, 33]})
SEVERAL = answer(
    {
        "time": minutes(3),
        "startup_time_p50": [900.0, 800.0, 700.0],
        "startup_time_p95": [2900.0, 2800.0, 2700.0],
        "rebuffer_ratio": [0.01, 0.02, 0.03],
    }
)
EMPTY = answer({"time": [], "plays": []})
BINS = answer(
    {
        "from_ms": [None, 500.0, 1000.0],
        "to_ms": [500.0, 1000.0, None],
        "plays": [10, 25, 15],
        "share": [0.2, 0.5, 0.3],
        "share_up_to": [0.2, 0.7, 1.0],
    }
)
COMPARED = answer(
    {
        "cdn": [name for name in map(str, range(14)) for _ in range(2)],
        "from_ms": [None, 500.0] * 14,
        "to_ms": [500.0, None] * 14,
        "plays": [1, 3] * 14,
        "share": [0.25, 0.75] * 14,
        "share_up_to": [0.25, 1.0] * 14,
    }
)
SLICES = answer(
    {
        "dimension": ["cdn", "cdn", "isp"],
        "value": ["a", "a", None],
        "dimension_2": [None, "isp", None],
        "value_2": [None, "x", None],
        "rebuffer_ratio": [0.05, 0.09, 0.01],
        "rebuffer_ratio_elsewhere": [0.01, 0.02, 0.02],
        "excess": [120_000.0, 90_000.0, -60_000.0],
        "excess_share": [0.5, 0.4, -0.2],
        "unique_viewers": [20.0, 10.0, 15.0],
        "plays": [25, 12, 16],
    }
)
ALL = {
    "bins": BINS,
    "bins compared": COMPARED,
    "slices": SLICES,
    "line": LINE,
    "bar": TOP,
    "heat_map": CELLS,
    "retention": CURVE,
    "bounds": BOUNDED,
    "several": SEVERAL,
    "several bars": answer({"cdn": ["a"], "plays": [3], "rebuffer_ratio": [0.5]}),
    "several maps": answer({"cdn": ["a"], "country": ["DE"], "plays": [3], "rebuffer_ratio": [0.5]}),
    "by dimension": answer({"time": minutes(2) * 2, "cdn": ["a", "a", "b", "b"], "plays": [1, 2, 3, 4]}),
    "one bucket": answer({"time": [AT], "plays": [5]}, queries=[{"granularity": "all"}]),
    "one row": answer({"plays": [5]}),
    "nulls": answer({"time": minutes(3), "plays": [None, None, None]}),
    "no rows": Result(
        EMPTY.columns, {"time": "time", "plays": "integer"}, EMPTY.interval, "exact", None, 0, "", ({},), EMPTY.units
    ),
}
