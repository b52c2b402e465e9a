"""Bytes that are no record: each a parse error in words, none an end of the task, whatever the spec reads."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.bad_messages import BAD, SCHEMA, event, good, varint
from support.decode_tool import DecodeTool, encode, framed, inline, record

SPEC = inline({1: SCHEMA})
ALL = [field["name"] for field in SCHEMA["fields"]]

# What the extension says when it did not foresee the fault: the task lives, but it is our defect.
UNFORESEEN = "cannot be decoded"

WORDS = {
    "empty value": "shorter than its header",
    "header without a body": "field 'ts': message ends",
    "wrong magic byte": "begins with byte 0",
    "unknown schema id": "schema id 99 is unknown",
    "negative schema id": "schema id -1 is unknown",
    "one byte short": "field 'bits': message ends",
    "one byte too many": "1 bytes after the record",
    "JSON": "begins with byte 123",
    "negative string length": "field 'session_id': length -5",
    "string longer than the message": "field 'session_id': length 1000 does not fit",
    "string of two exabytes": "field 'session_id': length",
    "string that is not UTF-8": "field 'session_id': string is not UTF-8",
    "enum symbol out of range": "field 'kind': enum symbol 7 of 2",
    "negative enum symbol": "field 'kind': enum symbol -1 of 2",
    "boolean of 2": "field 'started': boolean",
    "union branch out of range": "field 'cdn': union branch 3 of 2",
    "array of a billion": "field 'segments'",
    "array block of the least long": "field 'segments': block count",
    "array block of a wrong size": "field 'segments'",
    "int beyond 32 bits": "field 'play_ms': int exceeds 32 bits",
    "varint beyond 64 bits": "field 'play_ms': varint exceeds 64 bits",
    "varint without an end": "field 'play_ms': varint is longer",
    "timestamp out of range": "out of Druid's range",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_message_is_refused_in_words_whatever_is_read(decoder: DecodeTool, name: str) -> None:
    for columns in (None, ["ts"], ["ts", "bits"]):
        said = decoder.error(SPEC, BAD[name], columns=columns)
        assert WORDS.get(name, "") in said
        assert UNFORESEEN not in said


def test_good_messages_between_bad_ones(decoder: DecodeTool) -> None:
    messages: list[bytes] = []
    for n, bad in enumerate(BAD.values()):
        messages += [good(n), bad]
    results = decoder.run(SPEC, messages, read=ALL)["results"]
    assert [result.get("values") for result in results[::2]] == [event(n) for n in range(len(BAD))]
    assert all("error" in result for result in results[1::2])


def test_what_is_said_holds_no_value(decoder: DecodeTool) -> None:
    schema = record({"name": "viewer_id", "type": "string"}, {"name": "n", "type": "int"})
    body = encode(schema, {"ts": 1, "viewer_id": "somebody", "n": 300})
    for cut in range(len(body)):
        assert "somebody" not in decoder.error(inline({1: schema}), framed(1, body[:cut]))
    far = encode(schema, {"ts": 2**62 + 1, "viewer_id": "somebody", "n": 300})
    assert "somebody" not in decoder.error(inline({1: schema}), framed(1, far))


CHAIN = record(
    {
        "name": "chain",
        "type": {"type": "record", "name": "Link", "fields": [{"name": "next", "type": ["null", "Link"]}]},
    }
)


def test_a_bottomless_record_is_refused(decoder: DecodeTool) -> None:
    spec = inline({1: CHAIN})
    for columns in (None, ["ts"]):
        said = decoder.error(spec, framed(1, varint(1) + varint(1) * 500_000), columns=columns)
        assert "nested deeper than" in said
        assert UNFORESEEN not in said
    assert decoder.values(spec, framed(1, varint(1) + varint(1) * 100 + varint(0)), "ts") == {"ts": 1}


def test_items_without_bytes_are_bounded(decoder: DecodeTool) -> None:
    schema = record({"name": "v", "type": {"type": "array", "items": {"type": "array", "items": "null"}}})
    spec = inline({1: schema})
    fine = framed(1, varint(1) + varint(1) + varint(3) + varint(0) + varint(0))
    assert decoder.values(spec, fine, "v") == {"v": [[None, None, None]]}
    for count in (10**6, 2**62):
        said = decoder.error(spec, framed(1, varint(1) + varint(1) + varint(count) + varint(0) * 2))
        assert "more array and map entries" in said
    # Many small arrays of many nulls each: the allowance is one for the whole message.
    inner = varint(60_000) + varint(0)
    assert "more array" in decoder.error(spec, framed(1, varint(1) + varint(1000) + inner * 1000 + varint(0)))


def test_a_null_timestamp_is_a_parse_error(decoder: DecodeTool) -> None:
    schema = {"type": "record", "name": "E", "fields": [{"name": "ts", "type": ["null", "long"]}]}
    assert "Timestamp[null]" in decoder.error(inline({1: schema}), framed(1, encode(schema, {"ts": None})))
    other = record({"name": "a", "type": "string"})
    message = framed(1, encode(other, {"ts": 1, "a": "noon"}))
    assert "Timestamp[noon]" in decoder.error(inline({1: other}), message, timestamp={"column": "a", "format": "iso"})


RICH: dict[str, Any] = record(
    {"name": "b", "type": "boolean"},
    {"name": "i", "type": "int"},
    {"name": "s", "type": "string"},
    {"name": "f", "type": "float"},
    {"name": "y", "type": "bytes"},
    {"name": "x", "type": {"type": "fixed", "name": "Two", "size": 2}},
    {"name": "e", "type": {"type": "enum", "name": "E3", "symbols": ["a", "b", "c"]}},
    {"name": "u", "type": ["null", "long", "string"]},
    {"name": "l", "type": {"type": "array", "items": ["null", "int"]}},
    {"name": "m", "type": {"type": "map", "values": "string"}},
    {
        "name": "r",
        "type": {
            "type": "record",
            "name": "Node",
            "fields": [{"name": "v", "type": "double"}, {"name": "next", "type": ["null", "Node"]}],
        },
    },
    {"name": "z", "type": "long"},
)
RICH_FIELDS = [field["name"] for field in RICH["fields"]]
TEXT = st.text(max_size=12)
RICH_VALUES = st.fixed_dictionaries(
    {
        "ts": st.integers(0, 2**42),
        "b": st.booleans(),
        "i": st.integers(-(2**31), 2**31 - 1),
        "s": TEXT,
        "f": st.floats(width=32, allow_nan=False, allow_infinity=False),
        "y": st.binary(max_size=9),
        "x": st.binary(min_size=2, max_size=2),
        "e": st.sampled_from(["a", "b", "c"]),
        "u": st.none() | st.integers(-(2**63), 2**63 - 1) | TEXT,
        "l": st.lists(st.none() | st.integers(-(2**31), 2**31 - 1), max_size=5),
        "m": st.dictionaries(TEXT, TEXT, max_size=4),
        "r": st.recursive(
            st.fixed_dictionaries({"v": st.floats(allow_nan=False, allow_infinity=False), "next": st.none()}),
            lambda inner: st.fixed_dictionaries({"v": st.just(0.5), "next": inner}),
            max_leaves=4,
        ),
        "z": st.integers(-(2**63), 2**63 - 1),
    }
)


def printable(value: Any) -> Any:
    """A value as the decode tool writes it."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    return [printable(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=RICH_VALUES)
