"""What is in quarantine: refused events by id, and which of them were replayed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from frontrow_ingest.quarantine.record import QuarantineRecord


@dataclass(frozen=True)
class Selection:
    """Which refused events are meant; what is None or empty does not matter.

    Attributes:
        since_ms: refused at or after, ms since the Unix epoch
        open_only: only those not replayed yet
    """

    ids: frozenset[str] = frozenset()
    reason: str | None = None
    stage: str | None = None
    producer: str | None = None
    since_ms: int | None = None
    open_only: bool = False

    def fits(self, record: QuarantineRecord) -> bool:
        """Whether a refusal is one of these, ``open_only`` aside."""
        return (
            (not self.ids or record.id in self.ids)
            and self.reason in (None, record.reason)
            and self.stage in (None, record.stage)
            and self.producer in (None, record.producer)
            and (self.since_ms is None or record.seen_ts >= self.since_ms)
        )


@dataclass
class Holdings:
    """The refused events of a quarantine topic, oldest first, each once.

    Attributes:
        replayed: ids of those that were sent again
        keys: of the events that were sent again, see ``record.event_key``
    """

    refused: dict[str, QuarantineRecord] = field(default_factory=dict)
    replayed: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def select(self, selection: Selection) -> list[QuarantineRecord]:
        """Those that are meant, oldest refusal first."""
        found = [
            record
            for record in self.refused.values()
            if selection.fits(record) and not (selection.open_only and record.id in self.replayed)
        ]
        return sorted(found, key=lambda record: (record.seen_ts, record.source or "", record.number or 0))


def gather(records: Iterable[QuarantineRecord]) -> Holdings:
    """What the records of a topic come to."""
    holdings = Holdings()
    for record in records:
        if record.is_refusal:
            holdings.refused.setdefault(record.id, record)
        else:
            holdings.replayed.add(record.id)
            if record.event_key is not None:
                holdings.keys.add(record.event_key)
    return holdings
