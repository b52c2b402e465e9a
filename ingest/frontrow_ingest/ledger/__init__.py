"""What a producer says it did, by the minute of the events, so that completeness is a query."""

from __future__ import annotations

from frontrow_ingest.ledger.counts import LedgerCounts
from frontrow_ingest.ledger.writer import LEDGER_TOPIC, Ledger, kafka_ledger

__all__ = ["LEDGER_TOPIC", "Ledger", "LedgerCounts", "kafka_ledger"]
