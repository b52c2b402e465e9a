"""Coders of pieces of a JSON line: from the text of a value, or of some members, to Avro bytes.

A coder answers only for text that keeps the contract, and raises UnlikeError for any other: then the slow way, the
model, has the word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import getitem
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from frontrow_ingest.contract.avro_binary import encode_long

MAX_REMEMBERED = 16_384
MAX_PLACES = 32_768  # of the long texts that tell what a session is
MAX_TEXT = 1_024  # a longer text is not remembered: the bound is one on memory, too
MAX_DIGITS = 18  # any such number has 64 bits


class UnlikeError(Exception):
    """A text that the fast way cannot vouch for."""


Pair = tuple[bytes, bytes]
V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)


class TextCoder(Protocol[V_co]):
    """Gives the Avro bytes of a text, or a pair of them; raises UnlikeError."""

    def __getitem__(self, text: bytes, /) -> V_co: ...


class RememberedText(dict[bytes, V], Generic[V]):
    """For what repeats: what a text stands for is found out once, by ``convert``.

    Remembers up to ``most`` texts of at most ``MAX_TEXT`` bytes, and forgets all of them when it is full.
    """

    def __init__(self, convert: Callable[[bytes], V], *, most: int = MAX_REMEMBERED) -> None:
        super().__init__()
        self._convert = convert
        self._most = most

    def __missing__(self, text: bytes) -> V:
        encoded = self._convert(text)
        if len(text) <= MAX_TEXT:
            if len(self) >= self._most:
                self.clear()
            self[text] = encoded
        return encoded


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


def by_parts(
    match: Callable[[bytes], re.Match[bytes] | None], coders: Sequence[TextCoder[bytes]]
) -> Callable[[bytes], Pair]:
    """A converter of a long run by the coders of its parts: gives all of the bytes, and those of the last but one."""

    def convert(text: bytes) -> Pair:
        found = match(text)
        if found is None:
            raise UnlikeError
        encoded = list(map(getitem, coders, found.groups()))
        return b"".join(encoded), encoded[-2]

    return convert
