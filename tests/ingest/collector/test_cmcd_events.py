"""From CMCD reports to events: states to kinds, running totals to deltas, each report once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow_ingest.collector.cmcd import KEYS, Item, Playbacks, markdown_table, read_report
from frontrow_ingest.contract import EventRefusedError, Validator
from frontrow_specs import event_fields
from support.cmcd_lines import SID, T0, a_report, numbers

CONTEXT = {
    "viewer_id": "AAECAwQFBgcICQoLDA0ODw",
    "country": "DE",
    "device_type": "tv",
    "network": "wifi",
    "stream_type": "vod",
}
SUMS = ("play_ms", "rebuffer_ms", "seek_rebuffer_ms", "pause_ms", "ad_ms", "bits", "dropped_frames")


def events_of(*lines: str, playbacks: Playbacks | None = None) -> list[dict[str, Any]]:
    """The events of lines, each checked against the contract."""
    followed = Playbacks(limit=10) if playbacks is None else playbacks
    made = [followed.event(read_report(line), CONTEXT) for line in lines]
    return [Validator().event(event).model_dump() for event in made]


def totals(events: list[dict[str, Any]]) -> dict[str, int]:
    return {name: total for name in SUMS if (total := sum(event[name] for event in events))}


def test_a_playback_from_its_attempt_to_its_end() -> None:
    events = events_of(
        a_report(0, 0, "ps", "s", br=numbers(3_000)),
        a_report(1, 800, "ps", "p", msd=790, pt=0, cdn="north"),
        a_report(2, 10_800, br=numbers(6_000), ltc=4_000, pt=10_000),
        a_report(3, 12_800, "ps", "r"),
        a_report(4, 14_800, "ps", "p", bsd=numbers(2_000)),
        a_report(5, 16_800, "ps", "a"),
        a_report(6, 20_800, "ps", "p"),
        a_report(7, 21_800, "ps", "k"),
        a_report(8, 22_300, "ps", "p"),
        a_report(9, 23_300, "bc", br=numbers(1_000)),
        a_report(10, 24_300, "ps", "e"),
        a_report(11, 25_000),
    )
    kinds = [event["kind"] for event in events]
    assert kinds == [
        "attempt", "first_frame", "heartbeat", "stall", "heartbeat", "pause", "resume", "seek", "heartbeat",
        "bitrate_change", "end", "heartbeat",
    ]  # fmt: skip
    assert totals(events) == {
        "play_ms": 10_000 + 2_000 + 2_000 + 1_000 + 1_000 + 1_000,
        "rebuffer_ms": 2_000 + 500,
        "seek_rebuffer_ms": 500,
        "pause_ms": 4_000,
        "bits": 10_000 * 3_000 + 6_000 * 6_000 + 1_000 * 1_000,
    }
    assert [event["started"] for event in events] == [False] + [True] * 11
    first, second, last = events[1], events[2], events[10]
    assert (first["startup_ms"], first["cdn"], first["stream_type"], first["content_id"]) == (
        790,
        "north",
        "live",
        "title-17",
    )
    assert (second["live_latency_ms"], second["position_ms"], second["cdn"]) == (4_000, 10_000, "north")
    assert (last["end_reason"], last["seq"], last["ts"]) == ("completed", 10, T0 + 24_300)


def test_a_start_that_fails() -> None:
    events = events_of(
        a_report(0, 0, "ps", "s"), a_report(1, 500, "e", "f", ec=(Item("E4"), Item("E5"))), a_report(2, 510, "ps", "f")
    )
    assert [event["kind"] for event in events] == ["attempt", "error", "end"]
    assert (events[1]["error_class"], events[1]["error_code"]) == ("fatal", "E4")
    end = events[2]
    assert (end["end_reason"], end["error_code"], end["started"]) == ("fatal_error", "E4", False)
    assert totals(events) == {}


def test_an_error_that_is_survived_and_a_viewer_who_leaves() -> None:
    events = events_of(
        a_report(0, 0, "ps", "p"), a_report(1, 100, "e", "p", ec=(Item("W"),)), a_report(2, 200, "ps", "q")
    )
    assert [event["kind"] for event in events] == ["first_frame", "error", "end"]
    assert (events[1]["error_class"], events[2]["end_reason"], events[2]["error_code"]) == ("warning", "viewer", None)


def test_without_msd_the_start_up_is_the_time_since_the_attempt() -> None:
    first = events_of(a_report(0, 0, "ps", "s"), a_report(1, 640, "t", "p"))[1]
    assert (first["kind"], first["startup_ms"]) == ("first_frame", 640)


def test_waiting_for_the_first_frame_is_no_rebuffering() -> None:
    events = events_of(
        a_report(0, 0, "ps", "s"),
        a_report(1, 1_000, "ps", "r", bsda=numbers(1_000), dfa=2),
        a_report(2, 2_000, "ps", "p", bsda=numbers(2_000), dfa=5),
        a_report(3, 3_000, bsda=numbers(2_300), dfa=5),
    )
    assert [event["kind"] for event in events] == ["attempt", "heartbeat", "first_frame", "heartbeat"]
    assert totals(events) == {"play_ms": 700, "rebuffer_ms": 300, "dropped_frames": 5}


def test_a_stall_that_no_state_has_shown_is_not_playing() -> None:
    events = events_of(a_report(0, 0, "ps", "p"), a_report(1, 10_000, bs=True, bsd=numbers(1_500, 500)))
    assert totals(events) == {"play_ms": 8_000, "rebuffer_ms": 2_000}


def test_a_long_stall_is_counted_on_the_way_and_once() -> None:
    events = events_of(
        a_report(0, 0, "ps", "p"),
        a_report(1, 1_000, "ps", "r"),
        a_report(2, 6_000, "t"),
        a_report(3, 8_000, "ps", "p", bsd=numbers(7_000)),
    )
    assert [event["rebuffer_ms"] for event in events] == [0, 0, 5_000, 2_000]
    assert totals(events)["play_ms"] == 1_000


def test_audio_and_video() -> None:
    both = (Item(3_000, {"v": True}), Item(128, {"a": True}))
    stalls = (Item(400, {"v": True}), Item(300, {"a": True}))
    events = events_of(a_report(0, 0, "ps", "p", br=both), a_report(1, 1_000, bsd=stalls))
    assert totals(events) == {"play_ms": 600, "rebuffer_ms": 400, "bits": 600 * 3_128}


def test_advertising() -> None:
    events = events_of(
        a_report(0, 0, "ps", "p"), a_report(1, 1_000, "as"), a_report(2, 16_000, "ae"), a_report(3, 17_000)
    )
    assert [event["kind"] for event in events] == ["first_frame", "ad_start", "ad_end", "heartbeat"]
    assert totals(events) == {"play_ms": 2_000, "ad_ms": 15_000}


def test_a_playback_that_began_before_us_is_counted_from_here() -> None:
    events = events_of(
        a_report(40, 0, "t", "p", dfa=900, bsda=numbers(8_000)), a_report(41, 1_000, dfa=901, bsda=numbers(8_100))
    )
    assert [(event["kind"], event["started"]) for event in events] == [("heartbeat", True)] * 2
    assert totals(events) == {"play_ms": 900, "rebuffer_ms": 100, "dropped_frames": 1}


def test_a_counter_that_begins_anew() -> None:
    events = events_of(*(a_report(number, number, "t", "p", dfa=total) for number, total in enumerate((5, 7, 2, 3))))
    assert totals(events)["dropped_frames"] == 7 + 3


def test_a_repeated_report_gives_the_same_event_until_it_is_settled() -> None:
    playbacks = Playbacks(limit=10)
    lines = [a_report(0, 0, "ps", "p"), a_report(1, 1_000, dfa=4), a_report(2, 2_000, dfa=6)]
    first = events_of(*lines, playbacks=playbacks)
    again = events_of(*lines, playbacks=playbacks)
    assert [without_clock(event) for event in again] == [without_clock(event) for event in first]
    playbacks.settled(SID, (1,))
    assert totals(events_of(lines[1], playbacks=playbacks)) == {}
    assert totals(events_of(lines[2], playbacks=playbacks)) == {"play_ms": 1_000, "dropped_frames": 2}


def without_clock(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "received_ts"}


def test_reports_of_a_start_out_of_order() -> None:
    events = events_of(a_report(1, 500, "ps", "p"), a_report(0, 0, "ps", "s"), a_report(3, 2_500), a_report(2, 1_500))
    assert [event["kind"] for event in events] == ["first_frame", "attempt", "heartbeat", "heartbeat"]
    assert not events[1]["started"]
    assert totals(events) == {"play_ms": 2_000}


def test_the_playback_silent_for_longest_is_forgotten_first() -> None:
    playbacks = Playbacks(limit=2)
    for sid in ("a", "b", "a", "c"):
        playbacks.event(read_report(a_report(0, 0, "ps", "p", sid=sid)), CONTEXT)
    assert len(playbacks) == 2
    playbacks.forget("a")
    playbacks.forget("b")
    assert len(playbacks) == 1


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("e=t", [("session_id", "missing"), ("seq", "missing"), ("ts", "missing")]),
        (a_report(0, 0, "nonsense"), [("kind", "not_allowed")]),
        (a_report(0, 0, "t", "x"), [("kind", "not_allowed")]),
        (a_report(0, 0, v=1), [("", "not_allowed")]),
        (a_report(-1, 0), [("seq", "wrong_type")]),
        (a_report(0, 0, dfa=True), [("dropped_frames", "wrong_type")]),
        (a_report(0, 0, cid=17), [("content_id", "wrong_type")]),
        (a_report(0, 0, br=(Item("x"),)), [("bits", "wrong_type")]),
        (a_report(0, 0, ec=(Item(4),)), [("error_code", "wrong_type")]),
        ("a b", [("", "bad_format")]),
    ],
)
def test_what_is_wrong_is_named_by_the_contracts_fields(line: str, found: list[tuple[str, str]]) -> None:
    with pytest.raises(EventRefusedError) as caught:
        read_report(line)
    assert [(refusal.field, refusal.reason) for refusal in caught.value.refusals] == found


def test_custom_and_unused_keys_are_counted_and_kept_out() -> None:
    report = read_report(a_report(0, 0, "t", "p", com_example="x", bl=numbers(5_000), nor="a.m4s"))
    assert report.custom == 3
    event = Playbacks(limit=1).event(report, CONTEXT)
    assert set(event) <= set(event_fields())


def test_the_table_names_fields_of_the_contract() -> None:
    known = set(event_fields())
    assert {name for key in KEYS for name in key.fields.split(", ") if name} <= known
    table = markdown_table()
    assert all(f"| `{key.name}` | {key.type} |" in table for key in KEYS)


_STATES = st.sampled_from("sparkwd")
_reports = st.lists(
    st.tuples(st.sampled_from(["ps", "t", "bc", "as", "ae", "e"]), _STATES, st.integers(0, 30_000), st.integers(0, 9)),
    min_size=1,
    max_size=30,
)


@given(_reports, st.randoms(use_true_random=False))
def test_deltas_add_up_to_the_totals_whatever_is_repeated(reports: Any, chance: Any) -> None:
    """Time is never counted twice, running totals come out whole, and a repeated report adds nothing."""
    lines, at, dropped = [], 0, 0
    for number, (event, state, pause, frames) in enumerate(reports):
        dropped += frames
        lines.append(a_report(number, at, event, state, dfa=dropped, br=numbers(1_000)))
        at += pause
    once = events_of(*lines)
    sums = Counter(totals(once))
    span = at - reports[-1][2]
    assert sums["play_ms"] + sums["ad_ms"] + sums["pause_ms"] + sums["rebuffer_ms"] <= span
    assert sums["dropped_frames"] == dropped
    assert sums["bits"] == sums["play_ms"] * 1_000
    kinds = Counter(event["kind"] for event in once)
    assert max(kinds["attempt"], kinds["first_frame"], kinds["end"]) <= 1

    playbacks, stored = Playbacks(limit=1), {}
    for number in range(len(lines)):
        for back in {number, *(chance.randrange(number + 1) for _ in range(2))}:
            [event] = events_of(lines[back], playbacks=playbacks)
            stored.setdefault(event["seq"], event)
        if chance.random() < 0.5:
            playbacks.settled(SID, range(number))
    assert totals([stored[number] for number in range(len(lines))]) == dict(+sums)
