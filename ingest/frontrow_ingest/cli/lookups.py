"""``frontrow lookups``: names and attributes of titles in Druid, for answers that people can read."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import click
import orjson
from rich.table import Table

from frontrow._http.transport import Transport
from frontrow_ingest.cli.options import json_option, make_sure, url_option, yes_option
from frontrow_ingest.cli.tables import show_tables
from frontrow_ingest.lookups import Entries, LookupRegistry, read_table
from frontrow_specs import LookupTable, lookup_table, lookup_table_names

table_option = click.option("--table", "table_name", default="title", show_default=True, help="The lookup table.")
deadline_option = click.option(
    "--deadline", default=300.0, show_default=True, help="Seconds until every process must have followed."
)


@click.group(short_help="Names of titles in Druid: load, list, show, delete.")
def command() -> None:
    """Lookup tables: what is known of titles besides their ids. Ask for it by `frontrow query top --label title`."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@table_option
@url_option
@deadline_option
def load(file: Path, table_name: str, url: str, deadline: float) -> None:
    """Put FILE in the place of what a table holds: CSV with a heading, or JSON Lines; all of it or nothing.

    Its columns are content_id, name, and if known series, genre, length_ms and launch_date. Returns when every process
    of Druid has it.
    """
    table = lookup_table(table_name)
    entries = read_table(file, table)
    with Transport(url) as transport:
        state = LookupRegistry(transport).load(table, entries, deadline_s=deadline)
    click.echo(f"{table.name}: {state.entries:,} entries, version {state.version}, on {state.loaded} processes")


@command.command("list")
@url_option
@json_option
def list_(url: str, as_json: bool) -> None:
    """List the tables: version, entries, and which processes lack them."""
    with Transport(url) as transport:
        registry = LookupRegistry(transport)
        tables = [lookup_table(name) for name in lookup_table_names()]
        states = {table.name: (table, registry.state(table)) for table in tables}
    if as_json:
        found = [vars(state) for _, state in states.values() if state is not None]
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    shown = Table("table", "of", "version", "entries", "processes", "pending")
    for table, state in states.values():
        if state is None:
            shown.add_row(table.name, table.dimension, "not loaded", "", "", "")
            continue
        counts = (f"{state.entries:,}", str(state.loaded), ", ".join(state.pending) or "none")
        shown.add_row(table.name, table.dimension, state.version, *counts)
    show_tables(shown)


@command.command()
@click.argument("keys", nargs=-1)
@table_option
@url_option
@click.option("--csv", "form", flag_value="csv", help="Print CSV, which load takes again.")
@click.option("--json", "form", flag_value="json", help="Print JSON Lines, which load takes again.")
def show(keys: tuple[str, ...], table_name: str, url: str, form: str | None) -> None:
    """Show the entries of KEYS, or all. Exits 1 if one of KEYS is not there."""
    table = lookup_table(table_name)
    with Transport(url) as transport:
        entries = LookupRegistry(transport).entries(table)
    absent = [key for key in keys if key not in entries]
    _print(table, {key: entries[key] for key in keys or sorted(entries) if key in entries}, form)
    for key in absent:
        click.echo(f"{table.name} has no entry {key!r}", err=True)
    if absent:
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("table_name", metavar="TABLE")
@url_option
@deadline_option
@yes_option
def delete(table_name: str, url: str, deadline: float, yes: bool) -> None:
    """Take a table from every process of Druid."""
    make_sure("Answers will show ids again. Delete it?", yes=yes)
    table = lookup_table(table_name)
    with Transport(url) as transport:
        there = LookupRegistry(transport).delete(table, deadline_s=deadline)
    click.echo(f"{table.name}: deleted" if there else f"{table.name}: was not there")


def _print(table: LookupTable, entries: Entries, form: str | None) -> None:
    names = [attribute.name for attribute in table.attributes]
    rows: list[dict[str, Any]] = [{table.dimension: key, **values} for key, values in entries.items()]
    if form == "json":
        for row in rows:
            click.echo(orjson.dumps(row).decode())
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, [table.dimension, *names], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        shown = Table(table.dimension, *names)
        for row in rows:
            shown.add_row(*(row.get(name, "") for name in (table.dimension, *names)))
        show_tables(shown)
