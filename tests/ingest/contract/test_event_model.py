"""The ranges and rules of ViewingEvent."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from frontrow_ingest.contract import EventRefusedError, Refusal, Validator, ViewingEvent
from frontrow_ingest.contract.event import _broken_rules, _suspicious
from support.viewing_events import an_event, valid_events

DAY_MS = 86_400_000


def refusals(**changes: Any) -> tuple[Refusal, ...]:
    with pytest.raises(EventRefusedError) as caught:
        Validator().event(an_event(**changes))
    return caught.value.refusals


def codes(**changes: Any) -> list[tuple[str, str]]:
    return [(refusal.field, refusal.reason) for refusal in refusals(**changes)]


def accept(**changes: Any) -> ViewingEvent:
    return Validator().event(an_event(**changes))


@given(valid_events())
@settings(max_examples=150, deadline=None)
def test_every_event_that_keeps_the_contract_is_taken_unchanged(event: dict[str, Any]) -> None:
    taken = Validator().event(event)
    assert taken.model_dump() == {**event, "segments": tuple(event["segments"])}


def test_an_event_is_immutable_and_hashable() -> None:
    event = accept()
    with pytest.raises(ValidationError):
        event.play_ms = 1  # type: ignore[misc]
    assert event == accept()
    assert len({event, accept()}) == 1


def test_defaults_of_fields_that_may_be_absent() -> None:
    required = ("session_id", "seq", "viewer_id", "content_id", "ts", "kind", "started", "country", "device_type")
    small = {name: an_event()[name] for name in (*required, "stream_type")}
    event = Validator(clock=lambda: 1_790_000_000_777).event(small)
    assert (event.network, event.segments, event.play_ms, event.startup_ms) == ("unknown", (), 0, None)
    assert event.received_ts == 1_790_000_000_777


def test_received_ts_is_kept_where_it_is_given() -> None:
    event = Validator(clock=lambda: 1_790_000_000_777).event(an_event())
    assert event.received_ts == 1_790_000_000_120


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        ("seq", 0, 2**31 - 1),
        ("ts", 946_684_800_000, 4_102_444_800_000),
        ("received_ts", 946_684_800_000, 4_102_444_800_000),
        ("play_ms", 0, DAY_MS),
        ("pause_ms", 0, 7 * DAY_MS),
        ("ad_ms", 0, DAY_MS),
        ("bits", 0, 10**14),
        ("dropped_frames", 0, 240 * 86_400),
        ("live_latency_ms", 0, 7 * DAY_MS),
        ("position_ms", 0, 3_653 * DAY_MS),
        ("content_length_ms", 1, 3_653 * DAY_MS),
    ],
)
def test_a_number_may_reach_its_bounds_but_not_pass_them(field: str, low: int, high: int) -> None:
    assert getattr(accept(**{field: low}), field) == low
    assert getattr(accept(**{field: high}), field) == high
    assert codes(**{field: low - 1}) == [(field, "out_of_range")]
    assert codes(**{field: high + 1}) == [(field, "out_of_range")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seq", "4"), ("seq", 4.0), ("seq", True), ("play_ms", None), ("started", 1), ("started", "true"),
        ("content_id", 17), ("segments", "sports"), ("segments", {"a": 1}), ("segments", [1]), ("ts", 1.79e12),
        ("startup_ms", "12"), ("seq", 10**30),
    ],
)  # fmt: skip
def test_no_value_is_converted(field: str, value: Any) -> None:
    assert codes(**{field: value}) == [(field, "wrong_type" if value != 10**30 else "out_of_range")]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("session_id", "", "empty"),
        ("session_id", "a b", "bad_format"),
        ("session_id", "x\n", "bad_format"),
        ("session_id", "x" * 129, "too_long"),
        ("viewer_id", "alice@example.com", "bad_format"),
        ("viewer_id", "192.168.1.17", "bad_format"),
        ("viewer_id", "AAECAwQFBgcICQoLDA0OD", "bad_format"),
        ("viewer_id", "AAECAwQFBgcICQoLDA0ODw=", "bad_format"),
        ("content_id", "", "empty"),
        ("content_id", " title", "bad_format"),
        ("content_id", "a\x00b", "bad_format"),
        ("content_id", "a\u2028b", "bad_format"),
        ("content_id", "x" * 257, "too_long"),
        ("country", "de", "bad_format"),
        ("country", "DEU", "bad_format"),
        ("country", "DE\n", "bad_format"),
        ("region", "by", "bad_format"),
        ("os", "iOS", "bad_format"),
        ("cdn", "", "empty"),
        ("isp", "x" * 129, "too_long"),
        ("app_version", "7.1\t", "bad_format"),
        ("kind", "Heartbeat", "not_allowed"),
        ("kind", "", "not_allowed"),
        ("network", None, "not_allowed"),
        ("device_type", "fridge", "not_allowed"),
        ("segments", ["a"] * 65, "too_many"),
        ("segments", ["x" * 65], "too_long"),
        ("segments", [""], "empty"),
        ("segments", ["a", "b", "a"], "duplicate"),
        ("content_id", "\ud800", "bad_format"),
    ],
)
def test_a_text_out_of_shape_is_refused(field: str, value: Any, reason: str) -> None:
    assert codes(**{field: value}) == [(field, reason)]


@pytest.mark.parametrize("text", ["Ünï cödé – 日本", "a", "AS3320", "x" * 128, "1.0-beta+exp"])
def test_ordinary_labels_are_taken(text: str) -> None:
    assert accept(player=text).player == text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "attempt", "started": True}, "started"),
        ({"kind": "first_frame", "started": False, "play_ms": 0, "rebuffer_ms": 0, "seek_rebuffer_ms": 0}, "started"),
        ({"kind": "end"}, "end_reason"),
        ({"kind": "pause", "end_reason": "viewer"}, "end_reason"),
        ({"error_code": "E1"}, "error_code"),
        ({"error_class": "warning"}, "error_class"),
        ({"kind": "error", "error_code": "E1"}, "error_class"),
        ({"started": False, "rebuffer_ms": 0, "seek_rebuffer_ms": 0}, "play_ms"),
        ({"started": False, "play_ms": 0, "seek_rebuffer_ms": 0}, "rebuffer_ms"),
        ({"rebuffer_ms": 5, "seek_rebuffer_ms": 6}, "seek_rebuffer_ms"),
        ({"startup_ms": 800}, "startup_ms"),
        ({"stream_type": "vod"}, "live_latency_ms"),
    ],
)
def test_a_contradiction_between_fields_is_refused(changes: dict[str, Any], field: str) -> None:
    assert codes(**changes) == [(field, "inconsistent")]


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "end", "end_reason": "fatal_error", "error_code": "E1"},
        {"kind": "end", "end_reason": "fatal_error", "error_code": "E1", "error_class": "fatal"},
        {"kind": "end", "end_reason": "viewer"},
        {"kind": "error", "error_class": "warning"},
        {"kind": "first_frame", "startup_ms": 0},
        {"kind": "first_frame"},
        {"kind": "attempt", "started": False, "play_ms": 0, "rebuffer_ms": 0, "seek_rebuffer_ms": 0},
        {"started": False, "play_ms": 0, "rebuffer_ms": 0, "seek_rebuffer_ms": 0, "ad_ms": 15_000},
        {"rebuffer_ms": 6, "seek_rebuffer_ms": 6},
        {"stream_type": "vod", "live_latency_ms": None},
    ],
)
def test_what_looks_odd_but_is_allowed(changes: dict[str, Any]) -> None:
    accept(**changes)


def test_every_broken_rule_is_named_at_once() -> None:
    found = codes(kind="attempt", end_reason="viewer", startup_ms=3, segments=["a", "a"])
    assert found == [
        ("started", "inconsistent"),
        ("end_reason", "inconsistent"),
        ("segments", "duplicate"),
        ("startup_ms", "inconsistent"),
    ]


_changes = {
    "kind": ["attempt", "first_frame", "heartbeat", "error", "end"],
    "started": [True, False],
    "end_reason": [None, "viewer"],
    "error_code": [None, "E"],
    "error_class": [None, "fatal"],
    "stream_type": ["vod", "live"],
    "segments": [(), ("a", "a")],
    "rebuffer_ms": [0, 5],
    "seek_rebuffer_ms": [0, 6],
    "startup_ms": [None, 3],
    "play_ms": [0, 9],
}


def test_the_quick_look_never_misses_a_broken_rule() -> None:
    missed = 0
    base = accept()
    for values in itertools.product(*_changes.values()):
        event = base.model_copy(update=dict(zip(_changes, values, strict=True)))
        missed += bool(_broken_rules(event)) and not _suspicious(event)
    assert missed == 0
