"""``frontrow specs``: the rollup specs, from the files to Druid."""

from __future__ import annotations

import json

import click
import orjson
from rich.table import Table

from frontrow_ingest.cli import specs_apply, specs_plan, specs_preview, specs_reset, specs_size
from frontrow_ingest.cli.completing import complete_specs, complete_targets
from frontrow_ingest.cli.options import bootstrap_option, druid_bootstrap_option, json_option
from frontrow_ingest.cli.specs_queries import command as queries_command
from frontrow_ingest.cli.specs_status import status
from frontrow_ingest.cli.specs_upkeep import purge, upkeep
from frontrow_ingest.cli.tables import show_tables
from frontrow_specs import rollup, rollup_names
from frontrow_specs.validate import validate


@click.group(short_help="List, check and apply the rollup specs.")
def command() -> None:
    """Rollup specs: which columns a Druid datasource keeps of a topic's records."""


for each in (
    specs_plan.command,
    specs_apply.apply_command,
    specs_apply.rollback_command,
    specs_apply.history_command,
    specs_reset.command,
    specs_preview.command,
    specs_size.command,
    queries_command,
    status,
    upkeep,
    purge,
):
    command.add_command(each)


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the specs and what each answers."""
    specs = [rollup(name) for name in rollup_names()]
    if as_json:
        found = [{"name": spec.name, "topic": spec.topic, "description": spec.description} for spec in specs]
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("spec", "grain", "dimensions", "metrics", "answers")
    for spec in specs:
        columns = (str(len(spec.dimensions)), str(len(spec.metrics)))
        table.add_row(spec.name, spec.query_granularity.lower().replace("_", " "), *columns, spec.description)
    show_tables(table)


@command.command()
@click.argument("name", shell_complete=complete_specs)
@click.option("--druid", is_flag=True, help="Print the supervisor as Druid gets it.")
@bootstrap_option
@druid_bootstrap_option
def show(name: str, druid: bool, bootstrap: str, druid_bootstrap: str | None) -> None:
    """Show a spec's dimensions and metrics."""
    spec = rollup(name)
    if druid:
        click.echo(json.dumps(spec.supervisor(bootstrap=druid_bootstrap or bootstrap), indent=2))
        return
    click.echo(f"{spec.name}: {spec.description}\n")
    table = Table("column", "kind", "from", "what it says")
    for dimension in spec.dimensions:
        kind = "multi-value dimension" if dimension.multi_value else "dimension"
        source = dimension.name if dimension.expression is None else "an expression"
        table.add_row(dimension.name, kind, source, dimension.description)
    for metric in spec.metrics:
        where = ", ".join(f"{field}={value}" for field, value in metric.filter.items())
        source = metric.field or metric.expression or (f"events where {where}" if where else "events")
        table.add_row(metric.name, metric.type, source, metric.description)
    show_tables(table)


@command.command("validate")
@click.argument("targets", nargs=-1, metavar="[NAME|FILE]...", shell_complete=complete_targets)
def validate_(targets: tuple[str, ...]) -> None:
    """Check specs by name or file; all of them by default. Exits 1 if one breaks a rule."""
    broken = False
    for target in targets or rollup_names():
        found = validate(target)
        broken |= bool(found)
        for finding in found:
            click.echo(str(finding), err=True)
        if not found:
            click.echo(f"{target}: good")
    if broken:
        raise click.exceptions.Exit(1)
