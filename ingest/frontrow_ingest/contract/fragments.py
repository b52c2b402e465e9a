"""Coders of pieces of a JSON line: from the text of a value, or of some members, to Avro bytes.

A coder answers only for text that keeps the contract, and raises UnlikeError for any other: then the slow way, the
model, has the word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from frontrow_ingest.contract.avro_binary import (
    LOW,
    LOW_BITS,
    LOW_MASK,
    SMALL,
    Remembered,
    encode_long,
    encode_unsigned,
)

MAX_REMEMBERED = 16_384
MAX_DIGITS = 18  # any such number has 64 bits


class UnlikeError(Exception):
    """A text that the fast way cannot vouch for."""


class TextCoder(Protocol):
    """Gives the Avro bytes of a text; raises UnlikeError."""

    def __getitem__(self, text: bytes, /) -> bytes: ...


class RememberedText(dict[bytes, bytes]):
    """For what repeats: what a text stands for is found out once, by ``convert``.

    Remembers up to ``MAX_REMEMBERED`` texts and forgets all of them when it is full.
    """

    def __init__(self, convert: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, text: bytes) -> bytes:
        encoded = self._convert(text)
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        self[text] = encoded
        return encoded


class NumberText:
    """For an integer that hardly repeats, from ``least`` (not negative) to ``most``. ``last`` is the one coded last.

    The text has digits only, as JSON has them and at most ``MAX_DIGITS``. This runs several times for every event.
    """

    __slots__ = ("_high", "_least", "_most", "last")

    def __init__(self, least: int, most: int) -> None:
        self._least = least
        self._most = most
        self._high = Remembered(encode_unsigned)
        self.last = 0

    def __getitem__(self, text: bytes, /) -> bytes:
        self.last = number = int(text)
        if not self._least <= number <= self._most:
            raise UnlikeError
        zigzag = number << 1
        if zigzag <= LOW_MASK:
            return SMALL[zigzag]
        return LOW[zigzag & LOW_MASK] + self._high[zigzag >> LOW_BITS]


class IdentifierText:
    """For an identifier, which nothing remembers: its characters, ASCII and as they are."""

    __slots__ = ()

    def __getitem__(self, text: bytes, /) -> bytes:
        return SMALL[len(text) << 1] + text  # far shorter than what SMALL ends at


def by_digits(least: int, most: int) -> Callable[[bytes], bytes]:
    """A converter of integers within bounds."""

    def convert(text: bytes) -> bytes:
        if not text.isdigit() or len(text) > MAX_DIGITS or (len(text) > 1 and text.startswith(b"0")):
            raise UnlikeError
        number = int(text)
        if not least <= number <= most:
            raise UnlikeError
        return encode_long(number)

    return convert


def or_null(convert: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """The same converter for a field that may be null."""
    return lambda text: b"\x00" if text == b"null" else b"\x02" + convert(text)


def by_pydantic(adapter: TypeAdapter[Any], encode: Callable[[Any], bytes]) -> Callable[[bytes], bytes]:
    """A converter of values that checks with the model's own type of the field."""

    def convert(text: bytes) -> bytes:
        try:
            value = adapter.validate_json(text, strict=True)
        except ValidationError:
            raise UnlikeError from None
        if isinstance(value, tuple) and len(set(value)) != len(value):
            raise UnlikeError  # the one rule between values that concerns a single field
        return encode(value)

    return convert


def members_by_pydantic(
    fields: Mapping[str, tuple[TypeAdapter[Any], Callable[[Any], bytes]]],
) -> Callable[[bytes], bytes]:
    """A converter of the text of some members, in this order and none twice."""

    def convert(text: bytes) -> bytes:
        try:
            found = from_json(b"{" + text + b"}")
            if list(found) != list(fields):
                raise UnlikeError
            return b"".join(
                encode(adapter.validate_python(found[name], strict=True)) for name, (adapter, encode) in fields.items()
            )
        except ValueError:  # not JSON, or a ValidationError
            raise UnlikeError from None

    return convert
