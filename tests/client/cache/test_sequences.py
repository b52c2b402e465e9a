"""Any sequence of events, also late ones, of waiting and asking: with the cache as without it, but for what may lag.

What may lag is stated by ``_behind``. The counts are those of plain Python over the same events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.cached_world import HOUR_MS, MINUTE_MS, NOON, World, counting
from support.viewing_events import an_event

STEP_MS = 5_000
SETTLED_MS = 120_000


@dataclass(frozen=True)
class Ingest:
    """So long after its own time, events become queryable; told of in the ledger up to 25 s before that."""

    late_ms: int
    count: int
    told_before_ms: int


@dataclass(frozen=True)
class Wait:
    ms: int


@dataclass(frozen=True)
class Question:
    """The last so many minutes, up to so long ago."""

    minutes: int
    ago_ms: int
    period: str


LATE = st.sampled_from([0, 0, 90_000, 90_000, 4 * MINUTE_MS, 14 * MINUTE_MS, 14 * MINUTE_MS, 30 * MINUTE_MS])
STEPS = st.one_of(
    st.builds(Ingest, LATE, st.integers(1, 3), st.sampled_from([0, 0, 2_000, 25_000])),
    st.builds(Wait, st.sampled_from([700, 5_000, 12_000, 27_000, 40_000, 11 * MINUTE_MS])),
    st.builds(
        Question,
        st.sampled_from([3, 16, 16, 45]),
        st.sampled_from([0, 0, 0, 1_300, 20 * MINUTE_MS]),
        st.sampled_from(["PT1M", "PT1M", "PT5M", "PT1H"]),
    ),
)
LENGTHS = {"PT1M": MINUTE_MS, "PT5M": 5 * MINUTE_MS, "PT1H": HOUR_MS}


def _behind(world: World, end: int) -> int:
    """By how much the count of time that ended at ``end`` may lag, ms: with a ledger a step, in which it is looked at
    once; without one as long as its age allows.
    """
    if world.with_ledger:
        return STEP_MS
    age = world.now - end
    return STEP_MS if age < SETTLED_MS else min(STEP_MS * 2 ** min(age // MINUTE_MS - 1, 10), HOUR_MS)


def _counts(world: World, start: int, end: int, since: int) -> set[int]:
    """What could be counted in a stretch of time at any moment from ``since`` on. Rows are of whole minutes."""
    arrivals = sorted(arrived for ts, arrived in world.arrived if start <= ts // MINUTE_MS * MINUTE_MS < end)
    before = sum(arrived <= since for arrived in arrivals)
    return {before + more for more in range(len(arrivals) - before + 1)}


def _queryable(world: World, newest: int) -> int:
    """When an event so new, or newer, was first there."""
    return min(arrived for ts, arrived in world.arrived if ts >= newest)


def begun(*, with_ledger: bool) -> World:
    """A world where events came every minute, as they should."""
    world = World(with_ledger=with_ledger)
    came = [NOON - minute * MINUTE_MS for minute in range(40, 0, -1) if minute % 7]
    world.druid.send("events", [an_event(ts=moment - 200, seq=moment // MINUTE_MS) for moment in came])
    world.arrived += [(moment - 200, moment) for moment in came]
    for moment in came:
        world.now = moment
        world.tell(moment - 200)
    world.now = NOON
    return world


def play(world: World, steps: Sequence[Ingest | Wait | Question]) -> None:
    under_way: list[tuple[int, Ingest, int]] = []
    for step in steps:
        match step:
            case Wait(ms):
                world.now += ms
            case Ingest(late_ms, count, told_before_ms) if told_before_ms:
                ts = world.now - late_ms
                world.tell(ts, count)
                under_way.append((world.now + told_before_ms, step, ts))
            case Ingest(late_ms, count):
                world.ingest(world.now - late_ms, count)
            case Question():
                check(world, step)
        arrived = [each for each in under_way if each[0] <= world.now]
        under_way = [each for each in under_way if each[0] > world.now]
        for due, ingest, ts in arrived:
            now, world.now = world.now, due
            world.ingest(ts, ingest.count, told=False)
            world.now = now


def check(world: World, question: Question) -> None:
    end = world.now - question.ago_ms
    start = (end - question.minutes * MINUTE_MS) // MINUTE_MS * MINUTE_MS
    run = world.run()
    answer = run(counting(start, end, question.period))
    found = {moment(each["timestamp"]): each["result"]["events"] for each in answer}
    assert [*found] == sorted(found)
    newest = run.newest()
    # Whatever it claims to have seen, each part that is not settled must have.
    seen = 0 if newest is None else _queryable(world, ms(newest))
    length = LENGTHS[question.period]
    for bucket in range(start // length * length, end, length):
        first, last = max(bucket, start), min(bucket + length, end)
        since = world.now - _behind(world, last)
        if world.now - last < SETTLED_MS:
            since = max(since, seen)
        assert found.pop(bucket, 0) in _counts(world, first, last, since), (bucket - world.now, since - world.now)
    assert not found
    use = run.use()
    assert 0 <= use.from_cache <= use.buckets


def moment(text: str) -> int:
    return ms(datetime.fromisoformat(text))


def ms(when: datetime) -> int:
    return round(when.timestamp() * 1000)


@pytest.mark.parametrize("with_ledger", [True, False], ids=["ledger", "no ledger"])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=6, max_size=25))
def test_any_sequence(with_ledger: bool, steps: list[Ingest | Wait | Question]) -> None:
    world = begun(with_ledger=with_ledger)
    play(world, steps)
    # When all that may lag has passed, the answer is Druid's to the letter.
    world.now += 2 * HOUR_MS
    for period in LENGTHS:
        query = counting(world.now - 4 * HOUR_MS, world.now - HOUR_MS, period)
        assert world.ask(query) == world.plain(query)
        assert world.ask(query) == world.plain(query)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=6, max_size=25))
def test_a_step_after_the_last_event_it_is_druids_answer(steps: list[Ingest | Wait | Question]) -> None:
    world = begun(with_ledger=True)
    play(world, [step for step in steps if not isinstance(step, Ingest) or not step.told_before_ms])
    world.now += STEP_MS
    for period in LENGTHS:
        query = counting(world.now - 90 * MINUTE_MS, world.now, period)
        assert world.ask(query) == world.plain(query)
