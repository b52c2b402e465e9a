"""Large answers of scan and groupBy into Arrow, where each of their values is a number, a text or null."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from frontrow._frames.flat import flat_table
from frontrow._frames.libraries import library
from frontrow._frames.rows import Kind
from frontrow._frames.scan import scan_blocks
from frontrow._http.answer import NotWholeError

if TYPE_CHECKING:
    import pyarrow

    from frontrow._result import ColumnType


_BLOCK = 1 << 20
"""Bytes. A cut within a text, after what looks like a row's end, leaves an odd quote, which nobody takes for whole."""


def scanned_table(answer: bytes) -> pyarrow.Table | None:
    """The rows of a scan; None where a reader of JSON must look."""
    pa = library("pyarrow", "arrow")
    tables = []
    try:
        for block in scan_blocks((answer,)):
            table = flat_table(block.kinds, block.rows) if block.rows else None
            if table is None:
                return None
            tables.append(table)
        # A segment may lack a column that another has.
        return pa.concat_tables(tables, promote_options="default") if tables else None
    except (NotWholeError, pa.ArrowInvalid, pa.ArrowTypeError):
        return None


def grouped_table(
    names: list[str], kinds: Mapping[str, Kind | None], declared: Mapping[str, ColumnType], answer: bytes
) -> pyarrow.Table | None:
    """The rows of a groupBy that come as arrays; None where a reader of JSON must look.

    Args:
        names: of the columns, in order; before them there may be the time of the bucket
        kinds: of those whose query tells it
        declared: types for a column of nothing
    """
    pa = library("pyarrow", "arrow")
    if not (answer.startswith(b"[[") and answer.endswith(b"]]")):
        return None
    try:
        width = len(orjson.loads(answer[1 : answer.find(b"],[") + 1 or -1]))
    except orjson.JSONDecodeError:
        return None
    if width == len(names) + 1:
        names = ["time", *names]
    if not width or width != len(names) or len(set(names)) != width:
        return None
    timed: dict[str, Kind | None] = {"time": "time", "__time": "time"}
    asked: dict[str, Kind | None] = {name: timed.get(name, kinds.get(name)) for name in names}
    tables = []
    for rows in _cut(answer):
        table = flat_table(asked, rows)
        if table is None:
            return None
        tables.append(table)
    try:
        table = pa.concat_tables(tables, promote_options="default")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    types: dict[Any, Any] = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64()}
    for index, field in enumerate(table.schema):
        if pa.types.is_null(field.type) and (known := types.get(declared.get(field.name))) is not None:
            table = table.set_column(index, field.name, table.column(index).cast(known))
    return table


def _cut(answer: bytes) -> Iterator[bytes]:
    """The rows of an array, some at once: what fits a processor's cache is read faster."""
    begin = 1
    while (cut := answer.find(b"],[", begin + _BLOCK)) >= 0:
        yield answer[begin : cut + 1]
        begin = cut + 2
    yield answer[begin:-1]


def types_of_table(table: pyarrow.Table) -> dict[str, ColumnType]:
    pa = library("pyarrow", "arrow")
    kinds: dict[Any, ColumnType] = {
        pa.timestamp("us", "UTC"): "time", pa.string(): "string", pa.int64(): "integer", pa.float64(): "number",
    }  # fmt: skip
    return {field.name: kinds.get(field.type, "any") for field in table.schema}
