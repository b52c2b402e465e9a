"""Types of the contract's fields: shape and range of a single value.

A bound is here to catch wrong units and broken clocks, not to judge an audience: each is far outside of what a
player can truthfully say.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
DECADE_MS = 3_653 * DAY_MS
YEAR_2000_MS = 946_684_800_000
YEAR_2100_MS = 4_102_444_800_000
INT32_MAX = 2_147_483_647
MAX_BITS = 100_000_000_000_000  # more than a day at 1 Gbit/s
MAX_FRAMES = 240 * 86_400  # a day at 240 frames per second
MAX_SEGMENTS = 64

# A line of text: no control characters or line separators, no space at either end.
_LINE = r"^[^\s\p{Cc}\p{Zl}\p{Zp}](?:[^\p{Cc}\p{Zl}\p{Zp}]*[^\s\p{Cc}\p{Zl}\p{Zp}])?$"
_LOWER_LINE = r"^[^\s\p{Cc}\p{Zl}\p{Zp}\p{Lu}](?:[^\p{Cc}\p{Zl}\p{Zp}\p{Lu}]*[^\s\p{Cc}\p{Zl}\p{Zp}\p{Lu}])?$"

SessionId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
Pseudonym = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}$")]
ContentId = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=_LINE)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=_LINE)]
LowerLabel = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_LOWER_LINE)]
Segment = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_LINE)]
# A list becomes a tuple, also from Python: an event is immutable. The labels inside stay strict.
Segments = Annotated[tuple[Segment, ...], Field(strict=False, max_length=MAX_SEGMENTS)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,3}$")]

Sequence32 = Annotated[int, Field(ge=0, le=INT32_MAX)]
EpochMs = Annotated[int, Field(ge=YEAR_2000_MS, le=YEAR_2100_MS)]
DayMs = Annotated[int, Field(ge=0, le=DAY_MS)]
WeekMs = Annotated[int, Field(ge=0, le=WEEK_MS)]
Bits = Annotated[int, Field(ge=0, le=MAX_BITS)]
Frames = Annotated[int, Field(ge=0, le=MAX_FRAMES)]
PositionMs = Annotated[int, Field(ge=0, le=DECADE_MS)]
LengthMs = Annotated[int, Field(ge=1, le=DECADE_MS)]

Kind = Literal[
    "attempt",
    "first_frame",
    "heartbeat",
    "pause",
    "resume",
    "seek",
    "stall",
    "bitrate_change",
    "ad_start",
    "ad_end",
    "error",
    "end",
]
EndReason = Literal["completed", "viewer", "fatal_error", "business_error", "timeout"]
ErrorClass = Literal["fatal", "business", "warning"]
DeviceType = Literal["other", "tv", "set_top_box", "console", "desktop", "mobile", "tablet"]
Network = Literal["unknown", "ethernet", "wifi", "cellular"]
StreamType = Literal["vod", "live", "low_latency"]

# What the format of a field is, in words, for the field's refusal.
FORMATS: dict[str, str] = {
    "session_id": "must be visible ASCII characters without spaces",
    "viewer_id": "must be a pseudonym of 22 base64url characters (HMAC-SHA-256, 128 bits); a raw id is never taken",
    "country": "must be two upper-case letters (ISO 3166-1 alpha-2), ZZ when unknown",
    "region": "must be 1 to 3 upper-case letters or digits (ISO 3166-2 without the country)",
    "os": "must be lower case, without control characters or spaces at its ends",
}
TEXT_FORMAT = "must not hold control characters or spaces at its ends"
