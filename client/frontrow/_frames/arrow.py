"""Rows of JSON into Arrow without a Python object for each value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from frontrow._frames.libraries import library
from frontrow._frames.rows import BLOCK, Header, Kind, Rows, blocks, values_of, whole_or_broken

if TYPE_CHECKING:
    import pyarrow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FLAT = frozenset(("time", "string", "integer", "number", "boolean"))


def schema_of(header: Header) -> pyarrow.Schema:
    """The Arrow type of each column. What has none in Arrow is text: the JSON that Druid writes."""
    pa = library("pyarrow", "arrow")
    types = {
        "time": pa.timestamp("us", "UTC"),
        "string": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "strings": pa.list_(pa.string()),
        "integers": pa.list_(pa.int64()),
        "numbers": pa.list_(pa.float64()),
        "other": pa.string(),
    }
    return pa.schema([(name, types[kind]) for name, kind in header.kinds.items()])


def table_of(rows: Rows) -> pyarrow.Table:
    """All rows as an Arrow table.

    Raises:
        BrokenAnswerError: a row is none
    """
    pa = library("pyarrow", "arrow")
    schema = schema_of(rows.header)
    with whole_or_broken(rows.url):
        parts = [block_table(rows.header, schema, block) for block in _cut(rows.lines)]
    return pa.concat_tables(parts) if parts else schema.empty_table()


def block_table(header: Header, schema: pyarrow.Schema, lines: bytes) -> pyarrow.Table:
    """Whole lines as an Arrow table.

    Raises:
        NotWholeError: a row is none
    """
    pa = library("pyarrow", "arrow")
    lines = lines.strip(b"\n")
    if not lines:
        return schema.empty_table()
    # Without a backslash every quote begins or ends a text, and a line without its brackets is a line of CSV.
    bracketed = lines.startswith(b"[") and lines.endswith(b"]")
    if bracketed and b"\\" not in lines and _FLAT.issuperset(header.kinds.values()):
        try:
            return _by_csv(schema, lines)
        except pa.ArrowInvalid:
            pass  # a number or a time that only JSON can hold, or a defect, which the other way tells of
    found = values_of(header, lines)
    arrays = [
        pa.array(_fitting(found[name], kind), type=schema.field(name).type) for name, kind in header.kinds.items()
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def values_of_array(column: pyarrow.ChunkedArray) -> list[Any]:
    """Python's values of an array; times are in UTC."""
    pa = library("pyarrow", "arrow")
    if not pa.types.is_timestamp(column.type):
        return column.to_pylist()  # type: ignore[no-any-return]
    # Arrow makes datetimes slowly; rows share few, so each is made once.
    counts = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()
    known = {each: None if each is None else _EPOCH + timedelta(microseconds=each) for each in set(counts)}
    return [known[each] for each in counts]


def _by_csv(schema: pyarrow.Schema, lines: bytes) -> pyarrow.Table:
    pa, csv, compute = library("pyarrow", "arrow"), library("pyarrow.csv", "arrow"), library("pyarrow.compute", "arrow")
    body = lines[1:-1].replace(b"]\n[", b"\n")
    table = csv.read_csv(
        pa.BufferReader(body),
        # One block, so that no row is too long for one; one thread, so that asking takes no more than its own core.
        read_options=csv.ReadOptions(column_names=schema.names, use_threads=False, block_size=len(body) + 1),
        parse_options=csv.ParseOptions(double_quote=False),
        convert_options=csv.ConvertOptions(
            column_types=schema,
            null_values=["null"],
            true_values=["true"],
            false_values=["false"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,  # "null" in quotes is a text
        ),
    )
    for index, field in enumerate(schema):
        if pa.types.is_floating(field.type) and not compute.all(compute.is_finite(table.column(index))).as_py():
            finite = compute.if_else(compute.is_finite(table.column(index)), table.column(index), None)
            table = table.set_column(index, field, finite)
    return table


def _fitting(values: Sequence[Any], kind: Kind) -> Sequence[Any]:
    if kind != "other":
        return values
    return [value if value is None or isinstance(value, str) else orjson.dumps(value).decode() for value in values]


def _cut(lines: bytes) -> Sequence[bytes]:
    return list(blocks(lines[at : at + BLOCK] for at in range(0, len(lines), BLOCK)))
