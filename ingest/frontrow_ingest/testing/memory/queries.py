"""Native queries: which kinds there are, and their answers as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.values import required
from frontrow_ingest.testing.memory.coordination import segment_metadata
from frontrow_ingest.testing.memory.datasource import Tables
from frontrow_ingest.testing.memory.group_by import group_by
from frontrow_ingest.testing.memory.lookups import scan
from frontrow_ingest.testing.memory.metadata import data_source_metadata, time_boundary
from frontrow_ingest.testing.memory.timeseries import timeseries
from frontrow_ingest.testing.memory.top_n import top_n

_KINDS: Mapping[str, Callable[[Mapping[str, Any], Tables], list[Any]]] = {
    "timeseries": timeseries,
    "topN": top_n,
    "groupBy": group_by,
    "timeBoundary": time_boundary,
    "segmentMetadata": segment_metadata,
    "scan": lambda query, tables: scan(query, tables.lookups),
}


def answer(query: Any, tables: Tables) -> Any:
    """Druid's answer to a native query.

    Raises:
        RollupError: it is none, or not one that is known here; says what
    """
    kind = query.get("queryType") if isinstance(query, dict) else None
    if kind == "dataSourceMetadata":
        source = required(query, "dataSource", "a query")
        found = tables.datasources.get(str(source.get("name") if isinstance(source, dict) else source))
        return data_source_metadata(query, found.newest_ms if found else None)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise RollupError(
            f"the queryType {kind!r} is not known here; there are {', '.join((*_KINDS, 'dataSourceMetadata'))}."
        )

    return _json(_KINDS[kind](query, tables))


def _json(value: Any) -> Any:
    """Numbers that JSON has not become texts, as Druid writes them."""
    match value:
        case dict():
            return {name: _json(part) for name, part in value.items()}
        case list():
            return [_json(part) for part in value]
        case set():
            raise RollupError("the bytes of a sketch are not known here; answer an estimate of it.")
        case float() if math.isnan(value):
            return "NaN"
        case float() if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        case _:
            return value
