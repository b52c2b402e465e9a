"""A record of the quarantine topic: made of a refused event, and read again."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from frontrow_ingest.contract import ViewerKeys, ViewingEvent
from frontrow_ingest.contract.codec import topic_reader
from frontrow_ingest.quarantine.port import Rejected, Stage
from frontrow_ingest.quarantine.redaction import Redacted, Redaction, redact
from frontrow_specs import topic_fields

QUARANTINE_TOPIC = "quarantine"
LARGEST_ORIGINAL = 900_000  # bytes; the record has to fit into a Kafka message
INT32_MAX = 2_147_483_647


@dataclass(frozen=True)
class QuarantineRecord:
    """One record; see ``QuarantineRecord.avsc`` for each field. Times are ms since the Unix epoch."""

    id: str
    action: str
    ts: int
    time_is: str
    seen_ts: int
    reason: str
    field: str | None
    errors: tuple[Mapping[str, str], ...]
    stage: str
    source: str | None
    number: int | None
    producer: str | None
    schema_id: int | None
    delay_ms: int | None
    size: int
    sha256: str | None
    original: bytes | None
    redacted: str
    event_key: str | None
    viewer_key_epoch: str | None = None

    @property
    def where(self) -> str:
        """Its source position in words."""
        return f"{self.source or '?'}" + ("" if self.number is None else f":{self.number}")

    @property
    def is_refusal(self) -> bool:
        return self.action == "refused"


def read_record(value: bytes) -> QuarantineRecord:
    """A record from its bytes on the topic; raises a WireError."""
    found = topic_reader(QUARANTINE_TOPIC)(value)
    return QuarantineRecord(**{**found, "errors": tuple(found["errors"])})


def refusal_values(rejected: Rejected, producer: str | None, keys: ViewerKeys | None = None) -> dict[str, Any]:
    """The values of a refused event's record, without what could be a raw viewer id.

    ``keys`` are given where viewer ids come raw: then every one of them is taken for raw, whatever it looks like.
    """
    size = len(rejected.original) if rejected.size is None else rejected.size
    whole = size == len(rejected.original)
    epoch = None if keys is None else keys.epoch
    pseudonymize = None if keys is None or epoch is None else lambda raw: keys.pseudonym_of(raw, epoch)
    unknown_ids = rejected.raw_viewer_ids and pseudonymize is None
    shown = redact(rejected.original, pseudonymize) if whole and not unknown_ids else Redacted(None, Redaction.WITHHELD)
    if shown.original is not None and len(shown.original) > LARGEST_ORIGINAL:
        shown = Redacted(None, Redaction.WITHHELD, shown.raw)
    position = rejected.position
    # A digest beside an original without its raw id would let anyone try out ids; of a withheld one it is all there is.
    told = shown.redaction is Redaction.WITHHELD or (shown.redaction is Redaction.NO and keys is None)
    digest = hashlib.sha256(rejected.original).hexdigest() if whole and told else None
    first = rejected.refusals[0]
    schema_id = rejected.schema_id
    return {
        "id": f"{position.source}-{position.number}" if rejected.stage is Stage.TOPIC else secrets.token_hex(8),
        "action": "refused",
        "ts": rejected.seen_ms if rejected.event_ms is None else rejected.event_ms,
        "time_is": "refusal" if rejected.event_ms is None else "event",
        "seen_ts": rejected.seen_ms,
        "reason": first.reason if first.reason in _reasons() else "other",
        "field": first.field if first.field in ViewingEvent.model_fields else None,
        "errors": [
            {
                "field": _unmasked(refusal.field, shown, unknown_ids),
                "reason": refusal.reason,
                "message": refusal.message,
            }
            for refusal in rejected.refusals
        ],
        "stage": rejected.stage.value,
        "source": position.source,
        "number": position.number,
        "producer": producer,
        "schema_id": schema_id if schema_id is not None and schema_id <= INT32_MAX else None,
        "delay_ms": rejected.delay_ms,
        "size": size,
        "sha256": digest,
        "original": shown.original,
        "redacted": shown.redaction.value,
        "event_key": None,
        "viewer_key_epoch": epoch,
    }


def replay_values(refused: QuarantineRecord, key: str) -> dict[str, Any]:
    """The values of the note that a refused event was sent again; counted in the same row as its refusal."""
    note = {"action": "replayed", "errors": [], "size": 0, "sha256": None, "original": None, "delay_ms": None}
    return {**vars(refused), **note, "event_key": key}


def event_key(session_id: str, seq: int) -> str:
    """Which event it is, without saying whose."""
    return hashlib.sha256(f"{session_id}\0{seq}".encode()).hexdigest()[:32]


def _unmasked(name: str, shown: Redacted, unknown_ids: bool) -> str:
    """A wrong field's name, unless it holds, or may hold, a raw id itself."""
    if name in ViewingEvent.model_fields:
        return name
    return "" if unknown_ids or any(raw in name.casefold() for raw in shown.raw) else name


@cache
def _reasons() -> frozenset[str]:
    return frozenset(topic_fields(QUARANTINE_TOPIC)["reason"].symbols)
