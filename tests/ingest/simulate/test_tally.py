"""The simulator's own count."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from frontrow_ingest.simulate import Tally


def event(kind: str, ts: int, **fields: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "ts": ts,
        "viewer_id": "v",
        "started": True,
        "end_reason": None,
        "play_ms": 0,
        "rebuffer_ms": 0,
        "bits": 0,
    } | fields


def test_counts_by_hand() -> None:
    tally = Tally()
    for each in (
        event("attempt", 59_000, started=False),
        event("first_frame", 59_900),
        event("heartbeat", 70_000, play_ms=9_000, rebuffer_ms=1_100, bits=900),
        event("end", 60_000, play_ms=50, bits=5, end_reason="fatal_error"),
        event("attempt", 180_000, started=False, viewer_id="w"),
        event("end", 180_001, started=False, end_reason="fatal_error", viewer_id="w"),
        event("attempt", 181_000, started=False),
        event("end", 182_000, started=False, end_reason="viewer"),
        event("end", 183_000, started=False, end_reason="business_error"),
        event("end", 184_000, end_reason="completed"),
    ):
        tally.add(each)
    assert asdict(tally.totals()) == {
        "events": 10,
        "sessions": 3,
        "viewers": 2,
        "attempts": 3,
        "plays": 1,
        "exits": 5,
        "ended_plays": 2,
        "start_failures": 1,
        "exits_before_start": 1,
        "playback_failures": 1,
        "play_ms": 9_050,
        "rebuffer_ms": 1_100,
        "bits": 905,
        "first_ms": 59_000,
        "last_ms": 184_000,
        "events_by_minute": {0: 2, 60_000: 2, 180_000: 6},
        "play_ms_by_minute": {0: 0, 60_000: 9_050, 180_000: 0},
    }


def test_nothing_is_counted_as_nothing() -> None:
    totals = Tally().totals()
    assert (totals.events, totals.viewers, totals.first_ms, totals.last_ms) == (0, 0, None, None)
    assert not totals.events_by_minute


def test_totals_do_not_change_with_what_comes_after() -> None:
    tally = Tally()
    before = tally.totals()
    tally.add(event("attempt", 0))
    assert before.events == 0
    assert tally.totals().events == tally.events == 1


def test_a_simulations_totals_are_those_of_its_events(events: list[dict[str, Any]]) -> None:
    tally = Tally()
    for each in events:
        tally.add(each)
    totals = tally.totals()
    assert totals.events == len(events) == sum(totals.events_by_minute.values())
    assert totals.viewers == len({each["viewer_id"] for each in events})
    assert totals.sessions == len({each["session_id"] for each in events})
    assert totals.play_ms == sum(each["play_ms"] for each in events) == sum(totals.play_ms_by_minute.values())
    assert totals.exits == totals.attempts
