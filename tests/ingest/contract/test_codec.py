"""Events to bytes and back, judged by the ``avro`` package."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import avro.io
import avro.schema
import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow_ingest.contract import (
    NotAvroError,
    NotFramedError,
    TrailingBytesError,
    UnknownSchemaIdError,
    Validator,
    WireError,
    codec,
    decode,
    encode,
    encode_unchecked,
)
from frontrow_ingest.contract.codec import FrameReader, frame_of, topic_encoder, topic_reader
from frontrow_specs import current_schema_id, event_schema, released_schemas
from support.bad_messages import BAD, SCHEMA, good
from support.viewing_events import an_event, valid_events

FRAME = b"\x01" + struct.pack(">I", current_schema_id())


def _plain(schema: Any) -> Any:
    """The schema without logical types: the ``avro`` package wants datetimes for those."""
    if isinstance(schema, dict):
        return {key: _plain(value) for key, value in schema.items() if key != "logicalType"}
    return [_plain(part) for part in schema] if isinstance(schema, list) else schema


AVRO_SCHEMA = avro.schema.parse(json.dumps(_plain(released_schemas()[current_schema_id()])))


def avro_bytes(event: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    avro.io.DatumWriter(AVRO_SCHEMA).write(event, avro.io.BinaryEncoder(out))
    return out.getvalue()


@given(valid_events())
@settings(max_examples=200, deadline=None)
def test_the_bytes_are_those_of_the_avro_package(event: dict[str, Any]) -> None:
    assert encode(Validator().event(event)) == encode_unchecked(event) == FRAME + avro_bytes(event)


FAST_SCHEMA = fastavro.parse_schema(_plain(released_schemas()[current_schema_id()]))


@given(valid_events())
@settings(max_examples=200, deadline=None)
def test_the_bytes_are_those_of_fastavro(event: dict[str, Any]) -> None:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, FAST_SCHEMA, event)
    assert encode_unchecked(event) == FRAME + out.getvalue()


@given(valid_events())
@settings(max_examples=100, deadline=None)
def test_what_was_encoded_is_decoded(event: dict[str, Any]) -> None:
    wire = encode(Validator().event(event))
    assert decode(wire) == event
    assert decode(memoryview(wire)) == event
    assert Validator().event(decode(wire)).model_dump(mode="json") == event


def test_times_are_plain_integers_and_fields_are_in_order() -> None:
    event = decode(encode(Validator().event(an_event())))
    assert type(event["ts"]) is int
    assert list(event) == [field["name"] for field in event_schema()["fields"]]


def error_of(wire: bytes) -> WireError | None:
    try:
        decode(wire)
    except WireError as error:
        return error
    return None


GOOD = encode(Validator().event(an_event()))


@pytest.mark.parametrize("size", range(5))
def test_too_few_bytes_for_a_frame(size: int) -> None:
    with pytest.raises(NotFramedError) as caught:
        decode(GOOD[:size])
    assert caught.value.size == size


@pytest.mark.parametrize("first", [0, 2, 0xC3, ord("{")])
def test_another_first_byte(first: int) -> None:
    with pytest.raises(NotFramedError, match=f"0x{first:02x}"):
        decode(bytes([first]) + GOOD[1:])


def test_an_unknown_schema_id() -> None:
    with pytest.raises(UnknownSchemaIdError) as caught:
        decode(b"\x01" + struct.pack(">I", 4_000_000_000) + GOOD[5:])
    assert (caught.value.schema_id, caught.value.known) == (4_000_000_000, tuple(sorted(released_schemas())))


def test_every_cut_is_found() -> None:
    for size in range(5, len(GOOD)):
        with pytest.raises(NotAvroError):
            decode(GOOD[:size])


@pytest.mark.parametrize("extra", [b"\x00", b"\n", GOOD])
def test_bytes_behind_the_event_are_found(extra: bytes) -> None:
    with pytest.raises(TrailingBytesError) as caught:
        decode(GOOD + extra)
    assert caught.value.extra == len(extra)


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_body_gives_an_event_or_a_wire_error(body: bytes) -> None:
    error = error_of(FRAME + body)
    assert error is None or error.size == len(body) + 5
    assert not isinstance(error, (NotFramedError, UnknownSchemaIdError))


@given(st.integers(5, len(GOOD) - 1), st.integers(0, 255))
@settings(deadline=None)
def test_a_changed_byte_gives_an_event_or_a_wire_error(position: int, byte: int) -> None:
    error = error_of(GOOD[:position] + bytes([byte]) + GOOD[position + 1 :])
    assert "AAECAwQFBgcICQoLDA0ODw" not in str(error)


def test_an_old_event_is_read_as_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    old = released_schemas()[current_schema_id()]
    new = {**old, "fields": [*old["fields"], {"name": "battery", "type": ["null", "int"], "default": None}]}
    monkeypatch.setattr(codec, "released_schemas", lambda _topic: {1: old, 2: new})
    monkeypatch.setattr(codec, "current_schema_id", lambda _topic: 2)
    codec.topic_reader.cache_clear()
    try:
        event = decode(GOOD)
    finally:
        codec.topic_reader.cache_clear()
    assert event["battery"] is None
    assert event["play_ms"] == 9_600


@pytest.mark.parametrize("kind", [kind for kind in BAD if kind != "timestamp out of range"])
def test_what_druid_refuses_is_refused(kind: str) -> None:
    for schemas in ({1: SCHEMA}, {1: SCHEMA, 2: {**SCHEMA, "doc": "newer"}}):
        read = FrameReader(schemas)
        assert read(good(7))["session_id"] == "s7"
        with pytest.raises(WireError):
            read(BAD[kind])


def test_a_number_written_longer_than_need_be_is_still_a_number() -> None:
    body = GOOD[5:]
    at = body.index(b"AAECAwQFBgcICQoLDA0ODw") + 22
    assert body[at : at + 1] == bytes([len("title-17") << 1])
    assert decode(FRAME + body[:at] + bytes([body[at] | 0x80, 0]) + body[at + 1 :]) == decode(GOOD)


RECORD = {
    "id": "a",
    "action": "refused",
    "ts": 1,
    "time_is": "event",
    "seen_ts": 2,
    "reason": "late",
    "field": "ts",
    "errors": [{"field": "ts", "reason": "late", "message": "m"}, {"field": "", "reason": "r", "message": "n"}],
    "stage": "topic",
    "source": "events-0",
    "number": 17,
    "producer": None,
    "schema_id": 1,
    "delay_ms": -5,
    "size": 3,
    "sha256": None,
    "original": b"\x00\xff{",
    "redacted": "no",
    "event_key": None,
    "viewer_key_epoch": None,
}


def test_records_of_another_topic_go_the_same_way() -> None:
    wire = topic_encoder("quarantine")(RECORD)
    assert topic_reader("quarantine")(wire) == RECORD
    newest = current_schema_id("quarantine")
    schema = avro.schema.parse(json.dumps(_plain(released_schemas("quarantine")[newest])))
    out = io.BytesIO()
    avro.io.DatumWriter(schema).write(RECORD, avro.io.BinaryEncoder(out))
    assert wire == b"\x01" + newest.to_bytes(4) + out.getvalue()
    assert frame_of(wire) == newest

    # What was written by the schema before is read with what that lacked.
    before = {name: value for name, value in RECORD.items() if name != "viewer_key_epoch"}
    out = io.BytesIO()
    first = avro.schema.parse(json.dumps(_plain(released_schemas("quarantine")[1])))
    avro.io.DatumWriter(first).write(before, avro.io.BinaryEncoder(out))
    assert topic_reader("quarantine")(FRAME + out.getvalue()) == RECORD
    assert frame_of(b"\x01\x00") is None
