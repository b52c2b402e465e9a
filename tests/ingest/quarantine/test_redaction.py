"""What of an original may leave the process."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow_ingest.contract import Validator, encode, encode_unchecked
from frontrow_ingest.quarantine.redaction import pseudonymized, redact
from support.viewing_events import a_line, an_event, valid_events

RAW = "alice@example.com"


def masked(original: bytes) -> dict[str, Any]:
    shown = redact(original)
    assert shown.original is not None
    assert shown.redaction == "masked"
    found: dict[str, Any] = json.loads(shown.original)
    return found


@pytest.mark.parametrize("change", [{}, {"country": "de"}, {"battery": 71}, {"ts": "now"}, {"viewer_id": None}])
def test_an_original_with_a_pseudonym_stays_to_the_byte(change: dict[str, Any]) -> None:
    line = b"  " + a_line(**change).replace(b", ", b" ,\t")
    shown = redact(line)
    assert (shown.original, shown.redaction) == (line, "no")


@pytest.mark.parametrize(
    "change",
    [
        {"viewer_id": RAW},
        {"viewer_id": [RAW]},
        {"viewer_id": {"is": RAW}},
        {"viewer_id": RAW, "session_id": f"{RAW}-1"},
        {"viewer_id": RAW, "content_id": RAW.upper()},
        {"viewer_id": RAW, RAW: 1},
        {"viewerId": RAW},
        {"User-ID": RAW},
        {"context": {"profile": {"mail": RAW}}},
        {"content_id": {"region": RAW}},
        {"who": RAW},
        {"who": [1, [RAW]]},
    ],
)
def test_a_raw_id_is_masked_and_the_rest_stays(change: dict[str, Any]) -> None:
    found = masked(a_line(**change))
    assert RAW not in json.dumps(found).casefold()
    assert found["ts"] == an_event()["ts"]
    assert found["segments"] == ["sports", "premium"]


def test_a_number_can_be_a_raw_id() -> None:
    assert masked(a_line(viewer_id=123_456_789, session_id="s-123456789"))["session_id"] == "***"
    assert masked(a_line(account=123_456_789))["account"] == "***"
    assert redact(a_line(battery=71)).redaction == "no"


def test_escapes_hide_nothing() -> None:
    line = (
        b'{"viewer\\u005fid": "al\\u0069ce@example.com", "session_id": "\\u0061lice@example.com", "viewer_id": "x\\"y"}'
    )
    assert masked(line) == {"viewer_id": "***", "session_id": "***"}


@pytest.mark.parametrize(
    "original",
    [
        b"",
        b"null",
        b'["alice"]',
        b'{"viewer_id": "alice"',
        b'{"viewer_id": "al\xffice"}',
        b"{'viewer_id': 'alice'}",
        b"[" * 100_000,
        b"\x01\x00\x00\x00\x01alice",
        encode_unchecked({**dict.fromkeys(()), **json.loads(a_line()), "viewer_id": RAW, "end_reason": None,
                          "error_code": None, "error_class": None, "pause_ms": 0, "ad_ms": 0, "startup_ms": None,
                          "content_length_ms": None}),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_withheld(original: bytes) -> None:
    shown = redact(original)
    assert (shown.original, shown.redaction) == (None, "withheld")


@given(valid_events())
@settings(max_examples=50, deadline=None)
def test_a_readable_avro_event_with_a_pseudonym_stays(event: dict[str, Any]) -> None:
    wire = encode_unchecked(event)
    assert redact(wire).original == wire


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(["viewer_id", "session_id", "user", "x", "segments"]) | st.text(max_size=5), _json)
)
@settings(max_examples=300, deadline=None)
def test_any_object_stays_json_and_loses_its_raw_ids(found: dict[str, Any]) -> None:
    secret = "Zoë-4711-secret"
    found = {**found, "viewer_id": secret, "title": [secret]}
    for ascii_only in (True, False):
        try:
            line = json.dumps(found, ensure_ascii=ascii_only).encode()
        except UnicodeEncodeError:
            return
        shown = redact(line)
        assert shown.original is not None
        again = json.loads(shown.original)
        assert secret not in json.dumps(again, ensure_ascii=False)
        assert again["viewer_id"] == "***"


def named(raw: str) -> str:
    """A stand-in for the keyed pseudonym: other for every id, and of its form."""
    return "P" + hashlib.sha256(raw.encode()).hexdigest()[:21]


LIKE_A_PSEUDONYM = an_event()["viewer_id"]


@pytest.mark.parametrize("raw", [RAW, LIKE_A_PSEUDONYM, "7", 'x"y\\u0041'])
def test_where_ids_come_raw_each_is_a_pseudonym_whatever_it_looks_like(raw: str) -> None:
    line = a_line(viewer_id=raw, country="de")
    shown = redact(line, named)
    assert shown.redaction == "no"
    assert shown.original == a_line(viewer_id=named(raw), country="de")
    assert pseudonymized(line, named) == shown.original


def test_what_repeats_a_raw_id_that_looks_like_a_pseudonym_is_masked() -> None:
    line = a_line(viewer_id=LIKE_A_PSEUDONYM, session_id=f"{LIKE_A_PSEUDONYM}.1", userId="bob")
    shown = redact(line, named)
    assert shown.redaction == "masked"
    assert shown.original == a_line(viewer_id=named(LIKE_A_PSEUDONYM), session_id="***", userId="***")
    assert pseudonymized(line, named) == a_line(
        viewer_id=named(LIKE_A_PSEUDONYM), session_id=f"{LIKE_A_PSEUDONYM}.1", userId="bob"
    )


@pytest.mark.parametrize("value", [123_456_789, {"is": LIKE_A_PSEUDONYM}, [[LIKE_A_PSEUDONYM]]])
def test_a_raw_id_that_is_no_text_is_not_kept(value: Any) -> None:
    shown = redact(a_line(viewer_id=value), named)
    assert shown.original is not None
    assert LIKE_A_PSEUDONYM.encode() not in shown.original
    assert b"123456789" not in shown.original
    again = pseudonymized(a_line(viewer_id=value), named)
    assert again is None or LIKE_A_PSEUDONYM.encode() not in again


def test_every_one_of_several_viewer_ids_is_a_pseudonym() -> None:
    line = b'{"viewer_id": "anna", "viewer\\u005fid": "' + LIKE_A_PSEUDONYM.encode() + b'", "x": {"viewer_id": "carl"}}'
    shown = redact(line, named).original
    assert shown is not None
    assert not [raw for raw in ("anna", "carl", LIKE_A_PSEUDONYM) if raw.encode() in shown]
    assert named(LIKE_A_PSEUDONYM).encode() in shown
    assert pseudonymized(line, named) is None


@pytest.mark.parametrize("original", [b"", b"17", b'{"viewer_id": "alice"', b"\x01\0\0\0\x01", b"[" * 100_000])
def test_where_ids_come_raw_what_cannot_be_searched_is_withheld(original: bytes) -> None:
    assert redact(original, named).redaction == "withheld"
    assert pseudonymized(original, named) is None


def test_where_ids_come_raw_avro_is_withheld() -> None:
    assert redact(encode(Validator().event(an_event())), named).redaction == "withheld"


@given(
    st.dictionaries(st.sampled_from(["viewer_id", "session_id", "user", "x", "segments"]) | st.text(max_size=5), _json)
)
@settings(max_examples=100, deadline=None)
def test_any_object_with_raw_ids_of_a_pseudonyms_form_loses_them(found: dict[str, Any]) -> None:
    found = {**found, "viewer_id": LIKE_A_PSEUDONYM, "session_id": f"s-{LIKE_A_PSEUDONYM}"}
    try:
        line = json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    shown = redact(line, named).original
    assert shown is not None
    assert LIKE_A_PSEUDONYM not in json.dumps(json.loads(shown), ensure_ascii=False)
    assert json.loads(shown)["viewer_id"] == named(LIKE_A_PSEUDONYM)
