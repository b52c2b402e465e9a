"""The native timeseries query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from frontrow_ingest.testing.memory.datasource import Tables
from frontrow_ingest.testing.memory.scope import Scope, check_context, read_scope


def timeseries(query: Mapping[str, Any], tables: Tables) -> list[Any]:
    """Numbers by bucket: every bucket that the segments cover, or with ``skipEmptyBuckets`` those with a row."""
    scope = read_scope(query, tables, "descending limit")
    skip_empty = bool(check_context(query).get("skipEmptyBuckets"))
    buckets: dict[int, list[Any]] = {}
    if not skip_empty:
        for start in _covered(scope):
            buckets.setdefault(start, scope.empty())
    for start, row in scope.rows():
        scope.add(buckets.setdefault(start, scope.empty()), row)
    starts = sorted(buckets, reverse=bool(query.get("descending")))[: query.get("limit") or None]
    return [{"timestamp": scope.stamp(start), "result": scope.answer(buckets[start])} for start in starts]


def _covered(scope: Scope) -> Iterator[int]:
    if scope.buckets.is_all:
        yield scope.bucket(0)
        return
    for first, end in scope.covered:
        start = scope.bucket(first)
        while start < end:
            yield start
            start = scope.buckets.after(start)
