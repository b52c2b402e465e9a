"""Files beside an answer: Parquet and charts. A file is there when it is whole; until then an older one stays."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from frontrow import Result
from frontrow._frames.libraries import library
from frontrow_ingest.cli.query.options import Output


def check_files(output: Output) -> None:
    """What would fail after the answer has come, before it is asked for.

    Raises:
        click.FileError: a file cannot be written
        MissingExtraError: what writes it is not installed
    """
    for path in (output.parquet, output.chart):
        if path is not None:
            check_writable(path)
    if output.parquet is not None:
        library("pyarrow.parquet", "arrow")


def check_writable(path: Path) -> None:
    """
    Raises:
        click.FileError: a file cannot be written there
    """
    if str(path) == "-":
        raise click.FileError(str(path), "standard output takes no such file; give it a name")
    if not path.parent.is_dir():
        raise click.FileError(str(path), "there is no such directory")
    if not os.access(path.parent, os.W_OK):
        raise click.FileError(str(path), "the directory may not be written to")


def write_files(result: Result, output: Output) -> list[str]:
    """Write what is asked for; gives what to say of it.

    Raises:
        click.FileError: a file cannot be written
    """
    said = []
    if output.parquet is not None:
        pq = library("pyarrow.parquet", "arrow")
        table = result.to_arrow()
        _whole(output.parquet, lambda part: pq.write_table(table, part, compression="zstd"))
        said.append(f"wrote {output.parquet}: {len(result):,} rows")
    if output.chart is not None:
        chart, inline = result.plot(), output.chart.suffix == ".html"
        # Inline, so that a page needs no network; other files have no such choice.
        _whole(output.chart, lambda part: chart.save(str(part), inline=inline))
        said.append(f"wrote {output.chart}")
    return said


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    # The ending stays the last: what draws looks at it.
    part = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        write(part)
        part.replace(path)
    except OSError as error:
        raise click.FileError(str(path), error.strerror or str(error)) from error
    finally:
        part.unlink(missing_ok=True)
