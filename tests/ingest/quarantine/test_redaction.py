"""What of an original may leave the process."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow_ingest.contract import encode_unchecked
from frontrow_ingest.quarantine.redaction import redact
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