def test_any_record_comes_back(decoder: DecodeTool, value: dict[str, Any]) -> None:
    message = framed(1, encode(RICH, value))
    assert decoder.values(inline({1: RICH}), message, *RICH_FIELDS) == printable(value)


def corrupt(message: bytes, rng: random.Random) -> bytes:
    """The message with one to three faults: bits, bytes, cuts, insertions, lengths."""
    body = bytearray(message)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(5, len(body)) if len(body) > 5 else 0
        match rng.randrange(6):
            case 0:
                body[at : at + 1] = bytes([body[at] ^ 1 << rng.randrange(8)]) if body else b""
            case 1:
                body[at : at + 1] = bytes([rng.randrange(256)])
            case 2:
                del body[at:]
            case 3:
                body[at:at] = rng.randbytes(rng.randint(1, 6))
            case 4:
                del body[at : at + rng.randint(1, 4)]
            case _:
                body[at : at + 1] = varint(rng.choice([-1, 2**20, 2**31, 2**40, -(2**63), 2**63 - 1, 5, 100]))
    return bytes(body)


def test_corrupted_messages_never_surprise(decoder: DecodeTool) -> None:
    """Each either a parse error we foresaw, or exactly the record Avro's own reader finds in the same bytes; and the
    columns that are read never decide which."""
    rng = random.Random(20260101)
    value = {
        "ts": 1_700_000_000_000,
        "b": True,
        "i": -5,
        "s": "straße",
        "f": 0.5,
        "y": b"\x00\x01",
        "x": b"ab",
        "e": "c",
        "u": "text",
        "l": [1, None, 300],
        "m": {"k": "v", "l": ""},
        "r": {"v": 1.0, "next": {"v": 2.0, "next": None}},
        "z": -(2**40),
    }
    message = framed(1, encode(RICH, value))
    messages = [corrupt(message, rng) for _ in range(6000)]
    reference = {"writer": RICH, "reader": RICH, "header": 5}
    wide = decoder.run(inline({1: RICH}), messages, read=RICH_FIELDS, reference=reference)["results"]
    narrow = decoder.run(inline({1: RICH}), messages, read=["ts"], columns=["ts"])["results"]
    accepted = 0
    for wide_result, narrow_result in zip(wide, narrow, strict=True):
        assert ("error" in wide_result) == ("error" in narrow_result)
        if "error" in wide_result:
            assert UNFORESEEN not in wide_result["error"]
        else:
            accepted += 1
            assert wide_result["values"] == wide_result["reference"]
    assert 200 < accepted < 3000, "the corruption no longer produces both outcomes"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60))
def test_random_bytes_never_surprise(decoder: DecodeTool, body: bytes) -> None:
    for message in (body, framed(1, body)):
        result = decoder.run(inline({1: RICH}), [message], read=RICH_FIELDS)["results"][0]
        assert UNFORESEEN not in result.get("error", "")
