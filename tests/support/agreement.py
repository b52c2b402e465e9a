"""Answers of Druid against the oracle's, for the same events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from frontrow import Interval
from oracle.metrics import DISTINCT, EXACT, MINUTE_MS, distinct, quantile_bounds

# Three standard errors of a sketch with lgK 12 (1.6 %) and of a theta sketch of 16,384 entries (0.8 %).
TOLERANCE = {"active_sessions": 0.05, "unique_viewers": 0.05, "reach": 0.024}
RANK_ERROR = 0.012


def interval_of(events: list[dict[str, Any]]) -> Interval:
    first = min(event["ts"] for event in events) // MINUTE_MS * MINUTE_MS
    last = (max(event["ts"] for event in events) // MINUTE_MS + 1) * MINUTE_MS
    return Interval(*(datetime.fromtimestamp(moment / 1000, UTC) for moment in (first, last)))


def check(metric: str, answer: Any, events: list[dict[str, Any]], length_ms: float) -> None:
    """One value against the oracle: sums and ratios exactly, sketches inside their bounds."""
    if metric in EXACT:
        expected = EXACT[metric](events, length_ms)
        if expected is None:
            assert answer is None
        elif isinstance(expected, int):
            assert answer == expected
        else:
            assert answer == pytest.approx(expected, rel=1e-12)
    elif metric in DISTINCT:
        expected = distinct(metric, events)
        # Below a few hundred the sketches count; above, they estimate.
        assert answer == pytest.approx(expected, rel=TOLERANCE[metric], abs=0.5)
    else:
        bounds = quantile_bounds(metric, events, RANK_ERROR)
        if bounds is None:
            assert answer is None
        else:
            assert bounds[0] <= answer <= bounds[1]
