"""From a refused line or message to what the quarantine takes."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from frontrow_ingest.contract import (
    NotAvroError,
    NotFramedError,
    Refusal,
    TrailingBytesError,
    UnknownSchemaIdError,
    WireError,
)
from frontrow_ingest.contract.codec import frame_of
from frontrow_ingest.quarantine.port import Position, Rejected, Stage

# An event's own time is believed from so long ago up to so far ahead, ms.
BELIEVED_BACK_MS = 366 * 86_400_000
BELIEVED_AHEAD_MS = 3_600_000
_CODES: dict[type[WireError], str] = {
    NotFramedError: "not_framed",
    UnknownSchemaIdError: "unknown_schema_id",
    NotAvroError: "not_avro",
    TrailingBytesError: "trailing_bytes",
}


def rejected_json(
    original: bytes,
    refusals: Sequence[Refusal],
    *,
    stage: Stage,
    position: Position,
    seen_ms: int,
    size: int | None = None,
) -> Rejected:
    """A refused event that came as JSON, or should have.

    Args:
        size: of the whole, in bytes, where ``original`` is only its beginning
    """
    ts = _ts_of(original)
    delayed = ts is not None and any(refusal.reason in ("late", "early") for refusal in refusals)
    return Rejected(
        original,
        refusals,
        stage,
        position,
        seen_ms,
        event_ms=believed(ts, seen_ms),
        size=size,
        delay_ms=seen_ms - ts if ts is not None and delayed else None,
    )


def rejected_message(message: bytes, error: WireError, *, position: Position, seen_ms: int) -> Rejected:
    """A message of the event topic that cannot be read."""
    refusal = Refusal("", _CODES.get(type(error), "invalid"), str(error))
    return Rejected(message, [refusal], Stage.TOPIC, position, seen_ms, schema_id=frame_of(message))


def believed(ts: int | None, seen_ms: int) -> int | None:
    """An event's own time, ms since the Unix epoch, if it is near enough to when the event was seen; else None."""
    if ts is None or not seen_ms - BELIEVED_BACK_MS <= ts <= seen_ms + BELIEVED_AHEAD_MS:
        return None
    return ts


def _ts_of(original: bytes) -> int | None:
    try:
        found = orjson.loads(original)
    except orjson.JSONDecodeError:
        return None
    ts = found.get("ts") if isinstance(found, dict) else None
    return ts if type(ts) is int and abs(ts) < 1 << 53 else None
