"""``frontrow query retention``: who plays which part of a title."""

from __future__ import annotations

import click

from frontrow_ingest.cli.query.asking import Ask, question
from frontrow_ingest.cli.query.options import Asked, narrowed


@question("retention")
@click.argument("title")
@click.option("--by", default="percent", type=click.Choice(["percent", "minute"]), show_default=True, help="Positions.")
@narrowed
def command(title: str, by: str, asked: Asked) -> Ask:
    """How many sessions played each position of TITLE, and how many came at least so far."""
    return lambda client: client.retention(
        title,
        by=by,
        interval=asked.interval,
        last=asked.last,
        where=asked.where,
        allow_large=asked.allow_large,
    )
