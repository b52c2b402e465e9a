"""Distributions as histograms: a bar for each bin, the two without an end paler, a panel for each value compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from frontrow._charts.shape import Shape, capital, named, titled
from frontrow._charts.style import PALETTE, panel_title, value_axis
from frontrow._charts.units import Measure, measure

if TYPE_CHECKING:
    from frontrow._result import Result

MOST_VALUES = 12
"""Values that are compared in a picture."""

_ALONE, _ONE_OF_SEVERAL = 260, 110
_OPEN = "#A9C9E2"


def histogram_panels(result: Result, shape: Shape, *, width: int, height: int | None) -> list[dict[str, Any]]:
    """A panel for each metric of each value, one below the other, on the same axes."""
    groups = bin_groups(result, shape)[:MOST_VALUES]
    ends = edges(result)
    xs = measure("ms", [end for pair in ends for end in pair])
    count = len(groups) * len(shape.metrics)
    tall = height or (_ONE_OF_SEVERAL if count > 1 else _ALONE)
    panels: list[dict[str, Any]] = []
    for metric in shape.metrics:
        ys = measure(result.units.get(metric, ""), result.columns[metric])
        for name, rows in groups:
            panel = _panel(result, metric, rows, ends, xs, ys)
            # The unit below the last one is enough.
            if len(panels) + 1 < count:
                panel["encoding"]["x"]["axis"]["title"] = None
            title = " · ".join(filter(None, [capital(titled(metric)) if len(shape.metrics) > 1 else "", name]))
            panels.append({**({"title": panel_title(title)} if title else {}), "width": width, "height": tall, **panel})
    return panels


def edges(result: Result) -> list[tuple[float, float]]:
    """Where each bin is drawn: one without an end is as wide as its neighbour."""
    found: list[tuple[float, float]] = []
    starts, ends = result.columns["from_ms"], result.columns["to_ms"]
    known = [end for end in ends if end is not None]
    for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if start is None and end is None:
            # All in one bin is as wide as what it is beside; a distribution that is hidden is not drawn.
            found.append((min([0, *known]), max([1, *known])))
            continue
        if start is None:
            following = ends[row + 1]
            width = following - end if following is not None else max(end, 1)
            # No time is less than nothing, where nothing else is.
            start = max(end - width, 0) if end > 0 else end - width
        elif end is None:
            before = starts[row - 1]
            end = start + (start - before if before is not None else max(start, 1))
        found.append((start, end))
    return found


def is_uneven(result: Result) -> bool:
    """Whether bins that have both ends differ in width."""
    widths = {
        round(end - start, 6)
        for start, end in zip(result.columns["from_ms"], result.columns["to_ms"], strict=True)
        if start is not None and end is not None
    }
    return len(widths) > 1


def said(result: Result, row: int, unit: Measure) -> str:
    """A bin in words."""
    start, end = result.columns["from_ms"][row], result.columns["to_ms"][row]
    if start is None and end is None:
        return "all"
    if start is None:
        return f"up to {unit.text(end)}"
    if end is None:
        return f"above {unit.text(start)}"
    return f"{unit.text(start, with_unit=False)} to {unit.text(end)}"


def of_bins(result: Result, shape: Shape) -> str:
    """The highest bar of each panel."""
    told = []
    xs = measure("ms", [end for pair in edges(result) for end in pair])
    for metric in shape.metrics:
        values = result.columns[metric]
        ys = measure(result.units.get(metric, ""), values)
        for name, rows in bin_groups(result, shape)[:MOST_VALUES]:
            highest = max(rows, key=lambda row: values[row])
            value = ys.text(values[highest])
            told.append(f"{name or capital(titled(metric))}: highest {said(result, highest, xs)}, {value}.")
    return f"Histogram. {' '.join(told)}"


def bin_groups(result: Result, shape: Shape) -> list[tuple[str, list[int]]]:
    """Rows by the value compared; without what is hidden."""
    found: dict[str, list[int]] = {}
    for row, share in enumerate(result.columns["share"]):
        if share is not None:
            name = named(result.columns[shape.dimensions[0]][row]) if shape.dimensions else ""
            found.setdefault(name, []).append(row)
    return list(found.items())


def _panel(
    result: Result, metric: str, rows: Sequence[int], ends: Sequence[tuple[float, float]], xs: Measure, ys: Measure
) -> dict[str, Any]:
    values = result.columns[metric]
    drawn = [
        {
            "from": xs.drawn(ends[row][0]),
            "to": xs.drawn(ends[row][1]),
            "value": ys.drawn(values[row]),
            "bin": said(result, row, xs),
            "text": ys.text(values[row]),
            "open": result.columns["from_ms"][row] is None or result.columns["to_ms"][row] is None,
        }
        for row in rows
    ]
    x = {
        "field": "from",
        "type": "quantitative",
        "bin": "binned",
        "scale": {"zero": False, "nice": False},
        "axis": {"title": xs.axis_title, "format": ",~f", "grid": False, "tickSize": 4, "titleAnchor": "start"},
    }
    return {
        "data": {"values": drawn},
        "layer": [{"mark": {"type": "bar", "binSpacing": 1}}],
        "encoding": {
            "x": x,
            "x2": {"field": "to"},
            "y": {
                "field": "value",
                "type": "quantitative",
                "scale": {"zero": True, "nice": True, "domainMax": _largest(values, ys)},
                "axis": value_axis(ys.axis_title, ys.axis_format),
            },
            "color": {"condition": {"test": "datum.open", "value": _OPEN}, "value": PALETTE[0]},
            "tooltip": [
                {"field": "bin", "type": "nominal", "title": " "},
                {"field": "text", "type": "nominal", "title": titled(metric).lower()},
            ],
        },
    }


def _largest(values: Sequence[float | None], ys: Measure) -> float:
    return ys.drawn(max((value for value in values if value is not None), default=1)) or 1
