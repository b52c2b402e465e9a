"""Queries that keep a Druid busy for minutes and need no data: every row with every row, several times over."""

from __future__ import annotations

from typing import Any

ROWS = 2_000
INTERVAL = "1970-01-01/1970-01-02"


def slow_native(**context: Any) -> dict[str, Any]:
    """A sum over 8,000,000,000 rows."""
    return {
        "queryType": "timeseries",
        "dataSource": _crossed(),
        "intervals": [INTERVAL],
        "granularity": "all",
        "aggregations": [{"type": "longSum", "name": "sum", "fieldName": "a.x"}],
        "context": context,
    }


def slow_sql(form: str, *, rows: bool, **context: Any) -> dict[str, Any]:
    """The same in SQL, or all of the ``rows`` themselves."""
    values = f"(VALUES {','.join(f'({number})' for number in range(900))})"
    what = "a.x, b.x AS y, c.x AS z" if rows else "SUM(a.x + b.x + c.x + d.x)"
    return {
        "query": f"SELECT {what} FROM {values} a(x), {values} b(x), {values} c(x), {values} d(x)",  # noqa: S608
        "resultFormat": form,
        "context": context,
    }


def _crossed() -> dict[str, Any]:
    numbers = {
        "type": "inline",
        "columnNames": ["__time", "x"],
        "columnTypes": ["LONG", "LONG"],
        "rows": [[number, number] for number in range(ROWS)],
    }
    crossed: dict[str, Any] = numbers
    for prefix in ("a.", "b."):
        crossed = {
            "type": "join",
            "left": crossed,
            "right": numbers,
            "rightPrefix": prefix,
            "condition": "1",
            "joinType": "INNER",
        }
    return crossed
