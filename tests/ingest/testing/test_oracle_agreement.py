"""The client over the Druid in memory against the oracle, for any events that keep the contract."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontrow_ingest.contract import ViewingEvent, encode
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import rollup
from support.agreement import SPECS, check_datasource, check_total
from support.clients import a_client
from support.counted_records import ledger_deltas, quarantine_records
from support.viewing_events import valid_events

DAY_MS = int(datetime(2026, 5, 1, 23, 30, tzinfo=UTC).timestamp() * 1000)


def placed(event: dict[str, Any]) -> dict[str, Any]:
    """The event within an hour and a half around midnight."""
    return {**event, "ts": DAY_MS + event["ts"] % 5_400_000}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(valid_events(), min_size=1, max_size=30), framed=st.booleans())
def test_every_metric_of_any_events(drawn: list[dict[str, Any]], framed: bool) -> None:
    events = [placed(event) for event in drawn]
    druid = MemoryDruid()
    druid.apply(*SPECS)
    druid.send(rollup("audience").topic, [encode(ViewingEvent(**event)) if framed else event for event in events])
    client = a_client(transport=druid)
    for spec in SPECS:
        assert druid.count(spec).events == len(events)
        assert 0 < druid.count(spec).rows <= len(events)
        check_datasource(client, spec, events)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(valid_events(), min_size=2, max_size=12), pieces=st.integers(1, 4))
def test_events_that_come_twice_or_in_any_order_add_up(drawn: list[dict[str, Any]], pieces: int) -> None:
    events = [placed(event) for event in drawn] * 2
    druid = MemoryDruid()
    druid.send("events", events[::-1][:pieces])
    druid.apply(*SPECS)
    druid.send("events", events[::-1][pieces:])
    for spec in SPECS:
        assert druid.count(spec).rows <= len(drawn)
        check_total(a_client(transport=druid), spec, events)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    refused=st.lists(quarantine_records(), min_size=1, max_size=20),
    deltas=st.lists(ledger_deltas(), min_size=1, max_size=20),
)
def test_every_metric_of_quarantine_and_ledger(refused: list[dict[str, Any]], deltas: list[dict[str, Any]]) -> None:
    druid = MemoryDruid()
    druid.apply("quarantine", "ledger")
    for spec, records in (("quarantine", refused), ("ledger", deltas)):
        druid.send(rollup(spec).topic, [placed(record) for record in records])
        check_datasource(a_client(transport=druid), spec, [placed(record) for record in records])


def test_audience_quality_and_live_count_the_same_events_of_every_minute() -> None:
    start_ms = int(datetime(2026, 3, 1, 20, 0, tzinfo=UTC).timestamp() * 1000)
    druid = MemoryDruid()
    druid.apply(*SPECS)
    druid.send("events", Simulation(seed=5, viewers=150, start_ms=start_ms, duration_s=600).events())
    client = a_client(transport=druid)
    counts = {
        spec: [*client.timeseries("events", interval="2026-03-01T20/2026-03-01T21", spec=spec).columns["events"]]
        for spec in ("audience", "quality", "live")
    }
    assert sum(counts["audience"]) == druid.count("audience").events > 1000
    assert counts["audience"] == counts["quality"] == counts["live"]
    assert druid.count("retention").events == druid.count("live").events
