"""Bounds of what sketches estimate, beside the estimates: exact in memory, and read from what Druid answers."""

from __future__ import annotations

from typing import Any

import datasketches
import pytest

import frontrow
from frontrow import Client
from frontrow._asking.bounds import RANK_ERROR, bound_columns, bound_posts, bounds_of, read_estimate
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import catalogue
from support.clients import BARE
from support.viewing_events import an_event

INTERVAL = "2026-09-21/2026-09-22"


def metric(name: str) -> Any:
    return catalogue().metric(name)


@pytest.fixture(scope="module")
def client() -> Client:
    druid = MemoryDruid()
    druid.apply("audience", "quality")
    druid.send(
        "events",
        [
            an_event(
                viewer_id=f"viewer{number % 7:016d}",
                session_id=f"s{number}",
                kind="first_frame",
                startup_ms=number,
                country="DE" if number % 3 else "FR",
                ts=1_790_000_000_000 + number * 1000,
            )
            for number in range(1200)
        ],
    )
    return Client(transport=druid, **BARE)


def test_beside_each_metric_from_a_sketch(client: Client) -> None:
    asked = ["plays", "unique_viewers", "startup_time_p50"]
    result = client.timeseries(asked, interval=INTERVAL, granularity="all", spec="quality", bounds=True)
    assert list(result.columns) == [
        "time", "plays", "unique_viewers", "unique_viewers_low", "unique_viewers_high",
        "startup_time_p50", "startup_time_p50_low", "startup_time_p50_high",
    ]  # fmt: skip
    (row,) = result
    assert (row["unique_viewers_low"], row["unique_viewers"], row["unique_viewers_high"]) == (7, 7, 7)
    # 0.72 % of rank on each side, of 1,200 numbers that are their own rank.
    assert (row["startup_time_p50_low"], row["startup_time_p50"], row["startup_time_p50_high"]) == (591, 599, 608)
    assert (result.types["unique_viewers_low"], result.units["unique_viewers_high"]) == ("number", "viewers")


def test_none_unless_asked_for(client: Client) -> None:
    assert list(client.timeseries("reach", interval=INTERVAL).columns) == ["time", "reach"]
    exact = client.timeseries("plays", interval=INTERVAL, granularity="all", bounds=True)
    assert list(exact.columns) == ["time", "plays"]


def test_of_a_top_list(client: Client) -> None:
    question = frontrow.top_n("country", ["reach", "plays"], interval=INTERVAL).bounded()
    result = client.ask(question)
    assert [dict(row) for row in result] == [
        {"country": name, "reach": 7, "reach_low": 7, "reach_high": 7, "plays": plays}
        for name, plays in (("DE", 800), ("FR", 400))
    ]
    labels = client.top_n("segments", "unique_viewers", interval=INTERVAL, spec="audience", bounds=True)
    assert {row["segments"]: row["unique_viewers_low"] for row in labels} == {"sports": 7, "premium": 7}


def test_of_nothing(client: Client) -> None:
    asked: Any = {"interval": "2026-01-01/2026-01-02", "granularity": "all", "bounds": True}
    (row,) = client.timeseries(["unique_viewers", "startup_time_p90"], **asked)
    assert (row["unique_viewers_low"], row["unique_viewers_high"]) == (0, 0)
    assert (row["startup_time_p90_low"], row["startup_time_p90_high"]) == (None, None)


def test_what_few_numbers_have_is_exact() -> None:
    few = {"startup_ms_sketch": 511, "startup_ms_sketch@0.5": 40.0}
    few |= {"startup_ms_sketch@0.5@low": 39.0, "startup_ms_sketch@0.5@high": 41.0}
    assert bounds_of(metric("startup_time_p50"), few) == (40.0, 40.0)
    assert bounds_of(metric("startup_time_p50"), {**few, "startup_ms_sketch": 512}) == (39.0, 41.0)


def test_what_druid_answers() -> None:
    theta = {"estimate": 22600.5, "highBound": 22787.6, "lowBound": 22414.9, "numStdDev": 2}
    assert read_estimate(theta) == (22600.5, 22414.9, 22787.6)
    assert read_estimate(None) == (0, 0, 0)
    assert bounds_of(metric("reach"), {"viewers_theta@bounds": theta}) == (22414.9, 22787.6)
    hll = {"viewers_hll@bounds": [22559.1, 21842.1, 23300.7]}
    assert bounds_of(metric("unique_viewers"), hll) == (21842.1, 23300.7)
    assert bounds_of(metric("plays"), hll) == (None, None)


def test_names_are_there_once() -> None:
    metrics = [metric(name) for name in ("startup_time_p50", "startup_time_p90", "unique_viewers", "plays")]
    names = [post["name"] for post in bound_posts([*metrics, *metrics])]
    assert len(names) == len(set(names)) == 5
    assert len(bound_columns(metrics)) == 6


def test_the_rank_error_is_the_librarys() -> None:
    assert datasketches.quantiles_doubles_sketch.get_normalized_rank_error(256, False) == pytest.approx(
        RANK_ERROR, abs=5e-5
    )
