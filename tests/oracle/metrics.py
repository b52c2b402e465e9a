"""Every metric of the catalogue, computed from the events themselves in plain Python.

Shares no code with frontrow: what Druid, the specs and the client make of the same events is held against this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

MINUTE_MS = 60_000
Events = Sequence[dict[str, Any]]

EXACT: dict[str, Callable[[Events, float], float | None]] = {}
DISTINCT = {
    "active_sessions": "session_id",
    "unique_viewers": "viewer_id",
    "reach": "viewer_id",
    "position_sessions": "session_id",
}
QUANTILES = {
    "startup_time_p50": ("startup_ms", 0.5),
    "startup_time_p90": ("startup_ms", 0.9),
    "startup_time_p95": ("startup_ms", 0.95),
    "startup_time_p99": ("startup_ms", 0.99),
    "quarantined_delay_p50": ("delay_ms", 0.5),
    "quarantined_delay_p95": ("delay_ms", 0.95),
}


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


def peak(found: Events, grain_ms: int) -> float | None:
    """The largest mean number of viewers over a grain."""
    grains: dict[int, int] = {}
    for event in found:
        grain = event["ts"] // grain_ms
        grains[grain] = grains.get(grain, 0) + (event.get("play_ms") or 0)
    return max(grains.values()) / grain_ms if grains else None


@_exact
def peak_concurrent_viewers(found: Events, _length_ms: float) -> float | None:
    return peak(found, MINUTE_MS)


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


def _acted(found: Events, action: str, reason: str | None = None) -> list[dict[str, Any]]:
    return [record for record in found if record["action"] == action and reason in (None, record["reason"])]


@_exact
def quarantined(found: Events, _length_ms: float) -> float:
    return len(_acted(found, "refused"))


@_exact
def replayed(found: Events, _length_ms: float) -> float:
    return len(_acted(found, "replayed"))


@_exact
def quarantine_open(found: Events, _length_ms: float) -> float:
    return float(len(_acted(found, "refused")) - len(_acted(found, "replayed")))


@_exact
def quarantined_bytes(found: Events, _length_ms: float) -> float:
    return _total(found, "size")


@_exact
def late_events(found: Events, _length_ms: float) -> float:
    return len(_acted(found, "refused", "late"))


@_exact
def early_events(found: Events, _length_ms: float) -> float:
    return len(_acted(found, "refused", "early"))


@_exact
def sent(found: Events, _length_ms: float) -> float:
    return _total(found, "sent")


@_exact
def sent_bytes(found: Events, _length_ms: float) -> float:
    return _total(found, "bytes")


@_exact
def refused_events(found: Events, _length_ms: float) -> float:
    return _total(found, "refused")


@_exact
def duplicate_events(found: Events, _length_ms: float) -> float:
    return _total(found, "duplicates")


def distinct(metric: str, found: Events) -> int:
    """The exact distinct count that a sketch estimates."""
    return len({event[DISTINCT[metric]] for event in found})


def quantile_bounds(metric: str, found: Events, rank_error: float) -> tuple[float, float] | None:
    """Between which values an estimate of the quantile may lie; None if there are no values."""
    field, share = QUANTILES[metric]
    values = sorted(event[field] for event in found if event.get(field) is not None)
    if not values:
        return None
    low = int((share - rank_error) * len(values)) - 1
    high = int((share + rank_error) * len(values)) + 1
    return values[max(0, low)], values[min(len(values) - 1, high)]


def by_time(found: Iterable[dict[str, Any]], grain_ms: int) -> dict[int, list[dict[str, Any]]]:
    """Events by the start of their grain, ms."""
    grains: dict[int, list[dict[str, Any]]] = {}
    for event in found:
        grains.setdefault(event["ts"] // grain_ms * grain_ms, []).append(event)
    return grains


def by_value(found: Iterable[dict[str, Any]], dimension: str) -> dict[str | None, list[dict[str, Any]]]:
    """Events by a dimension's value; several labels put it into each of their groups, none into None."""
    groups: dict[str | None, list[dict[str, Any]]] = {}
    for event in found:
        value = _MADE[dimension](event) if dimension in _MADE else event.get(dimension)
        for each in (value or [None]) if isinstance(value, list | tuple) else [value]:
            groups.setdefault(None if each is None else str(each), []).append(event)
    return groups


def _position_is(event: dict[str, Any]) -> str:
    return "minute" if event.get("content_length_ms") is None else "percent"


def _positions(event: dict[str, Any]) -> list[int]:
    """The hundredths or minutes that overlap the content from ``position_ms - play_ms`` to ``position_ms``."""
    played, at = event.get("play_ms") or 0, event.get("position_ms") or 0
    if event["kind"] == "seek" or played <= 0:
        return []
    began = max(at - played, 0)
    length = event.get("content_length_ms")
    # Places are compared as hundredths of ms, so that nothing is rounded.
    size = MINUTE_MS * 100 if length is None else length
    place = began * 100 // size
    touched = [place]
    while len(touched) < 100 and (touched[-1] + 1) * size < at * 100:
        touched.append(touched[-1] + 1)
    return touched if length is None else sorted({min(place, 99) for place in touched})


_MADE: dict[str, Callable[[dict[str, Any]], Any]] = {"position": _positions, "position_is": _position_is}
