"""From ``send`` to queryable: how long until a single event is in the answer of a query.

A marked event is sent by the product's producer while a child process keeps a load on the topic; a native timeseries
query for the mark is then repeated every 10 ms until it counts the event. Shown for one supervisor (audience), for both
on one topic, and beside it for the same events and spec in JSON, each warmed up by a load that is not measured. The
figures hold the poll's pause and the query; load, Kafka and Druid share the cores.
Run: ``python tests/bench/bench_latency.py [--url URL] [--bootstrap HOST:PORT]``, about 4 minutes.
"""

from __future__ import annotations

import math
import os
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from live_topic import LiveTopic, Load, Pool, background, encoded, lean_json, live_topic, parser_of, simulated
from rich.console import Console
from rich.table import Table

from frontrow_ingest.contract import encode_unchecked
from frontrow_ingest.producer import EventProducer

GOAL_MS = 200
POLL_S = 0.010
SETTLE_S = 2.0
# Before the first measured load: a fresh indexer's code is still being compiled, and it falls seconds behind.
WARM_RATE, WARM_S = 20_000, 10.0
PROBE_DEADLINE_S = 20.0
# The dimension that carries the mark: the spec quality has no titles.
MARK = {"audience": "content_id", "quality": "event_id"}


@dataclass(frozen=True)
class Row:
    """One line of the table; latencies in ms. ``behind_s``: until the whole load was queryable after its end."""

    way: str
    load: Load
    asked_rate: int
    latencies: list[float]
    behind_s: float


def quantile(values: Sequence[float], q: float) -> float:
    """The nearest rank: a value that was measured."""
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def shown_ms(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else f"> {PROBE_DEADLINE_S * 1000:,.0f}"


def probe(topic: LiveTopic, producer: EventProducer, template: dict[str, Any], mark: str, *, as_json: bool) -> float:
    """Milliseconds from handing in one event until every datasource counts it; infinite after the deadline."""
    event = {**template, "content_id": mark, "event_id": mark, "session_id": mark, "ts": int(time.time() * 1000)}
    value = lean_json(event) if as_json else encode_unchecked(event)
    missing = list(topic.datasources)
    began = time.perf_counter()
    producer.send_encoded(mark.encode(), value)
    while missing:
        asked = time.perf_counter()
        missing = [spec for spec in missing if not topic.count(spec, MARK[spec], mark)]
        if missing:
            if asked - began > PROBE_DEADLINE_S:
                return math.inf  # the load is too much for the machine: a result, too
            time.sleep(max(0.0, asked + POLL_S - time.perf_counter()))
    return (time.perf_counter() - began) * 1000


def measure(
    way: str, topic: LiveTopic, pool: Pool, template: dict[str, Any], rates: list[int], seconds: float, *, as_json: bool
) -> list[Row]:
    """Every rate in turn, each only when all that was sent before is queryable."""
    rows: list[Row] = []
    sent = 0
    rng = random.Random(1)
    with EventProducer(topic.bootstrap, topic=topic.name) as producer:
        for number in range(20):
            probe(topic, producer, template, f"warm-{number}", as_json=as_json)
            sent += 1
        with background(topic.bootstrap, topic.name, pool, WARM_RATE, WARM_S) as load:
            pass
        sent += load.sent
        for spec in topic.datasources:
            topic.await_count(spec, sent)
        for rate in rates:
            latencies: list[float] = []
            with background(topic.bootstrap, topic.name, pool, rate, SETTLE_S + seconds) as load:
                time.sleep(SETTLE_S)
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    latencies.append(probe(topic, producer, template, f"p-{rate}-{len(latencies)}", as_json=as_json))
                    time.sleep(rng.uniform(0.0, 0.05))
            sent += load.sent + len(latencies)
            behind = max(topic.await_count(spec, sent) for spec in topic.datasources)
            rows.append(Row(way, load, rate, latencies, behind))
            print(f"  {way}, {rate:,}/s: p99 {shown_ms(quantile(latencies, 0.99))} ms", flush=True)
    return rows


def table(rows: Sequence[Row], seconds: float) -> Table:
    machine = f"{os.cpu_count()} cores, machine load {os.getloadavg()[0]:.1f}"
    shown = Table(title=f"Sent to queryable, {seconds:.0f} s each; goal: p99 at most {GOAL_MS} ms; {machine}")
    for column in ("way", "load asked/s", "load sent/s", "probes", "p50 ms", "p99 ms", "max ms", "load behind s"):
        shown.add_column(column, justify="left" if column == "way" else "right")
    for row in rows:
        shown.add_row(
            row.way,
            f"{row.asked_rate:,}" if row.asked_rate else "idle",
            f"{row.load.rate:,.0f}" if row.asked_rate else "-",
            f"{len(row.latencies)}",
            shown_ms(statistics.median(row.latencies)),
            shown_ms(quantile(row.latencies, 0.99)),
            shown_ms(max(row.latencies)),
            f"{row.behind_s:.1f}" if row.asked_rate else "-",
        )
    return shown


def main() -> None:
    """Prints the table."""
    parser = parser_of(__doc__)
    parser.add_argument("--seconds", type=float, default=13.0, help="of probing at each load, 1 to 120")
    parser.add_argument("--rates", type=int, nargs="+", default=[0, 20_000, 50_000], help="events/s; 0 is idle")
    args = parser.parse_args()
    if not 1 <= args.seconds <= 120 or not all(0 <= rate <= 1_000_000 for rate in args.rates):
        parser.error("--seconds is 1 to 120, --rates are 0 to 1000000")
    events = simulated(100_000)
    run = f"bench_latency_{time.time_ns() // 1_000_000:x}"
    ways = [
        ("audience", ["audience"], False),
        ("audience and quality", ["audience", "quality"], False),
        ("audience from JSON", ["audience"], True),
    ]
    rows: list[Row] = []
    for number, (way, specs, as_json) in enumerate(ways):
        pool = encoded(events, as_json=as_json)
        with live_topic(args.url, args.bootstrap, f"{run}_{number}", specs, json_input=as_json) as topic:
            rows += measure(way, topic, pool, events[0], args.rates, args.seconds, as_json=as_json)
    Console(width=110).print(table(rows, args.seconds))


if __name__ == "__main__":
    main()
