"""Old messages read as the newest schema: Avro's resolution rules, checked against fastavro's own."""

from __future__ import annotations

import io
from typing import Any

import fastavro
import pytest

from support.decode_tool import DecodeTool, RefusedError, encode, framed, inline, record

OLD = record(
    {"name": "gone", "type": {"type": "array", "items": {"type": "map", "values": "string"}}},
    {"name": "count", "type": "int"},
    {"name": "ratio", "type": "float"},
    {"name": "label", "type": "string"},
    {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["on", "off", "lost"]}},
    {"name": "maybe", "type": "int"},
    {"name": "inner", "type": {"type": "record", "name": "Inner", "fields": [{"name": "x", "type": "int"}]}},
)
NEW = {
    "type": "record",
    "name": "Event",
    "fields": [
        {"name": "title", "type": ["null", "string"], "default": None, "aliases": ["label"]},
        {"name": "maybe", "type": ["null", "long"], "default": None},
        {"name": "count", "type": "long"},
        {"name": "ratio", "type": "double"},
        {"name": "ts", "type": "long"},
        {
            "name": "state",
            "type": {"type": "enum", "name": "State", "symbols": ["unknown", "off", "on"], "default": "unknown"},
        },
        {
            "name": "inner",
            "type": {
                "type": "record",
                "name": "Inner",
                "fields": [{"name": "y", "type": "string", "default": "dflt"}, {"name": "x", "type": "double"}],
            },
        },
        {"name": "added", "type": "string", "default": "new"},
        {"name": "added_list", "type": {"type": "array", "items": "string"}, "default": ["p", "q"]},
        {"name": "added_map", "type": {"type": "map", "values": "int"}, "default": {"k": 1}},
        {"name": "added_bytes", "type": "bytes", "default": "ÿ\u0000"},
        {"name": "added_inner", "type": "Inner", "default": {"x": 0.5, "y": "deep"}},
        {"name": "added_state", "type": "State", "default": "off"},
    ],
}
VALUE = {
    "ts": 1000,
    "gone": [{"a": "b"}, {}],
    "count": 7,
    "ratio": 0.5,
    "label": "Final",
    "state": "on",
    "maybe": 3,
    "inner": {"x": 4},
}
READ = [field["name"] for field in NEW["fields"]]


def test_an_old_message_answers_as_the_newest_schema(decoder: DecodeTool) -> None:
    message = framed(1, encode(OLD, VALUE))
    result = decoder.run(inline({1: OLD, 2: NEW}), [message], read=READ)["results"][0]
    assert result["values"] == {
        "title": "Final",
        "maybe": 3,
        "count": 7,
        "ratio": 0.5,
        "ts": 1000,
        "state": "on",
        "inner": {"y": "dflt", "x": 4.0},
        "added": "new",
        "added_list": ["p", "q"],
        "added_map": {"k": 1},
        "added_bytes": {"hex": "ff00"},
        "added_inner": {"y": "deep", "x": 0.5},
        "added_state": "off",
    }
    assert result["types"]["count"] == "Long"
    assert result["types"]["maybe"] == "Long"
    assert result["types"]["ratio"] == "Double"
    assert result["time"] == 1000


def test_the_newest_is_the_highest_id_and_not_the_last_written(decoder: DecodeTool) -> None:
    spec = inline({10: NEW, 9: OLD})
    assert decoder.values(spec, framed(9, encode(OLD, VALUE)), "added") == {"added": "new"}


def test_messages_of_both_schemas_interleaved(decoder: DecodeTool) -> None:
    new = {
        "title": None,
        "maybe": None,
        "count": 2**40,
        "ratio": 0.25,
        "ts": 5,
        "state": "off",
        "inner": {"y": "w", "x": 1.5},
        "added": "set",
        "added_list": [],
        "added_map": {},
        "added_bytes": b"",
        "added_inner": {"x": 1.0, "y": ""},
        "added_state": "unknown",
    }
    messages = [framed(1, encode(OLD, VALUE)), framed(2, encode(NEW, new))] * 3
    results = decoder.run(inline({1: OLD, 2: NEW}), messages, read=["count", "added"])["results"]
    assert [(r["values"]["count"], r["values"]["added"]) for r in results] == [(7, "new"), (2**40, "set")] * 3


def test_an_enum_symbol_the_newest_schema_dropped_becomes_its_default(decoder: DecodeTool) -> None:
    message = framed(1, encode(OLD, {**VALUE, "state": "lost"}))
    assert decoder.values(inline({1: OLD, 2: NEW}), message, "state") == {"state": "unknown"}


