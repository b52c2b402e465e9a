"""The inputFormat's JSON: that of druid-avro-extensions, with faults refused when the spec is submitted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.decode_tool import DecodeTool, RefusedError, encode, framed, inline, record

SCHEMA = record({"name": "a", "type": "string"})


def decoding(decoder: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    return {"type": "avro_stream", **({} if decoder is None else {"avroBytesDecoder": decoder}), **more}


def test_what_druid_stores_reads_back_as_the_same_format(decoder: DecodeTool) -> None:
    given = inline(
        {1: SCHEMA},
        flattenSpec={"useFieldDiscovery": False, "fields": [{"type": "root", "name": "b", "expr": "a"}]},
        binaryAsString=True,
        extractUnionsByType=True,
    )
    stored = decoder.run(given, [])["again"]
    assert stored["avroBytesDecoder"] == given["avroBytesDecoder"]
    assert stored["binaryAsString"] is True
    assert stored["extractUnionsByType"] is True
    assert stored["flattenSpec"]["useFieldDiscovery"] is False
    assert decoder.run(stored, [])["again"] == stored
    bare = decoding({"type": "schema_inline", "schema": SCHEMA})
    assert decoder.run(bare, [])["again"]["avroBytesDecoder"] == bare["avroBytesDecoder"]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("no decoder", decoding(None), "avroBytesDecoder"),
    ("no type", decoding({"schemas": {"1": SCHEMA}}), "type"),
    ("registry", decoding({"type": "schema_registry", "url": "u"}), "multiple_schemas_inline"),
    ("no schemas", decoding({"type": "multiple_schemas_inline", "schemas": {}}), "at least one schema"),
    ("null schemas", decoding({"type": "multiple_schemas_inline"}), "at least one schema"),
    ("no schema", decoding({"type": "schema_inline"}), "needs a"),
    ("id no number", decoding({"type": "multiple_schemas_inline", "schemas": {"v1": SCHEMA}}), "'v1'"),
    ("id too big", decoding({"type": "multiple_schemas_inline", "schemas": {"4294967296": SCHEMA}}), "4294967296"),
    ("id twice", decoding({"type": "multiple_schemas_inline", "schemas": {"1": SCHEMA, "01": SCHEMA}}), "twice"),
    ("no record", decoding({"type": "schema_inline", "schema": {"type": "string"}}), "must be an Avro record"),
    ("no schema at all", decoding({"type": "schema_inline", "schema": {"type": "recrod"}}), "not an Avro schema"),
    (
        "invalid default",
        decoding({"type": "schema_inline", "schema": record({"name": "n", "type": "int", "default": "x"})}),
        "not an Avro schema",
    ),
    ("jq", inline({1: SCHEMA}, flattenSpec={"fields": [{"type": "jq", "name": "j", "expr": ".a"}]}), "'j'"),
    ("tree", inline({1: SCHEMA}, flattenSpec={"fields": [{"type": "tree", "name": "t", "nodes": ["a", "b"]}]}), "'t'"),
    ("path", inline({1: SCHEMA}, flattenSpec={"fields": [{"type": "path", "name": "p", "expr": "$.["}]}), "'p'"),
    (
        "declared twice",
        inline({1: SCHEMA}, flattenSpec={"fields": ["a", {"type": "path", "name": "a", "expr": "$.a"}]}),
        "'a' twice",
    ),
]


@pytest.mark.parametrize(("spec", "words"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_wrong_format_is_refused_in_words(decoder: DecodeTool, spec: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError) as refused:
        decoder.run(spec, [])
    assert words in str(refused.value)


def test_schemas_may_carry_properties_of_their_own(decoder: DecodeTool) -> None:
    schema = record({"name": "a", "type": "string", "privacy": "public", "doc": "d"})
    assert decoder.values(inline({1: schema}), framed(1, encode(schema, {"ts": 1, "a": "x"})), "a") == {"a": "x"}


def test_ids_are_signed_as_in_druid_avro_extensions(decoder: DecodeTool) -> None:
    newer = record({"name": "a", "type": "string"}, {"name": "b", "type": "int", "default": 4})
    spec = inline({-3: SCHEMA, 2147483647: newer})
    message = framed(-3, encode(SCHEMA, {"ts": 1, "a": "x"}))
    assert decoder.values(spec, message, "a", "b") == {"a": "x", "b": 4}


NESTED = record(
    {
        "name": "device",
        "type": {
            "type": "record",
            "name": "Device",
            "fields": [
                {"name": "os", "type": "string"},
                {"name": "tags", "type": {"type": "array", "items": "string"}},
                {"name": "size", "type": ["null", "int", "string"], "default": None},
            ],
        },
    },
    {"name": "labels", "type": {"type": "map", "values": "string"}},
    {"name": "free", "type": ["int", "string"]},
    {"name": "a", "type": "string"},
)
VALUE = {
    "ts": 1,
    "device": {"os": "tvos", "tags": ["x", "y"], "size": 55},
    "labels": {"k": "v"},
    "free": "text",
    "a": "plain",
}
FIELDS = [
    {"type": "path", "name": "os", "expr": "$.device.os"},
    {"type": "path", "name": "tag", "expr": "$.device.tags[1]"},
    {"type": "path", "name": "all_tags", "expr": "$.device.tags[*]"},
    {"type": "path", "name": "label", "expr": "$.labels.k"},
    {"type": "path", "name": "nothing", "expr": "$.labels.none.deeper"},
    {"type": "path", "name": "deep", "expr": "$..os"},
    {"type": "path", "name": "whole", "expr": "$.device"},
    {"type": "path", "name": "size_int", "expr": "$.device.size.int"},
    {"type": "root", "name": "renamed", "expr": "a"},
    {"type": "root", "name": "missing", "expr": "nowhere"},
    {"type": "tree", "name": "leaf", "nodes": ["a"]},
    {"type": "path", "name": "a", "expr": "$.device.os"},
]
READ = [str(field["name"]) for field in FIELDS] + ["free"]
FLAT = {
    "os": "tvos",
    "tag": "y",
    "all_tags": ["x", "y"],
    "label": "v",
    "nothing": None,
    "deep": ["tvos"],
    "whole": {"os": "tvos", "tags": ["x", "y"], "size": 55},
    "size_int": None,
    "renamed": "plain",
    "missing": None,
    "leaf": "plain",
    "a": "tvos",
    "free": "text",
}


def test_flattening(decoder: DecodeTool) -> None:
    spec = inline({1: NESTED}, flattenSpec={"useFieldDiscovery": True, "fields": FIELDS})
    message = framed(1, encode(NESTED, VALUE))
    assert decoder.values(spec, message, *READ) == FLAT
    # Each column alone, so that what it needs is decoded for it; and each late, after a filter that left it out.
    for name in READ:
        assert decoder.values(spec, message, name, columns=["ts", name]) == {name: FLAT[name]}
        assert decoder.values(spec, message, name, columns=["ts"]) == {name: FLAT[name]}


def test_unions_by_type(decoder: DecodeTool) -> None:
    spec = inline({1: NESTED}, flattenSpec={"fields": FIELDS}, extractUnionsByType=True)
    message = framed(1, encode(NESTED, VALUE))
    assert decoder.values(spec, message, *READ) == {**FLAT, "size_int": 55}
    for value in (None, "big"):
        changed = framed(1, encode(NESTED, {**VALUE, "device": {**VALUE["device"], "size": value}}))
        assert decoder.values(spec, changed, "size_int", "whole")["size_int"] is None


def test_unions_by_type_of_an_older_writer(decoder: DecodeTool) -> None:
    old = record({"name": "free", "type": "int"})
    new = record(
        {"name": "free", "type": ["long", "string"]}, {"name": "more", "type": ["string", "int"], "default": "d"}
    )
    fields = [
        {"type": "path", "name": "number", "expr": "$.free.long"},
        {"type": "path", "name": "text", "expr": "$.more.string"},
    ]
    spec = inline({1: old, 2: new}, flattenSpec={"fields": fields}, extractUnionsByType=True)
    message = framed(1, encode(old, {"ts": 1, "free": 9}))
    assert decoder.values(spec, message, "number", "text", "free") == {"number": 9, "text": "d", "free": 9}


def test_dimensions_of_a_flattening(decoder: DecodeTool) -> None:
    message = framed(1, encode(NESTED, VALUE))
    found = decoder.run(inline({1: NESTED}, flattenSpec={"fields": FIELDS[:2]}), [message])["results"][0]
    assert found["dimensions"] == ["os", "tag", "a"]
    closed = inline({1: NESTED}, flattenSpec={"useFieldDiscovery": False, "fields": FIELDS[:2]})
    assert decoder.run(closed, [message])["results"][0]["dimensions"] == ["os", "tag"]
    assert json.dumps(closed)
