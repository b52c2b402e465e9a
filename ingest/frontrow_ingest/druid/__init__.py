"""Druid's ingestion side: supervisors and the topics they read, what is stored of them and how it is kept."""

from __future__ import annotations

from frontrow_ingest.druid.storage import CompactionRun, Storage, Stored
from frontrow_ingest.druid.supervisors import Progress, SpecVersion, Supervisors, SupervisorStatus
from frontrow_ingest.druid.topics import (
    begin_offsets,
    end_offsets,
    ensure_topic,
    event_ends,
    last_records,
    scratch_topic,
)
from frontrow_ingest.druid.upkeep import Unused, Upkeeping

__all__ = [
    "CompactionRun",
    "Progress",
    "SpecVersion",
    "Storage",
    "Stored",
    "SupervisorStatus",
    "Supervisors",
    "Unused",
    "Upkeeping",
    "begin_offsets",
    "end_offsets",
    "ensure_topic",
    "event_ends",
    "last_records",
    "scratch_topic",
]
