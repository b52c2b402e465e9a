"""``--output``: the rows of SQL or of a scan to a file, as they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from frontrow_ingest.cli.query.files import check_writable
from frontrow_ingest.cli.query.options import Output
from frontrow_ingest.cli.query.way import Way

path_option = click.option(
    "--output",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the rows to FILE as they come, .parquet or .csv, however many there are.",
)
_NOTHING_ELSE = Output(form=None, parquet=None, chart=None, watch=None, rounds=None)


def export(query: str | Mapping[str, Any], path: Path, way: Way, output: Output, parameters: Sequence[Any] = ()) -> int:
    """Write them and tell how many; gives the exit status.

    Raises:
        click.UsageError: other forms are asked for, too
        click.FileError: the file cannot be written
    """
    if output != _NOTHING_ELSE:
        raise click.UsageError("--output writes the rows as they come: it does not go with other forms or --watch.")
    check_writable(path)
    with way.client() as client:
        try:
            written = client.export(query, path, parameters=parameters, timeout=way.timeout)
        except OSError as error:
            raise click.FileError(str(path), error.strerror or str(error)) from error
    said = f"wrote {path}: {written.rows:,} rows, {written.bytes:,} bytes in {written.elapsed:,.1f} s"
    click.echo(f"{said} · query {written.query_id}", err=True)
    return 0
