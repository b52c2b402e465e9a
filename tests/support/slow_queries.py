"""Queries that keep a Druid busy for hours over a few rows: every row with every number, several times over.

They read a table, so that its data server is at work: what a Broker computes by itself, it does not end when told.
"""

from __future__ import annotations

from typing import Any

NUMBERS = 2_000


def slow_native(datasource: str, interval: str, **context: Any) -> dict[str, Any]:
    """A sum over 8,000,000,000 times as many rows as there are."""
    numbers = {
        "type": "inline",
        "columnNames": ["x"],
        "columnTypes": ["LONG"],
        "rows": [[number] for number in range(NUMBERS)],
    }
    crossed: dict[str, Any] = {"type": "table", "name": datasource}
    for prefix in ("a.", "b.", "c."):
        crossed = {
            "type": "join",
            "left": crossed,
            "right": numbers,
            "rightPrefix": prefix,
            "condition": "1",
            "joinType": "INNER",
        }
    return {
        "queryType": "timeseries",
        "dataSource": crossed,
        "intervals": [interval],
        "granularity": "all",
        "aggregations": [{"type": "longSum", "name": "sum", "fieldName": "a.x"}],
        "context": context,
    }


def slow_sql(datasource: str, form: str, *, rows: bool, **context: Any) -> dict[str, Any]:
    """The like in SQL, or all of the ``rows`` themselves."""
    values = f"(VALUES {','.join(f'({number})' for number in range(NUMBERS))})"
    what = "t.content_id, a.x, b.x AS y" if rows else "SUM(a.x + b.x + c.x)"
    query = f'SELECT {what} FROM "{datasource}" t, {values} a(x), {values} b(x), {values} c(x)'  # noqa: S608
    return {"query": query, "resultFormat": form, "context": context}
