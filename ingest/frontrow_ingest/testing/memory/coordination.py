"""The Coordinator's side of storage in memory: rules and compaction are kept as they are told, and change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.values import required
from frontrow_ingest.testing.memory.datasource import Tables
from frontrow_ingest.testing.memory.replies import not_found

PATH = "/druid/coordinator/v1"
TASKS = "/druid/indexer/v1/tasks"
_DEFAULT_RULES = [{"type": "loadForever", "tieredReplicants": {"_default_tier": 1}}]


class Coordination:
    """Rules and compaction by datasource. Nothing is handed off: segments have no bytes, and none is out of use."""

    def __init__(self) -> None:
        self._rules: dict[str, Any] = {"_default": _DEFAULT_RULES}
        self._compaction: dict[str, Any] = {}

    def route(self, method: str, path: str, body: Any, tables: Tables, where: str) -> Any:
        """The Coordinator's answer."""
        parts = [unquote(part) for part in path.removeprefix(f"{PATH}/").partition("?")[0].split("/")]
        match method, *parts:
            case "GET", "rules", name:
                return self._rules.get(name, [])
            case "POST", "rules", name:
                self._rules[name] = body
                return None
            case "POST", "config", "compaction":
                self._compaction[required(body, "dataSource", "a compaction config")] = body
                return {"success": True}
            case "GET", "config", "compaction", name if name in self._compaction:
                return self._compaction[name]
            case "DELETE", "config", "compaction", name if name in self._compaction:
                del self._compaction[name]
                return None
            case "GET", "datasources", name:
                segments = tables.segments(name)
                return {"segments": {"count": len(segments), "size": 0}} if segments else None
            case "GET", "metadata", "datasources", _, "unusedSegments":
                return []
            case _:
                raise not_found(where, f"there is no {method} {path} here")


def segment_metadata(query: Mapping[str, Any], tables: Tables) -> list[Any]:
    """The columns of all of a datasource's segments, merged, with nothing told of them."""
    if query.get("merge") is not True or query.get("analysisTypes") != []:
        raise RollupError("a segmentMetadata is known here with merge and without analysisTypes only.")
    segments = tables.segments(required(query, "dataSource", "a query"))
    columns = dict.fromkeys(name for segment in segments for row in segment.rows for name in row)
    rows = sum(len(segment.rows) for segment in segments)
    return [{"id": "merged", "columns": {name: {} for name in columns}, "numRows": rows}] if segments else []
