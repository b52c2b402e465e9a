"""The table of ways to produce: how many events a second, and what one costs."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from rich.table import Table


def speed_table(title: str, cost: str, measured: Mapping[str, Sequence[tuple[float, float]]]) -> Table:
    """Median and best of each way's rounds, which are (events per second, ``cost``)."""
    shown = Table(title=f"{title}: median and best")
    for column in ("way", "events/s", "best", cost, "best"):
        shown.add_column(column, justify="left" if column == "way" else "right")
    for name, rows in measured.items():
        speeds, costs = zip(*rows, strict=True)
        shown.add_row(
            name,
            f"{statistics.median(speeds):,.0f}",
            f"{max(speeds):,.0f}",
            f"{statistics.median(costs):.2f}",
            f"{min(costs):.2f}",
        )
    return shown
