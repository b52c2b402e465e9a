"""Answers of native queries as columns, whichever type of query they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from frontrow._result import ColumnType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def columns_of(
    query: Mapping[str, Any], answer: Sequence[Any]
) -> tuple[dict[str, Sequence[Any]], dict[str, ColumnType]]:
    """Columns and their types. ``time`` is the bucket or, as ``__time``, the row's own."""
    match query["queryType"]:
        case "timeseries":
            times = [datetime.fromisoformat(entry["timestamp"]) for entry in answer]
            columns = {"time": times, **_transposed([entry["result"] for entry in answer])}
        case "topN":
            rows = [(entry["timestamp"], row) for entry in answer for row in entry["result"]]
            times = [datetime.fromisoformat(stamp) for stamp, _ in rows]
            columns = {"time": times, **_transposed([row for _, row in rows])}
        case "groupBy" if not query.get("context", {}).get("resultAsArray"):
            times = [datetime.fromisoformat(entry["timestamp"]) for entry in answer]
            columns = {"time": times, **_transposed([entry["event"] for entry in answer])}
        case "scan":
            columns = _scanned(answer)
        case _:
            columns = _transposed([entry if isinstance(entry, dict) else {"value": entry} for entry in answer])
    if "__time" in columns:
        columns["__time"] = [_EPOCH + timedelta(milliseconds=value) for value in columns["__time"]]
    return columns, {name: "time" if name in ("time", "__time") else _type(values) for name, values in columns.items()}


def _scanned(answer: Sequence[Any]) -> dict[str, Sequence[Any]]:
    columns: dict[str, list[Any]] = {}
    for block in answer:
        events = block["events"]
        if events and isinstance(events[0], list):
            for name, values in zip(block["columns"], zip(*events, strict=True), strict=True):
                columns.setdefault(name, []).extend(values)
        else:
            for name in block["columns"]:
                columns.setdefault(name, []).extend(event.get(name) for event in events)
    return dict(columns)


def _transposed(rows: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _type(values: Iterable[Any]) -> ColumnType:
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {str}:
        return "string"
    if kinds == {int}:
        return "integer"
    return "number" if kinds and kinds <= {int, float} else "any"
