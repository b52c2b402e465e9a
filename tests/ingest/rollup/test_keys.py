"""What is kept for values that come again is never taken for another value's."""

from __future__ import annotations

from typing import Any

import pytest

from frontrow_ingest.rollup import Rollup, parse_schema
from frontrow_ingest.rollup.aggregators import parse_aggregator
from frontrow_ingest.rollup.keys import Reached, RowKeys


def schema(grain: str = "MINUTE", **more: Any) -> Any:
    return parse_schema(
        {
            "dataSource": "d",
            "timestampSpec": {"column": "ts", "format": "millis"},
            "dimensionsSpec": {"dimensions": ["a", {"name": "b", "multiValueHandling": "SORTED_SET"}]},
            "metricsSpec": [{"type": "count", "name": "count"}],
            "granularitySpec": {"segmentGranularity": "HOUR", "queryGranularity": grain, "rollup": True},
            **more,
        }
    )


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("x", "x"),
        (True, "true"),
        (1, "1"),
        (None, None),
        ((), None),
        ([], None),
        (("y", "x", "y"), ("x", "y")),
        (["y", "x", "y"], ("x", "y")),
        (("x",), "x"),
        ((True,), "true"),
        ((1,), "1"),
        ((1, True), ("1", "true")),
        ((2, 1), ("1", "2")),
    ],
)
def test_a_value_is_stored_alike_whatever_came_before(value: Any, stored: Any) -> None:
    keys = RowKeys(schema())
    before = ["x", True, 1, (), ("x",), (True,), (1,), ("y", "x", "y"), (1, True), (True, 1), (1, 2), (2, 1)]
    for other in [*before, value, *before]:
        keys.of({"ts": 0, "b": other})
    assert keys.of({"ts": 0, "b": value}) == (0, None, stored)


def test_equal_values_are_one_object() -> None:
    keys = RowKeys(schema())
    first, second = (keys.of({"ts": 0, "a": "".join(["lo", "ng"]), "b": ("q", "p")}) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first[1] is second[1]
    assert first[2] is second[2]


@pytest.mark.parametrize("grain", ["SECOND", "HOUR", "week", "all"])
def test_buckets_are_those_of_the_grain_in_any_order(grain: str) -> None:
    made = schema(grain)
    keys = RowKeys(made)
    for moment in (5_000, 3_600_000, 4_999, 0, -1, 86_400_000 * 9, 3_599_999, 253_402_300_799_999, 5_000):
        key = keys.of({"ts": moment})
        assert key is not None
        assert key[0] == made.grain.floor(moment)


def filtered(name: str, column: str, value: str) -> dict[str, Any]:
    fits = {"type": "selector", "dimension": column, "value": value}
    return {"type": "filtered", "name": name, "filter": fits, "aggregator": {"type": "count", "name": name}}


def test_filters_are_decided_by_the_text_of_a_value() -> None:
    reached = Reached([parse_aggregator(each) for each in (filtered("t", "s", "true"), filtered("o", "s", "1"))])
    for _ in range(2):
        assert [place for place, _ in reached.of({"s": True})] == [0]
        assert [place for place, _ in reached.of({"s": 1})] == [1]
        assert [place for place, _ in reached.of({"s": ["x", "1"]})] == [1]
        assert not reached.of({})


def test_a_filter_within_a_filter_and_more_values_than_are_kept() -> None:
    inner = {**filtered("n", "kind", "end"), "name": None}
    both = {**filtered("n", "cdn", "c7"), "aggregator": inner}
    made = Rollup(schema(metricsSpec=[{"type": "count", "name": "count"}, both]))
    for number in range(10_000):
        made.add({"ts": 0, "kind": "end" if number % 2 else "stall", "cdn": f"c{number % 5_000}"})
    (states,) = made.states.values()
    assert states == [10_000, 2]
