"""Answers as text: a short table, and below it what must be known to read it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from frontrow._shown.caveats import UNSETTLED, caveats_of

if TYPE_CHECKING:
    from frontrow._result import Result

MOST_ROWS = 20
_WIDEST = 40


def as_text(result: Result, most_rows: int = MOST_ROWS) -> str:
    """A table of the first rows, numbers to the right, and the caveats."""
    header = headings(result)
    body = [
        [cell if len(cell) <= _WIDEST else cell[: _WIDEST - 1] + "…" for cell in row]
        for row in cells(result, most_rows)
    ]
    widths = [max(len(row[index]) for row in [header, *body]) for index in range(len(header))]
    right = [is_number(result, name) for name in result.columns]
    lines = [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in [header, ["─" * width for width in widths], *body]
    ]
    if len(result) > most_rows:
        lines.append(f"… {len(result) - most_rows:,} more rows")
    if not len(result):
        lines.append("(no rows)")
    return "\n".join([*lines, caveats(result)])


def caveats(result: Result) -> str:
    """The caveats in one line."""
    found = caveats_of(result)
    found.pop("query", None)
    return " · ".join([f"{len(result):,} {'row' if len(result) == 1 else 'rows'}", *found.values()])


def headings(result: Result) -> list[str]:
    """Of each column its name and unit; of times their zone, unless it is UTC."""
    found = []
    for name in result.columns:
        unit = _zone(result) if result.types[name] == "time" else result.units.get(name)
        found.append(f"{name} [{unit}]" if unit else name)
    return found


def cells(result: Result, most: int | None = None) -> list[list[str]]:
    """The first rows as a person reads them: hidden values say so, buckets that are not complete have a mark."""
    zone, settled, hidden = _zone(result), result.settled, result.suppressed_rows
    kinds = [result.types[name] for name in result.columns]
    # The position of a curve says which row it is, as a time or a dimension does.
    kept = [kind in ("time", "string") or name == "position" for name, kind in zip(result.columns, kinds, strict=True)]
    found = []
    for row, values in enumerate(zip(*(column[:most] for column in result.columns.values()), strict=True)):
        line = []
        for value, kind, stays in zip(values, kinds, kept, strict=True):
            text = hidden_text(result) if value is None and hidden[row] and not stays else format_value(value, zone)
            marked = kind == "time" and settled is not None and not settled[row]
            line.append(f"{text} {UNSETTLED}" if marked else text)
        found.append(line)
    return found


def hidden_text(result: Result) -> str:
    """What stands for a hidden value; ``<10`` would be wrong of a row that is hidden to protect another."""
    return "hidden" if result.suppression.protecting else f"<{result.suppression.least:,}"


def is_number(result: Result, name: str) -> bool:
    """Whether a column is of numbers."""
    return result.types[name] in ("integer", "number")


def format_value(value: Any, zone: str = "") -> str:
    """A value as a person reads it.

    Args:
        zone: of times, which then have their offset, as an hour may come twice; UTC unless given
    """
    match value:
        case None:
            return "–"
        case datetime() if zone:
            return value.astimezone(ZoneInfo(zone)).isoformat(sep=" ", timespec="seconds")
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        case bool():
            return str(value).lower()
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.0f}" if value.is_integer() or abs(value) >= 10_000 else f"{value:,.4g}"
        case _:
            return "".join(char if char.isprintable() else "�" for char in str(value))


def _zone(result: Result) -> str:
    """The zone that times are shown in; empty for UTC."""
    return "" if result.time_zone in (None, "UTC") else str(result.time_zone)
