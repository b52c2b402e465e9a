"""``frontrow specs upkeep`` and ``frontrow specs purge``: what becomes of segments as they grow old."""

from __future__ import annotations

from datetime import timedelta

import click
import orjson

from frontrow import AskError
from frontrow._http.transport import Transport
from frontrow._time import parse_duration
from frontrow_ingest.cli.completing import complete_specs
from frontrow_ingest.cli.options import make_sure, prefix_option, url_option, yes_option
from frontrow_ingest.druid import Upkeeping
from frontrow_specs import RollupSpec, rollup, rollup_names


@click.command()
@click.argument("names", nargs=-1, shell_complete=complete_specs)
@url_option
@prefix_option
@click.option(
    "--replicas", type=click.IntRange(min=1), help="Copies of each segment. [default: as Druid's default rule]"
)
@click.option("--drop-columns", is_flag=True, help="Take from older segments the columns that a spec has no more.")
@click.option("--show", is_flag=True, help="Print what Druid would get, and change nothing.")
def upkeep(names: tuple[str, ...], url: str, prefix: str, replicas: int | None, drop_columns: bool, show: bool) -> None:
    """Have Druid compact and drop segments as specs (all by default) declare: compactAfter and keep.

    Compaction merges the rows of an hour that were written by several tasks; answers stay as they are. It is refused
    where it would take columns from older segments. What is dropped stays in deep storage until frontrow specs purge.
    """
    specs = [rollup(name) for name in names or rollup_names()]
    copies = None if replicas is None else {"_default_tier": replicas}
    if show:
        shown = [
            {
                "compaction": spec.compaction(datasource=prefix + spec.name),
                "rules": spec.retention(copies or {"_default_tier": 1}),
            }
            for spec in specs
        ]
        click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
        return
    with Transport(url) as transport:
        upkeeping = Upkeeping(transport)
        for spec in specs:
            upkeeping.apply(spec, prefix + spec.name, replicas=copies, drop_columns=drop_columns)
            click.echo(f"{prefix}{spec.name}: {_declared(spec)}")


@click.command()
@click.argument("names", nargs=-1, shell_complete=complete_specs)
@url_option
@prefix_option
@click.option("--unused-for", default="1d", show_default=True, help="Only what has been out of use so long, like 12h.")
@click.option("--deadline", default=600.0, show_default=True, help="Seconds until each datasource must be done.")
@yes_option
def purge(names: tuple[str, ...], url: str, prefix: str, unused_for: str, deadline: float, yes: bool) -> None:
    """Delete from deep storage, for ever, what retention and compaction have put out of use (of all specs by default).

    Druid marks what compaction has replaced some minutes later; only then it can be deleted.
    """
    age = _age(unused_for)
    with Transport(url) as transport:
        upkeeping = Upkeeping(transport)
        found = {
            name: upkeeping.unused(name, for_at_least=age) for name in (prefix + n for n in names or rollup_names())
        }
        doomed = {name: unused for name, unused in found.items() if unused.segments}
        for name, unused in doomed.items():
            click.echo(
                f"{name}: {unused.segments:,} segments, {unused.bytes:,} bytes, unused for {unused_for} or longer"
            )
        if not doomed:
            click.echo(f"nothing has been out of use for {unused_for}")
            return
        make_sure("There is no way back. Delete them?", yes=yes)
        for name in doomed:
            gone = upkeeping.purge(name, for_at_least=age, deadline_s=deadline)
            click.echo(f"{name}: deleted {gone.segments:,} segments, {gone.bytes:,} bytes")


def _declared(spec: RollupSpec) -> str:
    after, keep = spec.compact_after_hours, spec.keep_hours
    compacted = "never compacted" if after is None else f"compacted {_hours(after)} behind the newest event"
    return f"{compacted}, {'kept for ever' if keep is None else f'kept {_hours(keep)}'}"


def _hours(hours: int) -> str:
    return f"{hours // 24} d" if hours and hours % 24 == 0 else f"{hours} h"


def _age(text: str) -> timedelta:
    try:
        return timedelta(0) if text in ("0", "0s") else timedelta(seconds=parse_duration(text).total_seconds())
    except (AskError, AttributeError) as error:
        raise click.BadParameter(str(error), param_hint="--unused-for") from error
