"""Queries about a datasource: its newest event, its first and last row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.values import TIME, only, required
from frontrow_ingest.testing.memory.datasource import Tables, iso
from frontrow_ingest.testing.memory.scope import read_segments


def data_source_metadata(query: Mapping[str, Any], newest_ms: int | None) -> list[Any]:
    """The moment of the newest event, to the millisecond; nothing where there is none."""
    only(query, "a query of type 'dataSourceMetadata'", "queryType dataSource context")
    if newest_ms is None:
        return []
    moment = iso(newest_ms)
    return [{"timestamp": moment, "result": {"maxIngestedEventTime": moment}}]


def time_boundary(query: Mapping[str, Any], tables: Tables) -> list[Any]:
    """The times of the first and of the last row."""
    only(query, "a query of type 'timeBoundary'", "queryType dataSource bound context")
    bound = query.get("bound")
    if bound not in (None, "minTime", "maxTime"):
        raise RollupError(f"the bound {bound!r} is none of minTime, maxTime.")
    segments = read_segments(required(query, "dataSource", "a query"), tables)
    times = [row[TIME] for segment in segments for row in segment.rows]
    if not times:
        return []
    found = {"minTime": iso(min(times)), "maxTime": iso(max(times))}
    shown = found if bound is None else {bound: found[bound]}
    return [{"timestamp": shown.get("minTime", found["maxTime"]), "result": shown}]
