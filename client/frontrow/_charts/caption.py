"""What must be known to read a chart: its interval, how exact it is, and what was left out of the picture."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from frontrow._charts.shape import capital
from frontrow._charts.times import moment_text

if TYPE_CHECKING:
    from frontrow._result import Result

# Of the caption's font, so many pixels for a letter, generously.
_LETTER_PX = 5.8
_MOST_NAMED = 3


def listed(names: Iterable[str]) -> str:
    """``a, b and c``; of many only the first."""
    found = list(names)
    if len(found) > _MOST_NAMED:
        found = [found[0], f"{len(found) - 1} more"]
    return " and ".join(filter(None, [", ".join(found[:-1]), found[-1]])) if found else ""


def interval_text(result: Result, zone: ZoneInfo) -> str:
    """The interval in words, in a zone; empty where the answer has none."""
    if result.interval is None:
        return ""
    start, end = (moment.astimezone(zone) for moment in (result.interval.start, result.interval.end))
    seconds = bool(start.second or end.second)
    until = moment_text(end, zone, seconds=seconds)
    if start.date() == end.date():
        until = until.split(", ")[1]
    return f"{moment_text(start, zone, seconds=seconds)} – {until} {zone.key}"


def caption(result: Result, zone: ZoneInfo, width: int, step: str, notes: Iterable[str]) -> list[str]:
    """Lines that fit the width: interval, step of time and exactness, then what is hidden or missing, and the notes."""
    first = " · ".join(filter(None, [interval_text(result, zone), step, result.exactness]))
    share = result.completeness.share
    lacking = "" if share is None or share == 1 else str(result.completeness)
    letters = max(int(width / _LETTER_PX), 30)
    lines = (first, capital(str(result.suppression)), lacking, *notes)
    return [line for text in lines if text for line in textwrap.wrap(text, letters)]
