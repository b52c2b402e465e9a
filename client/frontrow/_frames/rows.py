"""Rows as Druid's SQL streams them: a line of JSON for each, an array; before them names and types of the columns.

They are decoded when someone looks: into Python's values, or into Arrow without an object for each value.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import orjson

from frontrow._errors import BrokenAnswerError
from frontrow._frames.lazy import LazyColumns
from frontrow._http.answer import NotWholeError

if TYPE_CHECKING:
    import pyarrow

Kind: TypeAlias = Literal["time", "string", "integer", "number", "boolean", "strings", "integers", "numbers", "other"]
"""Of a column's values; ``strings`` and the like are arrays, ``other`` whatever JSON Druid writes."""

_OF_SQL: dict[str, Kind] = {
    "VARCHAR": "string", "CHAR": "string", "BIGINT": "integer", "INTEGER": "integer", "SMALLINT": "integer",
    "TINYINT": "integer", "DOUBLE": "number", "FLOAT": "number", "REAL": "number", "DECIMAL": "number",
    "TIMESTAMP": "time", "DATE": "time", "BOOLEAN": "boolean",
}  # fmt: skip
_OF_DRUID: dict[str, Kind] = {
    "ARRAY<STRING>": "strings", "ARRAY<LONG>": "integers", "ARRAY<DOUBLE>": "numbers", "ARRAY<FLOAT>": "numbers",
}  # fmt: skip
_OF_NATIVE: dict[str, Kind] = {"STRING": "string", "LONG": "integer", "DOUBLE": "number", "FLOAT": "number"}
# As which Druid writes the numbers that JSON has not.
NOT_FINITE = frozenset(("NaN", "Infinity", "-Infinity"))
_HEADER_LINES = 3
BLOCK = 4 << 20
"""Bytes of lines that are decoded at once."""


@dataclass(frozen=True)
class Header:
    """Names and kinds of the columns, in order."""

    kinds: Mapping[str, Kind]

    @classmethod
    def read(cls, lines: Sequence[bytes]) -> Header:
        """From the lines of names, of Druid's types and of SQL's types.

        Raises:
            NotWholeError: they are none
        """
        try:
            names, native, sql = (orjson.loads(line) for line in lines)
            kinds: dict[str, Kind] = {
                name: _OF_SQL.get(each) or _OF_DRUID.get(kind, "other")
                for name, kind, each in zip(names, native, sql, strict=True)
            }
            return cls(kinds)
        except (ValueError, TypeError) as error:
            raise NotWholeError("it does not begin with the names and types of its columns") from error


class Rows(LazyColumns):
    """Columns by name, decoded all together when one is first read.

    Args:
        lines: every row, each ended by a line feed
        url: whose answer it is, for a message

    Raises:
        BrokenAnswerError: when it is read: a row is none
    """

    def __init__(self, header: Header, lines: bytes, url: str) -> None:
        self.header = header
        self.url = url
        self.lines = lines.strip(b"\n")
        self._count = self.lines.count(b"\n") + 1 if self.lines else 0

    @property
    def count(self) -> int:
        return self._count

    def table(self) -> pyarrow.Table:
        from frontrow._frames.arrow import table_of

        return table_of(self)

    def __getitem__(self, name: str) -> Sequence[Any]:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.header.kinds)

    def __len__(self) -> int:
        return len(self.header.kinds)

    @functools.cached_property
    def _columns(self) -> dict[str, tuple[Any, ...]]:
        with whole_or_broken(self.url):
            return {name: tuple(values) for name, values in values_of(self.header, self.lines).items()}


@contextmanager
def whole_or_broken(url: str) -> Iterator[None]:
    """
    Raises:
        BrokenAnswerError: for a NotWholeError
    """
    try:
        yield
    except NotWholeError as error:
        raise BrokenAnswerError(f"what {url} answered is no answer of Druid: {error}.", url=url) from error


def values_of(header: Header, lines: bytes) -> dict[str, list[Any]]:
    """Python's values by column. What is not a finite number is None, times are in UTC.

    Raises:
        NotWholeError: a row is none
    """
    try:
        rows = orjson.loads(b"[" + lines.strip(b"\n").replace(b"\n", b",") + b"]")
        flat, width = list(chain.from_iterable(rows)), len(header.kinds)
    except (ValueError, TypeError) as error:
        raise NotWholeError(f"one of its rows is no JSON array: {error}") from error
    if len(flat) != width * len(rows):
        raise NotWholeError(f"its rows have not {width} values each")
    return {name: _valued(flat[index::width], kind) for index, (name, kind) in enumerate(header.kinds.items())}


def kind_of_druid(druid: str | None) -> Kind | None:
    """Of a column by Druid's own type; None if there is none."""
    return (_OF_NATIVE.get(druid) or _OF_DRUID.get(druid, "other")) if druid else None


def split_header(pieces: Iterator[bytes]) -> tuple[Header, Iterator[bytes]]:
    """The header of an answer, and the pieces after it.

    Raises:
        NotWholeError: there is none
    """
    begun = b""
    for piece in pieces:
        begun += piece
        if begun.count(b"\n") >= _HEADER_LINES:
            break
    *lines, rest = begun.split(b"\n", _HEADER_LINES)
    return Header.read(lines), chain((rest,), pieces)


def blocks(pieces: Iterable[bytes], size: int = BLOCK) -> Iterator[bytes]:
    """The same bytes, some ``size`` at once, cut after whole lines."""
    held: list[bytes] = []
    length = 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= size and b"\n" in piece:
            whole, end, begun = b"".join(held).rpartition(b"\n")
            yield whole + end
            held, length = [begun], len(begun)
    if length:
        yield b"".join(held)


def _valued(values: list[Any], kind: Kind) -> list[Any]:
    match kind:
        case "number":
            return [None if value in NOT_FINITE else value for value in values]
        case "time":
            # Rows share few moments: each is read once.
            known = {text: None if text is None else _moment(text) for text in set(values)}
            return [known[text] for text in values]
        case _:
            return values


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
