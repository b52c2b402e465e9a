"""What a good message becomes: the values of druid-avro-extensions, one type after the other."""

from __future__ import annotations

import math
from typing import Any

import pytest

from frontrow_specs import event_schema
from support.decode_tool import DecodeTool, encode, framed, inline, record

ENUM = {"type": "enum", "name": "Kind", "symbols": ["a", "b", "c"]}
FIXED = {"type": "fixed", "name": "Four", "size": 4}
INNER = {
    "type": "record",
    "name": "Inner",
    "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": ["null", "string"], "default": None}],
}

CASES: list[tuple[str, Any, Any, Any, str | None]] = [
    ("boolean", "boolean", True, True, "Boolean"),
    ("int", "int", -7, -7, "Integer"),
    ("int-min", "int", -(2**31), -(2**31), "Integer"),
    ("long", "long", 2**40, 2**40, "Long"),
    ("long-min", "long", -(2**63), -(2**63), "Long"),
    ("long-max", "long", 2**63 - 1, 2**63 - 1, "Long"),
    ("float", "float", 1.5, 1.5, "Float"),
    ("double", "double", -0.1, -0.1, "Double"),
    ("infinity", "double", math.inf, "Infinity", "Double"),
    ("string", "string", "Köln – 東京 🎬", "Köln – 東京 🎬", "String"),
    ("empty-string", "string", "", "", "String"),
    ("long-string", "string", "x" * 3000, "x" * 3000, "String"),
    ("bytes", "bytes", b"\x00\xff\x10", {"hex": "00ff10"}, "byte[]"),
    ("fixed", FIXED, b"\x01\x02\x03\x04", {"hex": "01020304"}, "byte[]"),
    ("enum", ENUM, "b", "b", "String"),
    ("null", "null", None, None, None),
    ("nullable-null", ["null", "string"], None, None, None),
    ("nullable-set", ["null", "int"], 5, 5, "Integer"),
    ("union", ["int", "string", ENUM], "free", "free", "String"),
    ("array", {"type": "array", "items": "string"}, ["a", "b"], ["a", "b"], "ArrayList"),
    ("empty-array", {"type": "array", "items": "string"}, [], [], "ArrayList"),
    ("nulls", {"type": "array", "items": ["null", "int"]}, [1, None, 3], [1, None, 3], "ArrayList"),
    ("map", {"type": "map", "values": "long"}, {"k": 1, "l": 2}, {"k": 1, "l": 2}, "LinkedHashMap"),
    ("record", INNER, {"x": 1, "y": "z"}, {"x": 1, "y": "z"}, "LinkedHashMap"),
    ("timestamp-millis", {"type": "long", "logicalType": "timestamp-millis"}, 12345, 12345, "Long"),
    ("date", {"type": "int", "logicalType": "date"}, 20000, 20000, "Integer"),
    (
        "decimal",
        {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2},
        b"\x01\x00",
        {"hex": "0100"},
        "byte[]",
    ),
]


