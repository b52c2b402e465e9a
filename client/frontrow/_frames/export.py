"""Answers to files, a few megabytes in memory at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frontrow._errors import AskError
from frontrow._frames.arrow import block_table, schema_of
from frontrow._frames.libraries import library
from frontrow._frames.metadata import KEY
from frontrow._frames.rows import Header, blocks
from frontrow._frames.scan import scan_blocks
from frontrow._frames.scan_export import WiderError, parts_of
from frontrow._frames.sql import types_of

if TYPE_CHECKING:
    import pyarrow

    from frontrow._result import ColumnType

    Writer = Callable[[pyarrow.Table], None]
    # What is to be said of the rows, as JSON, from the types of their columns.
    Caveats = Callable[[Mapping[str, ColumnType]], str]


@dataclass(frozen=True)
class Exported:
    """A file that was written.

    Attributes:
        path: of the file
        rows: in it
        bytes: of the file
        elapsed: seconds
        query_id: under which Druid knows the query
    """

    path: Path
    rows: int
    bytes: int
    elapsed: float
    query_id: str


def check_path(path: str | os.PathLike[str]) -> Path:
    """
    Raises:
        AskError: nobody writes such files
        MissingExtraError: pyarrow is not there
    """
    found = Path(path)
    if found.suffix not in (".parquet", ".csv"):
        raise AskError(f"{found.name!r} is neither .parquet nor .csv: the ending says what is written.")
    library("pyarrow", "arrow")
    return found


def write_sql(path: Path, header: Header, pieces: Iterator[bytes], caveats: Caveats) -> int:
    """Write rows of SQL to a file, which is there only when all of them are; gives their number.

    Parquet keeps the types, and the caveats under the name that Arrow tables have them under. CSV has a first line of
    names, texts in quotes, nothing at all for null, times in UTC and arrays as JSON.

    Args:
        pieces: lines, cut anywhere
    """
    types = types_of(header)
    if path.suffix == ".csv":
        header = _flat(header)
    schema = schema_of(header)
    tables = (block_table(header, schema, block) for block in blocks(pieces))
    return _write(path, schema, tables, partial(caveats, types))


def write_scan(path: Path, query: Mapping[str, Any], asked: Callable[[], Iterator[bytes]], caveats: Caveats) -> int:
    """The same with the rows of a scan. A column that Druid tells no type of is text.

    Args:
        asked: the answer, each time from its beginning
    """
    named = list(query.get("columns") or ())
    types: dict[str, pyarrow.DataType] = {}
    while True:
        with closing(asked()) as pieces:
            try:
                found = scan_blocks(pieces)
                schema, parts = parts_of(found, named, types, lists=path.suffix == ".parquet")
                return _write(path, schema, parts, partial(caveats, _types(schema)))
            except WiderError as error:
                types = dict(error.types)


def _write(path: Path, schema: pyarrow.Schema, parts: Iterable[pyarrow.Table], caveats: Callable[[], str]) -> int:
    rows = 0
    with _whole(path) as part, _csv(part, schema) if path.suffix == ".csv" else _parquet(part, schema, caveats) as put:
        for table in parts:
            put(table)
            rows += table.num_rows
    return rows


@contextmanager
def closing(stream: Iterator[bytes]) -> Iterator[Iterator[bytes]]:
    """End a stream with the block, and so its query, if that did not read it to its end."""
    try:
        yield stream
    finally:
        close = getattr(stream, "close", None)
        if close is not None:
            close()


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _parquet(path: Path, schema: pyarrow.Schema, caveats: Callable[[], str]) -> Iterator[Writer]:
    said = schema.with_metadata({KEY: caveats()})
    with library("pyarrow.parquet", "arrow").ParquetWriter(path, said, compression="zstd") as writer:
        yield writer.write_table


@contextmanager
def _csv(path: Path, schema: pyarrow.Schema) -> Iterator[Writer]:
    with library("pyarrow.csv", "arrow").CSVWriter(path, schema) as writer:
        yield writer.write_table


def _flat(header: Header) -> Header:
    nested = ("strings", "integers", "numbers")
    return replace(header, kinds={name: "other" if kind in nested else kind for name, kind in header.kinds.items()})


def _types(schema: pyarrow.Schema) -> dict[str, ColumnType]:
    """Types of the columns in the words of an answer."""
    return {str(field.name): _type(field.type) for field in schema}


def _type(kind: pyarrow.DataType) -> ColumnType:
    kinds = library("pyarrow", "arrow").types
    if kinds.is_timestamp(kind):
        return "time"
    if kinds.is_string(kind):
        return "string"
    if kinds.is_integer(kind):
        return "integer"
    return "number" if kinds.is_floating(kind) else "any"
