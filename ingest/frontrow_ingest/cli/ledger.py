"""``frontrow ledger``: what was sent beside what can be asked for."""

from __future__ import annotations

import csv
import sys
from datetime import timedelta
from typing import Any

import click
import orjson
from rich.table import Table

from frontrow import Client, LedgerReport
from frontrow._asking.ledger import COLUMNS, SETTLED_AFTER
from frontrow._shown.display import format_value
from frontrow_ingest.cli.options import allow_large_option, url_option
from frontrow_ingest.cli.tables import show_tables

EXIT_BROKEN = 1


@click.command()
@click.option("--last", metavar="LENGTH", help="The time up to now, like 30m or 7d. [default: 1h]")
@click.option("--interval", metavar="START/END", help="Instead: from start to end, ISO 8601, UTC by default.")
@click.option(
    "--min-completeness",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="Exit 1 when a smaller share of what was sent, in flight aside, can be asked for.",
)
@click.option(
    "--max-age", type=click.FloatRange(min=0), metavar="SECONDS", help="Exit 1 when the newest event is older."
)
@click.option(
    "--settled-after",
    type=click.FloatRange(min=0),
    default=SETTLED_AFTER.total_seconds(),
    show_default=True,
    help="Seconds after a producer last told of a minute until what is not queryable is missing.",
)
@click.option("--prefix", default="", help="Before the datasources' names in Druid.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV.")
@click.option("--json", "form", flag_value="json", help="Print JSON: one object with rows, totals and what is unknown.")
@allow_large_option
@url_option
def command(
    last: str | None,
    interval: str | None,
    min_completeness: float,
    max_age: float | None,
    settled_after: float,
    prefix: str,
    form: str | None,
    allow_large: bool,
    url: str,
) -> int:
    """Hold what producers say they sent against what can be asked for, minute by minute.

    Exit status: 0 complete and fresh; 1 an objective is broken, or no ledger covers the interval.
    """
    names = {spec: prefix + spec for spec in ("audience", "ledger", "quarantine")}
    with Client(url, datasources=names) as client:
        last = last or (None if interval else "1h")
        report = client.ledger(
            interval=interval, last=last, settled_after=timedelta(seconds=settled_after), allow_large=allow_large
        )
    broken = _broken(report, min_completeness, max_age)
    if form == "json":
        click.echo(orjson.dumps(_document(report, broken), option=orjson.OPT_INDENT_2).decode())
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(report.minutes.columns)
        for row in report.minutes:
            writer.writerow([row["time"].isoformat().replace("+00:00", "Z"), *(row[name] for name in COLUMNS)])
    else:
        _print(report)
    for objective in broken:
        click.echo(f"broken: {objective}", err=True)
    return EXIT_BROKEN if broken else 0


def _broken(report: LedgerReport, min_completeness: float, max_age: float | None) -> list[str]:
    """The objectives that are broken, in words."""
    found = []
    if report.completeness is None:
        if not report.totals["in_flight"]:
            found.append("completeness is unknown: no ledger covers the interval")
    elif report.completeness < min_completeness:
        missing = report.totals["missing"]
        found.append(f"completeness {report.completeness:.4%} is below {min_completeness:.4%}: {missing:,} missing")
    if max_age is not None:
        age = report.freshness.age.total_seconds() if report.freshness else None
        if age is None or age > max_age:
            said = "no event can be asked for" if age is None else f"the newest event is {age:,.1f} s old"
            found.append(f"{said}; the objective is {max_age:g} s")
    return found


def _print(report: LedgerReport) -> None:
    table = Table("minute", *(name.replace("_", " ") for name in COLUMNS))
    for column in table.columns[1:]:
        column.justify = "right"
    for row in report.minutes:
        table.add_row(row["time"].strftime("%Y-%m-%d %H:%M"), *(format_value(row[name]) for name in COLUMNS))
    table.add_section()
    table.add_row("total", *(format_value(report.totals[name]) for name in COLUMNS))
    show_tables(table)
    share = "unknown" if report.completeness is None else f"{report.completeness:.4%}"
    click.echo(f"completeness {share} · {report.freshness or 'freshness unknown'}")
    for said in report.unknown:
        click.echo(said)


def _document(report: LedgerReport, broken: list[str]) -> dict[str, Any]:
    rows = [{**row, "time": row["time"].isoformat().replace("+00:00", "Z")} for row in report.minutes]
    fresh = report.freshness
    return {
        "interval": str(report.interval),
        "minutes": rows,
        "totals": dict(report.totals),
        "completeness": report.completeness,
        "newest_event": fresh.newest.isoformat().replace("+00:00", "Z") if fresh else None,
        "age_s": fresh.age.total_seconds() if fresh else None,
        "unknown": list(report.unknown),
        "broken": broken,
    }
