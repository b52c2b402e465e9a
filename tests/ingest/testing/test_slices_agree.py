"""Breakdowns, impact and distributions over the Druid in memory against the oracle."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontrow import Client
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.testing import MemoryDruid
from support.clients import a_client
from support.slices import check_slices
from support.viewing_events import valid_events

DAY_MS = int(datetime(2026, 5, 1, 23, 30, tzinfo=UTC).timestamp() * 1000)


def client_of(events: list[dict[str, Any]]) -> Client:
    druid = MemoryDruid()
    druid.apply("audience", "quality")
    druid.send("events", events)
    return a_client(transport=druid)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(valid_events(), min_size=1, max_size=25))
def test_any_events(drawn: list[dict[str, Any]]) -> None:
    events = [{**event, "ts": DAY_MS + event["ts"] % 5_400_000} for event in drawn]
    check_slices(client_of(events), events)


def test_a_simulated_event() -> None:
    events = list(Simulation(seed=5, viewers=120, start_ms=DAY_MS, duration_s=120).events())
    check_slices(client_of(events), events)
