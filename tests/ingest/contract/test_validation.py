"""Lines and dicts into events, or into reasons; and what the reasons do not say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow_ingest.contract import EventRefusedError, Refusal, Validator
from support.viewing_events import a_line, an_event, valid_events

SECRET_SESSION = "s3cret-session-value"
SECRET_VIEWER = "mallory@example.org"


def refused(data: bytes | dict[str, Any]) -> EventRefusedError:
    validator = Validator()
    with pytest.raises(EventRefusedError) as caught:
        validator.line(data) if isinstance(data, bytes) else validator.event(data)
    return caught.value


@given(valid_events())
@settings(max_examples=100, deadline=None)
def test_a_line_and_a_dict_give_the_same_event(event: dict[str, Any]) -> None:
    line = json.dumps(event).encode()
    assert Validator().line(line) == Validator().event(event) == Validator().line(bytearray(line))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"nonsense", "not_json"),
        (a_line() + b"x", "not_json"),
        (a_line()[:-1], "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"17", "not_an_object"),
        (b"NaN", "not_an_object"),
        (b'{"session_id":"\xff"}', "not_utf8"),
        (b"\xff\xfe{\x00", "not_utf8"),
    ],
)
def test_a_line_that_is_no_object_has_one_reason(line: bytes, reason: str) -> None:
    assert [(refusal.field, refusal.reason) for refusal in refused(line).refusals] == [("", reason)]


def test_json_numbers_are_as_strict_as_python_ones() -> None:
    for number in (b"4.0", b"4e0", b'"4"', b"NaN", b"1e400", b"true"):
        line = a_line().replace(b'"seq": 4', b'"seq": ' + number)
        assert refused(line).refusals[0][:2] == ("seq", "wrong_type")


def test_every_reason_is_listed_in_field_order() -> None:
    error = refused(an_event(content_length_ms=0, seq=-1, country="de", session_id=..., extra_thing=1))
    assert [(refusal.field, refusal.reason) for refusal in error.refusals] == [
        ("session_id", "missing"),
        ("seq", "out_of_range"),
        ("country", "bad_format"),
        ("content_length_ms", "out_of_range"),
        ("extra_thing", "unknown_field"),
    ]


def test_a_near_name_is_offered() -> None:
    (refusal,) = refused(an_event(sessionId="x")).refusals
    assert refusal == Refusal("sessionId", "unknown_field", "is not a field of the contract; did you mean session_id?")
    assert refusal.label == "unknown_field"


@pytest.mark.parametrize("name", [SECRET_VIEWER, "AAECAwQFBgcICQoLDA0ODw", "x" * 500, "a\nb", "17"])
def test_a_name_that_may_be_data_is_not_shown(name: str) -> None:
    error = refused(an_event(**{name: 1}))
    assert name not in str(error)
    assert error.refusals[0].field == ""


def test_labels_for_counting() -> None:
    assert Refusal("ts", "out_of_range", "…").label == "out_of_range ts"
    assert Refusal("", "not_json", "…").label == "not_json"


def test_the_item_at_fault_is_named() -> None:
    (refusal,) = refused(an_event(segments=["a", "b "])).refusals
    assert refusal.message.startswith("item 1 ")


def _everything(error: BaseException | None) -> str:
    text = ""
    while error is not None:
        text += repr(error) + str(error) + repr(error.args)
        error = error.__cause__ or error.__context__
    return text


@pytest.mark.parametrize(
    "changes",
    [
        {"viewer_id": SECRET_VIEWER, "session_id": SECRET_SESSION + "\x00"},
        {"viewer_id": SECRET_VIEWER, "session_id": SECRET_SESSION, "kind": SECRET_VIEWER, "country": SECRET_VIEWER},
        {"viewer_id": 17, "session_id": SECRET_SESSION, "seq": SECRET_VIEWER, "segments": [SECRET_VIEWER + " "]},
        {"session_id": SECRET_SESSION, "kind": "attempt"},
    ],
)
def test_no_value_of_an_event_is_in_its_refusal(changes: dict[str, Any]) -> None:
    for data in (an_event(**changes), a_line(**changes)):
        text = _everything(refused(data))
        assert SECRET_VIEWER not in text
        assert SECRET_SESSION not in text


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200) | _json.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_an_event_or_reasons(line: bytes) -> None:
    error = refused(line)
    assert error.refusals
    assert all(refusal.reason and refusal.message for refusal in error.refusals)


@given(st.sampled_from(sorted(an_event())), _json)
@settings(max_examples=300, deadline=None)
def test_any_value_in_any_field_gives_an_event_or_reasons(field: str, value: Any) -> None:
    found: tuple[Refusal, ...] | None = None
    try:
        Validator().event(an_event(**{field: value}))
    except EventRefusedError as error:
        found = error.refusals
    assert found is None or (found and "invalid" not in {refusal.reason for refusal in found})
