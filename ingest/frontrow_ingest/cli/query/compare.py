"""``frontrow query compare``: this event against the last one, this week against the one before."""

from __future__ import annotations

import click

import frontrow
from frontrow import Query
from frontrow._time import IntervalLike
from frontrow_ingest.cli.completing import complete_dimensions, complete_metrics
from frontrow_ingest.cli.query.asking import question
from frontrow_ingest.cli.query.options import Asked, bucket_option, narrowed, spec_option, time_zone_option

_EVENT = "event:"


def _against(_context: click.Context, _option: click.Parameter, text: str) -> IntervalLike:
    return frontrow.event(text.removeprefix(_EVENT)) if text.startswith(_EVENT) else text


@question("compare")
@click.argument("metrics", nargs=-1, required=True, shell_complete=complete_metrics)
@click.option(
    "--against",
    required=True,
    callback=_against,
    metavar="LENGTH|START/END|event:EVENT_ID",
    help="The same time so long before, like 1w; or another time; or that of another live event.",
)
@click.option("--by", shell_complete=complete_dimensions, help="Values of this dimension, instead of time buckets.")
@click.option("-n", default=10, show_default=True, help="With --by: rows at most.")
@bucket_option("1m")
@time_zone_option
@spec_option
@narrowed
def command(
    metrics: tuple[str, ...],
    against: IntervalLike,
    by: str | None,
    n: int,
    granularity: str,
    time_zone: str,
    spec: str | None,
    asked: Asked,
) -> Query:
    """METRICS of two times side by side, at the same elapsed minute.

    Example: frontrow query compare concurrent_viewers --event cup-2026 --against event:cup-2025
    """
    compared = (
        frontrow.timeseries(
            metrics,
            interval=asked.when,
            granularity=granularity,
            where=asked.where,
            time_zone=time_zone,
            spec=spec,
        )
        if by is None
        else frontrow.top_n(by, metrics, n=n, interval=asked.when, where=asked.where, spec=spec)
    )
    return frontrow.compare(compared, against=against, allow_large=asked.allow_large)
