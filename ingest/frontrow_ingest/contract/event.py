"""The viewing event as a pydantic model."""

from __future__ import annotations

import time
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from frontrow_ingest.contract import fields as f
from frontrow_ingest.contract.errors import Refusal

RULES_ERROR = "frontrow_rules"
"""pydantic error type that carries a list of Refusal in its context."""


def wall_clock_ms() -> int:
    """Milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


class ViewingEvent(BaseModel):
    """One report of a player about one playback session; the schema ``ViewingEvent.avsc`` documents each field.

    Strict: no value is converted, a field that is not in the contract is refused. Counts and times (``*_ms``, ``bits``,
    ``dropped_frames``) are deltas since the session's previous event. ``received_ts`` is now where it is absent.
    Instances are immutable and hashable.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    session_id: f.SessionId
    seq: f.Sequence32
    viewer_id: f.Pseudonym
    content_id: f.ContentId
    event_id: f.ContentId | None = None
    ts: f.EpochMs
    received_ts: f.EpochMs = Field(default_factory=wall_clock_ms)
    kind: f.Kind
    started: bool
    end_reason: f.EndReason | None = None
    error_code: f.Label | None = None
    error_class: f.ErrorClass | None = None
    country: f.Country
    region: f.Region | None = None
    device_type: f.DeviceType
    os: f.LowerLabel | None = None
    app_version: f.Label | None = None
    player: f.Label | None = None
    cdn: f.Label | None = None
    isp: f.Label | None = None
    network: f.Network = "unknown"
    stream_type: f.StreamType
    segments: f.Segments = ()
    play_ms: f.DayMs = 0
    rebuffer_ms: f.DayMs = 0
    seek_rebuffer_ms: f.DayMs = 0
    pause_ms: f.WeekMs = 0
    ad_ms: f.DayMs = 0
    startup_ms: f.DayMs | None = None
    bits: f.Bits = 0
    dropped_frames: f.Frames = 0
    live_latency_ms: f.WeekMs | None = None
    position_ms: f.PositionMs = 0
    content_length_ms: f.LengthMs | None = None

    @model_validator(mode="after")
    def _keeps_rules(self) -> Self:
        broken = list(_broken_rules(self)) if _suspicious(self) else None
        if broken:
            raise PydanticCustomError(RULES_ERROR, "breaks rules of the contract", {"refusals": broken})
        return self


# What the rules look at is also in line_code.reader: a new rule may need more of it.
def _suspicious(event: ViewingEvent) -> bool:
    """Whether any rule between fields may be broken: a quick look at every event, never too lenient."""
    kind = event.kind
    segments = event.segments
    return (
        kind not in ("heartbeat", "pause", "resume", "seek", "stall", "bitrate_change", "ad_start", "ad_end")
        or not event.started
        or event.end_reason is not None
        or event.error_code is not None
        or event.error_class is not None
        or event.startup_ms is not None
        or event.seek_rebuffer_ms > event.rebuffer_ms
        or (event.stream_type == "vod" and event.live_latency_ms is not None)
        or (len(segments) > 1 and len(set(segments)) != len(segments))
    )


def _broken_rules(event: ViewingEvent) -> list[Refusal]:
    """Every rule between fields that the event breaks, in field order."""
    kind, started = event.kind, event.started
    in_error = kind in ("error", "end")
    rules = (
        (kind == "attempt" and started, "started", "must be false on kind attempt: no frame was shown yet"),
        (kind == "first_frame" and not started, "started", "must be true on kind first_frame: it includes this event"),
        (kind == "end" and event.end_reason is None, "end_reason", "is required on kind end"),
        (kind != "end" and event.end_reason is not None, "end_reason", "must be null unless the kind is end"),
        (event.error_code is not None and not in_error, "error_code", "must be null unless the kind is error or end"),
        (event.error_class is not None and not in_error, "error_class", "must be null unless the kind is error or end"),
        (kind == "error" and event.error_class is None, "error_class", "is required on kind error"),
        (not started and event.play_ms > 0, "play_ms", "must be 0 before the first frame"),
        (not started and event.rebuffer_ms > 0, "rebuffer_ms", "must be 0 before the first frame: that is start-up"),
        (event.seek_rebuffer_ms > event.rebuffer_ms, "seek_rebuffer_ms", "must not exceed rebuffer_ms: it is a part"),
        (event.startup_ms is not None and kind != "first_frame", "startup_ms", "must be null unless first_frame"),
        (
            event.live_latency_ms is not None and event.stream_type == "vod",
            "live_latency_ms",
            "must be null for stream type vod",
        ),
    )
    broken = [Refusal(field, "inconsistent", message) for is_broken, field, message in rules if is_broken]
    if len(set(event.segments)) != len(event.segments):
        broken.append(Refusal("segments", "duplicate", "must not name a label twice: it would count twice"))
    return broken
