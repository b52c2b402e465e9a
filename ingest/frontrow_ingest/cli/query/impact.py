"""``frontrow query impact``: which slices of an audience hurt a rate most."""

from __future__ import annotations

import click

import frontrow
from frontrow import Query
from frontrow_ingest.cli.completing import complete_dimensions, complete_metrics
from frontrow_ingest.cli.query.asking import question
from frontrow_ingest.cli.query.options import Asked, narrowed, spec_option


@question("impact")
@click.argument("metric", shell_complete=complete_metrics)
@click.argument("dimensions", nargs=-1, required=True, shell_complete=complete_dimensions)
@click.option("-n", default=20, show_default=True, help="Rows at most.")
@click.option("--pairs", is_flag=True, help="Also each value of one dimension with each of another.")
@spec_option
@narrowed
def command(metric: str, dimensions: tuple[str, ...], n: int, pairs: bool, spec: str | None, asked: Asked) -> Query:
    """Values of DIMENSIONS by how much more of METRIC they have than if they did like all others.

    Example: frontrow query impact rebuffer_ratio cdn isp device_type --last 1h
    """
    return frontrow.impact(
        metric,
        dimensions,
        n=n,
        pairs=pairs,
        interval=asked.when,
        where=asked.where,
        spec=spec,
        allow_large=asked.allow_large,
    )
