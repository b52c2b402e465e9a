"""The options that questions share, and what becomes of their values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

import click
import orjson

from frontrow import Client, Condition, Timeouts, eq, one_of
from frontrow_ingest.cli.completing import (
    complete_conditions,
    complete_granularities,
    complete_specs,
    complete_zones,
)
from frontrow_ingest.cli.options import allow_large_option, url_option
from frontrow_specs import catalogue

Form: TypeAlias = Literal["csv", "json", "query"] | None
"""What goes to standard output; None is the table for people."""

_DRAWN = (".png", ".svg", ".html", ".json")
_Command: TypeAlias = Callable[..., Any]
_Decorator: TypeAlias = Callable[[_Command], _Command]


@dataclass(frozen=True)
class Way:
    """How Druid is reached.

    Attributes:
        timeout: seconds for a question, also inside Druid; None for those of the client
        context: of each query, in Druid's names
        prefix: before the datasources' names in Druid
    """

    url: str
    timeout: float | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""

    def client(self, within_s: float | None = None) -> Client:
        """A client whose questions end after ``timeout``, or else ``within_s``, if that is shorter than its own."""
        timeouts = Timeouts()
        if self.timeout is not None:
            # Druid is to say itself that the time is up, so its answer is waited for a little longer.
            timeouts = Timeouts(total=self.timeout, query=self.timeout, read=self.timeout + 5)
        elif within_s is not None:
            timeouts = Timeouts(total=min(within_s, timeouts.total), query=min(within_s, timeouts.query))
        specs = {name for metric in catalogue().metrics.values() for name in metric.datasources}
        names = {name: self.prefix + name for name in specs}
        return Client(self.url, datasources=names, timeouts=timeouts, context=self.context)


@dataclass(frozen=True)
class Asked:
    """What a question of the catalogue is narrowed to; see the client's methods."""

    last: str | None
    interval: str | None
    where: Condition | None
    allow_large: bool

    def __post_init__(self) -> None:
        if self.last is None and self.interval is None:
            object.__setattr__(self, "last", "1h")


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


def gathered(kind: type[Any], name: str, options: Sequence[_Decorator]) -> _Decorator:
    """A decorator: the options' values come to the command's function as one ``kind``, made by the names of its fields.

    Args:
        name: of the function's parameter
    """
    names = [each.name for each in fields(kind)]

    def decorate(function: _Command) -> _Command:
        @functools.wraps(function)
        def called(**values: Any) -> Any:
            own = {each: values.pop(each) for each in names if each in values}
            return function(**values, **{name: kind(**own)})

        decorated: _Command = called
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def _conditions(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> Condition | None:
    found: Condition | None = None
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise click.BadParameter(f"{text!r} is not DIM=VALUE.")
        values = [part or None for part in value.split(",")]
        condition = one_of(name, values) if len(values) > 1 else eq(name, values[0])
        found = condition if found is None else found & condition
    return found


def _context_of(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE, like priority=-1.")
        try:
            found[name] = orjson.loads(value)
        except orjson.JSONDecodeError:
            found[name] = value
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


_TIMEOUT = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True, max=86_400),
    metavar="SECONDS",
    help="For a question, also inside Druid, which ends it then.  [default: 300, in Druid 60]",
)
_CONTEXT = click.option(
    "--context",
    multiple=True,
    callback=_context_of,
    metavar="NAME=VALUE",
    help="Of each query, in Druid's names, like priority=-1.",
)
_WHERE = click.option(
    "--where",
    multiple=True,
    callback=_conditions,
    shell_complete=complete_conditions,
    metavar="DIM=VALUE[,VALUE]",
    help="Only these; DIM= means no value. Several options must all fit.",
)
_PREFIX = click.option("--prefix", default="", help="Before the datasources' names in Druid.")
_FILE = click.Path(dir_okay=False, path_type=Path)


def bucket_option(default: str) -> _Decorator:
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


reached = gathered(Way, "way", [url_option, _TIMEOUT, _CONTEXT])
"""Decorates a function that gets ``way``."""

reached_by_prefix = gathered(Way, "way", [url_option, _PREFIX, _TIMEOUT, _CONTEXT])
"""The same where the datasources are those of the specs."""

narrowed = gathered(
    Asked,
    "asked",
    [
        click.option("--last", metavar="LENGTH", help="The time up to now, like 30m or 7d.  [default: 1h]"),
        click.option("--interval", metavar="START/END", help="Instead: from start to end, ISO 8601, UTC by default."),
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

GROUPS: Mapping[str, Sequence[str]] = {
    "Narrowed": ("last", "interval", "where", "allow_large"),
    "Output": ("form", "parquet", "chart", "watch", "rounds"),
    "Druid": ("url", "prefix", "timeout", "context"),
}
"""How the shared options are shown."""
