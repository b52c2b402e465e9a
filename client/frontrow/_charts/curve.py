"""The curve of ``Client.retention``: which share of a title's sessions played each position, or came so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from frontrow._charts.panels import Line, Panel
from frontrow._charts.shape import Shape
from frontrow._charts.units import measure

if TYPE_CHECKING:
    from frontrow._result import Result

_SAID = {"remaining": "came at least so far", "retention": "played it", "came_so_far": "came at least so far"}


def curve_panels(result: Result, shape: Shape) -> list[Panel]:
    """A panel for each unit."""
    positions = result.columns["position"]
    by = asked(result, "position_is")
    said = [f"{position}%" if by == "percent" else f"minute {position}" for position in positions]
    panels = []
    for unit in dict.fromkeys(_unit(name) for name in shape.metrics):
        names = [name for name in shape.metrics if _unit(name) == unit]
        lines = tuple(
            Line(
                name=_SAID.get(name, name.replace("_", " ")),
                xs=list(positions),
                said=said,
                values=result.columns[name],
                settled=[True] * len(positions),
            )
            for name in names
        )
        chosen = measure(unit, (value for line in lines for value in line.values))
        panels.append(Panel("Share of sessions" if unit == "share" else "Sessions", chosen, lines))
    return panels


def curve_channel(result: Result) -> dict[str, Any]:
    """The horizontal axis: positions."""
    percent = asked(result, "position_is") == "percent"
    last = max(result.columns["position"], default=0)
    return {
        "type": "quantitative",
        "scale": {"domain": [0, 100 if percent else max(last, 1)], "nice": False},
        "axis": {
            "title": "position in the title" if percent else "minute of the event",
            "labelExpr": "datum.label + '%'" if percent else "datum.label",
            "tickCount": 10,
            "grid": False,
            "tickMinStep": 1,
            "tickSize": 4,
        },
    }


def curve_title(result: Result) -> str:
    """Of which title it is."""
    content = asked(result, "content_id")
    return f"Retention of {content}" if content else "Retention"


def asked(result: Result, dimension: str) -> str:
    """The value that the first query wants of a dimension; empty if it wants none."""
    wanted = _selectors(result.query.get("filter"))
    return next((str(found["value"]) for found in wanted if found["dimension"] == dimension), "")


def _selectors(condition: Any) -> Iterator[Mapping[str, Any]]:
    match condition:
        case {"type": "selector", "dimension": _, "value": str()}:
            yield condition
        case {"type": "and", "fields": list(fields)}:
            for field in fields:
                yield from _selectors(field)


def _unit(name: str) -> str:
    return "share" if name in ("retention", "remaining") else "sessions"
