"""The native timeseries query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frontrow_ingest.testing.memory.datasource import Tables
from frontrow_ingest.testing.memory.scope import check_context, read_scope


def timeseries(query: Mapping[str, Any], tables: Tables) -> list[Any]:
    """Numbers by bucket: every bucket that the segments cover, or with ``skipEmptyBuckets`` those with a row."""
    scope = read_scope(query, tables, "descending limit")
    skip_empty = bool(check_context(query).get("skipEmptyBuckets"))
    buckets: dict[int, list[Any]] = {}
    if not skip_empty:
        # Of all time there is always a bucket, also over no segment.
        for start in [scope.bucket(0)] if scope.buckets.is_all else scope.covered():
            buckets.setdefault(start, scope.empty())
    for start, row in scope.rows():
        scope.add(buckets.setdefault(start, scope.empty()), row)
    starts = sorted(buckets, reverse=bool(query.get("descending")))[: query.get("limit") or None]
    return [
        {"timestamp": scope.stamp_of_first(start, with_rows=skip_empty), "result": scope.answer(buckets[start])}
        for start in starts
    ]
