"""``frontrow query``: questions to Druid, one module for each kind."""

from __future__ import annotations

import click

from frontrow_ingest.cli.query import (
    breakdown,
    compare,
    distribution,
    impact,
    listing,
    native,
    overlap,
    reach,
    retention,
    sql,
    timeseries,
    top,
)


@click.group(short_help="Ask Druid for timeseries, top lists, retention, SQL.")
def command() -> None:
    """Ask in names of the metric catalogue; see `frontrow query metrics` and `frontrow query dimensions`."""


for each in (
    timeseries.command,
    top.command,
    breakdown.command,
    retention.command,
    compare.command,
    reach.command,
    overlap.command,
    impact.command,
    distribution.command,
    sql.command,
    native.command,
    listing.metrics,
    listing.dimensions,
):
    command.add_command(each)
