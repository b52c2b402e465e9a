"""``frontrow query sql``: Druid's SQL with bound parameters."""

from __future__ import annotations

from pathlib import Path

import click

import frontrow
from frontrow_ingest.cli.query.asking import QuestionCommand, answer
from frontrow_ingest.cli.query.exporting import export, path_option
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
@path_option
@shown
@reached
def command(text: str, parameters: tuple[object, ...], path: Path | None, way: Way, output: Output) -> int:
    """Ask in Druid's SQL: TEXT itself, from a file, or from standard input.

    Example: frontrow query sql "SELECT COUNT(*) FROM audience WHERE country = ?" --param DE
    """
    query = text_of(text, "SQL")
    if path is None:
        return answer(frontrow.sql(query, parameters), way, output)
    return export(query, path, way, output, parameters)
