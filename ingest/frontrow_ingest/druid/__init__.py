"""Druid's ingestion side: supervisors and the topics they read."""

from __future__ import annotations

from frontrow_ingest.druid.supervisors import Progress, SpecVersion, Supervisors, SupervisorStatus
from frontrow_ingest.druid.topics import begin_offsets, end_offsets, ensure_topic, last_records, scratch_topic

__all__ = [
    "Progress",
    "SpecVersion",
    "SupervisorStatus",
    "Supervisors",
    "begin_offsets",
    "end_offsets",
    "ensure_topic",
    "last_records",
    "scratch_topic",
]
