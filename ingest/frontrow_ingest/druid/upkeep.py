"""Keeping what Druid stores in shape: automatic compaction, retention rules, and deleting what is out of use."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from frontrow import BadQueryError, DruidTransport, NotFoundError
from frontrow_ingest.errors import UpkeepError
from frontrow_specs import RollupSpec

_COORDINATOR = "/druid/coordinator/v1"
_TASKS = "/druid/indexer/v1"
ALWAYS = "1000-01-01/3000-01-01"
"""All of time that a viewing event can have."""


@dataclass(frozen=True)
class Unused:
    """Segments that no query reads any more, still in deep storage."""

    segments: int
    bytes: int


class Upkeeping:
    """Compaction, retention and deletion in one Druid, through its Router."""

    def __init__(self, transport: DruidTransport) -> None:
        self._transport = transport

    def apply(
        self,
        spec: RollupSpec,
        datasource: str,
        *,
        replicas: Mapping[str, int] | None = None,
        drop_columns: bool = False,
    ) -> None:
        """Have Druid compact and drop a datasource's segments as its spec declares.

        Args:
            replicas: copies of a segment by Druid's tier; those of the cluster's default rule, if not given
            drop_columns: take from older segments what the spec does not have any more

        Raises:
            SpecInvalid: a column of the spec cannot be compacted
            UpkeepError: compaction would drop columns, or Druid does not accept it
        """
        compaction = spec.compaction(datasource=datasource)
        lost = [] if drop_columns or compaction is None else self.lost_columns(spec, datasource)
        if lost:
            raise UpkeepError(
                f"compaction by {spec.name} would drop {', '.join(lost)} from older segments of {datasource}. "
                "Keep what is wanted in the spec, or say --drop-columns."
            )
        rules = spec.retention(self.default_replicas() if replicas is None else replicas)
        try:
            if compaction is None:
                self._forget_compaction(datasource)
            else:
                self._transport.request_json("POST", f"{_COORDINATOR}/config/compaction", compaction)
            self._transport.request_json("POST", f"{_COORDINATOR}/rules/{quote(datasource, safe='')}", rules)
        except BadQueryError as error:
            raise UpkeepError(f"Druid does not accept the upkeep of {datasource!r}: {error}") from error

    def _forget_compaction(self, datasource: str) -> None:
        with suppress(NotFoundError):
            path = f"{_COORDINATOR}/config/compaction/{quote(datasource, safe='')}"
            self._transport.request_json("DELETE", path)

    def lost_columns(self, spec: RollupSpec, datasource: str) -> list[str]:
        """The columns that a datasource has somewhere and a spec has not: compaction would drop them."""
        answer = self._transport.request_json(
            "POST",
            "/druid/v2",
            {
                "queryType": "segmentMetadata",
                "dataSource": datasource,
                "intervals": [ALWAYS],
                "merge": True,
                "analysisTypes": [],
            },
        )
        stored = {name for entry in answer for name in entry["columns"]}
        kept = {"__time", *(each.name for each in spec.dimensions), *(each.name for each in spec.metrics)}
        return sorted(stored - kept)

    def default_replicas(self) -> dict[str, int]:
        """Copies of a segment by tier, by the cluster's default rule."""
        rules = self._transport.request_json("GET", f"{_COORDINATOR}/rules/_default") or []
        found = next((rule["tieredReplicants"] for rule in rules if rule["type"].startswith("load")), None)
        return dict(found or {"_default_tier": 1})

    def unused(self, datasource: str, *, for_at_least: timedelta) -> Unused:
        """What retention or compaction has put out of use, so long ago or longer."""
        before = datetime.now(UTC) - for_at_least
        path = f"{_COORDINATOR}/metadata/datasources/{quote(datasource, safe='')}/unusedSegments"
        found = [
            entry["dataSegment"]
            for entry in self._transport.request_json("GET", path) or []
            if datetime.fromisoformat(entry["usedStatusLastUpdatedDate"]) <= before
        ]
        return Unused(len(found), sum(int(segment["size"]) for segment in found))

    def purge(
        self,
        datasource: str,
        *,
        for_at_least: timedelta,
        deadline_s: float = 600.0,
        waiting: Callable[[str], None] = lambda _: None,
    ) -> Unused:
        """Delete from deep storage, for ever, what has been out of use so long; returns what that was.

        Raises:
            UpkeepError: Druid does not do it, or not in time
        """
        found = self.unused(datasource, for_at_least=for_at_least)
        if not found.segments:
            return found
        task = {
            "type": "kill",
            "dataSource": datasource,
            "interval": ALWAYS,
            "maxUsedStatusLastUpdatedTime": (datetime.now(UTC) - for_at_least).isoformat(),
        }
        name = str(self._transport.request_json("POST", f"{_TASKS}/task", task)["task"])
        self._await(name, deadline_s, waiting)
        return found

    def _await(self, task: str, deadline_s: float, waiting: Callable[[str], None]) -> None:
        deadline = time.monotonic() + deadline_s
        while (state := self._state(task)) != "SUCCESS":
            if state == "FAILED":
                raise UpkeepError(
                    f"the task {task} failed. Look at the overlord's log: frontrow stack logs coordinator."
                )
            if time.monotonic() > deadline:
                raise UpkeepError(
                    f"waited {deadline_s:.0f} s for the task {task}, which is {state}. It goes on; is a task slot free?"
                )
            waiting(f"{task}: {state}")
            time.sleep(0.2)

    def _state(self, task: str) -> str:
        try:
            answer = self._transport.request_json("GET", f"{_TASKS}/task/{quote(task, safe='')}/status")
        except NotFoundError:
            return "WAITING"  # the Overlord knows of it a moment later
        return str((answer.get("status") or {}).get("statusCode", "WAITING"))
