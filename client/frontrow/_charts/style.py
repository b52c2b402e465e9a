"""What all charts share: colours that colour-blind readers can tell apart, quiet lines, room for a caption."""

from __future__ import annotations

from typing import Any

# Okabe and Ito's, without black, which is for text, and yellow, which is too pale on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6A3D9A")
INK = "#222222"
QUIET = "#666666"
_LINE = "#D0D0D0"

CONFIG: dict[str, Any] = {
    "font": "Inter, Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif",
    "background": "#FFFFFF",
    "view": {"stroke": None},
    "range": {"category": list(PALETTE)},
    "axis": {
        "domainColor": _LINE,
        "gridColor": "#EBEBEB",
        "tickColor": _LINE,
        "labelColor": QUIET,
        "labelFontSize": 11,
        "titleColor": QUIET,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
    },
    "legend": {
        "orient": "top",
        "title": None,
        "labelColor": INK,
        "labelFontSize": 12,
        "labelLimit": 260,
        "columnPadding": 18,
        "symbolType": "stroke",
        "symbolStrokeWidth": 3,
    },
    "title": {"color": INK, "subtitleColor": QUIET},
}

# The menu of a shown chart saves it. Vega's editor is a site of others, to which it would send the numbers.
USERMETA: dict[str, Any] = {
    "embedOptions": {"actions": {"export": True, "source": False, "compiled": False, "editor": False}}
}


def heading(title: str, caption: list[str]) -> dict[str, Any]:
    """The title of a chart, with its caption below it, both at the left."""
    return {
        "text": title,
        "subtitle": caption,
        "anchor": "start",
        "frame": "group",
        "fontSize": 16,
        "fontWeight": 600,
        "subtitleFontSize": 11,
        "subtitleLineHeight": 15,
        "subtitlePadding": 6,
        "offset": 16,
    }


def panel_title(text: str, offset: int = 8) -> dict[str, Any]:
    """The title of one panel of several."""
    return {"text": text, "anchor": "start", "frame": "group", "fontSize": 12, "fontWeight": 600, "offset": offset}


def value_axis(unit: str, axis_format: str, **more: Any) -> dict[str, Any]:
    """A vertical axis without a line, its unit on top of it where nobody has to turn the head."""
    return {
        "title": unit,
        "titleAngle": 0,
        "titleAlign": "left",
        "titleBaseline": "bottom",
        "titleX": -34,
        "titleY": -8,
        "minExtent": 34,
        "format": axis_format,
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
        "tickCount": 5,
        **more,
    }
