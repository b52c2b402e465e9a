"""What a process that sends events tells beside them: the ledger, and the quarantine of what it refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer.settings import KafkaSettings
from frontrow_ingest.quarantine.limit import DEFAULT_IN_A_ROW, RefusalLimit

if TYPE_CHECKING:
    from frontrow_ingest.contract import KeyEpoch, ViewerKeys
    from frontrow_ingest.ledger import Ledger
    from frontrow_ingest.quarantine import TopicQuarantine


@dataclass(frozen=True)
class Beside:
    """Where to, under which names, and how much may be refused.

    Attributes:
        producer: the sender's name in the ledger and the quarantine
        source: the input's name in the quarantine
        ledger_topic, quarantine_topic: None where there is none
        epoch: of the key that made the viewer ids, where they come as pseudonyms; for the ledger
        in_a_row, share: see RefusalLimit; each process judges what it reads itself
    """

    producer: str = ""
    source: str = "stdin"
    ledger_topic: str | None = None
    quarantine_topic: str | None = None
    epoch: KeyEpoch | None = None
    in_a_row: int = DEFAULT_IN_A_ROW
    share: float = 1.0

    def limit(self) -> RefusalLimit:
        """A new limit."""
        return RefusalLimit(self.in_a_row, self.share)


class Closable(Protocol):
    """What delivers the rest when it is closed, or raises DeliveryError after so many seconds."""

    def close(self, timeout: float) -> None: ...


@contextmanager
def let_go(opened: Closable) -> Iterator[None]:
    """Closes what was opened at the end, whatever happened. A run delivers the rest, and hears of failures, before."""
    try:
        yield
    finally:
        with suppress(DeliveryError):
            opened.close(0)


@contextmanager
def ledger_of(
    bootstrap: str,
    topic: str | None,
    producer: str,
    settings: KafkaSettings | None = None,
    keys: ViewerKeys | KeyEpoch | None = None,
) -> Iterator[Ledger | None]:
    """A producer's ledger, None without a topic; let go of at the end. ``keys`` tell the epoch of viewer ids."""
    if topic is None:
        yield None
        return
    from frontrow_ingest.ledger import kafka_ledger

    ledger = kafka_ledger(bootstrap, producer=producer, topic=topic, settings=settings, viewer_keys=keys)
    with let_go(ledger):
        yield ledger


@contextmanager
def quarantine_of(
    bootstrap: str, topic: str | None, producer: str, settings: KafkaSettings, keys: ViewerKeys | None = None
) -> Iterator[TopicQuarantine | None]:
    """A producer's quarantine, None without a topic; let go of at the end. ``keys`` where viewer ids come raw."""
    if topic is None:
        yield None
        return
    from frontrow_ingest.quarantine import kafka_quarantine

    kept = kafka_quarantine(bootstrap, topic=topic, producer=producer, settings=settings, viewer_keys=keys)
    with let_go(kept):
        yield kept
