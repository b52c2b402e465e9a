"""Avro's binary encoding, as a row of lookups.

Most values of viewing events repeat (a country, a device, a label, a heartbeat's play time), so the coder of a field is
a mapping from value to bytes that fills itself: `dict.__getitem__` answers a repeated value without running Python. The
bytes are those of the Avro specification (1.11, "Binary Encoding"); a test compares them with the ``avro`` package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import getitem, itemgetter
from typing import Any, Protocol

MAX_CACHED = 4_096
LOW_BITS = 14
LOW_MASK = (1 << LOW_BITS) - 1


class Coder(Protocol):
    """Gives the bytes of a value."""

    def __getitem__(self, value: Any, /) -> bytes: ...


def encode_unsigned(number: int) -> bytes:
    """The variable-length form of a number that is not negative, without zigzag."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


SMALL = [encode_unsigned(number) for number in range(1 << LOW_BITS)]
# The first two bytes of a longer number: both say that more follow.
LOW = [bytes((number & 0x7F | 0x80, number >> 7 | 0x80)) for number in range(1 << LOW_BITS)]


def encode_long(number: int) -> bytes:
    """The zigzag variable-length form of a 64-bit integer."""
    zigzag = number << 1 if number >= 0 else (-number << 1) - 1
    if zigzag <= LOW_MASK:
        return SMALL[zigzag]
    high = zigzag >> LOW_BITS
    return LOW[zigzag & LOW_MASK] + (SMALL[high] if high <= LOW_MASK else encode_unsigned(high))


def encode_string(text: str) -> bytes:
    """The length in bytes and the UTF-8 of a string."""
    raw = text.encode()
    return encode_long(len(raw)) + raw


class PlainString:
    """A coder of strings that remembers nothing: for identifiers, which nothing should keep."""

    __slots__ = ()

    def __getitem__(self, text: str, /) -> bytes:
        raw = text.encode()
        size = len(raw) << 1
        return (SMALL[size] if size <= LOW_MASK else encode_long(size >> 1)) + raw


class Plain:
    """A coder that remembers nothing: for values that hardly repeat, or that nothing should keep."""

    __slots__ = ("_encode",)

    def __init__(self, encode: Callable[[Any], bytes]) -> None:
        self._encode = encode

    def __getitem__(self, value: Any, /) -> bytes:
        return self._encode(value)


class PlainLong:
    """A coder of integers that hardly repeat, such as times: only the slowly changing high part is remembered."""

    __slots__ = ("_high",)

    def __init__(self) -> None:
        self._high = Remembered(encode_unsigned)

    def __getitem__(self, number: int, /) -> bytes:
        zigzag = number << 1 if number >= 0 else (-number << 1) - 1
        if zigzag <= LOW_MASK:
            return SMALL[zigzag]
        return LOW[zigzag & LOW_MASK] + self._high[zigzag >> LOW_BITS]


class Remembered(dict[Any, bytes]):
    """A coder that remembers up to ``MAX_CACHED`` values and forgets all of them when it is full."""

    def __init__(self, encode: Callable[[Any], bytes]) -> None:
        super().__init__()
        self._encode = encode

    def __missing__(self, value: Any) -> bytes:
        encoded = self._encode(value)
        if len(self) >= MAX_CACHED:
            self.clear()
        self[value] = encoded
        return encoded


class RememberedArray:
    """A coder of arrays that remembers; a list and a tuple of the same items have the same bytes."""

    __slots__ = ("_remembered",)

    def __init__(self, encode: Callable[[Any], bytes]) -> None:
        self._remembered = Remembered(encode)

    def __getitem__(self, items: Any, /) -> bytes:
        return self._remembered[tuple(items)]


def _encode_bytes(raw: bytes) -> bytes:
    return encode_long(len(raw)) + raw


def encoder_of(schema: Any) -> Callable[[Any], bytes]:
    """The plain function that encodes a value of a schema. Raises ValueError for a type the contract does not use."""
    kind = schema["type"] if isinstance(schema, dict) else schema
    if isinstance(schema, list):
        if len(schema) != 2 or schema[0] != "null":
            raise ValueError(f'a union must be ["null", type], not {schema}')
        inner = encoder_of(schema[1])
        return lambda value: b"\x00" if value is None else b"\x02" + inner(value)
    if kind in ("int", "long"):
        return encode_long
    if kind == "string":
        return encode_string
    if kind == "bytes":
        return _encode_bytes
    if kind == "record":
        fields = [(field["name"], encoder_of(field["type"])) for field in schema["fields"]]
        return lambda record: b"".join([encode(record[name]) for name, encode in fields])
    if kind == "boolean":
        return lambda value: b"\x01" if value else b"\x00"
    if kind == "enum":
        return {symbol: encode_long(index) for index, symbol in enumerate(schema["symbols"])}.__getitem__
    if kind == "array":
        item = encoder_of(schema["items"])
        return lambda values: encode_long(len(values)) + b"".join(map(item, values)) + b"\x00" if values else b"\x00"
    raise ValueError(f"the contract has no encoder for the Avro type {kind}")


def _coder(field: Mapping[str, Any]) -> Coder:
    schema = field["type"]
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "long":
        return PlainLong()
    if field.get("privacy") == "identifier":
        return PlainString() if kind == "string" else Plain(encoder_of(schema))
    if kind == "array":
        # Items that are records cannot be looked up.
        return Plain(encoder_of(schema)) if isinstance(schema["items"], dict) else RememberedArray(encoder_of(schema))
    return Remembered(encoder_of(schema))


class RecordEncoder:
    """Encodes valid records of one schema; ``prefix`` comes first.

    It checks nothing: what it is given has passed the contract.
    """

    def __init__(self, schema: Mapping[str, Any], *, prefix: bytes = b"") -> None:
        fields = schema["fields"]
        self._values = itemgetter(*[field["name"] for field in fields])
        self._coders = tuple(_coder(field) for field in fields)
        self._prefix = prefix

    def __call__(self, values: Mapping[str, Any]) -> bytes:
        """The bytes of a record given as a mapping that holds every field."""
        return self._prefix + b"".join(map(getitem, self._coders, self._values(values)))
