"""``frontrow specs status``: whether the supervisors ingest, and what Druid stores of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import click
import orjson
from rich.table import Table

from frontrow._http.transport import Transport
from frontrow_ingest.cli.completing import complete_specs
from frontrow_ingest.cli.options import json_option, prefix_option, url_option
from frontrow_ingest.cli.tables import show_tables
from frontrow_ingest.druid import Storage, Stored, Supervisors, SupervisorStatus
from frontrow_specs import rollup, rollup_names


@dataclass(frozen=True)
class _Datasource:
    """One datasource: its supervisor, None where there is none, and what is stored."""

    name: str
    supervisor: SupervisorStatus | None
    stored: Stored


@click.command()
@click.argument("names", nargs=-1, shell_complete=complete_specs)
@url_option
@prefix_option
@json_option
def status(names: tuple[str, ...], url: str, prefix: str, as_json: bool) -> None:
    """Show the supervisors of specs (all by default) and what is stored. Exits 1 unless all of them ingest.

    Rows and segments are those of running tasks, too; bytes are of segments that were handed off. The rollup is events
    in a row.
    """
    with Transport(url) as transport:
        supervisors, storage = Supervisors(transport), Storage(transport)
        known = supervisors.names()
        found = [
            _Datasource(name, supervisors.status(name) if name in known else None, storage.stored(name))
            for name in (prefix + rollup(name).name for name in names or rollup_names())
        ]
    if as_json:
        click.echo(orjson.dumps([_json(one) for one in found], option=orjson.OPT_INDENT_2).decode())
    else:
        _show(found)
    if not all(one.supervisor is not None and one.supervisor.ingesting for one in found):
        raise click.exceptions.Exit(1)


def _json(one: _Datasource) -> dict[str, Any]:
    """What is told of the supervisor at the top, as ever; what is stored below it."""
    supervisor = {"name": one.name, "state": "not applied"} if one.supervisor is None else vars(one.supervisor)
    return {**supervisor, "stored": asdict(one.stored) | {"ratio": one.stored.ratio}}


def _show(found: list[_Datasource]) -> None:
    ingesting = Table("datasource", "state", "topic", "tasks", "lag", "processed", "unparseable")
    stored = Table("datasource", "events", "rows", "rollup", "segments", "bytes", "compacted", "last time", "kept")
    for one in found:
        status, held = one.supervisor, one.stored
        if status is None:
            ingesting.add_row(one.name, "not applied", "", "", "", "", "")
        else:
            counts = [_number(number) for number in (status.lag, status.processed, status.unparseable)]
            ingesting.add_row(one.name, status.state, status.topic, str(status.tasks), *counts)
        ratio = "–" if held.ratio is None else f"{held.ratio:,.1f}"
        numbers = [f"{number:,}" for number in (held.segments, held.bytes)]
        last = held.last_compaction
        said = "never" if last is None else f"{last.at:%Y-%m-%d %H:%M:%S} UTC {last.outcome}"
        compacted = held.compaction or "never"
        stored.add_row(one.name, f"{held.events:,}", f"{held.rows:,}", ratio, *numbers, compacted, said, held.retention)
    show_tables(ingesting, stored)
    for one in found:
        for error in one.supervisor.errors if one.supervisor else ():
            click.echo(f"{one.name}: {error}", err=True)


def _number(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"
