"""``frontrow specs``: the rollup specs, from the files to Druid."""

from __future__ import annotations

import json

import click
import orjson
from rich.console import Console
from rich.table import Table

from frontrow._transport import Transport
from frontrow_ingest.cli import specs_preview, specs_size
from frontrow_ingest.cli.options import (
    bootstrap_option,
    druid_bootstrap_option,
    json_option,
    prefix_option,
    url_option,
    window_options,
)
from frontrow_ingest.cli.specs_queries import command as queries_command
from frontrow_ingest.cli.specs_status import status
from frontrow_ingest.cli.specs_upkeep import purge, upkeep
from frontrow_ingest.druid import Supervisors, ensure_topic
from frontrow_specs import RollupSpec, rollup, rollup_names
from frontrow_specs.avro_schemas import EVENTS
from frontrow_specs.validate import check, validate


@click.group(short_help="List, check and apply the rollup specs.")
def command() -> None:
    """Rollup specs: which columns a Druid datasource keeps of a topic's records."""


command.add_command(specs_preview.command)
command.add_command(specs_size.command)
command.add_command(purge)
command.add_command(queries_command)
command.add_command(status)
command.add_command(upkeep)


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
@bootstrap_option
@druid_bootstrap_option
@click.option("--topic", help="Read events from another topic; without NAMES, only specs of events are applied.")
@click.option("--partitions", default=2, show_default=True, help="Of the topic, if it has to be made.")
@prefix_option
@window_options
@click.option("--deadline", default=90.0, show_default=True, help="Seconds until each must ingest.")
def apply(
    names: tuple[str, ...],
    url: str,
    bootstrap: str,
    druid_bootstrap: str | None,
    topic: str | None,
    partitions: int,
    prefix: str,
    max_late: float | None,
    max_early: float | None,
    deadline: float,
) -> None:
    """Submit specs to Druid (all by default) and wait until they ingest. What runs already is left as it is.

    With --max-late and --max-early, Druid drops events outside of them unseen, a day later than who sends them refuses
    them: give frontrow produce the same.
    """
    from frontrow_ingest.producer import TimeWindow  # needs the contract, which looking at specs does not

    window = TimeWindow(max_late, max_early)
    chosen = [spec for spec in _chosen(names) if names or topic is None or spec.topic == EVENTS]
    for spec in chosen:
        check(spec.name)
    chosen = [window.applied(spec) if spec.topic == EVENTS else spec for spec in chosen]
    with Transport(url) as transport:
        supervisors = Supervisors(transport)
        for spec in chosen:
            if ensure_topic(bootstrap, topic or spec.topic, partitions=partitions):
                click.echo(f"made the topic {topic or spec.topic} with {partitions} partitions")
        reached = druid_bootstrap or bootstrap
        submitted = [
            supervisors.submit(spec.supervisor(bootstrap=reached, topic=topic, datasource=prefix + spec.name))
            for spec in chosen
        ]
        for name in submitted:
            status = supervisors.await_ingesting(name, deadline_s=deadline)
            click.echo(f"{name}: {status.state}, {status.tasks} task reads the topic {status.topic}")


def _chosen(names: tuple[str, ...]) -> list[RollupSpec]:
    return [rollup(name) for name in names or rollup_names()]
