"""A Druid in memory, a cache before it with a clock of its own, and what was sent, for tests of the cache."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from frontrow import Cache
from frontrow._cache.run import CachedRun, Place
from frontrow._runner import Runner
from frontrow_ingest.testing import MemoryDruid
from support.viewing_events import an_event

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
NOON = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp() * 1000)
COVERED = frozenset({"audience"})


def span(start: int, end: int) -> str:
    """An interval of moments, ms, for Druid."""
    first, last = (datetime.fromtimestamp(moment / 1000, UTC).isoformat() for moment in (start, end))
    return f"{first}/{last}"


def counting(start: int, end: int, period: str = "PT1M", **more: Any) -> dict[str, Any]:
    """A query for the number of events by bucket."""
    return {
        "queryType": "timeseries",
        "dataSource": "audience",
        "intervals": [span(start, end)],
        "granularity": {"type": "period", "period": period, "timeZone": "UTC"},
        "aggregations": [{"type": "longSum", "name": "events", "fieldName": "count"}],
        "context": {"skipEmptyBuckets": True},
        **more,
    }


class CountingDruid(MemoryDruid):
    """Remembers the queries that it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.queries: list[dict[str, Any]] = []

    def request_json(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
        if path == "/druid/v2":
            self.queries.append(body)
        return super().request_json(method, path, body, timeout=timeout)

    def asked(self, kind: str = "timeseries", datasource: str = "audience") -> list[dict[str, Any]]:
        """Those of one kind."""
        return [each for each in self.queries if (each["queryType"], each["dataSource"]) == (kind, datasource)]


@dataclass
class World:
    """Attributes:
    now: of the cache's clock, ms
    arrived: of every event its own moment, and when it became queryable
    """

    with_ledger: bool = True
    cache: Cache = field(default_factory=Cache)
    druid: CountingDruid = field(default_factory=CountingDruid)
    now: int = NOON
    arrived: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.druid.apply("audience", *(["ledger"] if self.with_ledger else []))
        self.cache._shared = replace(self.cache._shared, clock=lambda: self.now)

    def ingest(self, ts: int, count: int = 1, *, told: bool = True, **changes: Any) -> None:
        """Events of one moment, queryable now, and told of in the ledger."""
        self.now += 1  # nothing is queryable in the same moment in which something is asked
        first = len(self.arrived)
        self.druid.send("events", [an_event(ts=ts, seq=first + number, **changes) for number in range(count)])
        self.arrived += [(ts, self.now)] * count
        if told:
            self.tell(ts, count)

    def tell(self, ts: int, count: int = 1) -> None:
        """What a producer says in the ledger, where there is one."""
        if self.with_ledger:
            delta = {"ts": ts // MINUTE_MS * MINUTE_MS, "emitted_ts": self.now, "producer": "p", "run": "r"}
            self.druid.send("ledger", [{**delta, "schema_id": 1, "sent": count}])

    def runner(self) -> Runner:
        return Runner(self.druid, {}, deadline=time.monotonic() + 60)

    def run(self, scope: str = "here") -> CachedRun:
        """For one question."""
        runner = self.runner()
        return CachedRun(self.cache._shared, Place(scope, "ledger", COVERED), runner, runner.aside())

    def ask(self, query: dict[str, Any]) -> list[Any]:
        """With the cache."""
        return self.run()(query)

    def plain(self, query: dict[str, Any]) -> list[Any]:
        """Without it."""
        return self.runner()(query)
