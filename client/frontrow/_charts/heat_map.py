"""Two dimensions as a heat map: a cell for each pair, no cell where the answer has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from frontrow._charts.shape import Shape, named, titled
from frontrow._charts.style import INK, panel_title
from frontrow._charts.units import measure

if TYPE_CHECKING:
    from frontrow._result import Result

MOST_VALUES = 40
_STEP, _STEP_WITHOUT_TEXT = 32, 18
# Above so many columns, numbers no longer fit into the cells.
_MOST_WITH_TEXT = 12


def heat_panels(result: Result, shape: Shape, *, width: int) -> list[dict[str, Any]]:
    """A panel for each metric, one below the other; the first dimension goes down, the second across."""
    return [_panel(result, shape, name, width, several=len(shape.metrics) > 1) for name in shape.metrics]


def heat_values(result: Result, shape: Shape) -> tuple[list[str], list[str]]:
    """Texts of all values of both dimensions, in the order of the answer."""
    first, second = ([named(value) for value in result.columns[name]] for name in shape.dimensions)
    return list(dict.fromkeys(first)), list(dict.fromkeys(second))


def heat_units(result: Result, shape: Shape) -> list[str]:
    """The units of the numbers in the cells, in words; shares say theirs themselves."""
    units = {name: measure(result.units.get(name, ""), result.columns[name]).axis_title for name in shape.metrics}
    return [f"{titled(name)} in {unit}" for name, unit in units.items() if unit]


def _panel(result: Result, shape: Shape, name: str, width: int, *, several: bool) -> dict[str, Any]:
    down, across = (found[:MOST_VALUES] for found in heat_values(result, shape))
    unit = measure(result.units.get(name, ""), result.columns[name])
    cells = {
        (named(first), named(second)): value
        for first, second, value in zip(
            *(result.columns[each] for each in shape.dimensions), result.columns[name], strict=True
        )
        if value is not None
    }
    largest = max((abs(value) for value in cells.values()), default=0)
    rows = [
        {
            "down": first,
            "across": second,
            "value": unit.drawn(value),
            "text": unit.text(value, with_unit=False),
            "dark": abs(value) > 0.55 * largest,
        }
        for (first, second), value in cells.items()
        if first in down and second in across
    ]
    axis = {
        "domain": False,
        "ticks": False,
        "labelColor": INK,
        "labelLimit": 200,
        "labelPadding": 6,
    }
    with_text = len(across) <= _MOST_WITH_TEXT
    step = _STEP if with_text else _STEP_WITHOUT_TEXT
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "rect", "stroke": "#FFFFFF", "strokeWidth": 1.5},
            "encoding": {
                "color": {
                    "field": "value",
                    "type": "quantitative",
                    "scale": {"scheme": "blues", "domainMin": 0},
                    "legend": None
                    if with_text
                    else {
                        "title": unit.axis_title or None,
                        "titleFontWeight": "normal",
                        "format": unit.axis_format,
                        "orient": "right",
                        "gradientLength": min(max(len(down) * step - 24, 60), 200),
                    },
                },
                "tooltip": [
                    {"field": "down", "type": "nominal", "title": titled(shape.dimensions[0])},
                    {"field": "across", "type": "nominal", "title": titled(shape.dimensions[1])},
                    {"field": "text", "type": "nominal", "title": unit.unit or "value"},
                ],
            },
        }
    ]
    if with_text:
        layers.append(
            {
                "mark": {"type": "text", "fontSize": 11},
                "encoding": {
                    "text": {"field": "text", "type": "nominal"},
                    "color": {"condition": {"test": "datum.dark", "value": "#FFFFFF"}, "value": INK},
                },
            }
        )
    spec: dict[str, Any] = {
        "data": {"values": rows},
        "width": width,
        "height": {"step": step},
        "encoding": {
            "y": {"field": "down", "type": "nominal", "sort": down, "axis": {**axis, "title": None}},
            "x": {
                "field": "across",
                "type": "nominal",
                "sort": across,
                "axis": {**axis, "title": None, "orient": "top", "labelAngle": 0 if len(across) <= 8 else -40},
            },
        },
        "layer": layers,
    }
    return {"title": panel_title(titled(name)), **spec} if several else spec
