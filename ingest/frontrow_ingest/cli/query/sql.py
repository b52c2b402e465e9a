"""``frontrow query sql``: Druid's SQL with bound parameters."""

from __future__ import annotations

from pathlib import Path

import click

import frontrow
from frontrow_ingest.cli.query.asking import QuestionCommand, answer
from frontrow_ingest.cli.query.files import check_writable
from frontrow_ingest.cli.query.options import Output, shown
from frontrow_ingest.cli.query.reading import parameters_of, text_of
from frontrow_ingest.cli.query.way import Way, reached


@click.command("sql", cls=QuestionCommand)
@click.argument("text", metavar="TEXT|@FILE|-")
@click.option(
    "--param",
    "parameters",
    multiple=True,
    callback=parameters_of,
    metavar="[KIND:]VALUE",
    help="For each ? in its order: a text, or int:5, float:2.5, bool:true, time:2026-11-23T20:00Z, null:, text:int:5.",
)
@click.option(
    "--output",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the rows to FILE as they come, .parquet or .csv, however many there are.",
)
@shown
@reached
def command(text: str, parameters: tuple[object, ...], path: Path | None, way: Way, output: Output) -> int:
    """Ask in Druid's SQL: TEXT itself, from a file, or from standard input.

    Example: frontrow query sql "SELECT COUNT(*) FROM audience WHERE country = ?" --param DE
    """
    query = text_of(text, "SQL")
    if path is None:
        return answer(frontrow.sql(query, parameters), way, output)
    if output != Output(form=None, parquet=None, chart=None, watch=None, rounds=None):
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
