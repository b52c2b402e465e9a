"""Tables on standard output."""

from __future__ import annotations

import io
import sys

from rich.console import Console
from rich.table import Table

_WIDEST = 1_000


def table_console() -> Console:
    """Standard output, as wide as the terminal; in a file or a pipe nothing is cut or wrapped.

    What the output's encoding has not is shown as ``?``.
    """
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")
    console = Console()
    return console if console.is_terminal else Console(width=_WIDEST)


def show_tables(*tables: Table) -> None:
    """Print tables, whole where they go into a file or a pipe."""
    console = table_console()
    for table in tables:
        console.print(table)
