"""``frontrow query retention``: who plays which part of a title."""

from __future__ import annotations

import click

import frontrow
from frontrow import Query
from frontrow_ingest.cli.query.asking import question
from frontrow_ingest.cli.query.options import Asked, narrowed


@question("retention")
@click.argument("title")
@click.option("--by", default="percent", type=click.Choice(["percent", "minute"]), show_default=True, help="Positions.")
@narrowed
def command(title: str, by: str, asked: Asked) -> Query:
    """How many sessions played each position of TITLE, and how many came at least so far."""
    return frontrow.retention(
        title,
        by=by,
        interval=asked.when,
        where=asked.where,
        allow_large=asked.allow_large,
    )
