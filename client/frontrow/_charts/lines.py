"""Lines as Vega-Lite: gaps where nothing is known, dashes where a bucket is not complete, bands for bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from frontrow._charts.panels import Line, Panel
from frontrow._charts.style import PALETTE, panel_title, value_axis
from frontrow._charts.thinning import MOST_ROWS, kept

_ALONE = 260
_FEW = 150
# Above so many, points to hover over weigh more than they help.
_MOST_HOVERED = 1_500


def panel_spec(panel: Panel, x: dict[str, Any], *, width: int, height: int | None, panels: int) -> dict[str, Any]:
    """One panel.

    Args:
        x: the horizontal channel without its field
        panels: how many the chart has; one of several has a title of its own
    """
    rows = rows_of(panel)
    several = len(panel.lines) > 1
    names = [line.name for line in panel.lines]
    channels: dict[str, Any] = {
        "x": {"field": "x", **x},
        "y": {
            "field": "value",
            "type": "quantitative",
            "scale": {"zero": True, "nice": True},
            "axis": value_axis(
                panel.measure.axis_title,
                panel.measure.axis_format,
                tickCount=5 if panels == 1 else 3,
                **({"tickMinStep": 1} if panel.measure.whole else {}),
            ),
        },
        "color": {
            "field": "series",
            "type": "nominal",
            "scale": {"domain": names, "range": [PALETTE[index % len(PALETTE)] for index in range(len(names))]},
            "legend": {} if several else None,
        },
    }
    dashes = {"domain": ["complete", "incomplete"], "range": [[1, 0], [5, 4]]}
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "line", "strokeWidth": 2, "strokeJoin": "round", "strokeCap": "round"},
            "encoding": {
                "detail": {"field": "segment", "type": "nominal"},
                "strokeDash": {"field": "part", "type": "nominal", "scale": dashes, "legend": None},
            },
        },
        _points("datum.alone && datum.settled", filled=True),
        _points("!datum.settled", filled=False),
    ]
    if any(line.low is not None for line in panel.lines):
        layers.insert(0, _band())
    if len(rows) <= _MOST_HOVERED:
        layers.append(_hover(several))
    spec: dict[str, Any] = {
        "data": {"values": rows},
        "width": width,
        "height": height or (_ALONE if panels == 1 else _FEW),
        "encoding": channels,
        "layer": layers,
    }
    # The legend of several lines names them.
    return (
        spec
        if panels == 1 or several
        else {"title": panel_title(panel.title, 20 if panel.measure.axis_title else 8), **spec}
    )


def bare(x: dict[str, Any]) -> dict[str, Any]:
    """A horizontal channel without words, for a panel above one that has them."""
    axis = x["axis"]
    return x if axis is None else {**x, "axis": {**axis, "labels": False, "title": None}}


def rows_of(panel: Panel) -> list[dict[str, Any]]:
    """The rows of a panel's data, fewer than there are points where those are too many."""
    share = MOST_ROWS // max(len(panel.lines), 1)
    return [row for line in panel.lines for row in _rows(line, panel, kept(line.values, share))]


def is_thinned(panel: Panel) -> bool:
    """Whether not every point is drawn."""
    share = MOST_ROWS // max(len(panel.lines), 1)
    return any(len(line.values) > share for line in panel.lines)


def _rows(line: Line, panel: Panel, indices: Sequence[int]) -> Iterator[dict[str, Any]]:
    for number, (segment, part) in enumerate(_segments(line, indices)):
        for index in segment:
            value = line.values[index]
            row = {
                "x": line.xs[index],
                "value": panel.measure.drawn(value),
                "series": line.name,
                "segment": f"{line.name} {number}",
                "part": part,
                "settled": line.settled[index],
                "said": line.said[index] + ("" if line.settled[index] else " (not complete)"),
                "text": panel.measure.text(value),
                "alone": len(segment) == 1,
            }
            if line.low is not None and line.high is not None:
                row["low"] = panel.measure.drawn(line.low[index])
                row["high"] = panel.measure.drawn(line.high[index])
            yield row


def _segments(line: Line, indices: Sequence[int]) -> Iterator[tuple[list[int], str]]:
    """Stretches between nulls, cut where the line turns dashed or solid; both parts hold the point at the cut."""
    run: list[int] = []
    part = ""
    for index in indices:
        if line.values[index] is None:
            if run:
                yield run, part
            run = []
            continue
        settled = line.settled[index] and (not run or line.settled[run[-1]])
        follows = "complete" if settled else "incomplete"
        if len(run) > 1 and follows != part:
            yield run, part
            run = run[-1:]
        run, part = [*run, index], follows
    if run:
        yield run, part


def _points(which: str, *, filled: bool) -> dict[str, Any]:
    """Points that lines do not show, hollow where a bucket is not complete."""
    inside = {} if filled else {"fill": "#FFFFFF", "strokeWidth": 1.5}
    return {
        "mark": {"type": "point", "filled": filled, "size": 30, "opacity": 1, **inside},
        "transform": [{"filter": which}],
        "encoding": {},
    }


def _band() -> dict[str, Any]:
    return {
        "mark": {"type": "area", "opacity": 0.18, "line": False},
        "encoding": {
            "y": {"field": "low", "type": "quantitative"},
            "y2": {"field": "high"},
            "detail": {"field": "segment", "type": "nominal"},
        },
    }


def _hover(several: bool) -> dict[str, Any]:
    """Points that nobody sees, to be pointed at."""
    told = [{"field": "series", "title": " "}] if several else []
    return {
        "mark": {"type": "point", "filled": True, "size": 140, "opacity": 0},
        "encoding": {
            "tooltip": [
                *({**each, "type": "nominal"} for each in told),
                {"field": "said", "type": "nominal", "title": "at"},
                {"field": "text", "type": "nominal", "title": "value"},
            ]
        },
    }
