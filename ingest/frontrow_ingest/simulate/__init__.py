"""A believable audience, made from a seed: :class:`Simulation` gives its events, :class:`Tally` counts them."""

from __future__ import annotations

from frontrow_ingest.simulate.schedule import LiveSchedule
from frontrow_ingest.simulate.simulation import Simulation
from frontrow_ingest.simulate.tally import Tally, Totals

__all__ = ["LiveSchedule", "Simulation", "Tally", "Totals"]
