"""The parts of the encoder: integers, caches, and the types it does not know."""

from __future__ import annotations

import io
from typing import Any

import avro.io
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow_ingest.contract import avro_binary
from frontrow_ingest.contract.avro_binary import PlainLong, PlainString, RecordEncoder, Remembered, encode_long


def _avro_long(number: int) -> bytes:
    out = io.BytesIO()
    avro.io.BinaryEncoder(out).write_long(number)
    return out.getvalue()


def _avro_string(text: str) -> bytes:
    out = io.BytesIO()
    avro.io.BinaryEncoder(out).write_utf8(text)
    return out.getvalue()


@given(st.integers(-(2**63), 2**63 - 1))
@settings(deadline=None)
def test_integers(number: int) -> None:
    assert encode_long(number) == PlainLong()[number] == _avro_long(number)


@pytest.mark.parametrize("bits", range(63))
def test_integers_around_powers_of_two(bits: int) -> None:
    coder = PlainLong()
    for number in (2**bits - 1, 2**bits, 2**bits + 1, -(2**bits), -(2**bits) - 1):
        assert encode_long(number) == coder[number] == _avro_long(number)


@given(st.text())
@settings(deadline=None)
def test_strings(text: str) -> None:
    assert PlainString()[text] == avro_binary.encode_string(text) == _avro_string(text)


@pytest.mark.parametrize("size", [8_191, 8_192, 1_000_000])
def test_long_strings(size: int) -> None:
    assert PlainString()["x" * size] == _avro_string("x" * size)


def test_what_is_remembered_is_bounded() -> None:
    asked: list[int] = []

    def encode(number: int) -> bytes:
        asked.append(number)
        return encode_long(number)

    coder = Remembered(encode)
    for number in range(3 * avro_binary.MAX_CACHED):
        assert coder[number] == encode_long(number)
        assert len(coder) <= avro_binary.MAX_CACHED
    seen = len(asked)
    assert coder[number] == encode_long(number)
    assert len(asked) == seen


def _record(kind: Any, **more: Any) -> dict[str, Any]:
    return {
        "type": "record",
        "name": "R",
        "fields": [{"name": "a", "type": kind, **more}, {"name": "b", "type": "int"}],
    }


def test_identifiers_are_not_remembered() -> None:
    encoder = RecordEncoder(_record("string", privacy="identifier"), prefix=b"P")
    assert encoder({"a": "viewer", "b": 1}) == b"P\x0cviewer\x02"
    assert not any("viewer" in coder for coder in encoder._coders if isinstance(coder, dict))


@pytest.mark.parametrize(
    "kind",
    ["double", "fixed", {"type": "map", "values": "int"}, ["int", "string"], ["null", "int", "string"], ["null"]],
)
def test_a_type_that_the_contract_does_not_use_is_refused_at_once(kind: Any) -> None:
    with pytest.raises(ValueError):
        RecordEncoder(_record(kind))


def test_a_value_outside_of_an_enum_is_not_written() -> None:
    encoder = RecordEncoder(_record({"type": "enum", "name": "E", "symbols": ["x", "y"]}))
    assert encoder({"a": "y", "b": 0}) == b"\x02\x00"
    with pytest.raises(KeyError):
        encoder({"a": "z", "b": 0})


def test_arrays_null_and_booleans() -> None:
    arrays = RecordEncoder(_record({"type": "array", "items": "string"}))
    assert arrays({"a": (), "b": 0}) == b"\x00\x00"
    assert arrays({"a": ("x", "yz"), "b": 0}) == b"\x04\x02x\x04yz\x00\x00"
    nullable = RecordEncoder(_record(["null", "boolean"]))
    assert [nullable({"a": value, "b": 0})[:-1] for value in (None, True, False)] == [b"\x00", b"\x02\x01", b"\x02\x00"]
