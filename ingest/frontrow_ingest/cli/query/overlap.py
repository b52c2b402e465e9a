"""``frontrow query overlap``: what several audiences have in common."""

from __future__ import annotations

import click

import frontrow
from frontrow import Condition, Query
from frontrow_ingest.cli.query.asking import question
from frontrow_ingest.cli.query.options import Asked, condition_of, narrowed


def _audiences(_context: click.Context, _argument: click.Parameter, texts: tuple[str, ...]) -> dict[str, Condition]:
    found: dict[str, Condition] = {}
    for text in texts:
        name, colon, rest = text.partition(":")
        if not colon or not name:
            raise click.BadParameter(f"{text!r} is not NAME:DIM=VALUE, like final:event_id=cup-final.")
        condition = condition_of(rest)
        found[name] = found[name] & condition if name in found else condition
    return found


@question("overlap")
@click.argument("audiences", nargs=-1, required=True, callback=_audiences, metavar="NAME:DIM=VALUE[,VALUE]...")
@narrowed
def command(audiences: dict[str, Condition], asked: Asked) -> Query:
    """How many viewers 2 to 6 audiences have, and how many of them in common. The same NAME twice must fit twice.

    Example: frontrow query overlap final:event_id=cup-final drama:title.genre=drama --last 7d
    """
    return frontrow.overlap(audiences, interval=asked.when, where=asked.where, allow_large=asked.allow_large)
