"""Reach over time: sketches of the buckets united in Python, against one query in which Druid unites them.

In turns within one run, over events of a simulated audience that a running task holds; Druid's caches are off.
Run: ``python tests/bench/bench_reach.py [--url URL] [--bootstrap HOST:PORT] [--events N] [--rounds N]``.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bench_caveats import UNCACHED, send
from live_topic import LiveTopic, encoded, live_topic, parser_of, simulated
from rich.console import Console
from rich.table import Table

from frontrow import Client, FrontrowError, Interval

MINUTE_MS = 60_000
BUCKETS = (15, 60, 200)
THETA = {"type": "thetaSketch", "fieldName": "viewers_theta", "size": 16384}


def access(number: int) -> dict[str, Any]:
    return {"type": "fieldAccess", "fieldName": f"s{number}"}


def union(last: int) -> dict[str, Any]:
    fields = [access(number) for number in range(last + 1)]
    return {"type": "thetaSketchSetOp", "name": "u", "func": "UNION", "fields": fields} if last else access(0)


def in_druid(source: str, start_ms: int, buckets: int, *, cumulative: bool) -> dict[str, Any]:
    """One query: an aggregator of all rows before each end; or one of each bucket, united by post-aggregators."""
    sketches, posts = [], []
    for number in range(buckets):
        time_of: dict[str, Any] = {"type": "bound", "dimension": "__time", "ordering": "numeric", "upperStrict": True}
        time_of["upper"] = str(start_ms + (number + 1) * MINUTE_MS)
        if not cumulative:
            time_of["lower"] = str(start_ms + number * MINUTE_MS)
        sketches.append({"type": "filtered", "filter": time_of, "aggregator": {**THETA, "name": f"s{number}"}})
        of = access(number) if cumulative else union(number)
        posts.append({"type": "thetaSketchEstimate", "name": f"r{number}", "field": of, "errorBoundsStdDev": 2})
    return {
        "queryType": "timeseries",
        "dataSource": source,
        "intervals": [str(interval_of(start_ms, buckets))],
        "granularity": "all",
        "aggregations": sketches,
        "postAggregations": posts,
        "context": UNCACHED,
    }


def interval_of(start_ms: int, buckets: int) -> Interval:
    start = datetime.fromtimestamp(start_ms / 1000, UTC)
    return Interval(start, start + timedelta(minutes=buckets))


def timed(way: Callable[[], Any], rounds: int) -> tuple[str, Any]:
    """Median milliseconds of a way, once unmeasured before; or how it fails, with nothing."""
    taken, answer = [], None
    try:
        way()
        for _ in range(rounds):
            began = time.perf_counter()
            answer = way()
            taken.append((time.perf_counter() - began) * 1000)
    except FrontrowError as error:
        return str(getattr(error, "error_message", None) or error)[:60], None
    return f"{statistics.median(taken):,.0f}", answer


def measured(topic: LiveTopic, client: Client, start_ms: int, rounds: int, title: str) -> Table:
    table = Table("buckets", "united in Python", "in Druid, cumulative", "in Druid, united", "reach", title=title)
    source = topic.datasources["audience"]
    for buckets in BUCKETS:
        here, answer = timed(lambda n=buckets: client.reach(interval=interval_of(start_ms, n)), rounds)
        others = []
        for cumulative in (True, False):
            query = in_druid(source, start_ms, buckets, cumulative=cumulative)
            said, found = timed(lambda query=query: topic.query(query), rounds)
            others.append(said)
            if found is not None:
                last = found[0]["result"][f"r{buckets - 1}"]["estimate"]
                assert abs(last - answer.columns["reach"][-1]) <= 0.02 * last, "the ways disagree"
        table.add_row(str(buckets), here, *others, f"{answer.columns['reach'][-1]:,.0f}")
    return table


def main() -> None:
    """Prints the table."""
    parser = parser_of(__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    name, events = f"bench_reach_{time.time_ns() // 1_000_000:x}", simulated(arguments.events)
    with live_topic(arguments.url, arguments.bootstrap, name, ["audience"]) as topic:
        send(arguments.bootstrap, name, encoded(events))
        topic.await_count("audience", len(events))
        start_ms = min(event["ts"] for event in events) // MINUTE_MS * MINUTE_MS
        shared: dict[str, Any] = {"freshness": False, "key_epochs": False, "completeness": False, "min_audience": 0}
        with Client(arguments.url, datasources=topic.datasources, context=UNCACHED, **shared) as client:
            title = f"reach by the minute, {len(events):,} events, median of {arguments.rounds}, ms"
            Console(width=140).print(measured(topic, client, start_ms, arguments.rounds, title))


if __name__ == "__main__":
    main()
