"""``frontrow specs queries``: queries to keep in Druid's web console."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from frontrow_ingest.cli.tables import show_tables
from frontrow_specs import rollup_names
from frontrow_specs.console import console_queries, console_query
from frontrow_specs.console.queries import TITLE


@click.command("queries")
@click.argument("name", required=False)
@click.option("--title", default=TITLE, help="Whose retention is asked for.")
@click.option("--prefix", default="", help="Before the datasources' names in Druid.")
@click.option(
    "--write", type=click.Path(file_okay=False, path_type=Path), metavar="DIRECTORY", help="Write all of them as files."
)
def command(name: str | None, title: str, prefix: str, write: Path | None) -> None:
    """List the queries for Druid's console, or print the one of a NAME, to be pasted there."""
    names = {spec: prefix + spec for spec in rollup_names()}
    if name is not None:
        click.echo(console_query(name, datasources=names, title=title).text, nl=False)
        return
    queries = console_queries(datasources=names, title=title)
    if write is not None:
        write.mkdir(parents=True, exist_ok=True)
        for query in queries:
            (write / query.file_name).write_text(query.text, encoding="utf-8")
        click.echo(f"wrote {len(queries)} queries to {write}", err=True)
        return
    table = Table("query", "language", "answers")
    for query in queries:
        table.add_row(query.name, "SQL" if query.language == "sql" else "native", query.answers)
    show_tables(table)
