"""``frontrow query breakdown``: metrics by several dimensions."""

from __future__ import annotations

import click

import frontrow
from frontrow import Query
from frontrow_ingest.cli.completing import complete_dimension_list, complete_metrics
from frontrow_ingest.cli.query.asking import question
from frontrow_ingest.cli.query.options import (
    Asked,
    bounds_option,
    bucket_option,
    listed,
    narrowed,
    spec_option,
    time_zone_option,
)


@question("breakdown")
@click.argument("dimensions", callback=listed, shell_complete=complete_dimension_list, metavar="DIMENSION[,DIMENSION]")
@click.argument("metrics", nargs=-1, required=True, shell_complete=complete_metrics)
@click.option("-n", default=1000, show_default=True, help="Rows at most.")
@bucket_option("all")
@time_zone_option
@spec_option
@bounds_option
@narrowed
def command(
    dimensions: tuple[str, ...],
    metrics: tuple[str, ...],
    n: int,
    granularity: str,
    time_zone: str,
    spec: str | None,
    bounds: bool,
    asked: Asked,
) -> Query:
    """METRICS by every combination of the dimensions' values; the first metric ranks.

    Example: frontrow query breakdown cdn,isp rebuffer_ratio plays --last 1h
    """
    return frontrow.breakdown(
        dimensions,
        metrics,
        granularity=granularity,
        n=n,
        interval=asked.when,
        where=asked.where,
        bounds=bounds,
        time_zone=time_zone,
        spec=spec,
        allow_large=asked.allow_large,
    )
