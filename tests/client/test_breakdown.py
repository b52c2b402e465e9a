"""Breakdowns, of a few events that can be added up by hand; ``test_slices_agree.py`` has many."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydruid.utils.aggregators import longsum

import frontrow
from frontrow import AskError, Client
from frontrow._charts import chart_spec
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import labelled
from support.clients import a_client

AT = datetime(2026, 9, 21, 20, tzinfo=UTC)
HOUR = "2026-09-21T20:00/2026-09-21T21:00"


def event(minute: float, **fields: Any) -> dict[str, Any]:
    return {
        "ts": int(AT.timestamp() * 1000) + int(minute * 60_000),
        "kind": "heartbeat",
        "session_id": "s",
        "viewer_id": "v",
        "content_id": "film",
        "country": "DE",
        "device_type": "tv",
        "play_ms": 0,
    } | fields


EVENTS = [
    event(1, cdn="a", isp="x", play_ms=6000, segments=["s", "t"]),
    event(2, cdn="a", isp="x", play_ms=3000, segments=["t"], rebuffer_ms=1000),
    event(2, cdn="a", isp="y", play_ms=1000, device_type="mobile"),
    event(31, cdn="b", isp="x", play_ms=5000, country="FR", content_id="series", rebuffer_ms=5000),
    event(32, cdn=None, isp=None, play_ms=2000, country="FR"),
]


@pytest.fixture
def client() -> Client:
    druid = MemoryDruid()
    druid.apply("audience", "quality")
    druid.send("events", EVENTS)
    return a_client(transport=druid)


def rows(result: frontrow.Result) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in result]


def test_two_dimensions_best_first(client: Client) -> None:
    result = client.breakdown(["cdn", "isp"], ["play_ms", "rebuffer_ratio"], interval=HOUR)
    assert rows(result) == [
        ("a", "x", 9000, 0.1),
        ("b", "x", 5000, 0.5),
        (None, None, 2000, 0.0),
        ("a", "y", 1000, 0.0),
    ]
    assert [*result.types.items()] == [
        ("cdn", "string"), ("isp", "string"), ("play_ms", "integer"), ("rebuffer_ratio", "number"),
    ]  # fmt: skip
    assert result.exactness == "exact; all groups"
    assert result.units["play_ms"] == "ms"


def test_only_the_first_of_more_groups(client: Client) -> None:
    result = client.breakdown("cdn", "rebuffer_ratio", n=1, interval=HOUR)
    assert rows(result) == [("b", 0.5)]
    assert result.exactness == "exact; the 1 largest of more groups; their choice is exact"
    assert "all groups" in client.breakdown("cdn", "rebuffer_ratio", n=3, interval=HOUR).exactness


def test_equal_ones_are_in_the_order_of_their_names(client: Client) -> None:
    found = client.breakdown(["cdn", "isp"], "plays", interval=HOUR)
    assert rows(found) == [(None, None, 0), ("a", "x", 0), ("a", "y", 0), ("b", "x", 0)]
    assert rows(client.breakdown(["cdn", "isp"], "plays", n=2, interval=HOUR)) == rows(found)[:2]


def test_by_time_as_well(client: Client) -> None:
    asked = frontrow.breakdown("cdn", ["concurrent_viewers", "peak_concurrent_viewers"]).during(HOUR)
    result = client.ask(asked.every("30m"))
    half = AT.replace(minute=30)
    assert rows(result) == [
        (AT, "a", 10_000 / 1_800_000, 0.1),
        (half, "b", 5_000 / 1_800_000, 5_000 / 60_000),
        (half, None, 2_000 / 1_800_000, 2_000 / 60_000),
    ]
    assert result.types["time"] == "time"
    cut = client.ask(asked.every("30m").first(2))
    assert rows(cut) == rows(result)[:2]
    assert "the first 2 of more rows by time" in cut.exactness


def test_days_are_those_of_the_time_zone(client: Client) -> None:
    day = "2026-09-20T18:30/2026-09-21T21:00"
    (row,) = client.breakdown("country", "events", interval=day, granularity="1d", time_zone="Asia/Kolkata", n=1)
    assert (row["time"], row["country"], row["events"]) == (datetime(2026, 9, 21, 18, 30, tzinfo=UTC), "DE", 3)


def test_a_maximum_ranks_and_brings_the_others(client: Client) -> None:
    result = client.breakdown(
        ["cdn", "isp"],
        ["peak_concurrent_viewers", "events", "rebuffer_ms"],
        n=2,
        interval=HOUR,
        aggregations={"total": longsum("play_ms")},
    )
    assert rows(result) == [("a", "x", 0.1, 2, 1000, 9000), ("b", "x", 5_000 / 60_000, 1, 5000, 5000)]
    alone = client.breakdown("cdn", "peak_concurrent_viewers", interval=HOUR)
    assert [row["cdn"] for row in alone] == ["a", "b", None]
    assert len(alone.queries) == 1
    with_own = client.breakdown(
        "cdn", "peak_concurrent_viewers", interval=HOUR, aggregations={"total": longsum("play_ms")}
    )
    assert [row["total"] for row in with_own] == [10_000, 5_000, 2_000]


def test_labels_count_each_and_only_those_asked_for_show(client: Client) -> None:
    result = client.breakdown(["segments", "country"], "play_ms", interval=HOUR)
    assert rows(result) == [("t", "DE", 9000), (None, "FR", 7000), ("s", "DE", 6000), (None, "DE", 1000)]
    filtered = client.breakdown(
        "segments", ["peak_concurrent_viewers", "events"], interval=HOUR, where={"segments": "s"}
    )
    assert rows(filtered) == [("s", 0.1, 1)]


def test_attributes_from_lookups() -> None:
    druid = MemoryDruid()
    druid.apply("audience")
    druid.send("events", EVENTS)
    genres = {"version": "1", "lookupExtractorFactory": {"type": "map", "map": {"film": "drama", "series": "crime"}}}
    lookup = labelled("title.genre")
    assert lookup is not None
    for lookups in ({}, {"__default": {lookup.lookup: genres}}):
        druid.request_json("POST", "/druid/coordinator/v1/lookups/config", lookups)
    result = a_client(transport=druid).breakdown(["title.genre", "country"], "events", interval=HOUR)
    assert rows(result) == [("drama", "DE", 3), ("crime", "FR", 1), ("drama", "FR", 1)]


def test_an_empty_answer_keeps_its_columns(client: Client) -> None:
    result = client.breakdown(
        ["cdn", "isp"], ["peak_concurrent_viewers", "plays"], interval=HOUR, where={"cdn": "none"}
    )
    assert (len(result), [*result.columns]) == (0, ["cdn", "isp", "peak_concurrent_viewers", "plays"])


def test_two_dimensions_are_drawn_as_a_heat_map(client: Client) -> None:
    spec = chart_spec(client.breakdown(["cdn", "isp"], "play_ms", interval=HOUR))
    cells = {(row["down"], row["across"]): row["text"] for row in spec["data"]["values"]}
    assert cells == {("a", "x"): "9.00", ("b", "x"): "5.00", ("(none)", "(none)"): "2.00", ("a", "y"): "1.00"}
    lines = chart_spec(client.breakdown("cdn", "plays", granularity="30m", interval=HOUR))
    assert lines["layer"][0]["mark"]["type"] == "line"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"dimensions": []}, "name 1 to 8"),
        ({"dimensions": ["cdn", "isp", "cdn"]}, "cdn: name each dimension once"),
        ({"dimensions": 5}, "is not a dimension"),
        ({"dimensions": ["cdn", None]}, "None is not a dimension"),
        ({"dimensions": ["cnd"]}, "did you mean cdn|cdn"),
        ({"dimensions": ["cdn", "content_id"]}, "no datasource answers all of it"),
        ({"metrics": []}, "name at least one metric"),
        ({"metrics": [], "spec": "quality", "aggregations": {"x": longsum("plays")}}, "name the metric to order by"),
        ({"n": 0}, "not a number from 1 to 100,000"),
        ({"n": True}, "not a number"),
        ({"granularity": "10s"}, "no datasource answers|whole minutes"),
        ({"granularity": "fortnight"}, "not a granularity"),
    ],
)
def test_what_has_no_answer_is_refused(client: Client, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(AskError, match=said):
        client.breakdown(**{"dimensions": ["cdn", "isp"], "metrics": "play_ms", "interval": HOUR, **arguments})
