"""``frontrow query native``: any query of Druid's JSON."""

from __future__ import annotations

import click
import orjson

import frontrow
from frontrow import Query
from frontrow_ingest.cli.options import allow_large_option
from frontrow_ingest.cli.query.asking import question
from frontrow_ingest.cli.query.reading import text_of


@question("native", by_specs=False)
@click.argument("source", metavar="FILE|-")
@allow_large_option
def command(source: str, allow_large: bool) -> Query:
    """Ask a native query of Druid: the JSON in FILE, or on standard input."""
    text = text_of(source if source == "-" or source.startswith("@") else f"@{source}", "a query")
    try:
        query = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise click.BadParameter(f"{source} holds no JSON: {error}.", param_hint="FILE") from error
    return frontrow.native(query, allow_large=allow_large)
