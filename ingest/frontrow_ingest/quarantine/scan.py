"""Finding in the event topic what Druid could not read."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass

from frontrow_ingest.contract import Refusal, WireError, decode
from frontrow_ingest.contract.codec import frame_of
from frontrow_ingest.quarantine.port import Position, QuarantineSink, Rejected, Stage
from frontrow_ingest.quarantine.reading import Message
from frontrow_ingest.quarantine.rejecting import rejected_message

# Druid's own bounds of a time, ms.
_EARLIEST, _LATEST = -(1 << 62), (1 << 62) - 1


@dataclass
class ScanReport:
    """What a scan found: messages read, of which ``unreadable`` ones; ``known`` of those were in quarantine before."""

    read: int = 0
    unreadable: int = 0
    known: int = 0

    @property
    def added(self) -> int:
        return self.unreadable - self.known


def scan(
    messages: Iterable[Message], topic: str, quarantine: QuarantineSink, *, known: Set[str], now_ms: int
) -> ScanReport:
    """Put every message that Druid could not read into quarantine, unless it is there.

    Args:
        known: ids of what is in quarantine
        now_ms: the time now, ms since the Unix epoch
    """
    report = ScanReport()
    for message in messages:
        if message.value is None:
            continue  # a record without a value is no event; Druid passes it over
        report.read += 1
        rejected = _judged(message.value, Position(f"{topic}-{message.partition}", message.offset), message, now_ms)
        if rejected is None:
            continue
        report.unreadable += 1
        if f"{rejected.position.source}-{rejected.position.number}" in known:
            report.known += 1
        else:
            quarantine.put(rejected)
    return report


def _judged(value: bytes, position: Position, message: Message, now_ms: int) -> Rejected | None:
    # When it was written is when it was first there to be refused.
    seen_ms = min(message.written_ms, now_ms) if message.written_ms > 0 else now_ms
    try:
        event = decode(value)
    except WireError as error:
        return rejected_message(value, error, position=position, seen_ms=seen_ms)
    if _EARLIEST <= event["ts"] <= _LATEST:
        return None
    refusals = [Refusal("ts", "out_of_range", "is not a time that Druid knows")]
    return Rejected(value, refusals, Stage.TOPIC, position, seen_ms, schema_id=frame_of(value))
