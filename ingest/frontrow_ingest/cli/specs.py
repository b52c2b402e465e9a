"""``frontrow specs``: the rollup specs, from the files to Druid."""

from __future__ import annotations

import json

import click
import orjson
from rich.console import Console
from rich.table import Table

from frontrow._transport import Transport
from frontrow_ingest.cli import specs_apply, specs_plan, specs_reset
from frontrow_ingest.cli.options import bootstrap_option, druid_bootstrap_option, url_option
from frontrow_ingest.cli.spec_targets import chosen, json_option, prefix_option
from frontrow_ingest.cli.specs_queries import command as queries_command
from frontrow_ingest.druid import Supervisors
from frontrow_specs import rollup, rollup_names
from frontrow_specs.validate import validate


@click.group(short_help="List, check and apply the rollup specs.")
def command() -> None:
    """Rollup specs: which columns a Druid datasource keeps of a topic's records."""


command.add_command(specs_plan.command)
command.add_command(specs_apply.apply_command)
command.add_command(specs_apply.rollback_command)
command.add_command(specs_apply.history_command)
command.add_command(specs_reset.command)
command.add_command(queries_command)


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
        table.add_row(spec.name, spec.query_granularity.lower(), *columns, spec.description)
    Console().print(table)


@command.command()
@click.argument("name")
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
    Console().print(table)


@command.command("validate")
@click.argument("targets", nargs=-1, metavar="[NAME|FILE]...")
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


@command.command()
@click.argument("names", nargs=-1)
@url_option
@prefix_option
@json_option
def status(names: tuple[str, ...], url: str, prefix: str, as_json: bool) -> None:
    """Show the supervisors of specs (all by default). Exits 1 unless all of them ingest."""
    with Transport(url) as transport:
        supervisors = Supervisors(transport)
        known = supervisors.names()
        wanted = [prefix + spec.name for spec in chosen(names)]
        found = [supervisors.status(name) for name in wanted if name in known]
    absent = [name for name in wanted if name not in known]
    if as_json:
        click.echo(orjson.dumps([vars(status) for status in found], option=orjson.OPT_INDENT_2).decode())
    else:
        table = Table("datasource", "state", "topic", "tasks", "lag", "processed", "unparseable")
        for one in found:
            counts = ("?" if number is None else f"{number:,}" for number in (one.lag, one.processed, one.unparseable))
            table.add_row(one.name, one.state, one.topic, str(one.tasks), *counts)
        for name in absent:
            table.add_row(name, "not applied", "", "", "", "", "")
        Console().print(table)
        for one in found:
            for error in one.errors:
                click.echo(f"{one.name}: {error}", err=True)
    if absent or not all(one.ingesting for one in found):
        raise click.exceptions.Exit(1)