def test_an_enum_symbol_without_a_default_is_a_bad_message_whatever_is_read(decoder: DecodeTool) -> None:
    old = record({"name": "s", "type": {"type": "enum", "name": "S", "symbols": ["a", "b"]}})
    new = record({"name": "s", "type": {"type": "enum", "name": "S", "symbols": ["a"]}})
    spec = inline({1: old, 2: new})
    assert decoder.values(spec, framed(1, encode(old, {"ts": 1, "s": "a"})), "s") == {"s": "a"}
    bad = framed(1, encode(old, {"ts": 1, "s": "b"}))
    assert "field 's'" in decoder.error(spec, bad)
    assert "field 's'" in decoder.error(spec, bad, columns=["ts"])


PROMOTIONS: list[tuple[str, str, Any]] = [
    ("int", "long", 3),
    ("int", "float", 3),
    ("int", "double", 3),
    ("long", "float", 2**33),
    ("long", "double", 2**33),
    ("float", "double", 0.25),
    ("string", "bytes", "grün"),
    ("bytes", "string", "grün".encode()),
]


@pytest.mark.parametrize(("old", "new", "value"), PROMOTIONS, ids=[f"{a}-{b}" for a, b, _ in PROMOTIONS])
@pytest.mark.parametrize("nullable", [False, True], ids=["plain", "nullable"])
def test_promotions_agree_with_fastavro(decoder: DecodeTool, old: str, new: str, value: Any, nullable: bool) -> None:
    writer = record({"name": "v", "type": old}, {"name": "after", "type": "int"})
    reader = record({"name": "v", "type": ["null", new] if nullable else new}, {"name": "after", "type": "int"})
    body = encode(writer, {"ts": 1, "v": value, "after": 8})
    expected = fastavro.schemaless_reader(
        io.BytesIO(body), fastavro.parse_schema(writer), fastavro.parse_schema(reader)
    )
    assert isinstance(expected, dict)
    if isinstance(expected["v"], bytes):
        expected["v"] = {"hex": expected["v"].hex()}
    spec = inline({1: writer, 2: reader})
    assert decoder.values(spec, framed(1, body), "ts", "v", "after") == expected
    assert decoder.values(spec, framed(1, body), "after", columns=["ts", "after"]) == {"after": 8}


def test_a_union_that_lost_a_branch_refuses_only_its_messages(decoder: DecodeTool) -> None:
    old = record({"name": "v", "type": ["null", "int", "string"]})
    new = record({"name": "v", "type": ["null", "int"]})
    spec = inline({1: old, 2: new})
    assert decoder.values(spec, framed(1, encode(old, {"ts": 1, "v": 4})), "v") == {"v": 4}
    assert decoder.values(spec, framed(1, encode(old, {"ts": 1, "v": None})), "v") == {"v": None}
    assert "union branch cannot be read" in decoder.error(spec, framed(1, encode(old, {"ts": 1, "v": "s"})))


def test_a_recursive_schema(decoder: DecodeTool) -> None:
    old = record(
        {
            "name": "chain",
            "type": {
                "type": "record",
                "name": "Link",
                "fields": [{"name": "n", "type": "int"}, {"name": "next", "type": ["null", "Link"]}],
            },
        }
    )
    new = record(
        {
            "name": "chain",
            "type": {
                "type": "record",
                "name": "Link",
                "fields": [
                    {"name": "next", "type": ["null", "Link"]},
                    {"name": "n", "type": "long"},
                    {"name": "tag", "type": "string", "default": "t"},
                ],
            },
        }
    )
    body = encode(old, {"ts": 1, "chain": {"n": 1, "next": {"n": 2, "next": None}}})
    assert decoder.values(inline({1: old, 2: new}), framed(1, body), "chain") == {
        "chain": {"next": {"next": None, "n": 2, "tag": "t"}, "n": 1, "tag": "t"}
    }


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            record({"name": "v", "type": "string"}),
            record({"name": "v", "type": "int"}),
            ["schema 1", "2", "'v'", "int"],
        ),
        (record(), record({"name": "must", "type": "int"}), ["schema 1", "must"]),
    ],
    ids=["type-changed", "field-without-default"],
)
def test_a_pair_no_message_could_satisfy_is_refused_with_the_spec(
    decoder: DecodeTool, old: dict[str, Any], new: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(RefusedError) as refused:
        decoder.run(inline({1: old, 2: new}), [])
    for word in words:
        assert word in str(refused.value)
