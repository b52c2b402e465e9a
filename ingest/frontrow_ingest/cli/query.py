"""``frontrow query``: questions to Druid in names of the metric catalogue."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson
from rich.markup import escape
from rich.table import Table

from frontrow import Client, Condition, Result, eq, one_of
from frontrow._display import caveats, format_value
from frontrow_ingest.cli.options import allow_large_option, url_option
from frontrow_ingest.cli.tables import show_tables
from frontrow_specs import catalogue, lookup_table, lookup_table_names
from frontrow_specs.documents import metrics_markdown

_DRAWN = (".png", ".svg", ".html", ".json")
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _drawable(_context: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and path.suffix not in _DRAWN:
        raise click.BadParameter(f"{path.name!r} does not end in {', '.join(_DRAWN)}.")
    return path


def _asking(function: _Command) -> _Command:
    """The options of every question."""
    options = (
        click.option("--last", metavar="LENGTH", help="The time up to now, like 30m or 7d. [default: 1h]"),
        click.option("--interval", metavar="START/END", help="Instead: from start to end, ISO 8601, UTC by default."),
        click.option(
            "--where",
            "conditions",
            multiple=True,
            metavar="DIM=VALUE[,VALUE]",
            help="Only these; DIM= means no value. Several options must all fit.",
        ),
        click.option("--prefix", default="", help="Before the datasources' names in Druid."),
        click.option("--csv", "form", flag_value="csv", help="Print CSV."),
        click.option("--json", "form", flag_value="json", help="Print JSON: one object with rows and caveats."),
        click.option(
            "--show-query", "form", flag_value="query", help="Print the Druid queries that were sent, as JSON."
        ),
        allow_large_option,
        click.option(
            "--chart",
            type=click.Path(dir_okay=False, path_type=Path),
            callback=_drawable,
            metavar="FILE",
            help="Draw it, too: .png, .svg, .html or .json (Vega-Lite).",
        ),
        url_option,
    )
    for option in reversed(options):
        function = option(function)
    return function


spec_option = click.option("--datasource", "spec", help="Ask this spec's datasource.")


@click.group(short_help="Ask Druid for timeseries, top lists and retention.")
def command() -> None:
    """Ask in names of the metric catalogue; see `frontrow query metrics` and `frontrow query dimensions`."""


@command.command()
@click.argument("metrics", nargs=-1, required=True)
@click.option(
    "--granularity", default="1m", show_default=True, help="all, 10s, 1m, 5m, 1h, 1d, 1w, 1mo or an ISO period."
)
@click.option("--time-zone", default="UTC", show_default=True, help="Of the calendar that days and months follow.")
@spec_option
@_asking
def timeseries(
    metrics: tuple[str, ...],
    granularity: str,
    time_zone: str,
    last: str | None,
    interval: str | None,
    conditions: tuple[str, ...],
    spec: str | None,
    prefix: str,
    form: str | None,
    allow_large: bool,
    chart: Path | None,
    url: str,
) -> None:
    """METRICS by time bucket."""
    with _client(url, prefix) as client:
        result = client.timeseries(
            metrics,
            interval=interval,
            last=_last(last, interval),
            granularity=granularity,
            where=_where(conditions),
            time_zone=time_zone,
            spec=spec,
            allow_large=allow_large,
        )
    _draw(result, chart)
    _print(result, form)


@command.command()
@click.argument("dimension")
@click.argument("metrics", nargs=-1, required=True)
@click.option("-n", default=10, show_default=True, help="Rows at most.")
@click.option("--label", help="Show beside each value what a lookup has of it: title, title.genre ...")
@spec_option
@_asking
def top(
    dimension: str,
    metrics: tuple[str, ...],
    n: int,
    label: str | None,
    last: str | None,
    interval: str | None,
    conditions: tuple[str, ...],
    spec: str | None,
    prefix: str,
    form: str | None,
    allow_large: bool,
    chart: Path | None,
    url: str,
) -> None:
    """Values of DIMENSION with the largest value of the first of METRICS."""
    with _client(url, prefix) as client:
        result = client.top_n(
            dimension,
            metrics,
            n=n,
            label=label,
            interval=interval,
            last=_last(last, interval),
            where=_where(conditions),
            spec=spec,
            allow_large=allow_large,
        )
    _draw(result, chart)
    _print(result, form)


@command.command()
@click.argument("title")
@click.option("--by", default="percent", type=click.Choice(["percent", "minute"]), show_default=True, help="Positions.")
@_asking
def retention(
    title: str,
    by: str,
    last: str | None,
    interval: str | None,
    conditions: tuple[str, ...],
    prefix: str,
    form: str | None,
    allow_large: bool,
    chart: Path | None,
    url: str,
) -> None:
    """How many sessions played each position of TITLE, and how many came at least so far."""
    with _client(url, prefix) as client:
        result = client.retention(
            title,
            by=by,
            interval=interval,
            last=_last(last, interval),
            where=_where(conditions),
            allow_large=allow_large,
        )
    _draw(result, chart)
    _print(result, form)


@command.command()
@click.option("--markdown", is_flag=True, help="Print the catalogue as a document.")
def metrics(markdown: bool) -> None:
    """List every metric."""
    if markdown:
        click.echo(metrics_markdown(), nl=False)
        return
    table = Table("metric", "unit", "datasources", "what it says", "by the definition of")
    for metric in catalogue().metrics.values():
        said = " ".join(filter(None, (metric.description, metric.note)))
        table.add_row(metric.name, metric.unit, ", ".join(metric.datasources), said, metric.source)
    show_tables(table)


@command.command()
def dimensions() -> None:
    """List every dimension."""
    table = Table("dimension", "what it says")
    for dimension in catalogue().dimensions.values():
        table.add_row(dimension.name, dimension.description)
    for lookups in map(lookup_table, lookup_table_names()):
        for attribute in lookups.attributes:
            table.add_row(f"{lookups.name}.{attribute.name}", f"{attribute.description} From frontrow lookups load.")
    show_tables(table)


def _client(url: str, prefix: str) -> Client:
    names = {name for metric in catalogue().metrics.values() for name in metric.datasources}
    return Client(url, datasources={name: prefix + name for name in names})


def _last(last: str | None, interval: str | None) -> str | None:
    return last or (None if interval else "1h")


def _where(conditions: tuple[str, ...]) -> Condition | None:
    found: Condition | None = None
    for text in conditions:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise click.BadParameter(f"{text!r} is not DIM=VALUE", param_hint="--where")
        values = [part or None for part in value.split(",")]
        condition = one_of(name, values) if len(values) > 1 else eq(name, values[0])
        found = condition if found is None else found & condition
    return found


def _draw(result: Result, path: Path | None) -> None:
    if path is None:
        return
    chart = result.plot()
    try:
        # Inline, so that a page needs no network; other files have no such choice.
        chart.save(str(path), inline=path.suffix == ".html")
    except OSError as error:
        raise click.FileError(str(path), error.strerror or str(error)) from error
    click.echo(f"wrote {path}", err=True)


def _print(result: Result, form: str | None) -> None:
    if form == "query":
        click.echo(orjson.dumps(result.queries, option=orjson.OPT_INDENT_2).decode())
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.columns)
        for row in result:
            writer.writerow(_iso(value) for value in row.values())
    elif form == "json":
        click.echo(orjson.dumps(_document(result), option=orjson.OPT_INDENT_2).decode())
    else:
        table = Table()
        for name, kind in result.types.items():
            unit = result.units.get(name)
            heading = f"{name}\n[dim]{escape(unit)}[/]" if unit else name
            table.add_column(heading, justify="left" if kind == "string" else "right")
        for row in result:
            table.add_row(*(escape(format_value(value)) for value in row.values()))
        show_tables(table)
        # Not with the rows: whoever reads the table by a program gets rows only.
        click.echo(caveats(result), err=True)


def _document(result: Result) -> dict[str, Any]:
    return {
        "rows": [{name: _iso(value) for name, value in row.items()} for row in result],
        "types": dict(result.types),
        "units": dict(result.units),
        "interval": str(result.interval),
        "exactness": result.exactness,
        "newest_event": _iso(result.freshness.newest) if result.freshness else None,
        "age_s": result.freshness.age.total_seconds() if result.freshness else None,
        "query_id": result.query_id,
        "elapsed_s": result.elapsed,
    }


def _iso(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
