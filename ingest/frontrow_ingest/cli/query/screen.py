"""What ``--watch`` shows on a terminal: no more than fits, the newest first to be kept."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.text import Text

from frontrow import Result
from frontrow._shown.display import caveats
from frontrow_ingest.cli.query.forms import as_table
from frontrow_ingest.cli.query.summary import is_timeseries, summary

_AROUND_ROWS = 5  # lines of a table that are no rows: its frame and two of headings


def screen(
    console: Console, heading: str, newest: tuple[Result, datetime] | None, error: str | None, at: datetime
) -> RenderableType:
    """
    Args:
        newest: the last answer there was, and when it came
        error: why this round has none
        at: the time of this round
    """
    parts: list[RenderableType] = [Text(heading, style="dim")]
    if error is not None:
        parts.append(Text(f"no answer: {error}", style="red"))
    if newest is None:
        return Group(*parts)
    result, came = newest
    if error is not None:
        parts.append(Text(f"below: the answer of {came:%H:%M:%S} UTC, {(at - came).total_seconds():,.0f} s ago"))
    parts += [Text(line) for line in summary(result, console)]
    parts.append(Text(caveats(result), style="dim"))
    lines = sum(len(console.render_lines(part)) for part in parts)
    room = max(1, console.height - lines - _AROUND_ROWS - 1)
    if len(result) <= room:
        return Group(*parts, as_table(result))
    more, rest = len(result) - room + 1, room - 1
    if is_timeseries(result):
        return Group(*parts, Text(f"… {more:,} earlier rows"), as_table(result, slice(more, None)))
    return Group(*parts, as_table(result, slice(rest)), Text(f"… {more:,} more rows"))