@pytest.mark.parametrize(
    ("schema", "value", "expected", "kind"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_type_becomes_druids(decoder: DecodeTool, schema: Any, value: Any, expected: Any, kind: str | None) -> None:
    plain = record({"name": "v", "type": schema}, {"name": "after", "type": "int"})
    if isinstance(schema, dict) and "logicalType" in schema:
        body = encode(
            record({"name": "v", "type": schema["type"]}, {"name": "after", "type": "int"}),
            {"ts": 9, "v": value, "after": 77},
        )
    else:
        body = encode(plain, {"ts": 9, "v": value, "after": 77})
    result = decoder.run(inline({1: plain}), [framed(1, body)], read=["v", "after"])["results"][0]
    assert result["values"] == {"v": expected, "after": 77}
    assert result["types"]["v"] == kind
    assert result["time"] == 9
    assert result["more"] is False


def test_a_passed_over_field_leaves_the_next_one_right(decoder: DecodeTool) -> None:
    for _, schema, value, _, _ in CASES:
        if isinstance(schema, dict) and "logicalType" in schema:
            continue
        wide = record({"name": "v", "type": schema}, {"name": "after", "type": "int"})
        body = encode(wide, {"ts": 9, "v": value, "after": 77})
        assert decoder.values(inline({1: wide}), framed(1, body), "after", columns=["ts", "after"]) == {"after": 77}


def test_a_column_the_filter_left_out_is_still_there_when_asked_for(decoder: DecodeTool) -> None:
    schema = record({"name": "a", "type": "string"}, {"name": "b", "type": "int"})
    body = encode(schema, {"ts": 1, "a": "late", "b": 2})
    assert decoder.values(inline({1: schema}), framed(1, body), "a", "b", "none", columns=["ts", "b"]) == {
        "a": "late",
        "b": 2,
        "none": None,
    }


def test_binary_as_string(decoder: DecodeTool) -> None:
    schema = record({"name": "b", "type": "bytes"}, {"name": "f", "type": FIXED})
    body = encode(schema, {"ts": 1, "b": "Köln".encode(), "f": b"abc\xff"})
    assert decoder.values(inline({1: schema}, binaryAsString=True), framed(1, body), "b", "f") == {
        "b": "Köln",
        "f": "abc�",
    }


def test_arrays_written_in_sized_blocks(decoder: DecodeTool) -> None:
    schema = record({"name": "v", "type": {"type": "array", "items": "int"}}, {"name": "after", "type": "int"})
    # ts=1; a block of two (count -2, size 2 bytes), a block of one (count 1), the end; after=5
    body = bytes([2, 3, 4, 2, 4, 2, 6, 0, 10])
    for columns in (None, ["ts", "after"]):
        assert decoder.values(inline({1: schema}), framed(1, body), "v", "after", columns=columns) == {
            "v": [1, 2, 3],
            "after": 5,
        }


def test_one_schema_without_a_header(decoder: DecodeTool) -> None:
    schema = record({"name": "a", "type": "string"})
    spec = {"type": "avro_stream", "avroBytesDecoder": {"type": "schema_inline", "schema": schema}}
    assert decoder.values(spec, encode(schema, {"ts": 1, "a": "x"}), "a") == {"a": "x"}
    assert "0 bytes left" in decoder.error(spec, b"") or "ends" in decoder.error(spec, b"")


def test_many_distinct_and_many_equal_strings(decoder: DecodeTool) -> None:
    schema = record({"name": "id", "type": "string"}, {"name": "country", "type": "string"})
    events = [{"ts": n, "id": f"viewer-{n:06d}", "country": ["DE", "FR", "Österreich"][n % 3]} for n in range(12_000)]
    messages = [framed(1, encode(schema, event)) for event in events]
    results = decoder.run(inline({1: schema}), messages, read=["id", "country"])["results"]
    assert [result.get("error") for result in results if "error" in result] == []
    assert [result["values"] for result in results] == [
        {"id": event["id"], "country": event["country"]} for event in events
    ]


def test_a_source_that_announces_no_length(decoder: DecodeTool) -> None:
    schema = record({"name": "a", "type": "string"})
    message = framed(1, encode(schema, {"ts": 1, "a": "y" * 500}))
    assert decoder.values(inline({1: schema}), message, "a", dribble=True) == {"a": "y" * 500}


@pytest.mark.parametrize(
    ("timestamp", "schema", "value", "expected"),
    [
        ({"column": "ts", "format": "auto"}, "long", 1_700_000_000_000, 1_700_000_000_000),
        ({"column": "ts", "format": "posix"}, "long", 1_700_000_000, 1_700_000_000_000),
        ({"column": "ts", "format": "iso"}, "string", "2026-01-01T00:00:00Z", 1_767_225_600_000),
        ({"column": "ts", "format": "millis"}, "int", 5, 5),
        ({"column": "gone", "format": "millis", "missingValue": "1970-01-01T00:00:01Z"}, "long", 3, 1000),
    ],
)
def test_timestamp_formats(
    decoder: DecodeTool, timestamp: dict[str, str], schema: str, value: Any, expected: int
) -> None:
    fields = {"type": "record", "name": "E", "fields": [{"name": "ts", "type": schema}]}
    message = framed(1, encode(fields, {"ts": value}))
    assert decoder.run(inline({1: fields}), [message], timestamp=timestamp)["results"][0]["time"] == expected


def test_dimensions_of_a_spec_that_names_none(decoder: DecodeTool) -> None:
    schema = record(
        {"name": "s", "type": "string"},
        {"name": "n", "type": ["null", "long"], "default": None},
        {"name": "l", "type": {"type": "array", "items": "string"}},
        {"name": "flag", "type": "boolean"},
        {"name": "inner", "type": INNER},
    )
    body = encode(schema, {"ts": 1, "s": "a", "n": 2, "l": ["b"], "flag": True, "inner": {"x": 1, "y": None}})
    results = decoder.run(inline({1: schema}), [framed(1, body)])["results"]
    assert results[0]["dimensions"] == ["s", "n", "l"]
    results = decoder.run(inline({1: schema}), [framed(1, body)], dimensions={"useSchemaDiscovery": True})["results"]
    assert results[0]["dimensions"] == ["s", "n", "l", "flag", "inner"]
    results = decoder.run(inline({1: schema}), [framed(1, body)], dimensions={"dimensions": ["n", "q"]})["results"]
    assert results[0]["dimensions"] == ["n", "q"]


def test_an_event_of_the_contract(decoder: DecodeTool) -> None:
    schema = event_schema()
    event: dict[str, Any] = {field["name"]: field["default"] for field in schema["fields"] if "default" in field}
    event |= {
        "session_id": "s",
        "seq": 1,
        "viewer_id": "v",
        "content_id": "c",
        "ts": 1_767_261_600_000,
        "received_ts": 1_767_261_600_001,
        "kind": "first_frame",
        "started": True,
        "country": "DE",
        "device_type": "tv",
        "stream_type": "live",
        "segments": ["sports", "premium"],
        "startup_ms": 850,
        "bits": 2**35,
    }
    names = [field["name"] for field in schema["fields"]]
    message = framed(1, encode(schema, event))
    assert decoder.values(inline({1: schema}), message, *names) == {name: event[name] for name in names}


def test_a_row_is_printed_without_its_values(decoder: DecodeTool) -> None:
    schema = record({"name": "viewer_id", "type": "string"})
    message = framed(1, encode(schema, {"ts": 1, "viewer_id": "somebody"}))
    assert "somebody" not in decoder.run(inline({1: schema}), [message])["results"][0]["text"]


def test_the_sampler_shows_every_field(decoder: DecodeTool) -> None:
    schema = record({"name": "a", "type": "string"}, {"name": "inner", "type": INNER})
    message = framed(1, encode(schema, {"ts": 1, "a": "x", "inner": {"x": 2, "y": "z"}}))
    good, bad = decoder.run(inline({1: schema}), [message, b"{}"], sample=True, columns=["ts"])["results"]
    assert good == {"raw": {"ts": 1, "a": "x", "inner": {"x": 2, "y": "z"}}, "rows": 1, "error": None}
    assert bad["raw"] is None
    assert bad["rows"] is None
    assert "shorter than its header" in bad["error"]
