"""What becomes of each CMCD key: data, from which the reading of reports and the documentation are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """What a key's value must be."""

    INTEGER = "integer"
    NUMBERS = "list of integers"
    STRINGS = "list of strings"
    STRING = "string"
    TOKEN = "token"  # noqa: S105  # a type of values


@dataclass(frozen=True)
class Key:
    """A key that is honoured: its type, the fields of the contract that it decides, and how."""

    name: str
    type: Type
    fields: str
    how: str


KEYS: tuple[Key, ...] = (
    Key("sid", Type.STRING, "session_id", "as it is"),
    Key("sn", Type.INTEGER, "seq", "as it is; required: it tells a repeated report from a new one"),
    Key("ts", Type.INTEGER, "ts", "as it is; required"),
    Key(
        "e",
        Type.TOKEN,
        "kind",
        "with sta; bc bitrate_change, as ad_start, ae ad_end, e error, t and all others heartbeat",
    ),
    Key(
        "sta",
        Type.TOKEN,
        "kind, started, end_reason, play_ms, rebuffer_ms, seek_rebuffer_ms, pause_ms, ad_ms",
        "s attempt, first p first_frame, a pause, p after a resume, r stall, k seek, e q f end (completed, viewer, "
        "fatal_error); the time until the next report counts by it: p play (ad_ms between as and ae), r rebuffer, "
        "k seek_rebuffer, a pause",
    ),
    Key("cid", Type.STRING, "content_id", "as it is, or the session's last"),
    Key("st", Type.TOKEN, "stream_type", "v vod, l live, ll low_latency; or the session's last, or the default"),
    Key("br", Type.NUMBERS, "bits", "kbit/s times play_ms; audio and video are added"),
    Key("pb", Type.NUMBERS, "bits", "before br: what is on the screen"),
    Key("ab", Type.NUMBERS, "bits", "where there is neither pb nor br"),
    Key("bsd", Type.NUMBERS, "rebuffer_ms", "added up; what sta has shown of it is not counted twice"),
    Key("bsda", Type.NUMBERS, "rebuffer_ms", "a running total: the difference to the last one, as for bsd"),
    Key("dfa", Type.INTEGER, "dropped_frames", "a running total: the difference to the last one"),
    Key("df", Type.INTEGER, "dropped_frames", "the name of dfa in drafts"),
    Key("msd", Type.INTEGER, "startup_ms", "on first_frame; without it, the time since the attempt"),
    Key("ltc", Type.INTEGER, "live_latency_ms", "as it is, unless the stream is vod"),
    Key("pt", Type.INTEGER, "position_ms", "as it is, or the session's last"),
    Key("cdn", Type.STRING, "cdn", "as it is, or the session's last"),
    Key("ec", Type.STRINGS, "error_code, error_class", "the first code; fatal while sta is f, else warning"),
    Key("v", Type.INTEGER, "", "must be 2 if it is given"),
)
BY_NAME = {key.name: key for key in KEYS}

EVENTS = frozenset(
    {"abe", "abs", "ae", "as", "b", "bc", "c", "ce", "e", "h", "m", "pc", "pe", "pr", "ps", "rr", "sk", "t", "um"}
)
STATES = frozenset("spkrawefqd")
STREAM_TYPES = {"v": "vod", "l": "live", "ll": "low_latency"}
END_REASONS = {"e": "completed", "q": "viewer", "f": "fatal_error"}


def markdown_table() -> str:
    """The table for the documentation."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "| CMCD key | Type | Field | How |"
    yield "|---|---|---|---|"
    for key in KEYS:
        yield f"| `{key.name}` | {key.type} | {key.fields or '–'} | {key.how} |"
