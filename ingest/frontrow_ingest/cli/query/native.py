"""``frontrow query native``: any query of Druid's JSON."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

import frontrow
from frontrow_ingest.cli.options import allow_large_option
from frontrow_ingest.cli.query.asking import QuestionCommand, answer
from frontrow_ingest.cli.query.exporting import export, path_option
from frontrow_ingest.cli.query.options import Output, shown
from frontrow_ingest.cli.query.reading import text_of
from frontrow_ingest.cli.query.way import Way, reached


@click.command("native", cls=QuestionCommand)
@click.argument("source", metavar="FILE|-")
@allow_large_option
@path_option
@shown
@reached
def command(source: str, allow_large: bool, path: Path | None, way: Way, output: Output) -> int:
    """Ask a native query of Druid: the JSON in FILE, or on standard input. --output is for scans."""
    text = text_of(source if source == "-" or source.startswith("@") else f"@{source}", "a query")
    try:
        query = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise click.BadParameter(f"{source} holds no JSON: {error}.", param_hint="FILE") from error
    asked = frontrow.native(query, allow_large=allow_large)
    if path is None:
        return answer(asked, way, output)
    return export(query, path, way, output)
