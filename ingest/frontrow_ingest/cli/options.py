"""Options that several commands have."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, TypeVar

import click

from frontrow._options import DEFAULT_URL

DEFAULT_BOOTSTRAP = "127.0.0.1:9092"
_Command = TypeVar("_Command", bound=Callable[..., Any])

url_option = click.option(
    "--url", envvar="FRONTROW_URL", show_envvar=True, default=DEFAULT_URL, show_default=True, help="Druid's Router."
)
bootstrap_option = click.option(
    "--bootstrap",
    envvar="FRONTROW_BOOTSTRAP",
    show_envvar=True,
    default=DEFAULT_BOOTSTRAP,
    show_default=True,
    help="Kafka, as this program reaches it.",
)
druid_bootstrap_option = click.option(
    "--druid-bootstrap",
    envvar="FRONTROW_DRUID_BOOTSTRAP",
    show_envvar=True,
    help="Kafka, as Druid reaches it: from within containers the name is another. [default: as this program]",
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
prefix_option = click.option("--prefix", default="", help="Put before the datasources' names in Druid.")
allow_large_option = click.option(
    "--allow-large", is_flag=True, help="Ask also for more buckets or a longer time than the client's limits."
)
producer_option = click.option(
    "--producer",
    "producer_name",
    envvar="FRONTROW_PRODUCER",
    show_envvar=True,
    default=socket.gethostname,
    help="Name of this producer in the quarantine and the ledger.  [default: the machine's name]",
)


def quarantine_options(function: _Command) -> _Command:
    """The options of what puts refused events into quarantine."""
    function = click.option(
        "--quarantine-topic", default="quarantine", show_default=True, help="The topic of refused events."
    )(function)
    return click.option(
        "--quarantine/--no-quarantine",
        envvar="FRONTROW_QUARANTINE",
        show_envvar=True,
        default=False,
        help="Put refused events into quarantine, too.",
    )(function)


def ledger_options(function: _Command) -> _Command:
    """The options of what tells a ledger."""
    function = click.option("--ledger-topic", default="ledger", show_default=True, help="The topic of the ledger.")(
        function
    )
    return click.option(
        "--ledger/--no-ledger",
        envvar="FRONTROW_LEDGER",
        show_envvar=True,
        default=False,
        help="Tell the ledger, every two seconds and at the end, what was sent and refused.",
    )(function)


def window_options(function: _Command) -> _Command:
    """How late and early events may be; the same for who sends them and for what Druid is told."""
    hours = click.FloatRange(min=0, max=240_000)
    for option, said in (
        ("--max-early", "Hours that a player's clock may be ahead; a greater lead is refused as early."),
        ("--max-late", "Hours that an event may be old when it is sent; an older one is refused as late."),
    ):
        variable = f"FRONTROW_{option[2:].replace('-', '_').upper()}"
        function = click.option(
            option, type=hours, envvar=variable, show_envvar=True, metavar="HOURS", help=f"{said}  [default: any]"
        )(function)
    return function


def make_sure(question: str, *, yes: bool) -> None:
    """Ask before what has no way back, unless ``yes``; whoever does not say so ends the command with exit status 1."""
    if yes:
        return
    try:
        if click.confirm(question):
            return
    except click.Abort:
        click.echo()  # nobody is there to be asked, or it was Ctrl-C
    click.echo("nothing was changed; --yes does not ask", err=True)
    raise click.exceptions.Exit(1)
