"""Sending refused events again after a fix, each one once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import orjson

from frontrow_ingest.contract import EventRefusedError, Refusal, Validator, ViewingEvent, WireError, decode, encode
from frontrow_ingest.contract.codec import topic_encoder
from frontrow_ingest.quarantine.holdings import Holdings
from frontrow_ingest.quarantine.record import QUARANTINE_TOPIC, QuarantineRecord, event_key, replay_values
from frontrow_ingest.quarantine.redaction import Redaction

BATCH = 500


class Outgoing(NamedTuple):
    """One event to be sent, if it has not been, with the note that says so; all as they go on the wire."""

    event_key: bytes
    event: bytes | None
    note_key: bytes
    note: bytes
    ts: int
    viewer_key_epoch: str | None = None


class ReplayTarget(Protocol):
    """Where events and notes go."""

    def commit(self, batch: Sequence[Outgoing]) -> None:
        """Keep all of it or nothing. Raises DeliveryError when it is nothing."""
        ...


@dataclass(frozen=True)
class Fix:
    """A change of every event before it is checked again: fields dropped, fields set to JSON values."""

    drop: frozenset[str] = frozenset()
    set: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        return {**{name: value for name, value in event.items() if name not in self.drop}, **self.set}


@dataclass
class ReplayReport:
    """What became, or in a dry run would become, of the chosen refusals.

    Attributes:
        sent: events
        already: not sent, because an equal one (session and seq) was replayed before
        still_refused: by reason, with its field
        without_original: why the original is not here, to how many
        unavailable: where those are to be found, by id
    """

    chosen: int = 0
    sent: int = 0
    already: int = 0
    still_refused: Counter[str] = field(default_factory=Counter)
    without_original: Counter[str] = field(default_factory=Counter)
    unavailable: dict[str, str] = field(default_factory=dict)


def replay(
    chosen: Sequence[QuarantineRecord],
    holdings: Holdings,
    target: ReplayTarget | None,
    *,
    fix: Fix | None = None,
    fetch: Callable[[QuarantineRecord], bytes | None] = lambda _: None,
    check: Callable[[ViewingEvent], None] = lambda _: None,
    told: Callable[[Outgoing], None] = lambda _: None,
) -> ReplayReport:
    """Check the originals again and send what keeps the contract now.

    Args:
        holdings: what was replayed before is not sent again; is brought up to date
        target: None for a dry run
        fetch: finds the whole original of a masked or withheld one elsewhere, None if it cannot
        check: a further check of a valid event; raises EventRefusedError
        told: of each event that was sent

    Raises:
        DeliveryError: a batch could not be kept; those before it are, and will not be sent again
    """
    report = ReplayReport()
    batch: list[Outgoing] = []

    def commit() -> None:
        if target is not None and batch:
            target.commit(batch)
            for each in batch:
                if each.event is not None:
                    told(each)
        batch.clear()

    for record in chosen:
        if record.id in holdings.replayed:
            continue
        report.chosen += 1
        original = record.original if record.redacted == Redaction.NO else fetch(record)
        if original is None:
            report.without_original[record.redacted] += 1
            report.unavailable[record.id] = _whereabouts(record)
            continue
        try:
            event = _mended(original, fix)
            check(event)
        except EventRefusedError as error:
            report.still_refused[error.refusals[0].label] += 1
            continue
        key = event_key(event.session_id, event.seq)
        again = key in holdings.keys
        report.already += again
        report.sent += not again
        holdings.keys.add(key)
        holdings.replayed.add(record.id)
        note = topic_encoder(QUARANTINE_TOPIC)(replay_values(record, key))
        value = None if again else encode(event)
        epoch = record.viewer_key_epoch
        batch.append(Outgoing(event.session_id.encode(), value, record.id.encode(), note, event.ts, epoch))
        if len(batch) >= BATCH:
            commit()
    commit()
    return report


def _mended(original: bytes, fix: Fix | None) -> ViewingEvent:
    """The event in an original, after the fix; raises EventRefusedError."""
    validator = Validator()
    try:
        event: Any = decode(original)
    except WireError as error:
        if original[:1] == b"\x01":  # framed, and still not to be read
            raise EventRefusedError([Refusal("", "not_avro", str(error))]) from None
        if fix is None:
            return validator.line(original)
        try:
            event = orjson.loads(original)
        except orjson.JSONDecodeError:
            return validator.line(original)  # says what is wrong with it
    return validator.event(fix(event) if fix is not None and isinstance(event, Mapping) else event)


def _whereabouts(record: QuarantineRecord) -> str:
    if record.stage == "topic":
        return f"{record.where}: no more in the topic"
    how = "was masked" if record.redacted == Redaction.MASKED else "is withheld"
    needs = "--originals FILE" + ("" if record.viewer_key_epoch is None else " with --viewer-key-file FILE")
    return f"{record.where}: the original {how} here; the whole one is only in the refused file ({needs})"
