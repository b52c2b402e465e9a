"""``frontrow specs reset``: set a datasource's offsets, after saying what that skips or counts twice."""

from __future__ import annotations

import click

from frontrow._http.transport import Transport
from frontrow_ingest.cli.completing import complete_specs
from frontrow_ingest.cli.options import bootstrap_option, make_sure, prefix_option, url_option, yes_option
from frontrow_ingest.druid import Supervisors, begin_offsets, end_offsets
from frontrow_ingest.rollout.offsets import parse_to, plan_reset, reset


@click.command("reset")
@click.argument("name", shell_complete=complete_specs)
@click.option(
    "--to",
    "target",
    required=True,
    metavar="earliest|latest|P=OFFSET,...",
    help="The oldest or newest record of each partition, or offsets by partition, like 0=1200,1=1180.",
)
@yes_option
@click.option("--deadline", default=60.0, show_default=True, help="Seconds until it must read again.")
@url_option
@bootstrap_option
@prefix_option
def command(name: str, target: str, yes: bool, deadline: float, url: str, bootstrap: str, prefix: str) -> None:
    """Let a datasource read its topic from other offsets.

    Says for each partition how many records would be skipped or counted twice, and asks. What tasks have read and no
    segment holds yet is read again from the new offsets.
    """
    try:
        to = parse_to(target)
    except ValueError:
        raise click.BadParameter("is earliest, latest, or like 0=1200,1=1180", param_hint="--to") from None
    with Transport(url) as transport:
        supervisors = Supervisors(transport)
        topic, _ = supervisors.offsets(prefix + name)
        plan = plan_reset(
            supervisors, prefix + name, begin_offsets(bootstrap, topic), end_offsets(bootstrap, topic), to=to
        )
        for line in plan.words():
            click.echo(line)
        make_sure(f"Set the offsets of {plan.name}?", yes=yes)
        reset(supervisors, plan)
        supervisors.await_offsets(plan.name, {each.partition: each.to for each in plan.partitions}, deadline_s=deadline)
    click.echo(f"{plan.name}: reads from the new offsets")
