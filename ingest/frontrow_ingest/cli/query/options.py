"""The options that questions share, and what becomes of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import click

from frontrow import AskError, Condition, eq, event, last, one_of, since
from frontrow._time import IntervalLike
from frontrow_ingest.cli.completing import (
    complete_conditions,
    complete_granularities,
    complete_specs,
    complete_zones,
)
from frontrow_ingest.cli.options import allow_large_option
from frontrow_ingest.cli.query.gathering import Decorator, gathered

Form: TypeAlias = Literal["csv", "json", "query"] | None
"""What goes to standard output; None is the table for people."""

_DRAWN = (".png", ".svg", ".html", ".json")


@dataclass(frozen=True)
class Asked:
    """What a question of the catalogue is narrowed to; see the client's methods.

    Attributes:
        last, interval, since, event: at most one of them; the last hour without any

    Raises:
        AskError: there are two
    """

    last: str | None
    interval: str | None
    since: str | None
    event: str | None
    where: Condition | None
    allow_large: bool

    def __post_init__(self) -> None:
        if sum(given is not None for given in (self.last, self.interval, self.since, self.event)) > 1:
            raise AskError("give one of --last, --interval, --since and --event.")

    @property
    def when(self) -> IntervalLike:
        """The interval, some of which are worked out when the question is asked."""
        if self.interval is not None:
            return self.interval
        if self.since is not None:
            return since(self.since)
        if self.event is not None:
            return event(self.event)
        return last("1h" if self.last is None else self.last)


@dataclass(frozen=True)
class Output:
    """Where an answer goes.

    Attributes:
        watch: seconds from one round to the next; None to ask once
        rounds: so many; None for no end
    """

    form: Form
    parquet: Path | None
    chart: Path | None
    watch: float | None
    rounds: int | None


def condition_of(text: str) -> Condition:
    """A condition like ``country=DE,AT``.

    Raises:
        click.BadParameter: it is none
    """
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise click.BadParameter(f"{text!r} is not DIM=VALUE.")
    values = [part or None for part in value.split(",")]
    return one_of(name, values) if len(values) > 1 else eq(name, values[0])


def _conditions(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> Condition | None:
    found: Condition | None = None
    for condition in map(condition_of, texts):
        found = condition if found is None else found & condition
    return found


def _drawable(_context: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and path.suffix not in _DRAWN:
        raise click.BadParameter(f"{path.name!r} does not end in {', '.join(_DRAWN)}.")
    return path


def _seconds(_context: click.Context, _option: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        # The value may be left out, so what follows could be meant for another place.
        message = f"{text!r} is no number of seconds. Write --watch=10, or --watch as the last word."
        raise click.BadParameter(message) from None
    if not 1 <= seconds <= 86_400:
        raise click.BadParameter(f"{text} s: give 1 to 86,400 seconds.")
    return seconds


_WHERE = click.option(
    "--where",
    multiple=True,
    callback=_conditions,
    shell_complete=complete_conditions,
    metavar="DIM=VALUE[,VALUE]",
    help="Only these; DIM= means no value. Several options must all fit.",
)
_FILE = click.Path(dir_okay=False, path_type=Path)


def bucket_option(default: str) -> Decorator:
    """The length of the answer's buckets."""
    return click.option(
        "--granularity",
        default=default,
        show_default=True,
        shell_complete=complete_granularities,
        help="all, 10s, 1m, 5m, 1h, 1d, 1w, 1mo or an ISO period.",
    )


def listed(_context: click.Context, _parameter: click.Parameter, text: str) -> tuple[str, ...]:
    """A callback: names between commas."""
    return tuple(text.split(","))


narrowed = gathered(
    Asked,
    "asked",
    [
        click.option("--last", metavar="LENGTH", help="The time up to now, like 30m or 7d.  [default: 1h]"),
        click.option("--interval", metavar="START/END", help="Instead: from start to end, ISO 8601, UTC by default."),
        click.option("--since", metavar="TIME", help="Instead: from a time up to now, ISO 8601."),
        click.option("--event", metavar="EVENT_ID", help="Instead: the time of this live event."),
        _WHERE,
        allow_large_option,
    ],
)
"""Decorates a function that gets ``asked``."""

shown = gathered(
    Output,
    "output",
    [
        click.option("--csv", "form", flag_value="csv", help="Print CSV."),
        click.option("--json", "form", flag_value="json", help="Print JSON: one object with rows and caveats."),
        click.option(
            "--show-query", "form", flag_value="query", help="Print the Druid queries that were sent, as JSON."
        ),
        click.option("--parquet", type=_FILE, metavar="FILE", help="Write the rows there instead of a table."),
        click.option(
            "--chart",
            type=_FILE,
            callback=_drawable,
            metavar="FILE",
            help="Draw it, too: .png, .svg, .html or .json (Vega-Lite).",
        ),
        click.option(
            "--watch",
            is_flag=False,
            flag_value="10",
            callback=_seconds,
            metavar="[SECONDS]",
            help="Ask again so often, 10 s unless given, until Ctrl-C.",
        ),
        click.option("--rounds", type=click.IntRange(min=1), help="With --watch: so often at most."),
    ],
)
"""Decorates a function that gets ``output``."""

spec_option = click.option(
    "--spec", "--datasource", "spec", shell_complete=complete_specs, help="Ask this spec's datasource."
)
time_zone_option = click.option(
    "--time-zone",
    default="UTC",
    show_default=True,
    shell_complete=complete_zones,
    help="Of the calendar that days and months follow.",
)

settled_option = click.option(
    "--settled", is_flag=True, help="Leave out buckets that are not whole, or newer than the newest event."
)
bounds_option = click.option(
    "--bounds", is_flag=True, help="Beside each metric from a sketch, between what the truth is in 95 of 100 cases."
)

GROUPS: Mapping[str, Sequence[str]] = {
    "Narrowed": ("last", "interval", "since", "event", "where", "allow_large"),
    "Output": ("form", "parquet", "chart", "watch", "rounds"),
    "Druid": ("url", "prefix", "min_audience", "timeout", "context", "token_file", "ca", "certificate", "key", "proxy"),
}
"""How the shared options are shown."""
