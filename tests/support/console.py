"""The console's queries as they are kept in files, asked on a real Druid and held against the oracle."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest
import urllib3

from frontrow_specs.console import console_query
from oracle.metrics import DISTINCT, EXACT, QUANTILES, by_time, by_value
from support.agreement import check

_KNOWN = {*EXACT, *DISTINCT, *QUANTILES}


class Console:
    """Posts the queries' own text.

    Args:
        names: Druid's name of each spec's datasource
        events: all that the datasources hold of the last hour
    """

    def __init__(self, router_url: str, names: Mapping[str, str], events: Sequence[dict[str, Any]]) -> None:
        self._url = router_url
        self._names = names
        self._events = events
        self._pool = urllib3.PoolManager()
        self.asked: set[str] = set()

    def ask(self, name: str, **how: Any) -> Any:
        """Druid's status and answer."""
        query = console_query(name, datasources=self._names, **how)
        self.asked.add(name)
        sql = query.language == "sql"
        body = json.dumps({"query": query.text}) if sql else query.text
        response = self._pool.request(
            "POST",
            self._url + ("/druid/v2/sql" if sql else "/druid/v2"),
            body=body,
            headers={"Content-Type": "application/json"},
            timeout=600,
        )
        return response.status, json.loads(response.data)

    def rows(self, name: str, **how: Any) -> list[dict[str, Any]]:
        """The rows of an answer."""
        status, answer = self.ask(name, **how)
        assert status == 200, f"{name}: {answer}"
        if answer and "result" in answer[0]:
            results = answer[0]["result"]
            return results if isinstance(results, list) else [results]
        return [entry.get("event", entry) for entry in answer]

    def await_rows(self, name: str, count: int) -> None:
        """SQL knows a new table, and events are there, after a moment."""
        deadline = time.monotonic() + 300
        while True:
            status, answer = self.ask(name)
            if status == 200 and len(answer) == count:
                return
            assert time.monotonic() < deadline, f"{name}: waited for {count} rows; {status}: {answer}"
            time.sleep(0.2)

    def check_times(self, name: str, spec: str, bucket_ms: int) -> None:
        """Every bucket and every metric in it."""
        groups, rows = by_time(self._events, bucket_ms), self.rows(name)
        assert {_ms(row["time"]) for row in rows} == set(groups)
        for row in rows:
            self._check(spec, row, "time", groups[_ms(row["time"])], bucket_ms)

    def check_top(self, name: str, spec: str, dimension: str, *, by: str) -> None:
        """Every value, of which there are up to 20, and every metric of it; ranked by one."""
        groups, rows = by_value(self._events, dimension), self.rows(name)
        assert len(rows) == min(20, len(groups))
        ranked = [row[by] for row in rows if row[by] is not None]
        assert ranked == sorted(ranked, reverse=True)
        for row in rows:
            self._check(spec, row, dimension, groups[row[dimension]], 3_600_000)

    def check_retention(self, title: str, kind: str) -> None:
        """Every position of a title."""
        of_title = [event for event in self._events if event["content_id"] == title]
        groups = by_value(of_title, "position")
        rows = [row for row in self.rows("retention_of_a_title", title=title) if row["position"] is not None]
        assert {row["position_is"] for row in rows} == {kind}
        assert [row["position"] for row in rows] == sorted((place for place in groups if place is not None), key=int)
        for row in rows:
            check("retention", "position_sessions", row["position_sessions"], groups[row["position"]], 1)

    def check_drop_off(self, title: str) -> None:
        """Every tenth of a title on demand."""
        groups = by_value([event for event in self._events if event["content_id"] == title], "position")
        (row,) = self.rows("drop_off_of_a_title", title=title)
        for tenth in range(10):
            later = [place for place in groups if place is not None and int(place) >= tenth * 10]
            sessions = {event["session_id"] for place in later for event in groups[place]}
            assert row[f"from_{tenth * 10:02d}"] == len(sessions)

    def newest_ms(self) -> int:
        """What the query of freshness says."""
        (row,) = self.rows("freshness")
        return _ms(row["maxIngestedEventTime"])

    def _check(
        self, spec: str, row: dict[str, Any], key: str, found: Sequence[dict[str, Any]], length_ms: float
    ) -> None:
        metrics = [column for column in row if column != key]
        assert metrics
        assert set(metrics) <= _KNOWN
        for metric in metrics:
            if metric in QUANTILES and isinstance(row[metric], str):
                assert row[metric] == "NaN"  # as SQL has the quantile of nothing
                check(spec, metric, None, found, length_ms)
            elif isinstance(row[metric], float) and metric in EXACT:
                assert row[metric] == pytest.approx(EXACT[metric](found, length_ms), rel=1e-9)
            else:
                check(spec, metric, row[metric], found, length_ms)


def _ms(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
