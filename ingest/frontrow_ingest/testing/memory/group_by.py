"""The native groupBy query, also as the source of another query."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from frontrow_ingest.rollup.buckets import parse_buckets
from frontrow_ingest.rollup.values import TIME, nulls_first, required
from frontrow_ingest.testing.memory.datasource import Segment, Tables, segment_of
from frontrow_ingest.testing.memory.dimensions import DimensionSpec, parse_dimension
from frontrow_ingest.testing.memory.ordering import limited
from frontrow_ingest.testing.memory.scope import Scope, check_context, read_scope

Key = tuple[int, tuple[str | None, ...]]


def group_by(query: Mapping[str, Any], tables: Tables) -> list[Any]:
    """Rows by bucket and values of the dimensions; as objects, or with ``resultAsArray`` as arrays."""
    scope, dimensions, groups = _groups(query, tables)
    as_arrays = bool(check_context(query).get("resultAsArray"))
    events = [
        {TIME: start, **_values(dimensions, values), **scope.answer(states)}
        for (start, values), states in groups.items()
    ]
    answer: list[Any] = []
    for event in limited(events, query.get("limitSpec"), before=[TIME]):
        row = {**event}
        start = row.pop(TIME)
        if not as_arrays:
            answer.append({"version": "v1", "timestamp": scope.stamp(start), "event": row})
        else:
            answer.append([*row.values()] if scope.buckets.is_all else [start, *row.values()])
    return answer


def grouped_rows(query: Mapping[str, Any], tables: Tables) -> list[Segment]:
    """The answer as rows for a query over it, sketches whole."""
    scope, dimensions, groups = _groups(query, tables)
    rows = (
        {TIME: start, **_values(dimensions, values), **scope.named(states)}
        for (start, values), states in groups.items()
    )
    found = limited([*rows], query.get("limitSpec"), before=[TIME])
    return [segment_of(found, parse_buckets("second"))] if found else []


def _groups(query: Mapping[str, Any], tables: Tables) -> tuple[Scope, list[DimensionSpec], dict[Key, list[Any]]]:
    """States by bucket and values, sorted by these."""
    scope = read_scope(query, tables, "dimensions limitSpec")
    dimensions = [parse_dimension(each) for each in required({"dimensions": [], **query}, "dimensions", "a groupBy")]
    # Without dimensions and buckets there is always the one row, also over no rows.
    whole = scope.buckets.is_all and not dimensions
    groups: dict[Key, list[Any]] = {(scope.bucket(0), ()): scope.empty()} if whole else {}
    for start, row in scope.rows():
        # A row with several values counts in a group for each; without any, for null.
        for values in product(*(each.of(row) or (None,) for each in dimensions)):
            states = groups.get((start, values))
            if states is None:
                states = groups[start, values] = scope.empty()
            scope.add(states, row)
    ordered = sorted(groups, key=lambda key: (key[0], [nulls_first(value) for value in key[1]]))
    return scope, dimensions, {key: groups[key] for key in ordered}


def _values(dimensions: list[DimensionSpec], values: tuple[str | None, ...]) -> dict[str, Any]:
    return {each.output: value for each, value in zip(dimensions, values, strict=True)}
