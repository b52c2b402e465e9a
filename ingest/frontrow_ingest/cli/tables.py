"""Tables on standard output."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

_WIDEST = 1_000


def show_tables(*tables: Table) -> None:
    """Print tables as wide as the terminal; in a file or a pipe nothing is cut or wrapped."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDEST)
    for table in tables:
        console.print(table)
