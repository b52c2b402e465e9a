"""``frontrow query timeseries``: metrics over time."""

from __future__ import annotations

import click

import frontrow
from frontrow import Query
from frontrow_ingest.cli.completing import complete_metrics
from frontrow_ingest.cli.query.asking import question
from frontrow_ingest.cli.query.options import (
    Asked,
    bounds_option,
    bucket_option,
    narrowed,
    settled_option,
    spec_option,
    time_zone_option,
)


@question("timeseries")
@click.argument("metrics", nargs=-1, required=True, shell_complete=complete_metrics)
@bucket_option("1m")
@time_zone_option
@spec_option
@settled_option
@bounds_option
@narrowed
def command(
    metrics: tuple[str, ...],
    granularity: str,
    time_zone: str,
    spec: str | None,
    settled: bool,
    bounds: bool,
    asked: Asked,
) -> Query:
    """METRICS by time bucket."""
    return frontrow.timeseries(
        metrics,
        interval=asked.when,
        granularity=granularity,
        where=asked.where,
        settled=settled,
        bounds=bounds,
        time_zone=time_zone,
        spec=spec,
        allow_large=asked.allow_large,
    )
