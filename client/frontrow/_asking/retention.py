"""Retention: how many sessions played each position of a title, and how many came at least so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frontrow._asking.ask import Ask
from frontrow._asking.formula import aggregations
from frontrow._asking.suppression import marks_of, without_hidden
from frontrow._asking.timeseries import Run
from frontrow._errors import AskError
from frontrow._filters import Condition, eq
from frontrow._result import ColumnType

POSITIONS = {"percent": 100, "minute": 1000}
"""Most positions of one curve, by what a position is."""

TYPES: Mapping[str, ColumnType] = {
    "position": "integer",
    "sessions": "number",
    "retention": "number",
    "came_so_far": "number",
    "remaining": "number",
}
# Druid gives each sketch of a query 262,176 bytes of a buffer, which has 50 MB unless told otherwise: 199 of them.
_AT_ONCE = 100


def check_retention(content: str, by: str) -> None:
    """Refuse what has no answer, before anything is sent.

    Raises:
        AskError: it has none
    """
    if not isinstance(content, str) or not content:
        raise AskError(f"{content!r} is not a title: name its content_id.")
    if by not in POSITIONS:
        raise AskError(f"by={by!r} is neither percent (of a title's length) nor minute (of a live event).")


def of_title(content: str, condition: Condition | None) -> Condition:
    """A title, and what else is asked for of it."""
    title = eq("content_id", content)
    return title if condition is None else title & condition


def ask_retention(ask: Ask, by: str, run: Run) -> dict[str, list[Any]]:
    """Columns as in ``TYPES``; every position from 0 to the last that was played, in order.

    Where the question has an audience, positions that few sessions played or came to are hidden, and ``MARKS`` says
    which. That hides the end of a curve; how many left between two positions that are shown is their difference.

    Raises:
        AskError: there are more positions than ``POSITIONS`` allows
    """
    positions = {"type": "selector", "dimension": "position_is", "value": by}
    placed = {"type": "not", "field": {"type": "selector", "dimension": "position", "value": None}}
    shared = {
        "dataSource": ask.datasource,
        "intervals": [str(ask.interval)],
        "granularity": "all",
        **ask.scope(),
        "filter": {"type": "and", "fields": [dict(ask.where or {}), positions, placed]},
    }
    (sessions,) = aggregations(ask.metrics[0].aggregates)
    name = sessions["name"]
    curve = run({"queryType": "groupBy", **shared, "dimensions": ["position"], "aggregations": [sessions]})
    played = {int(row["event"]["position"]): row["event"][name] for row in curve}
    if not played:
        return {column: [] for column in TYPES}
    last = max(played)
    if last >= POSITIONS[by]:
        raise AskError(f"{last + 1:,} minutes are more than {POSITIONS[by]:,}: ask for one event of the channel.")
    reached = _reached(shared, sessions, last, run)
    total = reached[0]
    columns: dict[str, list[Any]] = {
        "position": [*range(last + 1)],
        "sessions": [played.get(position, 0.0) for position in range(last + 1)],
        "retention": [_share(played.get(position, 0.0), total) for position in range(last + 1)],
        "came_so_far": reached,
        "remaining": [_share(each, total) for each in reached],
    }
    if ask.audience is None:
        return columns
    few = [_fewest(*pair) for pair in zip(columns["sessions"], reached, strict=True)]
    return without_hidden(columns, ["position"], marks_of(few, [], ask.least))


def _reached(shared: Mapping[str, Any], sessions: Mapping[str, Any], last: int, run: Run) -> list[float]:
    """Sessions with any position at or after each: the union of what later positions hold, each session once."""
    found: list[float] = []
    for first in range(0, last + 1, _AT_ONCE):
        positions = range(first, min(first + _AT_ONCE, last + 1))
        query = {
            "queryType": "timeseries",
            **shared,
            "aggregations": [
                {
                    "type": "filtered",
                    "filter": {"type": "bound", "dimension": "position", "lower": str(position), "ordering": "numeric"},
                    "aggregator": {**sessions, "name": f"from_{position}"},
                }
                for position in positions
            ],
        }
        answer = run(query)
        values = answer[0]["result"] if answer else {}
        found += [float(values.get(f"from_{position}") or 0) for position in positions]
    # Above what the sketches hold exactly, estimates may rise by a hair where the truth cannot.
    for position in range(last - 1, -1, -1):
        found[position] = max(found[position], found[position + 1])
    return found


def _fewest(*sessions: float) -> float:
    """The smaller one that is not 0: a position that a seek jumped over tells of nobody."""
    return min((each for each in sessions if each), default=0.0)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
