"""What unites and intersects viewers, over a simulated evening in memory, against Python's sets."""

from __future__ import annotations

from collections import Counter

from frontrow import Client
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.testing import MemoryDruid
from oracle.sets import event_times, overlaps, reach
from support.asked_sets import check_sets
from support.clients import BARE

START_MS = 1_790_000_040_000


def test_a_simulated_evening() -> None:
    simulation = Simulation(seed=5, viewers=150, start_ms=START_MS, duration_s=420, end_open=True)
    events = [event for event in simulation.events() if event["ts"] < START_MS + 900_000]
    druid = MemoryDruid()
    druid.apply("audience", "quality", "ledger")
    druid.send("events", events)
    (live,) = (name for name, _ in Counter(e["event_id"] for e in events if e["event_id"]).most_common(1))
    check_sets(Client(transport=druid, **BARE), events, live)


def test_the_oracle_by_hand() -> None:
    events = [
        {"viewer_id": viewer, "ts": ts, "event_id": event, "kind": kind}
        for viewer, ts, event, kind in (
            ("a", 5_000, "x", "attempt"),
            ("b", 65_000, "x", "first_frame"),
            ("a", 70_000, "y", "heartbeat"),
            (None, 70_000, "y", "heartbeat"),
        )
    ]
    audiences = {name: lambda event, name=name: event["event_id"] == name for name in "xy"}
    assert overlaps(events, audiences) == {"x": 2, "y": 1, "x & y": 1, "x only": 1, "y only": 0, "x | y": 2}
    assert reach(events, [0, 60_000, 120_000, 180_000]) == [(1, 1), (2, 1), (2, 0)]
    assert event_times(events, "x") == (0, 60_000, 120_000)
    assert event_times(events, "y") == (60_000, 60_000, 120_000)
    assert event_times(events, "z") is None
