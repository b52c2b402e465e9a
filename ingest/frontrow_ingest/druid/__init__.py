"""Druid's ingestion side: supervisors and the topics they read."""

from __future__ import annotations

from frontrow_ingest.druid.supervisors import Supervisors, SupervisorStatus
from frontrow_ingest.druid.topics import end_offsets, ensure_topic

__all__ = ["SupervisorStatus", "Supervisors", "end_offsets", "ensure_topic"]
