"""What Druid keeps of a datasource once its tasks have published: segments, their rows and bytes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from frontrow import DruidTransport

_SQL = """SELECT "start", "size", "num_rows" FROM sys.segments
WHERE "datasource" = '{}' AND is_published = 1 AND is_overshadowed = 0 ORDER BY "start" """


@dataclass(frozen=True)
class Published:
    """A segment: start of its time in Druid's writing, rows, bytes on a Historical's disk."""

    start: str
    rows: int
    bytes: int


def await_published(
    transport: DruidTransport, datasource: str, events: int, deadline_s: float = 150.0
) -> list[Published]:
    """Wait until the tasks of a supervisor that has ended have published, and Historicals serve all of it.

    Args:
        events: the datasource must count in the end
    """
    end = time.monotonic() + deadline_s
    while True:
        segments = published(transport, datasource)
        counted = count(transport, datasource)
        tasks = transport.request_json("GET", f"/druid/indexer/v1/tasks?state=running&datasource={datasource}")
        if segments and all(each.rows for each in segments) and counted == events and not tasks:
            return segments
        if time.monotonic() > end:
            raise RuntimeError(
                f"waited {deadline_s:.0f} s for the segments of {datasource}: {segments}, "
                f"{counted} of {events} events, {len(tasks)} tasks"
            )
        time.sleep(0.25)


def published(transport: DruidTransport, datasource: str) -> list[Published]:
    """The published segments as the Broker knows them now; rows are 0 until it has heard of them."""
    found = transport.request_json("POST", "/druid/v2/sql", {"query": _SQL.format(datasource)})
    return [Published(row["start"], row["num_rows"], row["size"]) for row in found]


def count(transport: DruidTransport, datasource: str) -> int:
    """Queryable events."""
    query: dict[str, Any] = {
        "queryType": "timeseries",
        "dataSource": datasource,
        "granularity": "all",
        "intervals": ["2000/2100"],
        "aggregations": [{"type": "longSum", "name": "n", "fieldName": "count"}],
        "context": {"useCache": False, "populateCache": False},
    }
    answer = transport.request_json("POST", "/druid/v2", query)
    return int(answer[0]["result"]["n"] or 0) if answer else 0
