"""Answers on standard output: a table for people; CSV, JSON and queries for programs, in UTF-8 wherever they go."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import click
import orjson
from rich.markup import escape
from rich.table import Table

from frontrow import Result
from frontrow._shown.display import caveats, cells, headings
from frontrow_ingest.cli.query.options import Output
from frontrow_ingest.cli.query.summary import summary
from frontrow_ingest.cli.tables import table_console

_AT_ONCE = 10_000


def show(result: Result, output: Output, *, compact: bool = False) -> None:
    """Print an answer in the form that is asked for; what must be known to read it goes to standard error.

    Args:
        compact: JSON on one line
    """
    match output.form:
        case "query":
            _put(orjson.dumps(result.queries, option=orjson.OPT_INDENT_2) + b"\n")
        case "csv":
            for block in _csv(result):
                _put(block)
        case "json":
            _put(orjson.dumps(result.to_dict(), option=0 if compact else orjson.OPT_INDENT_2) + b"\n")
        case None:
            if output.parquet is None:
                console = table_console()
                console.print(as_table(result))
                for line in summary(result, console):
                    console.print(line, markup=False, highlight=False, soft_wrap=True)
            # Not with the rows: whoever reads the table by a program gets rows only.
            click.echo(caveats(result), err=True)


def as_table(result: Result, rows: slice = slice(None)) -> Table:
    """Some of the rows under their names and units, numbers to the right."""
    table = Table()
    for name, heading in zip(result.columns, headings(result), strict=True):
        unit = heading.removeprefix(name).strip(" []")
        text = f"{escape(name)}\n[dim]{escape(unit)}[/]" if unit else escape(name)
        left = result.types[name] == "string"
        table.add_column(text, justify="left" if left else "right", overflow="fold")
    for row in cells(result)[rows]:
        table.add_row(*map(escape, row))
    return table


def _csv(result: Result) -> Iterator[bytes]:
    rows = iter(zip(*result.columns.values(), strict=True))
    block: Sequence[Sequence[Any]] = [list(result.columns)]
    while block:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([_cell(value) for value in row] for row in block)
        yield text.getvalue().encode("utf-8", "surrogatepass")
        block = list(islice(rows, _AT_ONCE))


def _cell(value: Any) -> Any:
    match value:
        case bool():
            return str(value).lower()
        case list() | dict():
            return orjson.dumps(value).decode()
        case _:
            return _iso(value)


def _iso(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _put(data: bytes) -> None:
    sys.stdout.flush()
    rest = memoryview(data)
    while rest:
        # All of it at once, but for an unbuffered output (PYTHONUNBUFFERED) whose reader leaves.
        rest = rest[sys.stdout.buffer.write(rest) :]
    sys.stdout.buffer.flush()
