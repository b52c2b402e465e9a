"""One simulated evening that many tests look at."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from frontrow_ingest.simulate import Simulation

START_MS = 1_790_000_000_000


@pytest.fixture(scope="package")
def evening() -> Simulation:
    """A quarter of an hour with every session ended in it."""
    return Simulation(seed=11, viewers=2_500, start_ms=START_MS, duration_s=900, end_open=True)


@pytest.fixture(scope="package")
def events(evening: Simulation) -> list[dict[str, Any]]:
    return list(evening.events())


@pytest.fixture(scope="package")
def sessions(events: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The events of each session, in order."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        found[event["session_id"]].append(event)
    return dict(found)
