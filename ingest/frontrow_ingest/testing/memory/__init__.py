"""A Druid in memory: supervisors that take events at once, and native queries over the rows they make."""

from __future__ import annotations

from frontrow_ingest.testing.memory.druid import MemoryDruid

__all__ = ["MemoryDruid"]
