"""``--watch``: the same question again and again; in place on a terminal, elsewhere a block for each round."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Protocol

import click
from rich.console import Console
from rich.live import Live

from frontrow import (
    AccessError,
    AskError,
    BadQueryError,
    FrontrowError,
    MissingExtraError,
    NotFoundError,
    Result,
    TooLargeError,
)
from frontrow_ingest.cli.interrupting import as_interrupt
from frontrow_ingest.cli.query.files import write_files
from frontrow_ingest.cli.query.forms import show
from frontrow_ingest.cli.query.options import Output
from frontrow_ingest.cli.query.screen import screen
from frontrow_ingest.cli.tables import table_console

_FINAL = (AskError, MissingExtraError, BadQueryError, AccessError, NotFoundError, TooLargeError)
"""The same question will have the same error."""


class Display(Protocol):
    """Shows rounds."""

    def answered(self, result: Result, number: int, at: datetime) -> None:
        """A round has its answer."""
        ...

    def failed(self, error: FrontrowError, number: int, at: datetime) -> None:
        """A round has none."""
        ...


def watch(ask: Callable[[], Result], output: Output, *, seconds: float, may_take: float | None) -> int:
    """Ask every so many seconds until Ctrl-C or the last round; gives the exit status: 1 if that had no answer.

    Args:
        may_take: seconds that a round may take where they are not those of the period
    """
    if may_take is not None and may_take > seconds:
        click.echo(
            f"a round may take {may_take:g} s, longer than the {seconds:g} s to the next, which then begins at once",
            err=True,
        )
    console = table_console()
    in_place = console.is_terminal and output.form is None and output.parquet is None
    live = Live(console=console, auto_refresh=False) if in_place else None
    display: Display = Blocks(output) if live is None else InPlace(live, output, seconds)
    held: AbstractContextManager[object] = nullcontext() if live is None else live
    with _terminated_as_interrupted(), held:
        return rounds(ask, display, seconds=seconds, count=output.rounds)


def rounds(
    ask: Callable[[], Result],
    display: Display,
    *,
    seconds: float,
    count: int | None,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> int:
    """Ask, show, wait. A round begins ``seconds`` after the one before; at once if that took longer.

    Raises:
        FrontrowError: asking again would not help
    """
    number, good = 0, True
    while True:
        number, began = number + 1, clock()
        try:
            result = ask()
        except _FINAL:
            raise
        except FrontrowError as error:
            good = False
            display.failed(error, number, datetime.now(UTC))
        else:
            good = True
            display.answered(result, number, datetime.now(UTC))
        if number == count:
            return 0 if good else 1
        wait(max(0.0, began + seconds - clock()))


class Blocks:
    """A block for each round: under a line with its time, as JSON a line, as CSV after an empty line."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def answered(self, result: Result, number: int, at: datetime) -> None:
        """See Display."""
        said = write_files(result, self._output)
        if self._output.form is None:
            click.echo(f"── round {number} · {_clock(at)} ──", err=self._output.parquet is not None)
        elif self._output.form == "csv" and number > 1:
            click.echo()
        for line in said:
            click.echo(line, err=True)
        show(result, self._output, compact=True)

    def failed(self, error: FrontrowError, number: int, at: datetime) -> None:
        """See Display."""
        click.echo(f"round {number} · {_clock(at)}: no answer: {error}", err=True)


class InPlace:
    """On a terminal the newest answer takes the place of the one before, which stays where there is none."""

    def __init__(self, live: Live, output: Output, seconds: float) -> None:
        self._live = live
        self._output = output
        self._seconds = seconds
        self._newest: tuple[Result, datetime] | None = None

    def answered(self, result: Result, number: int, at: datetime) -> None:
        """See Display."""
        write_files(result, self._output)
        self._newest = (result, at)
        self._draw(f"round {number} · {_clock(at)} · every {self._seconds:g} s · Ctrl-C ends", None, at)

    def failed(self, error: FrontrowError, number: int, at: datetime) -> None:
        """See Display."""
        self._draw(f"round {number} · {_clock(at)} · every {self._seconds:g} s · Ctrl-C ends", str(error), at)

    def _draw(self, heading: str, error: str | None, at: datetime) -> None:
        console: Console = self._live.console
        self._live.update(screen(console, heading, self._newest, error, at), refresh=True)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """For the block: SIGTERM as well ends the query that is under way in Druid, and gives the terminal back."""
    before = signal.signal(signal.SIGTERM, as_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
