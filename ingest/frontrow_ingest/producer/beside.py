"""What a process that sends events tells beside them: the ledger, and the quarantine of what it refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer.settings import KafkaSettings
from frontrow_ingest.quarantine.limit import DEFAULT_IN_A_ROW, RefusalLimit

if TYPE_CHECKING:
    from frontrow_ingest.ledger import Ledger
    from frontrow_ingest.quarantine import TopicQuarantine


@dataclass(frozen=True)
class Beside:
    """Where to, under which names, and how much may be refused.

    Attributes:
        producer: the sender's name in the ledger and the quarantine
        source: the input's name in the quarantine
        ledger_topic, quarantine_topic: None where there is none
        in_a_row, share: see RefusalLimit; each process judges what it reads itself
    """

    producer: str = ""
    source: str = "stdin"
    ledger_topic: str | None = None
    quarantine_topic: str | None = None
    in_a_row: int = DEFAULT_IN_A_ROW
    share: float = 1.0

    def limit(self) -> RefusalLimit:
        """A new limit."""
        return RefusalLimit(self.in_a_row, self.share)


@contextmanager
def ledger_of(
    bootstrap: str, topic: str | None, producer: str, settings: KafkaSettings | None = None
) -> Iterator[Ledger | None]:
    """A producer's ledger, None without a topic; let go of at the end, whatever happened."""
    if topic is None:
        yield None
        return
    from frontrow_ingest.ledger import kafka_ledger

    ledger = kafka_ledger(bootstrap, producer=producer, topic=topic, settings=settings)
    try:
        yield ledger
    finally:
        with suppress(DeliveryError):
            ledger.close(0)


@contextmanager
def quarantine_of(
    bootstrap: str, topic: str | None, producer: str, settings: KafkaSettings
) -> Iterator[TopicQuarantine | None]:
    """A producer's quarantine, None without a topic; let go of at the end, whatever happened."""
    if topic is None:
        yield None
        return
    from frontrow_ingest.quarantine import kafka_quarantine

    kept = kafka_quarantine(bootstrap, topic=topic, producer=producer, settings=settings)
    try:
        yield kept
    finally:
        with suppress(DeliveryError):
            kept.close(0)
