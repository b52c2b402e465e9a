"""Events go out when they are due, by a clock of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow_ingest.simulate import Simulation
from frontrow_ingest.simulate.pacing import BATCH_S, NAP_S, Pacer, in_order_of_arrival

START_MS = 1_790_000_000_000


class Clock:
    """Seconds that pass by sleeping, and by work where a test says so."""

    def __init__(self) -> None:
        self.now = 500.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.naps.append(seconds)
        self.now += seconds


def events(*offsets_ms: int) -> list[dict[str, Any]]:
    return [{"ts": START_MS + offset, "received_ts": START_MS + offset + 40} for offset in offsets_ms]


def sent_at(speed: float, offsets_ms: list[int]) -> tuple[list[float], Clock]:
    """When each event was given out, in seconds after the first look at the clock."""
    clock = Clock()
    pacer = Pacer(speed, START_MS, clock=clock, sleep=clock.sleep)
    out = pacer.paced(events(*offsets_ms), idle=lambda: None, should_stop=lambda: False)
    return [clock.now - 500.0 for _ in out], clock


@pytest.mark.parametrize("speed", [0.5, 1.0, 10.0, 600.0])
def test_event_time_passes_at_the_speed(speed: float) -> None:
    offsets = [0, 400, 1_000, 5_000, 5_000, 12_345]
    times, _ = sent_at(speed, offsets)
    for offset, when in zip(offsets, times, strict=True):
        assert when == pytest.approx(offset / 1_000 / speed, abs=BATCH_S)


def test_what_is_due_at_about_the_same_time_goes_out_together() -> None:
    times, clock = sent_at(1.0, [100, 101, 103, 107, 109, 110, 150])
    assert len(set(times)) == 2
    assert len(clock.naps) == 2


def test_no_sleep_is_long() -> None:
    times, clock = sent_at(1.0, [30_000])
    assert times == [pytest.approx(30.0)]
    assert max(clock.naps) <= NAP_S


def test_without_pacing_nobody_looks_at_the_clock() -> None:
    times, clock = sent_at(0, [0, 3_600_000])
    assert times == [0, 0]
    assert not clock.naps


def test_a_negative_speed_is_refused() -> None:
    with pytest.raises(ValueError, match="speed"):
        Pacer(-1, START_MS)


def test_a_wish_to_stop_is_obeyed_within_a_nap() -> None:
    clock = Clock()
    pacer = Pacer(1.0, START_MS, clock=clock, sleep=clock.sleep)
    out = pacer.paced(events(0, 60_000), idle=lambda: None, should_stop=lambda: clock.now >= 503.0)
    assert len(list(out)) == 1
    assert clock.now == pytest.approx(503.0, abs=2 * NAP_S)


def test_idle_moments_are_told() -> None:
    clock = Clock()
    told: list[float] = []
    pacer = Pacer(1.0, START_MS, clock=clock, sleep=clock.sleep)
    assert len(list(pacer.paced(events(250), idle=lambda: told.append(clock.now), should_stop=lambda: False))) == 1
    assert len(told) == len(clock.naps) == 3


def test_who_cannot_keep_up_sends_everything_and_knows_the_lag() -> None:
    clock = Clock()

    def slowly() -> Iterator[dict[str, Any]]:
        for event in events(0, 1_000, 2_000, 30_000):
            clock.now += 3.0
            yield event

    pacer = Pacer(1.0, START_MS, clock=clock, sleep=clock.sleep)
    assert len(list(pacer.paced(slowly(), idle=lambda: None, should_stop=lambda: False))) == 4
    assert pacer.worst_lag_s == pytest.approx(7.0, abs=0.01)  # the third is made after 9 s and was due after 2
    assert pacer.lag_s == pytest.approx(0.0, abs=0.01)


def test_another_time_can_set_the_pace() -> None:
    clock = Clock()
    pacer = Pacer(1.0, START_MS, field="received_ts", clock=clock, sleep=clock.sleep)
    list(pacer.paced(events(1_000), idle=lambda: None, should_stop=lambda: False))
    assert clock.now - 500.0 == pytest.approx(1.04)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 2_000)), max_size=60))
def test_the_order_of_arrival(drawn: list[tuple[int, int]]) -> None:
    by_ts = [{"ts": ts, "received_ts": ts + delay} for ts, delay in sorted(drawn)]
    by_arrival = list(in_order_of_arrival(by_ts))
    assert [event["received_ts"] for event in by_arrival] == sorted(event["received_ts"] for event in by_ts)
    assert len(by_arrival) == len(by_ts)


def test_late_events_of_a_simulation_overtake_nothing_that_was_received_before() -> None:
    simulation = Simulation(seed=3, viewers=100, start_ms=START_MS, duration_s=120, late_share=0.2)
    arrived = list(in_order_of_arrival(simulation.events()))
    times = [event["received_ts"] for event in arrived]
    assert times == sorted(times)
    assert [event["ts"] for event in arrived] != sorted(event["ts"] for event in arrived)
    assert {(e["session_id"], e["seq"]) for e in arrived} == {(e["session_id"], e["seq"]) for e in simulation.events()}
