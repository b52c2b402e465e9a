"""Top lists as bars: in the order of the answer, each with its value, a panel for each metric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from frontrow._charts.shape import Shape, capital, named, titled
from frontrow._charts.style import INK, PALETTE, panel_title
from frontrow._charts.units import measure

if TYPE_CHECKING:
    from frontrow._result import Result

MOST_BARS = 50
_STEP = 24
_NARROWEST = 140


def bar_panels(result: Result, shape: Shape, *, width: int) -> list[dict[str, Any]]:
    """A panel for each metric, side by side; only the first one names the bars."""
    names = bar_names(result, shape)[:MOST_BARS]
    share = max(width // len(shape.metrics), _NARROWEST)
    return [
        _panel(result, name, names, width=share, first=index == 0, several=len(shape.metrics) > 1)
        for index, name in enumerate(shape.metrics)
    ]


def bar_names(result: Result, shape: Shape) -> list[str]:
    """What each bar is called; the label if there is one, with the value itself where two labels are the same."""
    if shape.slices:
        return [_slice(row) for row in result]
    if not shape.dimensions:
        return [str(row + 1) for row in range(len(result))]
    values = [named(value) for value in result.columns[shape.dimensions[0]]]
    if shape.label is None:
        return values
    labels = [named(value) for value in result.columns[shape.label]]
    often = Counter(labels)
    return [label if often[label] == 1 else f"{label} ({value})" for label, value in zip(labels, values, strict=True)]


def _slice(row: Mapping[str, Any]) -> str:
    first = f"{row['dimension']} {named(row['value'])}"
    second = row.get("dimension_2")
    return first if second is None else f"{first}, {second} {named(row['value_2'])}"


def _panel(result: Result, name: str, names: list[str], *, width: int, first: bool, several: bool) -> dict[str, Any]:
    values = result.columns[name][: len(names)]
    unit = measure(result.units.get(name, ""), values)
    drawn = [unit.drawn(value) for value in values]
    texts = [unit.text(value, with_unit=False) for value in values]
    rows = [
        {"bar": bar, "value": value, "end": value or 0, "text": text}
        for bar, value, text in zip(names, drawn, texts, strict=True)
    ]
    # A number at the longest bar needs room to its right.
    room = max(map(len, texts), default=1) * 7 + 10
    largest = max((value for value in drawn if value is not None), default=0) or 1
    axis = {"labelLimit": 240, "labelColor": INK, "labelFontSize": 12, "domain": False, "ticks": False, "title": None}
    tooltip = [
        {"field": "bar", "type": "nominal", "title": " "},
        {"field": "text", "type": "nominal", "title": unit.unit or "value"},
    ]
    spec: dict[str, Any] = {
        "data": {"values": rows},
        "width": width,
        "height": {"step": _STEP},
        "encoding": {
            "y": {
                "field": "bar",
                "type": "nominal",
                "sort": list(names),
                "scale": {"paddingInner": 0.25, "paddingOuter": 0.1},
                "axis": {**axis, "labelPadding": 8} if first else None,
            },
            "tooltip": tooltip,
        },
        "layer": [
            {
                "mark": {"type": "bar", "color": PALETTE[0], "cornerRadiusEnd": 2},
                "encoding": {
                    "x": {
                        "field": "value",
                        "type": "quantitative",
                        "scale": {"zero": True, "nice": False, "domainMax": largest * width / max(width - room, 40)},
                        "axis": {
                            "title": unit.axis_title,
                            "format": unit.axis_format,
                            "tickCount": 4 if width > 300 else 3,
                            "domain": False,
                            "ticks": False,
                            "titleAnchor": "start",
                        },
                    }
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 5, "color": INK, "fontSize": 11},
                "encoding": {
                    "x": {"field": "end", "type": "quantitative"},
                    "text": {"field": "text", "type": "nominal"},
                },
            },
        ],
    }
    return {"title": panel_title(capital(titled(name))), **spec} if several else spec
