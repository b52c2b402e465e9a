"""The oracle itself, on cases small enough to be computed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from oracle.metrics import EXACT, MINUTE_MS, by_time, by_value, distinct, peak, quantile_bounds


def event(**fields: Any) -> dict[str, Any]:
    return {
        "kind": "heartbeat",
        "started": True,
        "end_reason": None,
        "ts": 0,
        "received_ts": 61_000,
        "session_id": "s",
        "viewer_id": "v",
    } | fields


EVENTS = [
    event(kind="attempt", started=False, ts=0),
    event(kind="first_frame", startup_ms=400, ts=500),
    event(play_ms=6000, rebuffer_ms=2000, seek_rebuffer_ms=500, bits=12_000, live_latency_ms=3000, ts=59_999),
    event(play_ms=2000, live_latency_ms=7000, segments=["a", "b"], ts=60_000, viewer_id="w"),
    event(kind="end", end_reason="fatal_error", ts=61_000),
]


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("events", 5),
        ("play_ms", 8000),
        ("concurrent_viewers", 8000 / 120_000),
        ("peak_concurrent_viewers", 0.1),
        ("plays", 1),
        ("tune_in", 0.5),
        ("ended_plays", 1),
        ("playback_failure_rate", 1.0),
        ("start_failure_rate", 0.0),
        ("rebuffer_ratio", 0.2),
        ("connection_rebuffer_ratio", 1500 / 9500),
        ("average_bitrate", 1.5),
        ("live_latency", 4000.0),
        ("average_view_duration", 8000.0),
        ("lateness", (5 * 61_000 - 500 - 59_999 - 60_000 - 61_000) / 5),
        ("late_share_10s", 0.4),
        ("late_share_1m", 0.4),
        ("late_share_10m", 0.0),
    ],
)
def test_by_hand(metric: str, value: float) -> None:
    assert EXACT[metric](EVENTS, 120_000) == pytest.approx(value, rel=1e-12)


def test_an_empty_denominator_is_null() -> None:
    assert EXACT["rebuffer_ratio"]([], 60_000) is None
    assert EXACT["peak_concurrent_viewers"]([], 60_000) is None


def test_groups_and_grains() -> None:
    assert {minute: len(found) for minute, found in by_time(EVENTS, MINUTE_MS).items()} == {0: 3, 60_000: 2}
    assert {value: len(found) for value, found in by_value(EVENTS, "segments").items()} == {None: 4, "a": 1, "b": 1}


def test_distinct_and_quantiles() -> None:
    assert distinct("unique_viewers", EVENTS) == 2
    assert quantile_bounds("startup_time_p50", EVENTS, 0.01) == (400, 400)
    assert quantile_bounds("startup_time_p50", [], 0.01) is None


def test_a_peak_is_of_a_grain() -> None:
    assert peak(EVENTS, MINUTE_MS) == 0.1
    assert peak(EVENTS, 10_000) == 0.6


@pytest.mark.parametrize(
    ("fields", "places"),
    [
        ({"position_ms": 10_000, "play_ms": 10_000, "content_length_ms": 1_000_000}, {"0"}),
        ({"position_ms": 10_001, "play_ms": 10_000, "content_length_ms": 1_000_000}, {"0", "1"}),
        ({"position_ms": 5000, "play_ms": 5000, "content_length_ms": 100_000}, {"0", "1", "2", "3", "4"}),
        ({"position_ms": 100_000, "play_ms": 1, "content_length_ms": 100_000}, {"99"}),
        ({"position_ms": 500_000, "play_ms": 1, "content_length_ms": 100_000}, {"99"}),
        ({"position_ms": 100_500, "play_ms": 2500, "content_length_ms": 100_000}, {"98", "99"}),
        ({"position_ms": 0, "play_ms": 10, "content_length_ms": 100_000}, {"0"}),
        ({"position_ms": 125_000, "play_ms": 10_000, "content_length_ms": None}, {"1", "2"}),
        ({"position_ms": 0, "play_ms": 0, "content_length_ms": None}, {None}),
        ({"position_ms": 9000, "play_ms": 5000, "content_length_ms": None, "kind": "seek"}, {None}),
    ],
)
def test_where_an_event_has_played(fields: dict[str, Any], places: set[str | None]) -> None:
    assert set(by_value([event(**fields)], "position")) == places
