"""What Druid is asked for each kind of question, held against files in ``golden/``.

After a wanted change: ``FRONTROW_WRITE_GOLDEN=1 pytest tests/client/test_queries.py``, and read the difference.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydruid.utils.aggregators import doublemax, filtered
from pydruid.utils.filters import Dimension

import frontrow
from frontrow import Client, between, eq, like, one_of
from support.clients import a_client
from support.loopback import Reply, Request, json_reply, loopback

GOLDEN = Path(__file__).parent / "golden"
HOUR = "2026-11-23T20:00/2026-11-23T21:00"
NEWEST = "2026-11-23T20:59:58.123Z"

QUESTIONS: dict[str, Callable[[Client], frontrow.Result]] = {
    "timeseries_plain": lambda client: client.timeseries("plays", interval=HOUR),
    "timeseries_formulas": lambda client: client.timeseries(
        ["rebuffer_ratio", "startup_time_p50", "startup_time_p95", "unique_viewers", "average_bitrate"],
        interval=HOUR,
        granularity="5m",
    ),
    "timeseries_where": lambda client: client.timeseries(
        ["reach", "concurrent_viewers"],
        interval=HOUR,
        granularity="all",
        where=eq("country", "DE") & (one_of("segments", ["a", None]) | ~like("content_id", "title-%")),
    ),
    "timeseries_months": lambda client: client.timeseries(
        "viewer_hours", interval="2026-01-01/2026-04-01", granularity="1mo", time_zone="Europe/Berlin", spec="quality"
    ),
    "timeseries_peak": lambda client: client.timeseries(
        ["peak_concurrent_viewers", "concurrent_viewers"], interval=HOUR, granularity="1h"
    ),
    "timeseries_pydruid": lambda client: client.timeseries(
        "plays",
        interval=HOUR,
        where=Dimension("country") == "DE",
        aggregations={
            "most": doublemax("play_ms"),
            "tv": filtered(Dimension("device_type") == "tv", {"type": "count"}),
        },
    ),
    "top_sum": lambda client: client.top_n("content_id", "plays", interval=HOUR, n=5),
    "top_ratio": lambda client: client.top_n(
        "cdn", ["rebuffer_ratio", "plays"], interval=HOUR, where=between("app_version", "7", "8")
    ),
    "top_sketch": lambda client: client.top_n("country", "unique_viewers", interval=HOUR),
    "top_quantile": lambda client: client.top_n("isp", "startup_time_p95", interval=HOUR),
    "top_segments": lambda client: client.top_n("segments", "plays", interval=HOUR),
    "top_segments_filtered": lambda client: client.top_n(
        "segments", "viewer_hours", interval=HOUR, where={"segments": ["a", "b"], "country": "DE"}
    ),
    "breakdown_two": lambda client: client.breakdown(["cdn", "isp"], ["rebuffer_ratio", "plays"], interval=HOUR, n=50),
    "breakdown_days": lambda client: client.breakdown(
        "title.genre",
        "viewer_hours",
        granularity="1d",
        interval="2026-11-22T23:00/2026-11-24T23:00",
        time_zone="Europe/Berlin",
        where={"country": "DE"},
    ),
    "breakdown_peak": lambda client: client.breakdown(
        ["content_id", "segments"],
        ["peak_concurrent_viewers", "plays"],
        interval=HOUR,
        n=3,
        where={"segments": ["a", "b"]},
    ),
    "impact_pairs": lambda client: client.impact("rebuffer_ratio", ["cdn", "isp"], pairs=True, interval=HOUR),
    "distribution_default": lambda client: client.distribution(interval=HOUR),
    "distribution_by": lambda client: client.distribution(bins=[500, 1000, 2000], by="cdn", interval=HOUR),
    "top_peak": lambda client: client.top_n(
        "content_id", ["peak_concurrent_viewers", "plays"], interval=HOUR, n=3, where={"country": "DE"}
    ),
    "timeseries_bounds_sketch": lambda client: client.timeseries(
        ["reach", "unique_viewers", "plays"], interval=HOUR, granularity="5m", bounds=True
    ),
    "top_bounds": lambda client: client.top_n("isp", "startup_time_p95", interval=HOUR, bounds=True),
    "overlap_sketch": lambda client: client.overlap(
        {"final": {"event_id": "cup-final"}, "tv": eq("device_type", "tv"), "sports": {"segments": "sports"}},
        interval=HOUR,
        where={"country": "DE"},
    ),
    "reach_sketch": lambda client: client.reach(interval=HOUR, granularity="5m", where={"country": "DE"}),
    "sketches_by_segments_sketch": lambda client: client.sketches(
        "unique_viewers", by="segments", interval=HOUR, where={"segments": ["a", "b"]}
    ),
    "compare_elapsed": lambda client: client.compare(
        frontrow.timeseries("plays", interval=HOUR, granularity="5m"), against="2026-11-16T19:31/2026-11-16T22:00"
    ),
    "compare_clock": lambda client: client.compare(
        frontrow.timeseries("plays", interval=HOUR, granularity="5m", time_zone="Europe/Berlin"), against="1mo"
    ),
    "compare_top": lambda client: client.compare(frontrow.top_n("content_id", "plays", interval=HOUR), against="1w"),
}


def druid(request: Request) -> Reply:
    """Two values for everything."""
    query = request.json
    if query["dataSource"] == "ledger":  # which epochs of the viewer key there were: none
        return json_reply([])
    match query["queryType"]:
        case "dataSourceMetadata":
            return json_reply([{"timestamp": NEWEST, "result": {"maxIngestedEventTime": NEWEST}}])
        case "topN":
            rows = [{query["dimension"]: value, "plays": 1, "play_ms": 60_000} for value in ("a", "b")]
            return json_reply([{"timestamp": "2026-11-23T20:00:00.000Z", "result": rows}])
        case "groupBy":
            names = [each if isinstance(each, str) else each["delegate"]["outputName"] for each in query["dimensions"]]
            numbers: dict[str, Any] = {"max_over_grain": 1.0, "plays": 1, "play_ms": 60_000, "quantiles": [300, 2_700]}
            splits = [end for post in query.get("postAggregations", ()) for end in post.get("splitPoints", ())]
            numbers["histogram"] = [1.0] * (len(splits) + 1)
            rows = [{**dict.fromkeys(names, value), **numbers} for value in ("a", "b")]
            return json_reply([{"version": "v1", "timestamp": "2026-11-23T20:00:00.000Z", "event": r} for r in rows])
        case _:
            return json_reply([])


@pytest.mark.parametrize("name", QUESTIONS)
def test_golden(name: str) -> None:
    with loopback(druid) as server, a_client(server.url, datasources={"audience": "aud_1"}) as client:
        result = QUESTIONS[name](client)
    looked, asked = [[body for body in server.bodies if (body["dataSource"] == "ledger") is it] for it in (True, False)]
    assert bool(looked) is any(word in name for word in ("formulas", "where", "sketch", "impact"))
    metadata, *sent = asked
    assert metadata["queryType"] == "dataSourceMetadata"
    assert metadata["dataSource"] in ("aud_1", "quality")
    assert result.queries == sent
    assert result.query == sent[0]
    ids = [query["context"].pop("queryId") for query in sent]
    assert len(set(ids)) == len(ids)
    assert result.query_id == ids[0]
    assert [query["context"].pop("timeout") for query in sent] == [60_000] * len(sent)
    file = GOLDEN / f"{name}.json"
    if os.environ.get("FRONTROW_WRITE_GOLDEN"):
        file.write_text(json.dumps(sent, indent=1, sort_keys=True) + "\n")
    assert sent == json.loads(file.read_text())


def test_every_golden_file_is_of_a_question() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(QUESTIONS)


def test_the_caller_cannot_change_what_was_sent() -> None:
    with loopback(druid) as server, a_client(server.url) as client:
        result = client.timeseries("plays", interval=HOUR)
    changed: Any = result.query
    changed["intervals"].append("x")
    assert result.query["intervals"] == ["2026-11-23T20:00:00.000Z/2026-11-23T21:00:00.000Z"]
