"""Whether a body is Avro to the letter. fastavro reads on where Druid's reader, like Java's, refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

_BITS = {"int": 32, "long": 64}
_FIXED = {"null": 0, "float": 4, "double": 8}


class NotStrictError(ValueError):
    """The bytes are not Avro of the schema."""


def check_body(schema: Any, data: bytes, at: int) -> int:
    """Walk over a value of a schema from a position; the position behind it.

    Raises:
        NotStrictError: a number of too many bits, a truth value that is neither 0 nor 1, a symbol or branch that does
            not exist, a length below 0 or beyond the end
    """
    return _Walk(data).value(schema, at)


class _Walk:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._named: dict[str, Any] = {}

    def value(self, schema: Any, at: int) -> int:
        if isinstance(schema, list):
            branch, at = self._index(at, len(schema))
            return self.value(schema[branch], at)
        kind = schema["type"] if isinstance(schema, dict) else schema
        if isinstance(kind, dict | list):
            return self.value(kind, at)
        if isinstance(schema, dict) and "name" in schema:
            self._named[schema["name"]] = schema
        match kind:
            case "record":
                return self._record(schema, at)
            case "enum":
                return self._index(at, len(schema["symbols"]))[1]
            case "array":
                return self._blocks({"items": schema["items"]}, at)
            case "map":
                return self._blocks({"key": "string", "items": schema["values"]}, at)
            case "boolean":
                return at + 1 if self._data[at : at + 1] in (b"\x00", b"\x01") else self._wrong(at)
            case "int" | "long":
                return self._number(at, _BITS[kind])[1]
            case "string" | "bytes":
                length, at = self._number(at, 64)
                return self._skip(at, length)
            case "fixed":
                return self._skip(at, schema["size"])
            case _ if kind in _FIXED:
                return self._skip(at, _FIXED[kind])
            case _:
                return self.value(self._named[kind], at)

    def _record(self, schema: Mapping[str, Any], at: int) -> int:
        for field in schema["fields"]:
            at = self.value(field["type"], at)
        return at

    def _blocks(self, parts: Mapping[str, Any], at: int) -> int:
        while True:
            count, at = self._number(at, 64)
            if count == 0:
                return at
            end = None
            if count < 0:
                size, at = self._number(at, 64)
                end = self._skip(at, size)
            for _ in range(abs(count)):
                for part in parts.values():
                    at = self.value(part, at)
            if end is not None and at != end:
                self._wrong(at)

    def _index(self, at: int, size: int) -> tuple[int, int]:
        number, behind = self._number(at, 32)
        if not 0 <= number < size:
            self._wrong(at)
        return number, behind

    def _number(self, at: int, bits: int) -> tuple[int, int]:
        number = shift = 0
        while True:
            if at >= len(self._data) or shift >= 70:
                self._wrong(at)
            byte = self._data[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if number >= 1 << bits:
            self._wrong(at)
        return (number >> 1) ^ -(number & 1), at

    def _skip(self, at: int, size: int) -> int:
        return at + size if 0 <= size <= len(self._data) - at else self._wrong(at)

    def _wrong(self, at: int) -> NoReturn:
        raise NotStrictError(f"byte {at} is none of it")
