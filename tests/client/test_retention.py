"""Retention and drop-off curves: of a few sessions that can be followed by hand, and of a simulated evening."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from frontrow import AskError, Client
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.testing import MemoryDruid
from oracle.metrics import by_value
from support.clients import a_client

START_MS = 1_790_000_000_000
INTERVAL = "2026-09-21/2026-09-22"


def client_of(*events: dict[str, Any]) -> Client:
    druid = MemoryDruid()
    druid.apply("retention")
    druid.send("events", events)
    return a_client(transport=druid)


def played(
    session: str, *stretches: tuple[int, int], length: int | None = 100_000, **fields: Any
) -> list[dict[str, Any]]:
    """Heartbeats of a session that played from, to; ms."""
    return [
        {
            "ts": START_MS + number * 10_000,
            "kind": "heartbeat",
            "content_id": "film",
            "session_id": session,
            "play_ms": end - start,
            "position_ms": end,
            "content_length_ms": length,
            **fields,
        }
        for number, (start, end) in enumerate(stretches)
    ]


SESSIONS = [
    *played("whole", *((start, start + 10_000) for start in range(0, 100_000, 10_000))),
    *played("leaves", (0, 2_500)),
    *played("skips", (0, 1_000), (90_000, 91_000)),
    *played("rewinds", (0, 1_000), (0, 1_000), (500, 3_500)),
    *played("never", (0, 0)),
    {**played("seeks", (49_000, 50_000))[0], "kind": "seek"},
    *played("other", (0, 9_000), content_id="other"),
]


def test_curves_by_hand() -> None:
    result = client_of(*SESSIONS).retention("film", interval=INTERVAL)
    rows = {row["position"]: row for row in result}
    assert [*rows] == [*range(100)]
    assert [rows[position]["sessions"] for position in (0, 1, 2, 3, 4, 89, 90, 91, 99)] == [4, 3, 3, 2, 1, 1, 2, 1, 1]
    assert [rows[position]["came_so_far"] for position in (0, 1, 3, 4, 90, 91, 99)] == [4, 4, 3, 2, 2, 1, 1]
    assert (rows[0]["retention"], rows[90]["retention"], rows[3]["remaining"]) == (1.0, 0.5, 0.75)
    assert dict(result.types)["position"] == "integer"
    assert str(result.interval) == "2026-09-21T00:00:00.000Z/2026-09-22T00:00:00.000Z"
    assert "reach" in result.exactness


def test_a_live_event_is_by_its_minutes() -> None:
    client = client_of(
        *played("stays", (0, 50_000), (50_000, 130_000), length=None, event_id="final"),
        *played("joins", (60_000, 70_000), length=None, event_id="final"),
        *played("before", (0, 10_000), length=None, event_id="semifinal"),
    )
    asked: dict[str, Any] = {"by": "minute", "interval": INTERVAL}
    rows = client.retention("film", where={"event_id": "final"}, **asked)
    assert [(row["position"], row["sessions"], row["came_so_far"]) for row in rows] == [(0, 1, 2), (1, 2, 2), (2, 1, 1)]
    assert client.retention("film", **asked)[0]["sessions"] == 2
    assert len(client.retention("film", interval=INTERVAL)) == 0


def test_what_has_no_curve_is_refused() -> None:
    client = client_of(*played("long", (0, 10_000), (70_000_000, 70_001_000), length=None))
    for arguments, said in (
        ({"by": "second"}, "neither percent"),
        ({"content": ""}, "not a title"),
        ({"by": "minute"}, "1,167 minutes are more than 1,000"),
        ({"where": {"country": "DE"}}, "retention lacks country"),
    ):
        with pytest.raises(AskError, match=said):
            client.retention(**{"content": "film", "interval": INTERVAL, **arguments})  # type: ignore[arg-type]


def test_a_long_event_is_asked_in_parts_that_druid_has_room_for() -> None:
    stretches = [(minute * 60_000, minute * 60_000 + 1_000) for minute in range(250)]
    result = client_of(
        *played("stays", *stretches, length=None), *played("leaves", *stretches[:150], length=None)
    ).retention("film", by="minute", interval=INTERVAL)
    assert [row["came_so_far"] for row in result] == [2] * 150 + [1] * 100
    assert [len(query["aggregations"]) for query in result.queries] == [1, 100, 100, 50]


def test_a_simulated_evening() -> None:
    events = list(Simulation(seed=4, viewers=120, start_ms=START_MS, duration_s=900).events())
    client = client_of(*events)
    titles = defaultdict(list)
    for event in events:
        if event["content_length_ms"] is not None:
            titles[event["content_id"]].append(event)
    title = max(titles, key=lambda name: len(titles[name]))
    sessions = {
        place: {event["session_id"] for event in found} for place, found in by_value(titles[title], "position").items()
    }
    for row in client.retention(title, interval=INTERVAL):
        later = [found for place, found in sessions.items() if place is not None and int(place) >= row["position"]]
        assert row["sessions"] == len(sessions.get(str(row["position"]), ()))
        assert row["came_so_far"] == len(set().union(*later))
