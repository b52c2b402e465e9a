"""``frontrow query top``: the values of a dimension with the largest metric."""

from __future__ import annotations

import click

import frontrow
from frontrow import Query
from frontrow_ingest.cli.completing import complete_dimensions, complete_labels, complete_metrics
from frontrow_ingest.cli.query.asking import question
from frontrow_ingest.cli.query.options import Asked, bounds_option, narrowed, spec_option


@question("top")
@click.argument("dimension", shell_complete=complete_dimensions)
@click.argument("metrics", nargs=-1, required=True, shell_complete=complete_metrics)
@click.option("-n", default=10, show_default=True, help="Rows at most.")
@click.option(
    "--label",
    shell_complete=complete_labels,
    help="Show beside each value what a lookup has of it: title, title.genre ...",
)
@spec_option
@bounds_option
@narrowed
def command(
    dimension: str, metrics: tuple[str, ...], n: int, label: str | None, spec: str | None, bounds: bool, asked: Asked
) -> Query:
    """Values of DIMENSION with the largest value of the first of METRICS."""
    return frontrow.top_n(
        dimension,
        metrics,
        n=n,
        label=label,
        interval=asked.when,
        where=asked.where,
        bounds=bounds,
        spec=spec,
        allow_large=asked.allow_large,
    )
