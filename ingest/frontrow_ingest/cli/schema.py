"""``frontrow schema``: the event contract."""

from __future__ import annotations

from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table

from frontrow_ingest.cli import decode
from frontrow_specs import topic_fields, topic_names, topic_schema
from frontrow_specs.avro_schemas import EVENTS
from frontrow_specs.compatibility import check_schema
from frontrow_specs.files import load_json
from frontrow_specs.release import release


@click.group(short_help="Show the event contract, check and release its changes.")
def command() -> None:
    """The event contract: the Avro schema of a viewing event."""


topic_option = click.option(
    "--topic", type=click.Choice(topic_names()), default=EVENTS, show_default=True, help="Whose schema."
)


@command.command()
@topic_option
@click.option("--json", "as_json", is_flag=True, help="Print the Avro schema.")
def show(topic: str, as_json: bool) -> None:
    """Show every field with its type and privacy class."""
    if as_json:
        click.echo(orjson.dumps(topic_schema(topic), option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("field", "type", "null", "privacy", "what it says")
    for field in topic_fields(topic).values():
        kind = "|".join(field.symbols) if field.symbols else field.type
        table.add_row(field.name, kind, "yes" if field.nullable else "", field.privacy, field.doc)
    Console().print(table)


command.add_command(decode.command)


@command.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@topic_option
def check(file: Path | None, topic: str) -> None:
    """Compare the schema in the tree, or FILE, with every released one of the topic.

    Exits 1 if readers of an old or of the new schema could not read.
    """
    compared = check_schema(load_json(file) if file else None, topic=topic)
    click.echo(f"compatible both ways with released schema {', '.join(str(number) for number in compared)}")


@command.command("release")
@topic_option
def release_(topic: str) -> None:
    """Give the schema in the tree the next id on the wire, after the same check.

    Producers of this tree write it from then on. Apply the rollup specs first: a supervisor that does not know the id
    cannot read what they write.
    """
    number = release(topic)
    click.echo(f"schema id {number} of {topic}: apply the specs of its rollups before producers write it")
