"""The answer of a scan: blocks of rows, each with the names and types of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from frontrow._frames.rows import Kind, kind_of_druid
from frontrow._http.answer import NotWholeError

# A quote after a comma or a brace is no part of a text, and nothing but a name has a colon after it: neither can stand
# within a row.
_ROWS = b'"events":['
_TYPES = b'],"rowSignature":['


@dataclass(frozen=True)
class Block:
    """
    Attributes:
        kinds: of the columns, in order; None if Druid does not say
        rows: JSON arrays with commas between them
    """

    kinds: Mapping[str, Kind | None]
    rows: bytes


def scan_blocks(pieces: Iterable[bytes]) -> Iterator[Block]:
    """The blocks of a scan in the format ``compactedList``.

    Args:
        pieces: of the answer, cut anywhere

    Raises:
        NotWholeError: it is none, or Druid does not tell the types of its columns
    """
    held, at, end = b"", 0, b""
    for piece in pieces:
        held, at = held[at:] + piece, 0
        while found := _next(held, at):
            block, at = found
            yield block
    end = held[at:].strip()
    if end not in (b"]", b"[]"):
        raise NotWholeError("after its last block there is not its end, or a block lacks its rowSignature")


def signed(signature: Any) -> dict[str, Kind | None]:
    """Kinds of columns by what a block calls its rowSignature. ``__time`` is a time."""
    kinds: dict[str, Kind | None] = {each["name"]: kind_of_druid(each.get("type")) for each in signature or ()}
    if "__time" in kinds:
        kinds["__time"] = "time"
    return kinds


def _next(held: bytes, at: int) -> tuple[Block, int] | None:
    """The block that begins, after a bracket or a comma, at a place, and where it ends; None if it is not all there."""
    types = held.find(_TYPES, at)
    if types < 0:
        return None
    end = types
    while (end := held.find(b"]}", end + 1)) >= 0:
        try:
            signature = orjson.loads(held[types + len(_TYPES) - 1 : end + 1])
            break
        except orjson.JSONDecodeError:
            continue  # within a name
    else:
        return None
    begin = held.find(_ROWS, at, types + 1)
    try:
        block = orjson.loads(held[at + 1 : begin] + _ROWS + b"]}")
        told = signed(signature)
        kinds: dict[str, Kind | None] = {name: told.get(name) for name in block["columns"]}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotWholeError(f"a block of its rows does not begin as one: {error}") from error
    return Block(kinds, held[begin + len(_ROWS) : types]), end + 2
