"""Coders of fragments: from ``name": value``, a member of a JSON object as it stands in a line, to Avro bytes.

A coder answers only for a fragment whose value keeps the contract, and raises UnlikeError for any other: then the
slow way, the model, has the word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from frontrow_ingest.contract.avro_binary import (
    LOW,
    LOW_BITS,
    LOW_MASK,
    MAX_CACHED,
    SMALL,
    Remembered,
    encode_long,
    encode_unsigned,
)

MAX_DIGITS = 18  # any such number has 64 bits
ZERO = ord("0")


class UnlikeError(Exception):
    """A fragment that is not the field's, or whose value the fast way cannot vouch for."""


class FragmentCoder(Protocol):
    """Gives the Avro bytes of a fragment; raises UnlikeError."""

    def __getitem__(self, fragment: bytes, /) -> bytes: ...


class RememberedFragment(dict[bytes, bytes]):
    """For a field whose values repeat: what a fragment stands for is found out once, by ``convert`` from the JSON text
    of a value to Avro bytes.

    Remembers up to ``MAX_CACHED`` fragments and forgets all of them when it is full.
    """

    def __init__(self, prefix: bytes, convert: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._prefix = prefix
        self._convert = convert

    def __missing__(self, fragment: bytes) -> bytes:
        if not fragment.startswith(self._prefix):
            raise UnlikeError
        encoded = self._convert(fragment[len(self._prefix) :])
        if len(self) >= MAX_CACHED:
            self.clear()
        self[fragment] = encoded
        return encoded


def by_pydantic(adapter: TypeAdapter[Any], encode: Callable[[Any], bytes]) -> Callable[[bytes], bytes]:
    """A converter that checks with the model's own type of the field."""

    def convert(text: bytes) -> bytes:
        try:
            value = adapter.validate_json(text, strict=True)
        except ValidationError:
            raise UnlikeError from None
        if isinstance(value, tuple) and len(set(value)) != len(value):
            raise UnlikeError  # the one rule between values that concerns a single field
        return encode(value)

    return convert


def integer(text: bytes, least: int, most: int) -> int:
    """The integer in a JSON text, from ``least`` (not negative) to ``most``; raises UnlikeError for anything else."""
    if not text.isdigit() or len(text) > MAX_DIGITS or (text[0] == ZERO and len(text) > 1):
        raise UnlikeError
    number = int(text)
    if not least <= number <= most:
        raise UnlikeError
    return number


def by_digits(least: int, most: int, *, nullable: bool) -> Callable[[bytes], bytes]:
    """A converter of integers within bounds, and of null where that may be."""

    def convert(text: bytes) -> bytes:
        if not nullable:
            return encode_long(integer(text, least, most))
        return b"\x00" if text == b"null" else b"\x02" + encode_long(integer(text, least, most))

    return convert


class NumberFragment:
    """For an integer that hardly repeats, from ``least`` (not negative) to ``most``. ``last`` is the one coded last.

    What :func:`integer` and ``encode_long`` do, in one place: this runs several times for every event.
    """

    __slots__ = ("_high", "_least", "_most", "_prefix", "_size", "last")

    def __init__(self, prefix: bytes, least: int, most: int) -> None:
        self._prefix = prefix
        self._size = len(prefix)
        self._least = least
        self._most = most
        self._high = Remembered(encode_unsigned)
        self.last = 0

    def __getitem__(self, fragment: bytes, /) -> bytes:
        size = self._size
        digits = fragment[size:]
        if fragment[:size] != self._prefix or not digits.isdigit() or len(digits) > MAX_DIGITS:
            raise UnlikeError
        number = int(digits)
        if not self._least <= number <= self._most or (digits[0] == ZERO and len(digits) > 1):
            raise UnlikeError
        self.last = number
        if number < 8192:
            return SMALL[number << 1]
        return LOW[number << 1 & LOW_MASK] + self._high[number >> LOW_BITS - 1]


class IdentifierFragment:
    """For an identifier, which nothing remembers: text of certain ASCII characters, none of which JSON escapes."""

    __slots__ = ("_match",)

    def __init__(self, prefix: bytes, pattern: bytes) -> None:
        self._match = re.compile(re.escape(prefix) + b'"(' + pattern + b')"').fullmatch

    def __getitem__(self, fragment: bytes, /) -> bytes:
        found = self._match(fragment)
        if found is None:
            raise UnlikeError
        raw = found[1]
        return SMALL[len(raw) << 1] + raw  # far shorter than what SMALL ends at
