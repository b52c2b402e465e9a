"""The port behind which Kafka, or memory, takes records, and the counts of what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class DeliveryStats:
    """What became of the records handed in: always ``sent == acknowledged + failed + in_flight``.

    ``bytes`` counts keys and values of the sent records before compression; ``in_flight_bytes`` those without an
    answer yet. ``errors`` counts the failed ones by the name of Kafka's error.
    """

    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    in_flight: int = 0
    bytes: int = 0
    in_flight_bytes: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ProducerStats(DeliveryStats):
    """The counts of a producer: events that never reached the sink are ``refused`` ones, by reason
    (``out_of_range ts``), and ``duplicates`` of events that were sent before."""

    refused: Mapping[str, int] = field(default_factory=dict)
    duplicates: int = 0


class SeenEvents(Protocol):
    """Remembers events over a bounded window, so that one that comes again is not sent again. For one thread."""

    def is_new(self, session_id: str, seq: int) -> bool:
        """Whether this event was not seen yet; from now on it has been."""
        ...

    def forget(self, session_id: str, seq: int) -> None:
        """This event was not delivered after all: it is new again."""
        ...


class EventCounter(Protocol):
    """Counts what a producer did with events, by the minute of the event (``ts``, ms since the Unix epoch)."""

    def sent(self, ts: int, size: int) -> None:
        """An event was handed in as so many bytes."""
        ...

    def refused(self, size: int) -> None:
        """An event of so many bytes was refused; its own time is not to be trusted."""
        ...

    def duplicate(self, ts: int) -> None:
        """An event was not sent: it had been before."""
        ...


class RecordSink(Protocol):
    """Takes framed records and delivers them. Records with one key keep their order. For one thread."""

    def send_encoded(self, key: bytes, value: bytes) -> None:
        """Hand a record in; returns before it is acknowledged.

        Blocks while the bytes in flight are at their bound, up to a deadline. When it raises, the record was not sent:
        RecordTooLargeError, DeliveryTimeoutError (no room in time), DeliveryFailedError (too many failed already),
        ProducerClosedError.
        """
        ...

    def flush(self, timeout: float) -> None:
        """Wait until every record has its answer; raises DeliveryTimeoutError, or DeliveryFailedError if any failed."""
        ...

    def close(self, timeout: float) -> None:
        """Flush, then let go of all resources, also when it raises what flush raises. A second call does nothing."""
        ...

    def when_lost(self, tell: Callable[[bytes, bytes], None]) -> None:
        """Call ``tell(key, value)`` for each record that fails from now on, once, in the thread and out of a method of
        the caller; at the latest when ``flush`` or ``close`` tells of the failure."""
        ...

    @property
    def stats(self) -> DeliveryStats:
        """The counts so far."""
        ...
