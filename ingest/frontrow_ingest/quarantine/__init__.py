"""Where refused events go, with their reasons and original bytes, to be looked at and replayed."""

from __future__ import annotations

from frontrow_ingest.quarantine.limit import RefusalLimit, RefusalLimitError
from frontrow_ingest.quarantine.memory import MemoryQuarantine
from frontrow_ingest.quarantine.port import Position, QuarantineSink, Rejected, Stage
from frontrow_ingest.quarantine.record import QUARANTINE_TOPIC, QuarantineRecord
from frontrow_ingest.quarantine.rejecting import rejected_json, rejected_message
from frontrow_ingest.quarantine.writer import TopicQuarantine, kafka_quarantine

__all__ = [
    "QUARANTINE_TOPIC",
    "MemoryQuarantine",
    "Position",
    "QuarantineRecord",
    "QuarantineSink",
    "RefusalLimit",
    "RefusalLimitError",
    "Rejected",
    "Stage",
    "TopicQuarantine",
    "kafka_quarantine",
    "rejected_json",
    "rejected_message",
]
