"""The Vega-Lite of an answer: which kind of chart, its panels, title, caption and description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from frontrow._charts.bars import MOST_BARS, bar_names, bar_panels
from frontrow._charts.caption import caption, interval_text, listed
from frontrow._charts.curve import curve_channel, curve_panels, curve_title
from frontrow._charts.describe import of_bars, of_cells, of_panels
from frontrow._charts.heat_map import MOST_VALUES, heat_panels, heat_units, heat_values
from frontrow._charts.histogram import MOST_VALUES as MOST_COMPARED
from frontrow._charts.histogram import bin_groups, histogram_panels, is_uneven, of_bins
from frontrow._charts.lines import bare, is_thinned, panel_spec
from frontrow._charts.over_time import time_channel, time_panels
from frontrow._charts.shape import Shape, capital, lowered, shape_of, titled
from frontrow._charts.style import CONFIG, QUIET, USERMETA, heading
from frontrow._charts.times import zone_of
from frontrow._errors import AskError

if TYPE_CHECKING:
    from frontrow._result import Result

Kind: TypeAlias = Literal["line", "bar", "heat_map", "retention", "histogram"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_THINNED = "More points than the picture has room for: of each stretch the lowest and the highest are drawn"


def chart_spec(
    result: Result,
    *,
    metrics: str | Sequence[str] | None = None,
    kind: Kind | None = None,
    title: str | None = None,
    time_zone: str | None = None,
    width: int = 640,
    height: int | None = None,
) -> dict[str, Any]:
    """Vega-Lite, as JSON values; see :meth:`frontrow.Result.plot`.

    Raises:
        AskError: the answer has no such columns, or is not of that kind
    """
    shape = shape_of(result, metrics)
    fits = kinds_of(shape)
    chosen = kind or (fits[0] if fits else None)
    if chosen not in fits:
        wanted = f"kind={kind!r} does not fit" if kind else "no kind of chart fits"
        raise AskError(
            f"{wanted}: this answer has {_columns(shape)}. "
            f"{f'Use {listed(fits)}.' if fits else 'Ask for one or two dimensions, or for one with time.'}"
        )
    zone = zone_of(result, time_zone)
    parts: list[dict[str, Any]]
    across = "vconcat"
    notes: list[str] = []
    step = ""
    match chosen:
        case "bar":
            across = "hconcat"
            parts = bar_panels(result, shape, width=width)
            names = bar_names(result, shape)
            if len(names) > MOST_BARS:
                notes.append(f"The first {MOST_BARS} of {len(names):,} are drawn")
            says = of_bars(result, shape, names)
        case "heat_map":
            parts = heat_panels(result, shape, width=width)
            notes += heat_units(result, shape)
            notes += [
                f"Of {len(found):,} values of {titled(name)} the first {MOST_VALUES} are drawn"
                for name, found in zip(shape.dimensions, heat_values(result, shape), strict=True)
                if len(found) > MOST_VALUES
            ]
            says = of_cells(result, shape)
        case "histogram":
            parts = histogram_panels(result, shape, width=width, height=height)
            notes += ["Pale: without an end, drawn as wide as the next"] if len(result) else []
            notes += ["Bins differ in width: compare heights, not areas"] if is_uneven(result) else []
            if (values := len(bin_groups(result, shape))) > MOST_COMPARED:
                notes.append(f"Of {values:,} values the first {MOST_COMPARED} are drawn")
            says = of_bins(result, shape)
        case _:
            if chosen == "retention":
                panels, channel = curve_panels(result, shape), curve_channel(result)
            else:
                panels, step, notes = time_panels(result, shape, zone)
                channel = time_channel(panels, zone)
            notes += [_THINNED] if any(map(is_thinned, panels)) else []
            # One time axis below all panels is enough.
            channels = [bare(channel)] * (len(panels) - 1) + [channel]
            parts = [
                panel_spec(panel, x, width=width, height=height, panels=len(panels))
                for panel, x in zip(panels, channels, strict=True)
            ]
            says = of_panels(panels)
    named = title or _title(result, shape, chosen)
    lines = caption(result, zone, width, step, notes)
    if not len(result) or not parts:
        across, parts = "vconcat", [_nothing(width)]
    apart = {"resolve": {"scale": {"color": "independent"}, "legend": {"color": "independent"}}, "spacing": 22}
    whole = parts[0] if len(parts) == 1 else {across: parts, **apart}
    words = [named, ", ".join(filter(None, [interval_text(result, zone), step])), says, *notes]
    return {
        **whole,
        "title": heading(named, lines),
        "description": " ".join(f"{text.rstrip('.')}." for text in words if text),
        "config": CONFIG,
        "usermeta": USERMETA,
    }


def kinds_of(shape: Shape) -> list[Kind]:
    """Kinds of chart that can show an answer, the best one first."""
    if shape.curve:
        return ["retention"]
    if shape.bins:
        return ["histogram"] if len(shape.dimensions) < 2 else []
    if shape.time:
        return ["line"] if len(shape.dimensions) < 2 else []
    if len(shape.dimensions) == 2:
        return ["heat_map"]
    return ["bar"] if len(shape.dimensions) < 2 else []


def _columns(shape: Shape) -> str:
    names = [*([shape.time] if shape.time else []), *shape.dimensions, *shape.metrics]
    return ", ".join(names)


def _title(result: Result, shape: Shape, kind: Kind) -> str:
    if kind == "retention":
        return curve_title(result)
    first, *others = (titled(name) for name in shape.metrics)
    what = listed([capital(first), *map(lowered, others)])
    by = "slice" if shape.slices else " and ".join(lowered(titled(name)) for name in shape.dimensions)
    if kind == "histogram":
        counted = next((name for name in ("plays", "events") if name in result.types), "")
        what = f"{what} of {counted} by {'start-up time' if counted == 'plays' else 'delay'}"
        return f"{what} and {by}" if by else what
    return f"{what} by {by}" if by else what


def _nothing(width: int) -> dict[str, Any]:
    """What an answer without rows looks like."""
    return {
        "data": {"values": [{"text": "no rows"}]},
        "width": width,
        "height": 120,
        "layer": [
            {
                "mark": {"type": "text", "fontSize": 14, "color": QUIET},
                "encoding": {"text": {"field": "text", "type": "nominal"}},
            }
        ],
    }
