"""``frontrow specs size``: how large Kafka and Druid have to be for so many viewers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import click
import orjson

from frontrow_specs import rollup, rollup_names

_OPTIONS: tuple[tuple[str, Any, str], ...] = (
    (
        "events_per_s",
        click.FloatRange(0, min_open=True),
        "Where it is known; else it comes from viewers and heartbeat.",
    ),
    ("heartbeat_s", click.FloatRange(0, min_open=True), "Seconds between the reports of a player."),
    ("live_share", click.FloatRange(0, 1), "Share of the viewers that watch one live event."),
    ("titles", click.IntRange(1, 1_000_000), "On demand, by Zipf's law."),
    ("countries", click.IntRange(1), "Where viewers are."),
    ("regions", click.IntRange(1), "In each country."),
    ("isps", click.IntRange(1), "Access networks in each country."),
    ("cdns", click.IntRange(1), "That serve."),
    ("devices", click.IntRange(1), "Kinds, by device type, operating system and player."),
    ("app_versions", click.IntRange(1), "In use."),
    ("label_sets", click.IntRange(1), "Combinations of audience labels that occur."),
    ("use", click.FloatRange(0, 1, min_open=True), "How much of what was measured is used."),
    ("replicas", click.IntRange(1), "Of a segment."),
    ("days", click.FloatRange(0, min_open=True), "That segments are kept."),
    ("hours_a_day", click.FloatRange(0, 24, min_open=True), "Of such a load."),
    ("kafka_replicas", click.IntRange(1), "Of a partition."),
    ("kafka_hours", click.FloatRange(0, min_open=True), "That Kafka keeps events."),
    ("queries_per_s", click.FloatRange(0), "Of all dashboards together."),
    ("query_hours", click.FloatRange(0), "Of audience that a query looks at."),
    ("task_gib", click.FloatRange(0, min_open=True), "Memory of a task."),
)
_NODE: tuple[tuple[str, Any, str], ...] = (
    ("cores", click.IntRange(1), "Of a node."),
    ("memory_gib", click.FloatRange(0, min_open=True), "Of a node."),
    ("disk_tb", click.FloatRange(0, min_open=True), "Of a node."),
    ("network_gbit", click.FloatRange(0, min_open=True), "Of a node, Gbit/s."),
)


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """One option for each assumption; their usual values are the model's."""
    for name, kind, said in reversed(_OPTIONS + _NODE):
        function = click.option(f"--{name.replace('_', '-')}", name, type=kind, help=said)(function)
    return function


@click.command("size")
@click.option("--viewers", type=click.IntRange(1), help="Playing at one time.", required=True)
@click.option("--without", multiple=True, metavar="DIMENSION", help="Leave a dimension out of every spec; repeatable.")
@click.option("--one-machine", is_flag=True, help="One replica of everything.")
@_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every number and assumption.")
def command(viewers: int, without: tuple[str, ...], one_machine: bool, as_json: bool, **given: Any) -> None:
    """Size a cluster on paper: partitions, tasks, rows, bytes, nodes.

    From what one machine was measured to do (frontrow_ingest/sizing/measured.yaml says by which command), by the
    formulas of specs/SIZING.md. Every assumption is an option and is printed with the answer.
    """
    from frontrow_ingest.sizing import Demand, Node, size
    from frontrow_ingest.sizing.report import as_json as json_of
    from frontrow_ingest.sizing.report import lines

    known = {dimension.name for name in rollup_names() for dimension in rollup(name).dimensions}
    if unknown := sorted(set(without) - known):
        raise click.BadParameter(f"no spec has {', '.join(unknown)}", param_hint="--without")
    told = {name: value for name, value in given.items() if value is not None}
    if one_machine:
        told = {"replicas": 1, "kafka_replicas": 1, **told}
    node = Node(**{each.name: told.pop(each.name) for each in fields(Node) if each.name in told})
    found = size(Demand(viewers, without=without, node=node, **told))
    if as_json:
        click.echo(orjson.dumps(json_of(found), option=orjson.OPT_INDENT_2).decode())
    else:
        for line in lines(found):
            click.echo(line)
