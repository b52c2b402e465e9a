"""Each session by itself: its order, its flags, and that its measures add up to the time that passed."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from frontrow_ingest.simulate.session import HEARTBEAT_MS, SILENCE_MS
from frontrow_ingest.simulate.world import LADDER_KBPS

Sessions = dict[str, list[dict[str, Any]]]
STATES = ("play_ms", "rebuffer_ms", "pause_ms", "ad_ms")


def test_numbers_count_from_zero_without_a_gap(sessions: Sessions) -> None:
    for found in sessions.values():
        assert [event["seq"] for event in found] == list(range(len(found)))


def test_a_session_is_one_attempt_and_one_end(sessions: Sessions) -> None:
    for found in sessions.values():
        kinds = [event["kind"] for event in found]
        assert kinds[0] == "attempt"
        assert kinds[-1] == "end"
        assert kinds.count("attempt") == kinds.count("end") == 1
        assert kinds.count("first_frame") <= 1


def test_started_is_true_from_the_first_frame_on(sessions: Sessions) -> None:
    for found in sessions.values():
        started = False
        for event in found:
            started = started or event["kind"] == "first_frame"
            assert event["started"] is started
            if not started:
                assert not any(event[state] for state in STATES)


def test_every_moment_after_the_first_frame_is_in_exactly_one_state(sessions: Sessions) -> None:
    for found in sessions.values():
        for before, event in itertools.pairwise(found):
            if not before["started"]:
                continue
            passed = event["ts"] - before["ts"]
            measured = sum(event[state] for state in STATES)
            silent = passed - measured if event["end_reason"] == "timeout" else 0
            assert measured + silent == passed
            assert 0 <= silent <= SILENCE_MS


def test_the_start_up_time_is_the_wait_for_the_first_frame(sessions: Sessions) -> None:
    reported = 0
    for found in sessions.values():
        for event in found:
            if event["kind"] == "first_frame":
                assert event["startup_ms"] == event["ts"] - found[0]["ts"] > 0
                reported += 1
            else:
                assert event["startup_ms"] is None
    assert reported > 1_000


def test_a_playing_session_is_never_silent_longer_than_a_heartbeat(sessions: Sessions) -> None:
    for found in sessions.values():
        for before, event in itertools.pairwise(found):
            if before["started"] and event["end_reason"] != "timeout":
                assert event["ts"] - before["ts"] <= HEARTBEAT_MS


def test_bits_are_of_a_rendition_that_the_play_time_allows(sessions: Sessions) -> None:
    for event in itertools.chain.from_iterable(sessions.values()):
        assert LADDER_KBPS[0] * event["play_ms"] <= event["bits"] <= LADDER_KBPS[-1] * event["play_ms"]


def test_stalls_after_a_seek_are_part_of_the_stalls(sessions: Sessions) -> None:
    seeking = [event for found in sessions.values() for event in found if event["seek_rebuffer_ms"]]
    assert seeking
    assert all(0 < event["seek_rebuffer_ms"] <= event["rebuffer_ms"] for event in seeking)


def test_the_play_head_moves_with_the_play_time_and_jumps_only_by_a_seek(sessions: Sessions) -> None:
    for found in sessions.values():
        for before, event in itertools.pairwise(found):
            if not before["started"] or event["kind"] == "seek":
                continue
            moved = event["position_ms"] - before["position_ms"]
            behind_ads = event["ad_ms"] if event["stream_type"] != "vod" else 0
            made_up = event["play_ms"] // 30 + 1 if event["stream_type"] == "low_latency" else 0
            assert 0 <= moved - event["play_ms"] - behind_ads <= made_up


def test_titles_have_a_length_and_are_not_played_beyond_it(sessions: Sessions) -> None:
    for event in itertools.chain.from_iterable(sessions.values()):
        if event["stream_type"] == "vod":
            assert event["event_id"] is None
            assert 0 <= event["position_ms"] <= event["content_length_ms"]
        else:
            assert event["event_id"] is not None
            assert event["content_length_ms"] is None


def test_a_title_is_completed_at_its_end_only(sessions: Sessions) -> None:
    completed = [
        f[-1] for f in sessions.values() if f[-1]["end_reason"] == "completed" and f[-1]["stream_type"] == "vod"
    ]
    assert completed
    assert all(event["position_ms"] == event["content_length_ms"] for event in completed)


def test_only_live_streams_have_a_latency_and_low_latency_is_lower(sessions: Sessions) -> None:
    latencies: dict[str, list[int]] = {"vod": [], "live": [], "low_latency": []}
    for event in itertools.chain.from_iterable(sessions.values()):
        if event["live_latency_ms"] is not None:
            latencies[event["stream_type"]].append(event["live_latency_ms"])
    assert not latencies["vod"]
    medians = {stream: sorted(found)[len(found) // 2] for stream, found in latencies.items() if found}
    assert 1_000 < medians["low_latency"] < 8_000 < medians["live"] < 40_000


@pytest.mark.parametrize(("reason", "error_class"), [("fatal_error", "fatal"), ("business_error", "business")])
def test_a_failed_end_carries_the_error_that_was_reported_before(
    sessions: Sessions, reason: str, error_class: str
) -> None:
    failed = [found for found in sessions.values() if found[-1]["end_reason"] == reason]
    assert failed
    for found in failed:
        assert found[-2]["kind"] == "error"
        assert found[-2]["error_class"] == found[-1]["error_class"] == error_class
        assert found[-2]["error_code"] == found[-1]["error_code"] is not None


def test_other_ends_carry_no_error_and_warnings_are_survived(sessions: Sessions) -> None:
    warned = 0
    for found in sessions.values():
        if found[-1]["end_reason"] in ("completed", "viewer", "timeout"):
            assert found[-1]["error_code"] is None
        for event in found[:-1]:
            if event["error_class"] == "warning":
                assert event["kind"] == "error"
                warned += 1
    assert warned > 10


def test_pauses_are_resumed_or_left_and_ads_are_over_or_left(sessions: Sessions) -> None:
    for opening, closing in (("pause", "resume"), ("ad_start", "ad_end")):
        opened = 0
        for found in sessions.values():
            kinds = [event["kind"] for event in found if event["kind"] in (opening, closing, "end")]
            for kind, following in itertools.pairwise(kinds):
                if kind == opening:
                    opened += 1
                    assert following in (closing, "end")
        assert opened > 10


def test_a_session_that_fails_to_start_has_no_first_frame(sessions: Sessions) -> None:
    outcomes = {(found[-1]["started"], found[-1]["end_reason"]) for found in sessions.values()}
    assert {(False, "fatal_error"), (False, "viewer"), (False, "business_error"), (True, "fatal_error")} <= outcomes
    assert (False, "completed") not in outcomes
