"""The native topN query; exact, however many values a dimension has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.values import TIME, nulls_first, only, required
from frontrow_ingest.testing.memory.datasource import Segment, Tables
from frontrow_ingest.testing.memory.dimensions import DimensionSpec, parse_dimension
from frontrow_ingest.testing.memory.ordering import numeric_key
from frontrow_ingest.testing.memory.scope import Scope, read_scope

Groups = dict[str | None, list[Any]]


def top_n(query: Mapping[str, Any], tables: Tables) -> list[Any]:
    """The values with the largest metric, by bucket; equal ones by name."""
    scope = read_scope(query, tables, "dimension metric threshold")
    dimension = parse_dimension(required(query, "dimension", "a topN"))
    threshold = required(query, "threshold", "a topN")
    if isinstance(threshold, bool) or not isinstance(threshold, int) or threshold < 1:
        raise RollupError(f"the threshold {threshold!r} is not a number above 0.")
    sort = _order(required(query, "metric", "a topN"), dimension.output)
    buckets: dict[int, Groups] = {start: {} for start in scope.covered()}
    for segment in scope.segments:
        _collect(scope, segment, dimension, buckets)
    return [
        {"timestamp": scope.stamp_of_first(start), "result": _ranked(scope, dimension, groups, sort)[:threshold]}
        for start, groups in sorted(buckets.items())
    ]


def _collect(scope: Scope, segment: Segment, dimension: DimensionSpec, buckets: dict[int, Groups]) -> None:
    several = dimension.column in segment.several
    for row in segment.rows:
        groups = buckets[scope.bucket(row[TIME])]
        if several and row.get(dimension.column) is None:
            continue  # Where rows have several values, Druid leaves those without any out of a topN.
        for value in dimension.of(row):
            states = groups.get(value)
            if states is None:
                states = groups[value] = scope.empty()
            scope.add(states, row)


def _ranked(
    scope: Scope, dimension: DimensionSpec, groups: Groups, sort: Callable[[list[dict[str, Any]]], None]
) -> list[dict[str, Any]]:
    names = sorted(groups, key=nulls_first)
    rows = [{dimension.output: value, **scope.answer(groups[value])} for value in names]
    sort(rows)
    return rows


def _order(json: Any, output: str) -> Callable[[list[dict[str, Any]]], None]:
    """Sorts rows that are in the order of their names."""
    given = {"type": "numeric", "metric": json} if isinstance(json, str) else json
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "dimension":
        only(given, "a topN metric of type 'dimension'", "type ordering")
        if (given.get("ordering") or "lexicographic") != "lexicographic":
            raise RollupError(f"the ordering {given['ordering']!r} is not known here; there is lexicographic.")
        return lambda _: None
    if kind not in ("numeric", "inverted"):
        raise RollupError(
            f"the topN metric {json!r} is not known here; there are a name, numeric, inverted, dimension."
        )
    only(given, f"a topN metric of type {kind!r}", "type metric")
    name = required(given, "metric", "a topN metric")

    def sort(rows: list[dict[str, Any]]) -> None:
        if any(name not in row for row in rows) or name == output:
            raise RollupError(f"the topN has no aggregation {name!r} to rank by.")
        rows.sort(key=lambda row: numeric_key(row[name]), reverse=kind == "numeric")

    return sort
