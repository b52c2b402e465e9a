"""Lookup tables in Druid: loaded all at once, versioned, awaited until every process has them.

The Coordinator holds what is wanted and hands it to every Broker, Historical and task process, by and by. The lookups
of a table are sent to it in one request, with one version: it takes all of them or none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from frontrow import DruidTransport, NotFoundError
from frontrow_ingest.lookups.errors import LookupsNotLoaded
from frontrow_ingest.lookups.table_file import Entries
from frontrow_specs import LookupTable

_PATH = "/druid/coordinator/v1/lookups"
TIER = "__default"
"""The tier of all processes that name no other."""
_LOAD_TIMEOUT_S = 120.0  # the Coordinator writes all of a large table into its database before it answers


@dataclass(frozen=True)
class TableState:
    """A table in Druid now.

    Attributes:
        version: that is wanted; greater is newer
        entries: keys that it has
        loaded: processes that have this version of every lookup, of all that should
        pending: those that have not, as ``host:port``
    """

    name: str
    version: str
    entries: int
    loaded: int
    pending: tuple[str, ...]


class LookupRegistry:
    """Lookup tables of one Druid, through its Router or Coordinator."""

    def __init__(self, transport: DruidTransport) -> None:
        self._transport = transport

    def load(
        self,
        table: LookupTable,
        entries: Entries,
        *,
        deadline_s: float = 300.0,
        waiting: Callable[[str], None] = lambda _: None,
    ) -> TableState:
        """Put entries in the place of a table's, and wait until no process answers by the old ones.

        While that lasts, usually as long as the Coordinator's ``druid.manager.lookups.period``, processes may answer by
        either; one process changes a lookup from one moment to the next.

        Raises:
            LookupsNotLoaded: some process does not have it in time; it will load it once it can
        """
        version = self.submit(table, entries)
        loaded = self._await(table, dict.fromkeys(table.lookups, version), deadline_s, waiting)
        return TableState(table.name, version, len(entries), loaded, ())

    def submit(self, table: LookupTable, entries: Entries) -> str:
        """Put entries in the place of a table's, and do not wait; gives their version."""
        version = _version_after(self._version(table))
        self._initialise()
        wanted = {
            table.lookup(attribute.name): {
                "version": version,
                "lookupExtractorFactory": {
                    "type": "map",
                    "map": {key: values[attribute.name] for key, values in entries.items() if attribute.name in values},
                },
            }
            for attribute in table.attributes
        }
        self._transport.request_json("POST", f"{_PATH}/config", {TIER: wanted}, timeout=_LOAD_TIMEOUT_S)
        return version

    def state(self, table: LookupTable) -> TableState | None:
        """A table now; None where there is none."""
        version = self._version(table)
        if version is None:
            return None
        nodes = self._nodes()
        pending = _lacking(nodes, dict.fromkeys(table.lookups, version))
        return TableState(table.name, version, len(self.entries(table)), len(nodes) - len(pending), tuple(pending))

    def entries(self, table: LookupTable) -> Entries:
        """What the Coordinator holds of a table, by key; nothing where there is none."""
        found: dict[str, dict[str, str]] = {}
        for attribute in table.attributes:
            spec = self._spec(table.lookup(attribute.name))
            for key, text in (spec or {}).get("lookupExtractorFactory", {}).get("map", {}).items():
                found.setdefault(key, {})[attribute.name] = text
        return found

    def delete(
        self, table: LookupTable, *, deadline_s: float = 300.0, waiting: Callable[[str], None] = lambda _: None
    ) -> bool:
        """Take a table away, and wait until no process has it; whether there was one.

        Raises:
            LookupsNotLoaded: some process still has it after the deadline
        """
        there = False
        for name in table.lookups:
            try:
                self._transport.request_json("DELETE", f"{_PATH}/config/{TIER}/{quote(name, safe='')}")
                there = True
            except NotFoundError:
                continue
        if there:
            self._await(table, dict.fromkeys(table.lookups), deadline_s, waiting)
        return there

    def _initialise(self) -> None:
        """A Druid that never had a lookup takes none before it was sent an empty set."""
        try:
            self._transport.request_json("GET", f"{_PATH}/config")
        except NotFoundError:
            self._transport.request_json("POST", f"{_PATH}/config", {})

    def _await(
        self,
        table: LookupTable,
        wanted: Mapping[str, str | None],
        deadline_s: float,
        waiting: Callable[[str], None],
    ) -> int:
        """Wait until every process has these versions, None being no such lookup; how many processes there are."""
        deadline = time.monotonic() + deadline_s
        while True:
            nodes = self._nodes()
            lacking = _lacking(nodes, wanted)
            if nodes and not lacking:
                return len(nodes)
            said = ", ".join(lacking) or "any process"
            if time.monotonic() > deadline:
                raise LookupsNotLoaded(
                    f"waited {deadline_s:.0f} s for {said} to follow a change of {table.name}. The Coordinator keeps "
                    "trying, and a process that is down loads it when it is back. See: frontrow lookups list."
                )
            waiting(f"waiting for {said}")
            time.sleep(0.1)

    def _nodes(self) -> dict[str, dict[str, str]]:
        """The versions that each process has, by lookup."""
        tiers = self._transport.request_json("GET", f"{_PATH}/nodeStatus?discover=true&detailed=false") or {}
        return {node: dict(state.get("current") or {}) for node, state in tiers.get(TIER, {}).items()}

    def _version(self, table: LookupTable) -> str | None:
        versions = [spec["version"] for name in table.lookups if (spec := self._spec(name)) is not None]
        return max(versions, default=None)

    def _spec(self, lookup: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._transport.request_json(
                "GET", f"{_PATH}/config/{TIER}/{quote(lookup, safe='')}"
            )
        except NotFoundError:
            return None
        return found


def _lacking(nodes: Mapping[str, Mapping[str, str]], wanted: Mapping[str, str | None]) -> list[str]:
    return sorted(
        node for node, has in nodes.items() if any(has.get(lookup) != version for lookup, version in wanted.items())
    )


def _version_after(known: str | None) -> str:
    """A version greater than a known one, by their characters: Druid takes no other. The moment, if that is greater."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    # This machine's clock may be behind the one that made the known version.
    return now if known is None or now > known else f"{known}+"
