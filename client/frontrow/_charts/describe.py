"""A chart in words, for who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from frontrow._charts.panels import Line, Panel
from frontrow._charts.shape import Shape, named, titled
from frontrow._charts.units import measure

if TYPE_CHECKING:
    from frontrow._result import Result

_MOST_TOLD = 3


def of_panels(panels: Sequence[Panel]) -> str:
    """Of each line its ends, lowest and highest value."""
    return " ".join(_of_line(line, panel) for panel in panels for line in panel.lines)


def of_bars(result: Result, shape: Shape, names: Sequence[str]) -> str:
    """The first bars with their values."""
    told = []
    for metric in shape.metrics:
        values = result.columns[metric]
        unit = measure(result.units.get(metric, ""), values)
        first = (f"{name} {unit.text(value)}" for name, value in list(zip(names, values, strict=True))[:_MOST_TOLD])
        told.append(f"{titled(metric)}: {', '.join(first)}.")
    return f"Bar chart of {len(names):,}. {' '.join(told)}"


def of_cells(result: Result, shape: Shape) -> str:
    """Where the highest value is."""
    told = []
    for metric in shape.metrics:
        values = result.columns[metric]
        unit = measure(result.units.get(metric, ""), values)
        known = [(value, row) for row, value in enumerate(values) if value is not None]
        if known:
            value, row = max(known)
            place = " and ".join(named(result.columns[each][row]) for each in shape.dimensions)
            told.append(f"{titled(metric)} is highest at {place}: {unit.text(value)}.")
    return f"Heat map. {' '.join(told)}"


def _of_line(line: Line, panel: Panel) -> str:
    known = [(value, index) for index, value in enumerate(line.values) if value is not None]
    if not known:
        return f"{line.name}: no values."
    (low, lowest), (high, highest) = min(known), max(known)
    text = panel.measure.text
    return (
        f"{line.name}: line from {text(known[0][0])} to {text(known[-1][0])}, "
        f"lowest {text(low)} at {line.said[lowest]}, highest {text(high)} at {line.said[highest]}."
    )
