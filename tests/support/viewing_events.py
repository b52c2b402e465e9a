"""Viewing events for tests: one valid event to change, and Hypothesis strategies over all valid ones."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

DAY_MS = 86_400_000


def an_event(**changes: Any) -> dict[str, Any]:
    """A valid heartbeat as a plain dict, with changes; a change to ``...`` takes the field out."""
    event: dict[str, Any] = {
        "session_id": "5f0c1a52-7c1e-4d0c-9d0e-2b0f6f1d2c3b",
        "seq": 4,
        "viewer_id": "AAECAwQFBgcICQoLDA0ODw",
        "content_id": "title-17",
        "event_id": "final-2026",
        "ts": 1_790_000_000_000,
        "received_ts": 1_790_000_000_120,
        "kind": "heartbeat",
        "started": True,
        "country": "DE",
        "region": "BY",
        "device_type": "tv",
        "os": "tizen",
        "app_version": "7.1.0",
        "player": "shaka 4.9",
        "cdn": "north",
        "isp": "AS3320",
        "network": "wifi",
        "stream_type": "live",
        "segments": ["sports", "premium"],
        "play_ms": 9_600,
        "rebuffer_ms": 400,
        "seek_rebuffer_ms": 100,
        "bits": 57_600_000,
        "dropped_frames": 2,
        "live_latency_ms": 4_200,
        "position_ms": 1_230_000,
        **changes,
    }
    return {name: value for name, value in event.items() if value is not ...}


def a_line(**changes: Any) -> bytes:
    """The same as a JSON line, without its end."""
    return json.dumps(an_event(**changes)).encode()


_visible = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
labels = st.text(_visible, min_size=1, max_size=20)
_lower = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z", "Lu")), min_size=1, max_size=10)
_pseudonyms = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=22, max_size=22)
_ascii = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=128)
_times = st.integers(946_684_800_000, 4_102_444_800_000)
_days = st.integers(0, DAY_MS)
_weeks = st.integers(0, 7 * DAY_MS)
_ERRORS = ("fatal", "business", "warning")
_ENDS = ("completed", "viewer", "fatal_error", "business_error", "timeout")
_KINDS = (
    "attempt", "first_frame", "heartbeat", "pause", "resume", "seek",
    "stall", "bitrate_change", "ad_start", "ad_end", "error", "end",
)  # fmt: skip


@st.composite
def valid_events(draw: st.DrawFn) -> dict[str, Any]:
    """Any event that keeps the contract, every field present."""
    kind = draw(st.sampled_from(_KINDS))
    started = kind == "first_frame" or (kind != "attempt" and draw(st.booleans()))
    stream_type = draw(st.sampled_from(("vod", "live", "low_latency")))
    rebuffer_ms = draw(_days) if started else 0
    in_error = kind in ("error", "end")
    return {
        "session_id": draw(_ascii),
        "seq": draw(st.integers(0, 2**31 - 1)),
        "viewer_id": draw(_pseudonyms),
        "content_id": draw(labels),
        "event_id": draw(st.none() | labels),
        "ts": draw(_times),
        "received_ts": draw(_times),
        "kind": kind,
        "started": started,
        "end_reason": draw(st.sampled_from(_ENDS)) if kind == "end" else None,
        "error_code": draw(st.none() | labels) if in_error else None,
        "error_class": draw(st.sampled_from(_ERRORS)) if kind == "error" else None,
        "country": draw(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2)),
        "region": draw(st.none() | st.text("ABCXYZ019", min_size=1, max_size=3)),
        "device_type": draw(st.sampled_from(("other", "tv", "set_top_box", "console", "desktop", "mobile", "tablet"))),
        "os": draw(st.none() | _lower),
        "app_version": draw(st.none() | labels),
        "player": draw(st.none() | labels),
        "cdn": draw(st.none() | labels),
        "isp": draw(st.none() | labels),
        "network": draw(st.sampled_from(("unknown", "ethernet", "wifi", "cellular"))),
        "stream_type": stream_type,
        "segments": draw(st.lists(labels, max_size=5, unique=True)),
        "play_ms": draw(_days) if started else 0,
        "rebuffer_ms": rebuffer_ms,
        "seek_rebuffer_ms": draw(st.integers(0, rebuffer_ms)),
        "pause_ms": draw(_weeks),
        "ad_ms": draw(_days),
        "startup_ms": draw(st.none() | _days) if kind == "first_frame" else None,
        "bits": draw(st.integers(0, 10**14)),
        "dropped_frames": draw(st.integers(0, 240 * 86_400)),
        "live_latency_ms": None if stream_type == "vod" else draw(st.none() | _weeks),
        "position_ms": draw(st.integers(0, 10**11)),
        "content_length_ms": draw(st.none() | st.integers(1, 10**11)),
    }
