"""The rows of a scan as Arrow tables of one schema, a few megabytes at once.

Druid tells the types of a block of rows, but not those of all blocks before they come: a column may be missing in one
segment, and a text may have several values in any row. The schema is that of the first megabytes; what comes later and
does not fit tells a wider one, with which the scan begins again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from frontrow._errors import AskError
from frontrow._frames.flat import flat_table
from frontrow._frames.libraries import library
from frontrow._frames.rows import NOT_FINITE, Kind
from frontrow._frames.scan import Block
from frontrow._http.answer import NotWholeError

if TYPE_CHECKING:
    import pyarrow

    Types = Mapping[str, pyarrow.DataType]

_ROWS = 4096
_BYTES = 4 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WiderError(Exception):
    """A block does not fit the schema; ``types`` are those with which the scan fits so far."""

    def __init__(self, types: Types) -> None:
        super().__init__("wider types")
        self.types = types


def scan_body(query: Any, parameters: Sequence[Any] = ()) -> dict[str, Any]:
    """A scan as it is asked for an export: in a format that tells types, few rows at once.

    Raises:
        AskError: it is no scan, or has parameters, which only SQL has
    """
    body = getattr(query, "query_dict", query)
    if not isinstance(body, Mapping) or body.get("queryType") != "scan":
        raise AskError('an export is of SQL, a text, or of a native query with "queryType": "scan".')
    if parameters:
        raise AskError("parameters are for the ? of SQL: a native query has none.")
    return {"batchSize": _ROWS, **body, "resultFormat": "compactedList"}


def parts_of(
    blocks: Iterator[Block], named: Sequence[str], known: Types, *, lists: bool
) -> tuple[pyarrow.Schema, Iterator[pyarrow.Table]]:
    """The schema of a scan, and its rows in some tables.

    Args:
        named: columns that the query names; they are there without any row
        known: types of columns, at least so wide
        lists: whether there may be columns of lists; otherwise they are text, as JSON

    Raises:
        WiderError: while the tables are read
        NotWholeError: a block is none
    """
    pa = library("pyarrow", "arrow")
    parts = (_table(block, lists=lists) for block in blocks)
    first: list[pyarrow.Table] = []
    for part in parts:
        first.append(part)
        if sum(each.nbytes for each in first) >= _BYTES:
            break
    types: Types = {name: pa.null() for name in named}
    for one in (known, *map(_types, first)):
        types = _wider(types, one)
    if "__time" in types and pa.types.is_null(types["__time"]):
        types = {**types, "__time": pa.timestamp("us", "UTC")}
    shown = pa.schema([(name, pa.string() if pa.types.is_null(kind) else kind) for name, kind in types.items()])
    return shown, _joined(types, shown, first, parts)


def _joined(
    types: Types, shown: pyarrow.Schema, first: list[pyarrow.Table], parts: Iterator[pyarrow.Table]
) -> Iterator[pyarrow.Table]:
    pa = library("pyarrow", "arrow")
    held = [_fitted(part, shown) for part in first]
    first.clear()
    for part in parts:
        if sum(each.nbytes for each in held) >= _BYTES:
            yield pa.concat_tables(held)
            held = []
        if (wider := _wider(types, _types(part))) != types:
            raise WiderError(wider)
        held.append(_fitted(part, shown))
    if held:
        yield pa.concat_tables(held)


def _table(block: Block, *, lists: bool) -> pyarrow.Table:
    pa = library("pyarrow", "arrow")
    table = flat_table(block.kinds, block.rows)
    if table is not None:
        return table
    try:
        rows = orjson.loads(b"[" + block.rows + b"]")
        columns = list(zip(*rows, strict=True)) or [()] * len(block.kinds)
        arrays = {
            name: _array(values, kind, lists=lists)
            for (name, kind), values in zip(block.kinds.items(), columns, strict=True)
        }
    except (ValueError, TypeError, OverflowError, pa.ArrowException) as error:
        raise NotWholeError(f"one of its rows does not fit its types: {error}") from error
    return pa.table(arrays)


def _array(values: Sequence[Any], kind: Kind | None, *, lists: bool) -> pyarrow.Array:
    pa = library("pyarrow", "arrow")
    found = set(map(type, values)) - {type(None)}
    if kind == "time" and found <= {int}:
        moments = [None if value is None else _EPOCH + timedelta(milliseconds=value) for value in values]
        return pa.array(moments, pa.timestamp("us", "UTC"))
    if not found and kind is None:
        return pa.nulls(len(values))
    if found <= {int} and kind in ("integer", None):
        return pa.array(values, pa.int64())
    if found <= {int, float, str} and kind != "string":
        texts = {value for value in values if isinstance(value, str)}
        if texts <= NOT_FINITE and (kind == "number" or found & {int, float}):
            return pa.array([None if isinstance(value, str) else value for value in values], pa.float64())
    if lists and found <= {str, list} and (list in found or kind == "strings"):
        inner = {"integers": pa.int64(), "numbers": pa.float64()}.get(str(kind), pa.string())
        wrapped = [[value] if isinstance(value, str) else value for value in values]
        if kind == "numbers":
            wrapped = [each and [None if one in NOT_FINITE else one for one in each] for each in wrapped]
        with suppress(pa.ArrowInvalid, pa.ArrowTypeError):  # lists of lists, or of objects
            return pa.array(wrapped, pa.list_(inner))
    texts_of = [value if value is None or isinstance(value, str) else orjson.dumps(value).decode() for value in values]
    return pa.array(texts_of, pa.string())


def _types(table: pyarrow.Table) -> Types:
    return {field.name: field.type for field in table.schema}


def _wider(one: Types, other: Types) -> dict[str, pyarrow.DataType]:
    return {name: _common(one.get(name), other.get(name)) for name in (*one, *(n for n in other if n not in one))}


def _common(one: pyarrow.DataType | None, other: pyarrow.DataType | None) -> pyarrow.DataType:
    pa = library("pyarrow", "arrow")
    both = {kind for kind in (one, other) if kind is not None and not pa.types.is_null(kind)}
    if len(both) < 2:
        return next(iter(both), pa.null())
    if both == {pa.int64(), pa.float64()}:
        return pa.float64()
    # A list of texts holds everything: whatever comes later, it only gets wider.
    return pa.list_(pa.string()) if any(pa.types.is_list(kind) for kind in both) else pa.string()


def _fitted(table: pyarrow.Table, schema: pyarrow.Schema) -> pyarrow.Table:
    pa = library("pyarrow", "arrow")
    present = set(table.column_names)
    arrays = [
        _as(table.column(field.name), field.type) if field.name in present else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def _as(column: pyarrow.ChunkedArray, kind: pyarrow.DataType) -> pyarrow.ChunkedArray:
    pa = library("pyarrow", "arrow")
    if column.type == kind or pa.types.is_null(column.type):
        return column.cast(kind)
    if not pa.types.is_list(kind):
        return column.cast(kind)
    if pa.types.is_list(column.type):
        texts = [each and [None if one is None else str(one) for one in each] for each in column.to_pylist()]
    else:
        texts = [None if each is None else [each] for each in column.cast(pa.string()).to_pylist()]
    return pa.chunked_array([pa.array(texts, kind)])
