"""Answers as HTML for notebooks: a table, and below it a list of what must be known to read it.

No colours are set: it looks as the notebook's theme does, light or dark. Every value is escaped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from frontrow._shown.caveats import UNSETTLED, caveats_of
from frontrow._shown.display import MOST_ROWS, cells, headings, hidden_text, is_number

if TYPE_CHECKING:
    from frontrow._result import Result

_LIST = "display:grid;grid-template-columns:max-content auto;column-gap:1em;margin:0.5em 0;font-size:smaller"
_NUMBER = "text-align:right;font-variant-numeric:tabular-nums"
_TEXT = "text-align:left"


def as_html(result: Result, most_rows: int = MOST_ROWS) -> str:
    """The first rows as a table, and the caveats as a list of terms."""
    styles = [_NUMBER if is_number(result, name) else _TEXT for name in result.columns]
    head = "".join(
        f'<th scope="col" style="{style}">{escape(heading)}</th>'
        for heading, style in zip(headings(result), styles, strict=True)
    )
    hidden, rows = result.suppressed_rows, []
    for number, row in enumerate(cells(result, most_rows)):
        shown = (_cell(result, cell, hidden[number]) for cell in row)
        rows.append(
            "<tr>"
            + "".join(f'<td style="{style}">{cell}</td>' for cell, style in zip(shown, styles, strict=True))
            + "</tr>"
        )
    if not rows:
        rows.append(f'<tr><td colspan="{max(len(styles), 1)}" style="{_TEXT}">(no rows)</td></tr>')
    terms = "".join(
        f'<dt style="font-weight:600">{escape(name)}</dt><dd style="margin:0">{escape(text)}</dd>'
        for name, text in caveats_of(result).items()
    )
    return (
        f'<div><table><caption style="{_TEXT}">{escape(_caption(result, most_rows))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f'<dl style="{_LIST}">{terms}</dl></div>'
    )


def _caption(result: Result, most_rows: int) -> str:
    """What is in the table: numbers by all else, and how many rows."""
    numbers = [name for name in result.columns if is_number(result, name) and name != "position"]
    others = [name for name in result.columns if name not in numbers]
    what = " by ".join(filter(None, [", ".join(numbers), ", ".join(others)]))
    count = len(result)
    rows = f"{count:,} {'row' if count == 1 else 'rows'}"
    if count > most_rows:
        rows = f"first {most_rows:,} of {rows}, {count - most_rows:,} more rows"
    return f"{what} · {rows}" if what else rows


def _cell(result: Result, cell: str, hidden: bool) -> str:
    """A cell; what stands for something tells so."""
    if hidden and cell == hidden_text(result):
        why = f"hidden: fewer than {result.suppression.least:,} {result.suppression.of}"
        why += ", or to protect another" if result.suppression.protecting else ""
        return f'<abbr title="{escape(why)}">{escape(cell)}</abbr>'
    if cell.endswith(f" {UNSETTLED}"):
        return f'{escape(cell[:-1])}<abbr title="bucket not complete yet">{UNSETTLED}</abbr>'
    return escape(cell)
