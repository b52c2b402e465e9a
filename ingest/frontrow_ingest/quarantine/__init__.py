"""Where refused events go, with their reasons and original bytes, to be looked at and replayed."""

from __future__ import annotations

from frontrow_ingest.quarantine.port import Position, QuarantineSink, Rejected, Stage

__all__ = ["Position", "QuarantineSink", "Rejected", "Stage"]
