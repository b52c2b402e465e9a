"""Every metric of the catalogue, computed from the events themselves in plain Python.

Shares no code with frontrow: what Druid, the specs and the client make of the same events is held against this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

MINUTE_MS = 60_000
Events = Sequence[dict[str, Any]]

EXACT: dict[str, Callable[[Events, float], float | None]] = {}
DISTINCT = {"active_sessions": "session_id", "unique_viewers": "viewer_id", "reach": "viewer_id"}
QUANTILES = {"startup_time_p50": 0.5, "startup_time_p90": 0.9, "startup_time_p95": 0.95, "startup_time_p99": 0.99}


def _exact(function: Callable[[Events, float], float | None]) -> Callable[[Events, float], float | None]:
    EXACT[function.__name__] = function
    return function


def _total(events: Events, field: str) -> int:
    return sum(event.get(field) or 0 for event in events)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _ended(events: Events, *, started: bool | None = None, reason: str | None = None) -> int:
    return sum(
        1
        for event in events
        if event["kind"] == "end"
        and (started is None or event["started"] is started)
        and (reason is None or event["end_reason"] == reason)
    )


def _kind(events: Events, kind: str) -> int:
    return sum(1 for event in events if event["kind"] == kind)


@_exact
def events(found: Events, _length_ms: float) -> float:
    return len(found)


@_exact
def play_ms(found: Events, _length_ms: float) -> float:
    return _total(found, "play_ms")


@_exact
def viewer_hours(found: Events, _length_ms: float) -> float:
    return _total(found, "play_ms") / 3_600_000


@_exact
def concurrent_viewers(found: Events, length_ms: float) -> float:
    return _total(found, "play_ms") / length_ms


@_exact
def average_minute_audience(found: Events, length_ms: float) -> float:
    return _total(found, "play_ms") / length_ms


@_exact
def peak_concurrent_viewers(found: Events, _length_ms: float) -> float | None:
    minutes: dict[int, int] = {}
    for event in found:
        minute = event["ts"] // MINUTE_MS
        minutes[minute] = minutes.get(minute, 0) + (event.get("play_ms") or 0)
    return max(minutes.values()) / MINUTE_MS if minutes else None


@_exact
def attempts(found: Events, _length_ms: float) -> float:
    return _kind(found, "attempt")


@_exact
def plays(found: Events, _length_ms: float) -> float:
    return _kind(found, "first_frame")


@_exact
def exits(found: Events, _length_ms: float) -> float:
    return _ended(found)


@_exact
def ended_plays(found: Events, _length_ms: float) -> float:
    return _ended(found, started=True)


@_exact
def start_failures(found: Events, _length_ms: float) -> float:
    return _ended(found, started=False, reason="fatal_error")


@_exact
def exits_before_start(found: Events, _length_ms: float) -> float:
    return _ended(found, started=False, reason="viewer")


@_exact
def playback_failures(found: Events, _length_ms: float) -> float:
    return _ended(found, started=True, reason="fatal_error")


@_exact
def average_view_duration(found: Events, _length_ms: float) -> float | None:
    return _share(_total(found, "play_ms"), _kind(found, "first_frame"))


@_exact
def tune_in(found: Events, length_ms: float) -> float:
    return _kind(found, "first_frame") / (length_ms / MINUTE_MS)


@_exact
def tune_out(found: Events, length_ms: float) -> float:
    return _ended(found, started=True) / (length_ms / MINUTE_MS)


@_exact
def rebuffer_ms(found: Events, _length_ms: float) -> float:
    return _total(found, "rebuffer_ms")


@_exact
def seek_rebuffer_ms(found: Events, _length_ms: float) -> float:
    return _total(found, "seek_rebuffer_ms")


@_exact
def rebuffer_ratio(found: Events, _length_ms: float) -> float | None:
    stalled = _total(found, "rebuffer_ms")
    return _share(stalled, _total(found, "play_ms") + stalled)


@_exact
def connection_rebuffer_ratio(found: Events, _length_ms: float) -> float | None:
    stalled = _total(found, "rebuffer_ms") - _total(found, "seek_rebuffer_ms")
    return _share(stalled, _total(found, "play_ms") + stalled)


@_exact
def start_failure_rate(found: Events, _length_ms: float) -> float | None:
    return _share(_ended(found, started=False, reason="fatal_error"), _kind(found, "attempt"))


@_exact
def exit_before_start_rate(found: Events, _length_ms: float) -> float | None:
    return _share(_ended(found, started=False, reason="viewer"), _kind(found, "attempt"))


@_exact
def playback_failure_rate(found: Events, _length_ms: float) -> float | None:
    return _share(_ended(found, started=True, reason="fatal_error"), _ended(found, started=True))


@_exact
def average_bitrate(found: Events, _length_ms: float) -> float | None:
    return _share(_total(found, "bits"), _total(found, "play_ms"))


@_exact
def bits(found: Events, _length_ms: float) -> float:
    return _total(found, "bits")


@_exact
def live_latency(found: Events, _length_ms: float) -> float | None:
    reporting = [event for event in found if event.get("live_latency_ms") is not None]
    weighted = sum(event["live_latency_ms"] * (event.get("play_ms") or 0) for event in reporting)
    return _share(weighted, _total(reporting, "play_ms"))


@_exact
def dropped_frames(found: Events, _length_ms: float) -> float:
    return _total(found, "dropped_frames")


@_exact
def pause_ms(found: Events, _length_ms: float) -> float:
    return _total(found, "pause_ms")


@_exact
def ad_ms(found: Events, _length_ms: float) -> float:
    return _total(found, "ad_ms")


def _later_than(found: Events, limit_ms: int) -> int:
    return sum(1 for event in found if event["received_ts"] - event["ts"] > limit_ms)


@_exact
def lateness(found: Events, _length_ms: float) -> float | None:
    return _share(sum(event["received_ts"] - event["ts"] for event in found), len(found))


@_exact
def late_share_10s(found: Events, _length_ms: float) -> float | None:
    return _share(_later_than(found, 10_000), len(found))


@_exact
def late_share_1m(found: Events, _length_ms: float) -> float | None:
    return _share(_later_than(found, 60_000), len(found))


@_exact
def late_share_10m(found: Events, _length_ms: float) -> float | None:
    return _share(_later_than(found, 600_000), len(found))


def distinct(metric: str, found: Events) -> int:
    """The exact distinct count that a sketch estimates."""
    return len({event[DISTINCT[metric]] for event in found})


def quantile_bounds(metric: str, found: Events, rank_error: float) -> tuple[float, float] | None:
    """Between which values an estimate of the quantile may lie; None if there are no values."""
    values = sorted(event["startup_ms"] for event in found if event.get("startup_ms") is not None)
    if not values:
        return None
    low = int((QUANTILES[metric] - rank_error) * len(values)) - 1
    high = int((QUANTILES[metric] + rank_error) * len(values)) + 1
    return values[max(0, low)], values[min(len(values) - 1, high)]


def by_minute(found: Iterable[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    """Events by the start of their minute, ms."""
    minutes: dict[int, list[dict[str, Any]]] = {}
    for event in found:
        minutes.setdefault(event["ts"] // MINUTE_MS * MINUTE_MS, []).append(event)
    return minutes


def by_value(found: Iterable[dict[str, Any]], dimension: str) -> dict[str | None, list[dict[str, Any]]]:
    """Events by a dimension's value; several labels put it into each of their groups, none into None."""
    groups: dict[str | None, list[dict[str, Any]]] = {}
    for event in found:
        value = event.get(dimension)
        for each in (value or [None]) if isinstance(value, list | tuple) else [value]:
            groups.setdefault(each, []).append(event)
    return groups
