"""How large a cluster has to be, on paper: from measured constants, by the formulas of specs/SIZING.md."""

from __future__ import annotations

from frontrow_ingest.sizing.measured import Measured, measured
from frontrow_ingest.sizing.model import Demand, Node, Size, size
from frontrow_ingest.sizing.rows import Stored

__all__ = ["Demand", "Measured", "Node", "Size", "Stored", "measured", "size"]
