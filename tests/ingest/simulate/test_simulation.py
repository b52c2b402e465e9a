"""The stream as a whole: seeded, in order, within the contract, complete."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from typing import Any, get_args

import orjson
import pytest

from frontrow_ingest.contract import ViewingEvent, decode, encode
from frontrow_ingest.contract.codec import encode_unchecked
from frontrow_ingest.contract.fields import EndReason, ErrorClass, Kind
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.simulate.simulation import MAX_DURATION_S, MAX_VIEWERS

SMALL = Simulation(seed=5, viewers=60, start_ms=1_790_000_000_000, duration_s=120)


def digest(simulation: Simulation) -> str:
    whole = hashlib.sha256()
    for event in simulation.events():
        whole.update(orjson.dumps(event))
    return whole.hexdigest()


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert digest(SMALL) == digest(replace(SMALL))


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_the_hash_seed_of_python_does_not_matter(hash_seed: str) -> None:
    program = (
        "import hashlib, orjson\n"
        "from frontrow_ingest.simulate import Simulation\n"
        f"simulation = Simulation(seed={SMALL.seed}, viewers={SMALL.viewers}, start_ms={SMALL.start_ms},"
        f" duration_s={SMALL.duration_s})\n"
        "print(hashlib.sha256(b''.join(orjson.dumps(event) for event in simulation.events())).hexdigest())\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
        timeout=600,
    )
    assert answer.stdout.decode().strip() == digest(SMALL)


@pytest.mark.parametrize(
    "change",
    [{"seed": 6}, {"viewers": 61}, {"start_ms": SMALL.start_ms + 1}, {"live_share": 0.5}, {"titles": 20}],
    ids=lambda change: next(iter(change)),
)
def test_another_argument_gives_other_events(change: dict[str, Any]) -> None:
    assert digest(replace(SMALL, **change)) != digest(SMALL)


def test_two_passes_at_once_do_not_disturb_each_other() -> None:
    together = list(zip(SMALL.events(), SMALL.events(), strict=True))
    assert all(one == other for one, other in together)


def test_another_start_has_other_sessions_of_the_same_viewers() -> None:
    later = replace(SMALL, start_ms=SMALL.start_ms + 3_600_000)
    ids = [
        ({event["session_id"] for event in run.events()}, {e["viewer_id"] for e in run.events()})
        for run in (SMALL, later)
    ]
    assert not ids[0][0] & ids[1][0]
    assert ids[0][1] == ids[1][1]


def test_events_come_in_the_order_of_time_then_session_then_number(events: list[dict[str, Any]]) -> None:
    order = [(event["ts"], event["session_id"], event["seq"]) for event in events]
    assert all(before < after for before, after in itertools.pairwise(order))


def test_every_event_keeps_the_contract_with_every_field(events: list[dict[str, Any]]) -> None:
    for event in events:
        assert list(event) == list(ViewingEvent.model_fields)
        ViewingEvent.model_validate_json(orjson.dumps(event))


def test_what_is_sent_unchecked_is_what_a_check_would_send() -> None:
    for event in SMALL.events():
        assert encode_unchecked(event) == encode(ViewingEvent.model_validate(event))
        assert decode(encode_unchecked(event)) == event


def test_everything_that_can_happen_happens(events: list[dict[str, Any]]) -> None:
    assert {event["kind"] for event in events} == set(get_args(Kind))
    assert {event["end_reason"] for event in events} == {None, *get_args(EndReason)}
    assert {event["error_class"] for event in events} == {None, *get_args(ErrorClass)}
    assert {event["stream_type"] for event in events} == {"vod", "live", "low_latency"}
    assert {len(event["segments"]) for event in events} == {0, 1, 2, 3, 4}
    for field in ("rebuffer_ms", "seek_rebuffer_ms", "pause_ms", "ad_ms", "dropped_frames", "live_latency_ms"):
        assert any(event[field] for event in events), field


def test_every_viewer_shows_up_and_some_come_back(evening: Simulation, events: list[dict[str, Any]]) -> None:
    tries = Counter(event["viewer_id"] for event in events if event["kind"] == "attempt")
    assert len(tries) == evening.viewers
    assert max(tries.values()) > 2


def test_a_viewer_stays_who_they_are(events: list[dict[str, Any]]) -> None:
    fields = ("country", "region", "device_type", "os", "app_version", "player", "isp", "network", "segments")
    seen: dict[str, list[Any]] = {}
    for event in events:
        who = [event[field] for field in fields]
        assert seen.setdefault(event["viewer_id"], who) == who


def test_a_viewer_has_one_session_at_a_time(sessions: dict[str, list[dict[str, Any]]]) -> None:
    spans: dict[str, list[tuple[int, int]]] = {}
    for found in sessions.values():
        spans.setdefault(found[0]["viewer_id"], []).append((found[0]["ts"], found[-1]["ts"]))
    for times in spans.values():
        for (_, left), (came, _) in itertools.pairwise(sorted(times)):
            assert left < came


def test_ids_have_the_form_of_real_ones(events: list[dict[str, Any]]) -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", event["viewer_id"]) for event in events)
    assert all(re.fullmatch(r"[0-9a-f]{32}", event["session_id"]) for event in events)


def test_nothing_happens_outside_of_the_time(evening: Simulation, events: list[dict[str, Any]]) -> None:
    end_ms = evening.start_ms + int(evening.duration_s * 1_000)
    assert all(evening.start_ms <= event["ts"] < end_ms for event in events)


def test_open_sessions_stay_open_unless_they_shall_end(evening: Simulation) -> None:
    def open_at_the_end(simulation: Simulation) -> int:
        kinds = Counter(event["kind"] for event in simulation.events())
        return kinds["attempt"] - kinds["end"]

    assert open_at_the_end(evening) == 0
    assert open_at_the_end(replace(evening, end_open=False)) > 100


@pytest.mark.parametrize("end_open", [False, True])
@pytest.mark.parametrize("viewers", [1, 2, 7])
@pytest.mark.parametrize("duration_s", [1, 1.5, 11])
def test_small_ones_work(viewers: int, duration_s: float, end_open: bool) -> None:
    for seed in range(20):
        simulation = Simulation(
            seed=seed, viewers=viewers, start_ms=1_790_000_000_000, duration_s=duration_s, end_open=end_open
        )
        found = list(simulation.events())
        assert len({event["viewer_id"] for event in found}) == viewers
        for event in found:
            ViewingEvent.model_validate(event)
        if end_open:
            kinds = Counter(event["kind"] for event in found)
            assert kinds["end"] == kinds["attempt"] >= viewers


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_one_kind_of_audience_is_possible(share: float) -> None:
    first = [event for event in replace(SMALL, live_share=share).events() if event["seq"] == 0]
    assert any(event["event_id"] is not None for event in first) is (share == 1.0)


def test_a_huge_audience_begins_at_once() -> None:
    """Memory and time are spent on who is there, not on who will come."""
    huge = Simulation(seed=1, viewers=MAX_VIEWERS, start_ms=1_790_000_000_000, duration_s=MAX_DURATION_S)
    assert len(list(itertools.islice(huge.events(), 1_000))) == 1_000


def test_lateness_is_a_share_of_the_events(events: list[dict[str, Any]], evening: Simulation) -> None:
    assert all(0 < event["received_ts"] - event["ts"] < 1_000 for event in events)
    found = list(replace(evening, viewers=500, late_share=0.1).events())
    late = [event for event in found if event["received_ts"] - event["ts"] >= 2_000]
    assert 0.08 < len(late) / len(found) < 0.12


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seed", -1),
        ("viewers", 0),
        ("viewers", MAX_VIEWERS + 1),
        ("start_ms", 1_790_000_000),
        ("duration_s", 0.5),
        ("duration_s", float("nan")),
        ("duration_s", float("inf")),
        ("live_share", 1.01),
        ("titles", 0),
        ("titles", 401),
        ("late_share", -0.1),
    ],
)
def test_arguments_out_of_range_are_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        replace(SMALL, **{field: value})


def test_the_live_event_has_the_name_that_is_given() -> None:
    named = replace(SMALL, event_id="semi-final")
    assert {event["event_id"] for event in named.events()} == {None, "semi-final"}
    assert [{**event, "event_id": None} for event in named.events()] == [
        {**event, "event_id": None} for event in SMALL.events()
    ]
