"""The largest value of a formula over the grains of a datasource, by dimensions: a query over a query."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from frontrow._asking.ask import Ask
from frontrow._asking.formula import aggregations, rank_expression
from frontrow._asking.grouping import largest
from frontrow._time import grain_buckets
from frontrow_specs.formula import Expression, aggregates


def maxima(
    ask: Ask,
    dimensions: Sequence[Any],
    names: Sequence[str],
    inner: Expression,
    limit: int | None,
    *,
    granularity: Any = "all",
) -> dict[str, Any]:
    """The native query; the answer is in ``max_over_grain``.

    Args:
        dimensions: as :func:`frontrow._asking.grouping.dimension_spec` makes them
        names: of these in the answer
        limit: the so many largest, of each bucket before the next; None for all
    """
    inner_query: dict[str, Any] = {
        "queryType": "groupBy",
        "dataSource": ask.datasource,
        "intervals": [str(ask.interval)],
        "granularity": grain_buckets(ask.grain).to_druid(),
        "dimensions": list(dimensions),
        "aggregations": aggregations(aggregates(inner)),
        "postAggregations": [
            {
                "type": "expression",
                "name": "value",
                "expression": rank_expression(inner, ask.grain / timedelta(milliseconds=1)),
            },
        ],
    }
    query: dict[str, Any] = {
        "queryType": "groupBy",
        "dataSource": {"type": "query", "query": inner_query | ask.scope()},
        "intervals": [str(ask.interval)],
        "granularity": granularity,
        "dimensions": list(names),
        "aggregations": [{"type": "doubleMax", "name": "max_over_grain", "fieldName": "value"}],
    }
    if limit is not None:
        query["limitSpec"] = largest("max_over_grain", limit, names if len(names) > 1 else ())
    return query
