"""That the audience is a believable one: rush, dip, spike, favourites, good and bad connections."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

from frontrow_ingest.simulate import LiveSchedule, Simulation
from frontrow_ingest.simulate.audience import LIVE_EVENT
from frontrow_ingest.simulate.world import HIDDEN_FAULT, MAX_TITLES, titles


@pytest.fixture(scope="module")
def match() -> Simulation:
    return Simulation(seed=4, viewers=4_000, start_ms=1_790_000_000_000, duration_s=1_800)


@pytest.fixture(scope="module")
def reports(match: Simulation) -> list[dict[str, Any]]:
    return list(match.events())


def live_watching(reports: list[dict[str, Any]], start_ms: int, end_ms: int) -> float:
    """Average concurrent viewers of the live event in a stretch of time."""
    played = sum(e["play_ms"] for e in reports if e["event_id"] == LIVE_EVENT and start_ms <= e["ts"] < end_ms)
    return played / (end_ms - start_ms)


def live_joins_per_s(reports: list[dict[str, Any]], start_ms: int, end_ms: int) -> float:
    joins = sum(
        e["kind"] == "attempt" and e["event_id"] == LIVE_EVENT and start_ms <= e["ts"] < end_ms for e in reports
    )
    return joins * 1_000 / (end_ms - start_ms)


def test_kick_off_is_a_rush(match: Simulation, reports: list[dict[str, Any]]) -> None:
    course = match.schedule
    rush = live_joins_per_s(reports, course.start + course.stretch(0.08), course.start + course.stretch(0.20))
    later = live_joins_per_s(reports, course.start + course.stretch(0.20), course.half_time)
    assert rush > 5 * later


def test_half_time_is_a_dip_that_fills_again(match: Simulation, reports: list[dict[str, Any]]) -> None:
    course = match.schedule
    quarter = (course.second_half - course.half_time) // 4
    before = live_watching(reports, course.half_time - 60_000, course.half_time)
    dip = live_watching(reports, course.half_time + quarter, course.half_time + 2 * quarter)
    after = live_watching(reports, course.second_half + 60_000, course.goal)
    assert dip < 0.75 * before
    assert after > 0.9 * before


def test_a_goal_brings_viewers_and_strains_everything(match: Simulation, reports: list[dict[str, Any]]) -> None:
    course = match.schedule
    spike = live_joins_per_s(reports, course.goal, course.goal + course.stretch(0.03))
    calm = live_joins_per_s(reports, course.goal - course.stretch(0.08), course.goal)
    assert spike > 4 * calm

    def stall_ratio(start_ms: int, end_ms: int) -> float:
        found = [e for e in reports if e["event_id"] == LIVE_EVENT and start_ms <= e["ts"] < end_ms]
        stalled = sum(e["rebuffer_ms"] for e in found)
        return stalled / (stalled + sum(e["play_ms"] for e in found))

    assert stall_ratio(course.goal, course.goal_over) > 2.5 * stall_ratio(course.kick_off, course.half_time)


def test_most_leave_after_the_final_whistle(match: Simulation, reports: list[dict[str, Any]]) -> None:
    course = match.schedule
    ends = [e["ts"] for e in reports if e["kind"] == "end" and e["end_reason"] == "completed" and e["event_id"]]
    assert len(ends) > 1_000
    assert min(ends) >= course.final_whistle


def test_titles_follow_zipf(reports: list[dict[str, Any]]) -> None:
    plays = Counter(e["content_id"] for e in reports if e["kind"] == "attempt" and e["stream_type"] == "vod")
    ranked = [count for _, count in plays.most_common()]
    total = sum(ranked)
    assert 0.12 < ranked[0] / total < 0.25  # 1 / H(200) = 0.17
    assert sum(ranked[:20]) / total > 0.5
    assert len(ranked) > 100


def test_titles_have_names_of_their_own() -> None:
    catalogue = titles(MAX_TITLES).items
    assert len({title.content_id for title in catalogue}) == MAX_TITLES
    assert all(20 * 60_000 <= title.length_ms <= 120 * 60_000 for title in catalogue)


def test_networks_differ_and_one_pair_is_broken(reports: list[dict[str, Any]]) -> None:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for e in reports:
        sums[e["cdn"], e["isp"]][0] += e["play_ms"]
        sums[e["cdn"], e["isp"]][1] += e["rebuffer_ms"]
    # A ratio of a handful of sessions says nothing.
    ratios = {pair: stalled / (played + stalled) for pair, (played, stalled) in sums.items() if played > 36_000_000}
    broken = ratios.pop(HIDDEN_FAULT)
    assert broken > 0.02
    assert broken > 4 * max(ratios.values())


@pytest.mark.parametrize("field", [0, 1], ids=["cdn", "isp"])
def test_neither_half_of_the_broken_pair_gives_it_away(reports: list[dict[str, Any]], field: int) -> None:
    """Away from the other half, it is an ordinary CDN, or an ordinary access network."""
    name, other = HIDDEN_FAULT[field], HIDDEN_FAULT[1 - field]

    def ratio(same: bool) -> float:
        found = [
            e
            for e in reports
            if (e["cdn"], e["isp"])[1 - field] != other and ((e["cdn"], e["isp"])[field] == name) is same
        ]
        return sum(e["rebuffer_ms"] for e in found) / sum(e["play_ms"] + e["rebuffer_ms"] for e in found)

    assert ratio(True) < 2.5 * ratio(False)


def test_quality_is_of_an_ordinary_service(reports: list[dict[str, Any]]) -> None:
    kinds = Counter(e["kind"] for e in reports)
    played, stalled = (sum(e[field] for e in reports) for field in ("play_ms", "rebuffer_ms"))
    startup = sorted(e["startup_ms"] for e in reports if e["startup_ms"] is not None)
    bitrate = sum(e["bits"] for e in reports) / played
    assert 0.001 < stalled / (played + stalled) < 0.02
    assert 500 < startup[len(startup) // 2] < 2_000
    assert 2_000 < bitrate < 9_000
    assert 0.92 < kinds["first_frame"] / kinds["attempt"] < 0.995
    assert kinds["heartbeat"] > 0.6 * len(reports)


def test_the_course_is_in_order_and_stretched() -> None:
    short, long = LiveSchedule.over(0, 60_000), LiveSchedule.over(0, 6_000_000)
    for course in (short, long):
        moments = [course.start, course.kick_off, course.half_time, course.second_half]
        moments += [course.goal, course.goal_over, course.final_whistle, course.end]
        assert moments == sorted(set(moments))
    assert long.goal == 100 * short.goal
    assert short.stretch(1) == 60_000
