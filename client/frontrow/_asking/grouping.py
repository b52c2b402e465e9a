"""What queries that group by dimensions share: what they rank by, the order, and labels that may show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from frontrow._asking.ask import Ask
from frontrow._asking.formula import aggregations, answer_name, post_aggregations, rank_expression
from frontrow_specs import Metric
from frontrow_specs.formula import Aggregate


def ranked(ask: Ask, by: Metric | None) -> tuple[tuple[Aggregate, ...], list[dict[str, Any]], str]:
    """What to aggregate, the post-aggregators, and the name of the one to rank by.

    Args:
        by: the metric to rank by; None for the caller's own first aggregation
    """
    if by is None:
        # All of the values are asked for: any order will do.
        rank = str(ask.extra[0]["name"]) if ask.extra else answer_name(ask.aggregates[0])
        return ask.aggregates, post_aggregations(ask.aggregates), rank
    needed = tuple(dict.fromkeys((*by.aggregates, *ask.aggregates)))
    posts = [*post_aggregations(needed), *ask.bound_posts()]
    if isinstance(by.expression, Aggregate) and by.expression.kind != "quantile":
        return needed, posts, answer_name(by.expression)
    expression = rank_expression(by.expression, ask.interval.length_ms)
    return needed, [*posts, {"type": "expression", "name": "rank", "expression": expression}], "rank"


def group_by(
    ask: Ask,
    dimensions: Sequence[Any],
    needed: Sequence[Aggregate],
    posts: Sequence[Mapping[str, Any]],
    limit_spec: Mapping[str, Any] | None,
    *,
    granularity: Any = "all",
) -> dict[str, Any]:
    """A native groupBy of the question's rows.

    Args:
        dimensions: as :func:`dimension_spec` makes them
        limit_spec: as :func:`largest` makes it; None for all groups
    """
    query: dict[str, Any] = {
        "queryType": "groupBy",
        "dataSource": ask.datasource,
        "intervals": [str(ask.interval)],
        "granularity": granularity,
        "dimensions": list(dimensions),
        "aggregations": [*aggregations(needed), *ask.extra],
        "postAggregations": list(posts),
    }
    if limit_spec is not None:
        query["limitSpec"] = dict(limit_spec)
    return query | ask.scope()


def largest(column: str, limit: int, then: Sequence[str] = ()) -> dict[str, Any]:
    """The groups with the largest value, null last; equal ones in the order of these dimensions."""
    order: list[Any] = [{"dimension": column, "direction": "descending", "dimensionOrder": "numeric"}]
    return {"type": "default", "limit": limit, "columns": [*order, *then]}


def events(answer: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The groups of a groupBy's answer."""
    return (entry["event"] for entry in answer)


def dimension_spec(dimension: str, only: Sequence[str | None] | None) -> Any:
    """A dimension to group by.

    Args:
        only: values of a multi-value dimension that may show, or None for all
    """
    # A row with several labels counts for each; without this, labels that merely come along would show too.
    if only is None or None in only:
        return dimension
    delegate = {"type": "default", "dimension": dimension, "outputName": dimension}
    return {"type": "listFiltered", "delegate": delegate, "values": list(only)}


def best_first(value: float | int | None, *names: str | None) -> tuple[float, tuple[str, ...]]:
    """Sorts the largest first and null last; equal ones by name."""
    return float("inf") if value is None else -value, tuple(name or "" for name in names)
