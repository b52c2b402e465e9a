"""What Druid stores of a datasource: rows and events, segments and bytes, how they are kept, when compacted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from frontrow import DruidTransport, NotFoundError
from frontrow_ingest.druid.upkeep import ALWAYS

_COORDINATOR = "/druid/coordinator/v1"


@dataclass(frozen=True)
class CompactionRun:
    """The newest compaction that has ended.

    Attributes:
        at: when its task began
        outcome: Druid's word, SUCCESS or FAILED
    """

    at: datetime
    outcome: str


@dataclass(frozen=True)
class Stored:
    """A datasource now.

    Attributes:
        events: the sum of the column ``count``
        rows: that these were rolled up into; those of running tasks included
        segments: that are served; those of running tasks included
        bytes: of the segments that were handed off
        compaction: when its segments are compacted, in words; empty if never
        awaiting: bytes that are to be compacted; None while Druid does not know
        last_compaction: None if there is none that Druid remembers
        retention: what is kept, in words
    """

    events: int
    rows: int
    segments: int
    bytes: int
    compaction: str
    awaiting: int | None
    last_compaction: CompactionRun | None
    retention: str

    @property
    def ratio(self) -> float | None:
        """Events in a row; None without rows."""
        return self.events / self.rows if self.rows else None


class Storage:
    """Looks at the datasources of one Druid, through its Router."""

    def __init__(self, transport: DruidTransport) -> None:
        self._transport = transport

    def stored(self, datasource: str) -> Stored:
        """A datasource now; all nothing where there is none."""
        events, rows = self._counts(datasource)
        segments = (self._get(f"datasources/{quote(datasource, safe='')}?simple") or {}).get("segments", {})
        config = self._get(f"config/compaction/{quote(datasource, safe='')}") or {}
        return Stored(
            events=events,
            rows=rows,
            segments=int(segments.get("count", 0)),
            bytes=int(segments.get("size", 0)),
            compaction=f"{_words(config['skipOffsetFromLatest'])} behind" if config else "",
            awaiting=self._awaiting(datasource),
            last_compaction=self._last_compaction(datasource),
            retention=self._retention(datasource),
        )

    def _counts(self, datasource: str) -> tuple[int, int]:
        answer = self._transport.request_json(
            "POST",
            "/druid/v2",
            {
                "queryType": "timeseries",
                "dataSource": datasource,
                "intervals": [ALWAYS],
                "granularity": "all",
                "aggregations": [
                    {"type": "longSum", "name": "events", "fieldName": "count"},
                    {"type": "count", "name": "rows"},
                ],
            },
        )
        found = answer[0]["result"] if answer else {}
        return int(found.get("events") or 0), int(found.get("rows") or 0)

    def _awaiting(self, datasource: str) -> int | None:
        found = self._get(f"compaction/status?dataSource={quote(datasource, safe='')}") or {}
        latest = next(iter(found.get("latestStatus", [])), None)
        return None if latest is None else int(latest["bytesAwaitingCompaction"])

    def _last_compaction(self, datasource: str) -> CompactionRun | None:
        query = f"state=complete&type=compact&max=1&datasource={quote(datasource, safe='')}"
        tasks = self._transport.request_json("GET", f"/druid/indexer/v1/tasks?{query}") or []
        if not tasks:
            return None
        newest = max(tasks, key=lambda task: str(task["createdTime"]))
        return CompactionRun(datetime.fromisoformat(newest["createdTime"]), str(newest["statusCode"]))

    def _retention(self, datasource: str) -> str:
        own = self._get(f"rules/{quote(datasource, safe='')}") or []
        return rules_in_words(own) if own else f"{rules_in_words(self._get('rules/_default') or [])}, by default"

    def _get(self, path: str) -> Any:
        try:
            return self._transport.request_json("GET", f"{_COORDINATOR}/{path}")
        except NotFoundError:
            return None


def rules_in_words(rules: Sequence[Mapping[str, Any]]) -> str:
    """What Druid's rules keep, by the first one, which decides."""
    first: Mapping[str, Any] = rules[0] if rules else {"type": "none"}
    match first["type"]:
        case "loadForever":
            said = "forever"
        case "loadByPeriod":
            said = _words(first["period"])
        case kind:
            said = str(kind)
    copies = sum((first.get("tieredReplicants") or {}).values())
    return f"{said}, {copies} copies" if copies > 1 else said


def _words(period: str) -> str:
    """A period like PT48H as 2 d; another one as it is."""
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:0S)?)?", period)
    if found is None:
        return period
    hours = timedelta(days=int(found[1] or 0), hours=int(found[2] or 0)) // timedelta(hours=1)
    return f"{hours // 24} d" if hours and hours % 24 == 0 else f"{hours} h"
