"""Doubles for tests of what is built on frontrow."""

from __future__ import annotations

from frontrow_ingest.testing.memory import MemoryDruid

__all__ = ["MemoryDruid"]
