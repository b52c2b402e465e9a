"""Lookups in memory: the Coordinator's side of them, and the columns made of them. All processes have them at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.filters import parse_filter
from frontrow_ingest.rollup.values import only, required
from frontrow_ingest.testing.memory.datasource import Segment
from frontrow_ingest.testing.memory.replies import failed, not_found

PATH = "/druid/coordinator/v1/lookups"
_NODE = "memory:8082"
_CALL = re.compile(r"""lookup\("([^"\\]+)",'([^'\\]+)'\)""")


class LookupMissing(LookupError):
    """A query reads a lookup that is not there, which Druid finds out in the middle of the answer."""


class Lookups:
    """Lookups by tier and name."""

    def __init__(self) -> None:
        self._tiers: dict[str, dict[str, Any]] | None = None

    def maps(self) -> dict[str, Mapping[str, str]]:
        """Texts by key, of each lookup that every process has."""
        found = (self._tiers or {}).get("__default", {})
        return {name: spec["lookupExtractorFactory"]["map"] for name, spec in found.items()}

    def route(self, method: str, path: str, body: Any, where: str) -> Any:
        """The Coordinator's answer."""
        what, _, rest = path.removeprefix(f"{PATH}/").partition("?")[0].partition("/")
        tier, _, name = rest.partition("/")
        if what == "nodeStatus" and method == "GET":
            has = {name: spec["version"] for name, spec in (self._tiers or {}).get("__default", {}).items()}
            return {"__default": {_NODE: {"current": has, "toLoad": {}, "toDrop": []}}}
        if what != "config":
            raise not_found(where, f"there is no {method} {path} here")
        if not rest:
            return self._update(body, where) if method == "POST" else self._names(where)
        found = (self._tiers or {}).get(tier, {})
        if not name or unquote(name) not in found:
            raise not_found(where, f"lookup [{unquote(name)}] not found")
        if method == "DELETE":
            del found[unquote(name)]
            return None
        return found[unquote(name)]

    def _names(self, where: str) -> list[str]:
        if self._tiers is None:
            raise not_found(where, "there are no lookups")
        return sorted(self._tiers)

    def _update(self, body: Any, where: str) -> Any:
        if self._tiers is None and body:
            raise failed(where, "Not initialized. If this is the first lookup, post an empty map to initialize")
        known = self._tiers or {}
        for tier, lookups in body.items():
            for name, spec in lookups.items():
                factory = only(required(spec, "lookupExtractorFactory", "a lookup"), "a lookup", "type map")
                if factory.get("type") != "map":
                    raise RollupError(f"a lookup of type {factory.get('type')!r} is not known here; there is map.")
                before = known.get(tier, {}).get(name)
                if before is not None and required(spec, "version", "a lookup") <= before["version"]:
                    raise failed(where, f"given update for lookup [{tier}]:[{name}] can't replace existing spec")
        self._tiers = {tier: {**known.get(tier, {}), **body.get(tier, {})} for tier in {*known, *body}}
        return body


def derive(columns: Any, segments: Sequence[Segment], lookups: Mapping[str, Mapping[str, str]]) -> list[Segment]:
    """The segments with the columns that a query's ``virtualColumns`` make.

    Raises:
        RollupError: one is not a lookup of a column with single values
    """
    found = list(segments)
    for column in columns or ():
        only(column, "a virtual column", "type name expression outputType")
        call = _CALL.fullmatch(str(column.get("expression")))
        if column.get("type") != "expression" or call is None or column.get("outputType", "STRING") != "STRING":
            raise RollupError(f"the virtual column {column!r} is not known here; there is a lookup(\"column\",'name').")
        source, name = call.groups()
        if any(source in segment.several for segment in found):
            raise RollupError(f"a lookup of {source!r}, which has several values, is not known here.")
        if name not in lookups and found:
            raise LookupMissing(f"Lookup [{name}] not found")
        texts: Mapping[Any, str] = lookups.get(name, {})
        added = required(column, "name", "a virtual column")
        found = [
            replace(segment, rows=tuple({**row, added: texts.get(row.get(source))} for row in segment.rows))
            for segment in found
        ]
    return found


def scan(query: Mapping[str, Any], lookups: Mapping[str, Mapping[str, str]]) -> list[Any]:
    """The rows of a lookup, as lists in one batch; there is no scan of anything else here."""
    only(query, "a query of type 'scan'", "queryType dataSource intervals columns filter resultFormat context")
    source = required(query, "dataSource", "a query")
    if not isinstance(source, dict) or source.get("type") != "lookup" or query.get("resultFormat") != "compactedList":
        raise RollupError("a scan is known here of a lookup only, with the resultFormat compactedList.")
    condition = None if query.get("filter") is None else parse_filter(query["filter"])
    texts = lookups.get(required(source, "lookup", "a dataSource"), {})
    rows = [{"k": key, "v": text} for key, text in texts.items()]
    columns = query.get("columns") or ["k", "v"]
    events = [[row[name] for name in columns] for row in rows if condition is None or condition.matches(row)]
    return [{"segmentId": None, "columns": columns, "events": events}] if events else []
