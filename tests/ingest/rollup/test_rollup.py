"""Events to rows: what is merged, what is kept of each field, and what a schema may not ask for."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup import Rollup, RowCount, parse_schema
from frontrow_ingest.simulate import Simulation
from frontrow_specs import rollup, rollup_names

SCHEMA: dict[str, Any] = {
    "dataSource": "d",
    "timestampSpec": {"column": "ts", "format": "millis"},
    "dimensionsSpec": {"dimensions": ["cdn", {"type": "string", "name": "tags", "multiValueHandling": "SORTED_SET"}]},
    "metricsSpec": [
        {"type": "count", "name": "count"},
        {"type": "longSum", "name": "ms", "fieldName": "ms"},
        {"type": "longMax", "name": "most", "expression": "if(isnull(ms), null, ms * 2)"},
        {"type": "HLLSketchBuild", "name": "who", "fieldName": "who"},
        {"type": "quantilesDoublesSketch", "name": "all_ms", "fieldName": "ms"},
        {
            "type": "filtered",
            "name": "ended",
            "filter": {"type": "selector", "dimension": "started", "value": "true"},
            "aggregator": {"type": "count", "name": "ended"},
        },
    ],
    "granularitySpec": {"segmentGranularity": "HOUR", "queryGranularity": "MINUTE", "rollup": True},
}


def rows_of(*events: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    made = Rollup(parse_schema({**SCHEMA, **changes}))
    assert all(made.add(event) for event in events)
    return [dict(row) for row in made.rows()]


def test_equal_events_of_a_minute_become_one_row() -> None:
    assert rows_of(
        {"ts": 60_001, "cdn": "a", "tags": ["y", "x", "y"], "ms": 5, "who": "v1", "started": True},
        {"ts": 119_999, "cdn": "a", "tags": ["x", "y"], "ms": 7, "who": "v2", "started": False},
        {"ts": 60_000, "cdn": "a", "tags": ("y", "x"), "who": "v1"},
    ) == [
        {
            "__time": 60_000,
            "cdn": "a",
            "tags": ("x", "y"),
            "count": 3,
            "ms": 12,
            "most": 14,
            "who": {"v1", "v2"},
            "all_ms": [5.0, 7.0],
            "ended": 1,
        }
    ]


@pytest.mark.parametrize(
    "other", [{"ts": 120_000}, {"cdn": None}, {"cdn": ""}, {"tags": []}, {"tags": ["x", "y"]}, {"tags": "z"}]
)
def test_what_differs_in_time_or_a_dimension_stays_apart(other: dict[str, Any]) -> None:
    event = {"ts": 60_000, "cdn": "a", "tags": ["x"]}
    assert len(rows_of(event, {**event, **other})) == 2


def test_nothing_to_add_up_is_null() -> None:
    (row,) = rows_of({"ts": 0})
    assert (row["cdn"], row["tags"], row["ms"], row["most"], row["who"]) == (None, None, None, None, set())


def test_a_list_of_one_is_the_value_itself() -> None:
    assert len(rows_of({"ts": 0, "tags": ["x"]}, {"ts": 0, "tags": "x"})) == 1


def test_without_rollup_each_event_is_a_row() -> None:
    grain = {**SCHEMA["granularitySpec"], "rollup": False}
    assert len(rows_of({"ts": 0}, {"ts": 0}, granularitySpec=grain)) == 2


@pytest.mark.parametrize(("handling", "kept"), [("ARRAY", ("y", "x", "y")), ("SORTED_ARRAY", ("x", "y", "y"))])
def test_multi_value_handling(handling: str, kept: tuple[str, ...]) -> None:
    dimensions = {"dimensions": [{"type": "string", "name": "tags", "multiValueHandling": handling}]}
    (row,) = rows_of({"ts": 0, "tags": ["y", "x", "y"]}, dimensionsSpec=dimensions)
    assert row["tags"] == kept


@pytest.mark.parametrize("moment", [None, "1", 1.5, True, 1 << 62])
def test_an_event_without_a_moment_is_not_taken(moment: Any) -> None:
    made = Rollup(parse_schema(SCHEMA))
    assert not made.add({"ts": moment})
    assert made.count == RowCount(0, 0)
    assert made.count.ratio is None


@pytest.mark.parametrize("event", [{"ts": 1 << 60}, {"ts": 0, "cdn": 1.5}, {"ts": 0, "ms": "many"}])
def test_what_is_not_known_here_is_said(event: dict[str, Any]) -> None:
    with pytest.raises(RollupError):
        Rollup(parse_schema(SCHEMA)).add(event)


def test_rows_before_and_after() -> None:
    made = Rollup(parse_schema(SCHEMA))
    for number in range(100):
        made.add({"ts": number * 1_000, "cdn": "a"})
    assert made.count == RowCount(events=100, rows=2)
    assert made.count.ratio == 50


def test_labels_cost_a_row_for_each_set_and_count_no_event_twice() -> None:
    events = list(Simulation(seed=3, viewers=200, start_ms=1_790_013_600_000, duration_s=600).events())
    schema = rollup("audience").supervisor(bootstrap="x")["spec"]["dataSchema"]
    dimensions = schema["dimensionsSpec"]["dimensions"]
    made, plain = Rollup(parse_schema(schema)), deepcopy(schema)
    plain["dimensionsSpec"]["dimensions"] = [each for each in dimensions if each["name"] != "segments"]
    without = Rollup(parse_schema(plain))
    for event in events:
        made.add(event)
        without.add(event)
    assert made.count.events == sum(row["count"] for row in made.rows()) == len(events)
    keys = ("content_id", "event_id", "stream_type", "country", "device_type")
    sets = {
        (event["ts"] // 60_000, *(event[key] for key in keys), tuple(sorted(event["segments"]))) for event in events
    }
    assert without.count.rows < made.count.rows == len(sets) < 4 * without.count.rows


@pytest.mark.parametrize("name", rollup_names())
def test_every_spec_of_ours_is_known(name: str) -> None:
    spec = rollup(name)
    schema = parse_schema(spec.supervisor(bootstrap="x")["spec"]["dataSchema"])
    assert [dimension for dimension, _ in schema.dimensions] == [dimension.name for dimension in spec.dimensions]
    assert [each.name for each in schema.aggregators] == [metric.name for metric in spec.metrics]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (["timestampSpec", "format"], "iso", "format 'iso'"),
        (["timestampSpec"], None, "timestampSpec"),
        (["dimensionsSpec", "dimensions"], [{"type": "long", "name": "x"}], "'long'"),
        (["dimensionsSpec", "dimensions"], ["cdn", "count"], "only once"),
        (["dimensionsSpec", "spatialDimensions"], [{}], "spatialDimensions"),
        (["dimensionsSpec", "dimensions"], [{"name": "x", "multiValueHandling": "BAG"}], "'BAG'"),
        (["metricsSpec"], [{"type": "longFirst", "name": "x", "fieldName": "x"}], "'longFirst'"),
        (["metricsSpec"], [{"type": "longSum", "name": "x"}], "fieldName"),
        (["metricsSpec"], [{"type": "longSum", "name": "x", "expression": "upper(y)"}], "'upper'"),
        (["metricsSpec"], [{"type": "count", "name": "x", "fieldName": "y"}], "'fieldName'"),
        (["granularitySpec", "queryGranularity"], "FORTNIGHT", "FORTNIGHT"),
        (["transformSpec"], {"transforms": [{"type": "expression"}]}, "a transform needs 'name'"),
        (["transformSpec"], {"transforms": [{"type": "lookup", "name": "x"}]}, "'lookup'"),
        (["transformSpec"], {"filter": {"type": "null", "column": "x"}}, "'filter' is not known"),
    ],
)
def test_a_schema_that_is_not_known_here_is_refused_in_words(path: list[str], value: Any, said: str) -> None:
    schema: dict[str, Any] = deepcopy(SCHEMA)
    place = schema
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(RollupError, match=said):
        parse_schema(schema)
