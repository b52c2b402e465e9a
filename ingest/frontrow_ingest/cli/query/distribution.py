"""``frontrow query distribution``: how start-up times are distributed."""

from __future__ import annotations

import click

import frontrow
from frontrow import Query
from frontrow_ingest.cli.completing import complete_dimensions
from frontrow_ingest.cli.query.asking import question
from frontrow_ingest.cli.query.options import Asked, narrowed


def _bins(_context: click.Context, _option: click.Parameter, text: str) -> int | list[float]:
    try:
        return [float(each) for each in text.split(",")] if "," in text else int(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither a number of bins nor their ends, like 500,1000,2000.") from None


@question("distribution")
@click.argument("metric", default="startup_time")
@click.option(
    "--bins",
    default="20",
    show_default=True,
    callback=_bins,
    metavar="COUNT|END,END...",
    help="About how many, of a round width; or where they end, in ms.",
)
@click.option("--by", shell_complete=complete_dimensions, help="For each value of this dimension.")
@click.option("-n", default=5, show_default=True, help="With --by: values at most, those with the most plays.")
@narrowed
def command(metric: str, bins: int | list[float], by: str | None, n: int, asked: Asked) -> Query:
    """How many plays lie in each range of METRIC, startup_time unless given.

    Example: frontrow query distribution --by cdn --bins 500,1000,2000,5000 --last 1h
    """
    return frontrow.distribution(
        metric,
        bins=bins,
        by=by,
        n=n,
        interval=asked.when,
        where=asked.where,
        allow_large=asked.allow_large,
    )
