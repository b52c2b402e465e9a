"""Metrics over time, whole or by one dimension."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from frontrow._charts.panels import Line, Panel
from frontrow._charts.shape import Shape, named, titled
from frontrow._charts.style import PALETTE
from frontrow._charts.times import length_text, milliseconds, moment_text, ticks
from frontrow._charts.units import measure

if TYPE_CHECKING:
    from frontrow._result import Result


def time_panels(result: Result, shape: Shape, zone: ZoneInfo) -> tuple[list[Panel], str, list[str]]:
    """A panel for each unit, or with a dimension for each metric; the step in words; and what is to be said of them."""
    times: Sequence[datetime | None] = result.columns[shape.time or ""]
    rows = [row for _, row in sorted((time, row) for row, time in enumerate(times) if time is not None)]
    distinct = sorted({time for time in times if time is not None})
    known = result.settled or [True] * len(times)
    settled = {time: known[row] for row, time in enumerate(times) if time is not None}
    step = f"by {length_text(distinct[1] - distinct[0])}" if len(distinct) > 1 else ""
    notes = []
    if shape.dimensions:
        groups, note = _groups(result, shape, rows)
        notes.append(note)
        plan = [(titled(name), [(text, name, members) for text, members in groups]) for name in shape.metrics]
    else:
        plan = [
            ("", [(titled(name), name, rows) for name in shape.metrics if result.units.get(name, "") == unit])
            for unit in dict.fromkeys(result.units.get(name, "") for name in shape.metrics)
        ]
    panels = [
        _panel(result, shape, title or ", ".join(text for text, _, _ in lines), lines, settled, zone)
        for title, lines in plan
    ]
    if not all(settled.values()):
        newest = result.freshness.newest if result.freshness else None
        seen = f" (newest event {moment_text(newest, zone, seconds=True)})" if newest else ""
        notes.append(f"Dashed: bucket not complete{seen}")
    return panels, step, notes


def time_channel(panels: Sequence[Panel], zone: ZoneInfo) -> dict[str, Any]:
    """The horizontal axis, its labels in a zone."""
    xs = [x for panel in panels for line in panel.lines for x in line.xs]
    if not xs:
        return {"type": "temporal", "axis": None}
    first, last = (datetime.fromtimestamp(x / 1000, zone) for x in (min(xs), max(xs)))
    labels = ticks(first, last, zone) if first < last else {min(xs): [moment_text(first, zone)]}
    chosen = ", ".join(f"'{at}': {_lines(lines)}" for at, lines in labels.items())
    return {
        "type": "temporal",
        "scale": {"type": "utc", **({"domain": [min(xs), max(xs)]} if first < last else {})},
        "axis": {
            "title": f"time ({zone.key})",
            "values": list(labels),
            "labelExpr": f"{{{chosen}}}[toNumber(datum.value)]",
            "labelFlush": False,
            "grid": False,
            "tickSize": 4,
        },
    }


def _lines(lines: Sequence[str]) -> str:
    return "[" + ", ".join(f"'{line}'" for line in lines) + "]"


def _groups(result: Result, shape: Shape, rows: Sequence[int]) -> tuple[list[tuple[str, list[int]]], str]:
    """Rows of the largest values of the dimension, by its text; no more than there are colours."""
    values, first = result.columns[shape.label or shape.dimensions[0]], result.columns[shape.metrics[0]]
    found: dict[Any, list[int]] = {}
    for row in rows:
        found.setdefault(values[row], []).append(row)
    size = {value: sum(first[row] or 0 for row in members) for value, members in found.items()}
    largest = sorted(found, key=lambda value: -size[value])[: len(PALETTE)]
    note = f"The largest {len(largest)} of {len(found)} are drawn" if len(found) > len(largest) else ""
    return [(named(value), found[value]) for value in largest], note


def _panel(
    result: Result,
    shape: Shape,
    title: str,
    wanted: Sequence[tuple[str, str, Sequence[int]]],
    settled: dict[datetime, bool],
    zone: ZoneInfo,
) -> Panel:
    times = result.columns[shape.time or ""]
    lines = []
    for text, name, rows in wanted:
        bounds = [[result.columns[bound][row] for row in rows] for bound in shape.bounds.get(name, ())]
        lines.append(
            Line(
                name=text,
                xs=[milliseconds(times[row]) for row in rows],
                said=[moment_text(times[row], zone, seconds=bool(times[row].second)) for row in rows],
                values=[result.columns[name][row] for row in rows],
                settled=[settled[times[row]] for row in rows],
                low=bounds[0] if bounds else None,
                high=bounds[1] if bounds else None,
            )
        )
    metric = wanted[0][1]
    shown = (value for line in lines for value in (*line.values, *(line.high or ())))
    unit = measure(result.units.get(metric, ""), shown)
    return Panel(title, unit, tuple(lines))
