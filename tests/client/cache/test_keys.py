"""What of a query may be kept, and under which name."""

from __future__ import annotations

from typing import Any

import pytest

from frontrow._cache.keys import asked
from support.cached_world import MINUTE_MS, NOON, counting

QUERY = counting(NOON - 10 * MINUTE_MS, NOON)


def name(query: dict[str, Any], scope: str = "here") -> str:
    found = asked(query, scope)
    assert found is not None
    return found.name


def with_context(**more: Any) -> dict[str, Any]:
    return {**QUERY, "context": {**QUERY["context"], **more}}


def test_other_time_is_the_same_question() -> None:
    assert name(QUERY) == name(counting(NOON - 60 * MINUTE_MS, NOON - MINUTE_MS))
    reordered = dict(reversed(QUERY.items()))
    assert name(QUERY) == name(reordered)


@pytest.mark.parametrize(
    "more", [{"queryId": "a"}, {"timeout": 5}, {"priority": -1, "lane": "reports"}, {"useCache": False}]
)
def test_how_it_runs_makes_no_other_question(more: dict[str, Any]) -> None:
    assert name(QUERY) == name(with_context(**more))


@pytest.mark.parametrize(
    "other",
    [
        {**QUERY, "dataSource": "quality"},
        {**QUERY, "filter": {"type": "selector", "dimension": "country", "value": "DE"}},
        {**QUERY, "granularity": {"type": "period", "period": "PT5M", "timeZone": "UTC"}},
        {**QUERY, "granularity": {"type": "period", "period": "PT1M", "timeZone": "Europe/Berlin"}},
        {**QUERY, "aggregations": []},
        with_context(vectorize="false"),
        with_context(skipEmptyBuckets=False),
    ],
)
def test_what_may_change_the_answer_is_another_question(other: dict[str, Any]) -> None:
    assert name(QUERY) != name(other)


def test_another_druid_or_asker_is_another_question() -> None:
    assert name(QUERY, "here") != name(QUERY, "there")


@pytest.mark.parametrize(
    "granularity",
    [
        {"type": "period", "period": "PT1M", "timeZone": "UTC"},
        {"type": "period", "period": "P1D", "timeZone": "Europe/Berlin"},
        {"type": "period", "period": "PT10S"},
        {"type": "duration", "duration": 60_000},
    ],
)
def test_kept_by_bucket(granularity: Any) -> None:
    found = asked({**QUERY, "granularity": granularity}, "here")
    assert found is not None
    assert found.buckets is not None


@pytest.mark.parametrize(
    "whole",
    [
        {**QUERY, "granularity": "all"},
        {**QUERY, "granularity": "minute"},
        {**QUERY, "granularity": {"type": "period", "period": "PT1M", "origin": "2026-01-01T00:00:30Z"}},
        {**QUERY, "granularity": {"type": "duration", "duration": 1_500}},
        {**QUERY, "granularity": {"type": "period", "period": "P1DT1H"}},
        {**QUERY, "limit": 5},
        {**QUERY, "descending": True},
        with_context(skipEmptyBuckets=False),
        with_context(grandTotal=True),
        {**QUERY, "intervals": [*QUERY["intervals"], "2026-01-01/2026-01-02"]},
        {**QUERY, "queryType": "topN"},
        {**QUERY, "queryType": "groupBy"},
    ],
)
def test_kept_whole_under_its_own_time(whole: dict[str, Any]) -> None:
    found = asked(whole, "here")
    assert found is not None
    assert found.buckets is None
    other = asked({**whole, "intervals": ["2026-03-01/2026-03-02"]}, "here")
    assert other is not None
    assert found.key != other.key


@pytest.mark.parametrize(
    "never",
    [
        {**QUERY, "queryType": "scan"},
        {**QUERY, "queryType": "dataSourceMetadata"},
        {**QUERY, "queryType": "segmentMetadata"},
        {**QUERY, "intervals": ["P1D/2026-01-02"]},
        {**QUERY, "intervals": []},
        {**QUERY, "intervals": ["2026-01-02/2026-01-01"]},
        {**QUERY, "intervals": "nonsense"},
        {**QUERY, "intervals": None},
        {**QUERY, "dataSource": {"type": "union", "dataSources": ["a", "b"]}},
        {**QUERY, "aggregations": [object()]},
        {**QUERY, "context": "nonsense"},
        with_context(bySegment=True),
        {},
    ],
)
def test_never_kept(never: dict[str, Any]) -> None:
    assert asked(never, "here") is None


def test_the_datasources_that_are_read() -> None:
    inner = {"type": "query", "query": {**QUERY, "queryType": "groupBy"}}
    found = asked({**QUERY, "queryType": "groupBy", "dataSource": inner}, "here")
    assert found is not None
    assert found.tables == ("audience",)
    lookup = {"queryType": "scan", "dataSource": {"type": "lookup", "lookup": "x"}, "intervals": ["0000/3000"]}
    found = asked(lookup, "here")
    assert found is not None
    assert found.tables == ()


def test_narrowed() -> None:
    found = asked(QUERY, "here")
    assert found is not None
    narrowed = found.narrowed([(NOON, NOON + 60_500), (NOON + MINUTE_MS * 2, NOON + MINUTE_MS * 3)])
    assert narrowed["intervals"] == [
        "2026-03-02T12:00:00.000Z/2026-03-02T12:01:00.500Z",
        "2026-03-02T12:02:00.000Z/2026-03-02T12:03:00.000Z",
    ]
    assert {**narrowed, "intervals": QUERY["intervals"]} == QUERY
