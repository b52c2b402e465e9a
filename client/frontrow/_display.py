"""Answers as text and HTML: a short table, and below it what must be known to read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from frontrow._result import Result

_MOST_ROWS = 20
_WIDEST = 40


def as_text(result: Result, most_rows: int = _MOST_ROWS) -> str:
    """A table of the first rows, numbers to the right, and the caveats."""
    header = [_heading(result, name) for name in result.columns]
    body = [[format_value(value) for value in row] for row in _rows(result, most_rows)]
    body = [[cell if len(cell) <= _WIDEST else cell[: _WIDEST - 1] + "…" for cell in row] for row in body]
    widths = [max(len(row[index]) for row in [header, *body]) for index in range(len(header))]
    right = [result.types[name] in ("integer", "number") for name in result.columns]
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


def as_html(result: Result, most_rows: int = _MOST_ROWS) -> str:
    """The same as an HTML table; every value is escaped."""
    head = "".join(f"<th>{escape(_heading(result, name))}</th>" for name in result.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(format_value(value))}</td>" for value in row) + "</tr>"
        for row in _rows(result, most_rows)
    )
    more = f"<p>… {len(result) - most_rows:,} more rows</p>" if len(result) > most_rows else ""
    note = escape(caveats(result))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}<p><small>{note}</small></p>"


def caveats(result: Result) -> str:
    """One line: interval, exactness, freshness, time taken."""
    parts = [f"{len(result):,} rows"]
    if result.interval:
        parts.append(str(result.interval).replace(".000Z", "Z"))
    parts += [result.exactness, str(result.freshness) if result.freshness else "freshness unknown"]
    return " · ".join([*parts, f"{result.elapsed * 1000:.0f} ms"])


def format_value(value: Any) -> str:
    """A value as a person reads it."""
    match value:
        case None:
            return "–"
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


def _heading(result: Result, name: str) -> str:
    unit = result.units.get(name)
    return f"{name} [{unit}]" if unit else name


def _rows(result: Result, most: int) -> list[Sequence[Any]]:
    return list(zip(*(values[:most] for values in result.columns.values()), strict=True))
