"""``frontrow specs apply`` and ``rollback``: change what runs, and put it back where it does not ingest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from frontrow import TransportError
from frontrow._http.transport import Transport
from frontrow_ingest.cli.completing import complete_specs, complete_targets
from frontrow_ingest.cli.options import (
    bootstrap_option,
    druid_bootstrap_option,
    prefix_option,
    url_option,
    window_options,
)
from frontrow_ingest.cli.spec_targets import sample_option, targets, topic_option
from frontrow_ingest.cli.specs_plan import scratches
from frontrow_ingest.druid import Supervisors, ensure_topic, event_ends
from frontrow_ingest.errors import SupervisorError
from frontrow_ingest.rollout import Plan, Rollout, look, make_plan, refuse
from frontrow_ingest.rollout.rollback import plan_rollback

deadline_option = click.option(
    "--deadline",
    default=90.0,
    show_default=True,
    help="Seconds until each must ingest; else the one before is put back.",
)


@click.command("apply")
@click.argument("names", nargs=-1, metavar="[NAME|FILE]...", shell_complete=complete_targets)
@url_option
@bootstrap_option
@druid_bootstrap_option
@topic_option
@click.option("--partitions", default=2, show_default=True, help="Of the topic, if it has to be made.")
@prefix_option
@window_options
@sample_option
@deadline_option
def apply_command(
    names: tuple[str, ...],
    url: str,
    bootstrap: str,
    druid_bootstrap: str | None,
    topic: str | None,
    partitions: int,
    prefix: str,
    max_late: float | None,
    max_early: float | None,
    sample: int,
    deadline: float,
) -> None:
    """Submit specs to Druid (all by default) and wait until they ingest. What runs already is left as it is.

    Nothing is submitted if the plan of any is refused. A spec that does not ingest in time is replaced by the version
    that ran before it, which Druid remembers; then the exit status is 1.

    With --max-late and --max-early, Druid drops events outside of them unseen, a day later than who sends them refuses
    them: give frontrow produce the same.
    """
    found = targets(
        names,
        bootstrap=druid_bootstrap or bootstrap,
        topic=topic,
        prefix=prefix,
        max_late=max_late,
        max_early=max_early,
    )
    with Transport(url) as transport:
        with scratches(bootstrap, sample) as scratch:
            plans = [make_plan(transport, target.spec, target.supervisor, scratch=scratch) for target in found]
        refuse(plans)
        for name in dict.fromkeys(target.topic for target in found):
            if ensure_topic(bootstrap, name, partitions=partitions):
                click.echo(f"made the topic {name} with {partitions} partitions")
        roll(Supervisors(transport), plans, bootstrap=bootstrap, deadline_s=deadline)


@click.command("rollback")
@click.argument("name", shell_complete=complete_specs)
@click.option("--to", "version", help="A version of frontrow specs history; the one before by default.")
@url_option
@bootstrap_option
@prefix_option
@deadline_option
def rollback_command(name: str, version: str | None, url: str, bootstrap: str, prefix: str, deadline: float) -> None:
    """Put an earlier version of a datasource's spec in the place of the one that runs, and wait until it ingests.

    Rows stay what they are. Every schema that is read now is read by the earlier version, too.
    """
    with Transport(url) as transport:
        supervisors = Supervisors(transport)
        plan = plan_rollback(transport, prefix + name, version)
        for change in plan.changes:
            click.echo(f"{plan.name}: {change.effect.value}: {change}")
        refuse([plan])
        roll(supervisors, [plan], bootstrap=bootstrap, deadline_s=deadline)


@click.command("history")
@click.argument("name", shell_complete=complete_specs)
@url_option
@prefix_option
def history_command(name: str, url: str, prefix: str) -> None:
    """List the versions of a datasource's spec that Druid remembers, the newest first, and what each changed."""
    from frontrow_ingest.rollout import compare

    with Transport(url) as transport:
        standing = look(Supervisors(transport), prefix + name)
    if not standing.versions:
        raise SupervisorError(f"Druid remembers no supervisor {standing.name!r}: frontrow specs apply makes it.")
    for version, before in zip(standing.versions, [*standing.versions[1:], None], strict=True):
        earlier = before.spec if before is not None else None
        if version.spec is None:
            said = ["ended"]
        elif earlier is None:
            said = ["started"]
        else:
            said = [str(change) for change in compare(earlier, version.spec, has_rows=True)] or ["the same again"]
        click.echo(f"{version.number}  {said[0]}")
        for more in said[1:]:
            click.echo(f"{' ' * len(version.number)}  {more}")


def roll(supervisors: Supervisors, plans: list[Plan], *, bootstrap: str, deadline_s: float) -> None:
    """Submit all, then watch each; one that fails is put back, and the others go on.

    Raises:
        SupervisorError: not all of them run as planned; says of each what does
    """
    failures = []
    rollouts = []
    with told_if_interrupted(plans):
        for plan in plans:
            rollout = Rollout(supervisors, plan, ends=_ends(bootstrap, plan), deadline_s=deadline_s, say=_Told())
            try:
                rollout.submit()
                rollouts.append(rollout)
            except SupervisorError as error:
                failures.append(str(error))
            except TransportError as error:
                failures.append(f"{error} frontrow specs plan says where it stands.")
        for rollout in rollouts:
            try:
                click.echo(str(rollout.watch()))
            except SupervisorError as error:
                failures.append(str(error))
            except TransportError as error:
                failures.append(f"{error} frontrow specs plan says where it stands.")
    if failures:
        raise SupervisorError("\n".join(failures))


@contextmanager
def told_if_interrupted(plans: list[Plan]) -> Iterator[None]:
    """Say what an interrupted rollout leaves: nothing half done, for Druid does the rest by itself."""
    try:
        yield
    except KeyboardInterrupt:
        names = ", ".join(plan.name for plan in plans)
        click.echo(f"stopped watching {names}: frontrow specs plan says where each stands", err=True)
        raise


class _Told:
    """Says each thing once, to standard error, and only what is worth a line."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, text: str) -> None:
        worth = "does not answer" in text or "put back" in text
        if worth and text != self._last:
            self._last = text
            click.echo(text, err=True)


def _ends(bootstrap: str, plan: Plan) -> Callable[[], dict[int, int]]:
    topic = str(plan.wanted["spec"]["ioConfig"]["topic"])
    return lambda: event_ends(bootstrap, topic)
