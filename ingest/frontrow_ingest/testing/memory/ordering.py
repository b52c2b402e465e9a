"""The order of rows in an answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.values import nulls_first, only, required


def numeric_key(value: Any) -> tuple[int, float]:
    """Sorts numbers as Druid does: null before all, NaN behind all; a sketch by what it counts."""
    match value:
        case None:
            return 0, 0.0
        case set() | list():
            return 1, float(len(value))
        case int() | float():
            return (2, 0.0) if math.isnan(value) else (1, float(value))
        case _:
            raise RollupError(f"{value!r} is no number to sort by.")


def limited(events: Sequence[Mapping[str, Any]], json: Any, *, before: Sequence[str] = ()) -> list[Mapping[str, Any]]:
    """Rows in the order of a ``limitSpec``, and no more than it says.

    Args:
        before: columns of numbers that the rows are in the order of before all others

    Raises:
        RollupError: it is none, or not one that is known here
    """
    found = list(events)
    if json is None:
        return found
    only(json, "a limitSpec", "type columns limit offset")
    for column in reversed(json.get("columns") or ()):
        _sort(found, column)
    for name in reversed(before):
        found.sort(key=lambda event: numeric_key(event[name]))
    offset = json.get("offset") or 0
    limit = json.get("limit")
    return found[offset:] if limit is None else found[offset : offset + limit]


def _sort(events: list[Mapping[str, Any]], json: Any) -> None:
    column = {"dimension": json} if isinstance(json, str) else only(json, "a column of a limitSpec", _KEYS)
    name = required(column, "dimension", "a column of a limitSpec")
    order = column.get("dimensionOrder") or "lexicographic"
    if isinstance(order, dict):
        order = order.get("type")
    if order not in ("lexicographic", "numeric"):
        raise RollupError(f"the dimensionOrder {order!r} is not known here; there are lexicographic, numeric.")
    if any(name not in event for event in events):
        raise RollupError(f"the answer has no column {name!r} to sort by.")
    down = str(column.get("direction") or "ascending").lower().startswith("desc")
    # Numbers sort as numbers, whichever order is named; reverse keeps equal ones in their order.
    texts = all(isinstance(event[name], str | None) for event in events) and order == "lexicographic"
    events.sort(key=lambda event: nulls_first(event[name]) if texts else numeric_key(event[name]), reverse=down)


_KEYS = "dimension direction dimensionOrder"
