"""Rows of JSON on one line, ``[1,"a"],[2,"b"]``, into Arrow without a Python object for each value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from frontrow._frames.libraries import library
from frontrow._frames.rows import NOT_FINITE, Kind

if TYPE_CHECKING:
    import pyarrow

FLAT = frozenset(("time", "string", "integer", "number", "other", None))
# Milliseconds of the years that a datetime has.
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999


def flat_table(kinds: Mapping[str, Kind | None], rows: bytes) -> pyarrow.Table | None:
    """Rows as a table, if each of their values is a number, a text without an escape, or null.

    Args:
        kinds: of the columns; None where the values tell it; ``time`` is milliseconds
        rows: JSON arrays with commas between them

    Returns:
        None where a reader of JSON must look: a list within a row, a text with an escape or what looks like a row's
        end, a value of another kind, and whatever is no JSON
    """
    bracketed = rows.startswith(b"[") and rows.endswith(b"]")
    if b"\\" in rows or not bracketed or not kinds or not FLAT.issuperset(kinds.values()):
        return None
    pa, compute = library("pyarrow", "arrow"), library("pyarrow.compute", "arrow")
    # Without escapes this is CSV, in which a row ends as "],[" does. Two empty columns more keep the length, which lets
    # the bytes be replaced in place.
    body = b"".join((rows[1:-1].replace(b"],[", b",,\n"), b",,"))
    if _has_inner(body):
        return None
    try:
        table = _read(kinds, body)
    except pa.ArrowInvalid:
        return None
    if body.count(b"\n") != table.num_rows - 1:
        return None  # a text has what looks like a row's end
    texts = 0
    for index, (name, kind) in enumerate(kinds.items()):
        column = table.column(index)
        if pa.types.is_string(column.type):
            texts += len(column) - column.null_count
        elif pa.types.is_floating(column.type):
            finite = compute.is_finite(column)
            # As "NaN" or "Infinity": Druid writes as texts what JSON has not.
            wrong = len(column) - column.null_count - (compute.sum(finite).as_py() or 0)
            if wrong and kind is None and _spelled(kinds, body, index, name) != wrong:
                return None  # a text that Arrow takes for a number, like "INF"
            if wrong:
                texts += wrong
                table = table.set_column(index, name, compute.if_else(finite, column, None))
        elif not (pa.types.is_int64(column.type) or pa.types.is_null(column.type)):
            return None  # what looks like a date to the reader of CSV
    # CSV does not tell 5 from "5".
    if body.count(b'"') != 2 * texts:
        return None
    try:
        return _timed(table, [name for name, kind in kinds.items() if kind == "time"])
    except pa.ArrowInvalid:
        return None


def _spelled(kinds: Mapping[str, Kind | None], body: bytes, index: int, name: str) -> int:
    """How many values of a column are written as Druid writes what JSON has not."""
    pa, compute = library("pyarrow", "arrow"), library("pyarrow.compute", "arrow")
    as_text = _read({**kinds, name: "string"}, body).column(index)
    return int(compute.sum(compute.is_in(as_text, value_set=pa.array(sorted(NOT_FINITE)))).as_py() or 0)


def _has_inner(body: bytes) -> bool:
    """Whether a value begins as a list or an object; a text may have what looks like it."""
    # Most bodies have no bracket left, which is seen at once.
    return any(
        bracket in body and (body.startswith(bracket) or b"," + bracket in body or b"\n" + bracket in body)
        for bracket in (b"[", b"{")
    )


def _read(kinds: Mapping[str, Kind | None], body: bytes) -> pyarrow.Table:
    pa, csv = library("pyarrow", "arrow"), library("pyarrow.csv", "arrow")
    types = {"time": pa.int64(), "integer": pa.int64(), "number": pa.float64(), "string": pa.string()}
    types["other"] = pa.string()
    numbered = {str(number): kind for number, kind in enumerate(kinds.values())}
    table = csv.read_csv(
        pa.BufferReader(body),
        # One block, so that no row is too long for one; one thread, so that asking takes no more than its own core.
        read_options=csv.ReadOptions(
            column_names=[*numbered, "before", "after"], use_threads=False, block_size=len(body) + 1
        ),
        parse_options=csv.ParseOptions(double_quote=False),
        convert_options=csv.ConvertOptions(
            column_types={number: types[kind] for number, kind in numbered.items() if kind is not None},
            include_columns=list(numbered),
            null_values=["null"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,  # "null" in quotes is a text
        ),
    )
    return table.rename_columns(list(kinds))


def _timed(table: pyarrow.Table, names: list[str]) -> pyarrow.Table:
    pa, compute = library("pyarrow", "arrow"), library("pyarrow.compute", "arrow")
    for name in names:
        index, column = table.schema.get_field_index(name), table.column(name)
        ends = compute.min_max(column).as_py()
        if ends["min"] is not None and not _FIRST_MS <= ends["min"] <= ends["max"] <= _LAST_MS:
            raise pa.ArrowInvalid(f"{name} leaves the calendar")
        moments = column.cast(pa.timestamp("ms", "UTC")).cast(pa.timestamp("us", "UTC"))
        table = table.set_column(index, name, moments)
    return table
