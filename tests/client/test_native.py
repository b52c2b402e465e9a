"""Native queries: asked lean, answered as columns with types, whatever kind of query it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydruid.query import QueryBuilder
from pydruid.utils.aggregators import longsum

import frontrow
from support.clients import a_client
from support.loopback import json_reply, loopback

AT = datetime(2026, 11, 23, 20, tzinfo=UTC)
ISO = "2026-11-23T20:00:00.000Z"
MS = 1_795_464_000_000
SUM = {"type": "longSum", "name": "play_ms", "fieldName": "play_ms"}


def ask(query: Any, answer: Any) -> tuple[frontrow.Result, dict[str, Any]]:
    """The result, and the query that arrived."""
    with loopback(lambda _: json_reply(answer)) as server, a_client(server.url) as client:
        result = client.native(query)
    (sent,) = server.bodies
    assert server.requests[0].path == "/druid/v2"
    assert isinstance(sent, dict)
    return result, sent


def columns(result: frontrow.Result) -> dict[str, list[Any]]:
    return {name: list(values) for name, values in result.columns.items()}


TIMESERIES = {"queryType": "timeseries", "dataSource": "d", "granularity": "hour", "aggregations": [SUM]}
GROUP_BY = {
    "queryType": "groupBy",
    "dataSource": "d",
    "granularity": "all",
    "dimensions": ["cdn", {"type": "default", "dimension": "os", "outputName": "system"}],
    "aggregations": [SUM, {"type": "filtered", "aggregator": {"type": "count", "name": "tv"}}],
    "postAggregations": [{"type": "expression", "name": "half", "expression": "play_ms / 2"}],
}


def test_timeseries() -> None:
    result, _ = ask(TIMESERIES, [{"timestamp": ISO, "result": {"play_ms": 5}}])
    assert columns(result) == {"time": [AT], "play_ms": [5]}
    assert dict(result.types) == {"time": "time", "play_ms": "integer"}


def test_a_grand_total_has_no_time() -> None:
    result, _ = ask(
        TIMESERIES,
        [{"timestamp": ISO, "result": {"play_ms": 5}}, {"timestamp": None, "result": {"play_ms": 5}}],
    )
    assert columns(result)["time"] == [AT, None]


def test_top_n() -> None:
    query = {"queryType": "topN", "dimension": "cdn", "aggregations": [SUM]}
    rows = [{"cdn": "a", "play_ms": 2}, {"cdn": None, "play_ms": 1}]
    result, _ = ask(query, [{"timestamp": ISO, "result": rows}])
    assert columns(result) == {"time": [AT, AT], "cdn": ["a", None], "play_ms": [2, 1]}
    assert result.types["cdn"] == "string"


def test_group_by_is_asked_for_arrays() -> None:
    result, sent = ask(GROUP_BY, [["a", "tizen", 4, 1, 2.0], [None, "ios", 2, 0, 1.0]])
    assert sent["context"]["resultAsArray"] is True
    assert columns(result) == {
        "cdn": ["a", None],
        "system": ["tizen", "ios"],
        "play_ms": [4, 2],
        "tv": [1, 0],
        "half": [2.0, 1.0],
    }
    assert result.query["context"]["resultAsArray"] is True


def test_group_by_with_time() -> None:
    result, _ = ask({**GROUP_BY, "granularity": "hour"}, [[MS, "a", "tizen", 4, 1, 2.0]])
    assert columns(result)["time"] == [AT]
    assert list(result.columns) == ["time", "cdn", "system", "play_ms", "tv", "half"]


def test_group_by_as_objects_if_the_caller_wants() -> None:
    query = {**GROUP_BY, "context": {"resultAsArray": False}}
    result, sent = ask(query, [{"version": "v1", "timestamp": ISO, "event": {"cdn": "a", "play_ms": 4}}])
    assert sent["context"]["resultAsArray"] is False
    assert columns(result) == {"time": [AT], "cdn": ["a"], "play_ms": [4]}


def test_scan_is_asked_for_lists() -> None:
    answer = [
        {"columns": ["__time", "cdn"], "events": [[MS, "a"], [MS + 60_000, "b"]]},
        {"columns": ["__time", "cdn", "os"], "events": [[MS, ["x", "y"], "ios"]]},
        {"columns": [], "events": []},
    ]
    result, sent = ask({"queryType": "scan", "dataSource": "d"}, answer)
    assert sent["resultFormat"] == "compactedList"
    assert columns(result) == {
        "__time": [AT, AT.replace(minute=1), AT],
        "cdn": ["a", "b", ["x", "y"]],
        "os": [None, None, "ios"],
    }
    assert dict(result.types) == {"__time": "time", "cdn": "any", "os": "string"}


def test_scan_as_objects() -> None:
    answer = [{"columns": ["cdn", "os"], "events": [{"cdn": "a"}, {"cdn": "b", "os": "ios"}]}]
    result, sent = ask({"queryType": "scan", "resultFormat": "valueVector"}, answer)
    assert sent["resultFormat"] == "valueVector"
    assert columns(result) == {"cdn": ["a", "b"], "os": [None, "ios"]}


@pytest.mark.parametrize(
    ("query", "answer", "expected"),
    [
        ({"queryType": "timeBoundary"}, [{"timestamp": ISO, "result": {"maxTime": ISO}}], {"maxTime": [ISO]}),
        ({"queryType": "segmentMetadata"}, [{"id": "s1", "size": 3}], {"id": ["s1"], "size": [3]}),
        ({"queryType": "search"}, [{"timestamp": ISO, "result": [{"value": "a", "count": 1}]}], {"value": ["a"]}),
        ({"queryType": "something"}, ["x", 1], {"value": ["x", 1]}),
        ({"queryType": "something"}, {"one": "object"}, {"one": ["object"]}),
    ],
)
def test_other_types(query: dict[str, Any], answer: Any, expected: dict[str, list[Any]]) -> None:
    result, _ = ask(query, answer)
    assert columns(result).items() >= expected.items()


@pytest.mark.parametrize(
    ("query", "types"),
    [
        (TIMESERIES, {"time": "time", "play_ms": "integer"}),
        ({**TIMESERIES, "queryType": "topN", "dimension": "cdn"}, {"time": "time", "cdn": "string"}),
        (
            GROUP_BY,
            {"cdn": "string", "system": "string", "play_ms": "integer", "tv": "integer", "half": "number"},
        ),
        ({"queryType": "scan", "columns": ["__time", "cdn"]}, {"__time": "time", "cdn": "any"}),
        ({"queryType": "timeBoundary"}, {}),
    ],
)
def test_an_empty_answer_keeps_its_columns(query: dict[str, Any], types: dict[str, str]) -> None:
    result, _ = ask(query, [])
    assert len(result) == 0
    assert result.types.items() >= types.items()
    assert result.columns.keys() == result.types.keys()


def test_what_is_not_finite_is_null() -> None:
    result, _ = ask(GROUP_BY, [["NaN", "ios", 4, 1, "NaN"], ["a", "ios", 4, 1, 0.5], ["a", "x", 4, 1, "-Infinity"]])
    assert columns(result)["half"] == [None, 0.5, None]
    assert result.types["half"] == "number"
    assert columns(result)["cdn"] == ["NaN", "a", "a"]  # a label may be called so


def test_a_column_of_nothing_has_the_type_that_the_query_says() -> None:
    result, _ = ask(GROUP_BY, [[None, None, None, None, "NaN"]])
    assert [result.types[name] for name in ("cdn", "play_ms", "half")] == ["string", "integer", "number"]


def test_pydruids_query() -> None:
    query = QueryBuilder().timeseries(
        {
            "datasource": "d",
            "granularity": "all",
            "intervals": "2026/2027",
            "aggregations": {"play_ms": longsum("play_ms")},
        }
    )
    result, sent = ask(query, [{"timestamp": ISO, "result": {"play_ms": 5}}])
    assert sent["aggregations"] == [{"type": "longSum", "fieldName": "play_ms", "name": "play_ms"}]
    assert columns(result)["play_ms"] == [5]


def test_the_callers_query_is_not_changed() -> None:
    query = {**GROUP_BY, "context": {"priority": 5}}
    _, sent = ask(query, [])
    assert query["context"] == {"priority": 5}
    assert sent["context"]["priority"] == 5


def test_a_query_id_and_a_deadline_are_ours_unless_given() -> None:
    result, sent = ask(TIMESERIES, [])
    assert sent["context"] == {"queryId": result.query_id, "timeout": 60_000}
    assert result.query_id.startswith("frontrow-")
    given, sent = ask({**TIMESERIES, "context": {"queryId": "mine", "timeout": 5}}, [])
    assert sent["context"] == {"queryId": "mine", "timeout": 5}
    assert given.query_id == "mine"


@pytest.mark.parametrize("query", [{}, {"queryType": 5}, "select", None, [1]])
def test_what_is_no_query_is_not_sent(query: Any) -> None:
    with frontrow.Client("http://127.0.0.1:1") as client, pytest.raises(frontrow.AskError, match="queryType"):
        client.native(query)
