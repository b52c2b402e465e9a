"""The port behind which the quarantine topic, or memory, takes refused events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from frontrow_ingest.contract import Refusal


class Stage(StrEnum):
    """Where an event was refused."""

    PRODUCER = "producer"
    COLLECTOR = "collector"
    TOPIC = "topic"


@dataclass(frozen=True)
class Position:
    """Where the bytes came from.

    Attributes:
        source: a file, ``stdin``, a collector's endpoint, or ``topic-partition``
        number: of the line, the event in a request, or the offset; None where there is none
    """

    source: str
    number: int | None = None


@dataclass(frozen=True)
class Rejected:
    """A refused event: its bytes as they came, why, where and when (``seen_ms``, Unix epoch).

    ``event_ms`` is its own time where it has a believable one; ``schema_id`` where the bytes were framed. ``size`` is
    the original's where ``original`` holds only its beginning; ``delay_ms`` how late it came (negative: early) where
    that is why it was refused. ``raw_viewer_ids``: whatever its viewer id looks like, it is a raw one; a sink without
    the keys withholds it.
    """

    original: bytes = field(repr=False)  # it is as it came, and must get into no log
    refusals: Sequence[Refusal]
    stage: Stage
    position: Position
    seen_ms: int
    event_ms: int | None = None
    schema_id: int | None = None
    size: int | None = None
    delay_ms: int | None = None
    raw_viewer_ids: bool = False


class QuarantineSink(Protocol):
    """Takes refused events and keeps them. For one thread."""

    def put(self, rejected: Rejected) -> None:
        """Hand one in; returns before it is kept. Raises what RecordSink.send_encoded raises."""
        ...

    def flush(self, timeout: float) -> None:
        """Wait until everything handed in is kept; raises DeliveryError if it is not."""
        ...

    def close(self, timeout: float) -> None:
        """Flush and let go; a second call does nothing."""
        ...
