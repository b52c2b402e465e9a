"""``frontrow specs plan``: what applying would do, in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import asdict

import click
import orjson

from frontrow._http.transport import Transport
from frontrow_ingest.cli.completing import complete_targets
from frontrow_ingest.cli.options import (
    bootstrap_option,
    druid_bootstrap_option,
    json_option,
    prefix_option,
    url_option,
    window_options,
)
from frontrow_ingest.cli.spec_targets import sample_option, targets, topic_option
from frontrow_ingest.druid import scratch_topic
from frontrow_ingest.rollout import Plan, Verdict, make_plan
from frontrow_ingest.rollout.sampling import Scratch

EXIT_REFUSED = 1
EXIT_CHANGES = 3


@click.command("plan")
@click.argument("names", nargs=-1, metavar="[NAME|FILE]...", shell_complete=complete_targets)
@url_option
@bootstrap_option
@druid_bootstrap_option
@topic_option
@prefix_option
@window_options
@sample_option
@json_option
def command(
    names: tuple[str, ...],
    url: str,
    bootstrap: str,
    druid_bootstrap: str | None,
    topic: str | None,
    prefix: str,
    max_late: float | None,
    max_early: float | None,
    sample: int,
    as_json: bool,
) -> int:
    """Compare specs (all by default) with what runs, and say what applying them would do. Nothing is changed.

    Takes the same options as apply. Exits 0 when there is nothing to do, 3 when applying would do something, 1 when a
    change is refused.
    """
    found = targets(
        names,
        bootstrap=druid_bootstrap or bootstrap,
        topic=topic,
        prefix=prefix,
        max_late=max_late,
        max_early=max_early,
    )
    with Transport(url) as transport, scratches(bootstrap, sample) as scratch:
        plans = [make_plan(transport, target.spec, target.supervisor, scratch=scratch) for target in found]
    if as_json:
        click.echo(orjson.dumps([as_data(plan) for plan in plans], option=orjson.OPT_INDENT_2).decode())
    else:
        for plan in plans:
            print_plan(plan)
    verdicts = {plan.verdict for plan in plans}
    if Verdict.REFUSED in verdicts:
        return EXIT_REFUSED
    return EXIT_CHANGES if verdicts - {Verdict.NOTHING} else 0


@contextmanager
def scratches(bootstrap: str, count: int) -> Iterator[Scratch | None]:
    """Where the sampler's records come from, one copy for all specs of a topic; None where it is not asked."""
    with ExitStack() as opened:
        made: dict[str, tuple[str, int]] = {}

        def scratch(topic: str) -> AbstractContextManager[tuple[str, int]]:
            if topic not in made:
                made[topic] = opened.enter_context(scratch_topic(bootstrap, topic, count))
            return nullcontext(made[topic])

        yield scratch if count else None


def print_plan(plan: Plan) -> None:
    """A plan in words."""
    click.echo(f"{plan.name}: {plan.verdict.value}")
    click.echo(f"  now: {plan.standing.words()}")
    for change in plan.changes:
        click.echo(f"  {change.effect.value}: {change}")
    for said in (*(plan.sample.words() if plan.sample else ()), *plan.notes):
        click.echo(f"  {said}")


def as_data(plan: Plan) -> dict[str, object]:
    """A plan as JSON values."""
    newest = plan.standing.newest
    return {
        "name": plan.name,
        "verdict": plan.verdict.name.lower(),
        "now": {
            "words": plan.standing.words(),
            "version": newest.number if newest else None,
            "state": plan.standing.status.state if plan.standing.status else None,
            "ingesting": bool(plan.standing.status and plan.standing.status.ingesting),
        },
        "changes": [asdict(change) | {"effect": change.effect.name.lower()} for change in plan.changes],
        "sample": None if plan.sample is None else asdict(plan.sample),
        "notes": list(plan.notes),
    }
