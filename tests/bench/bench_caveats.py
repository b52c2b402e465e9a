"""What caveats cost: counting the audience of each cell, and completeness, each question with and without.

In turns within one run, over events of a simulated audience that a running task holds; Druid's caches are off.
Run: ``python tests/bench/bench_caveats.py [--url URL] [--bootstrap HOST:PORT] [--events N] [--rounds N]``.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import confluent_kafka
from live_topic import encoded, live_topic, parser_of, simulated
from rich.console import Console
from rich.table import Table

from frontrow import Client, Interval
from frontrow._asking.completeness import Remembered
from frontrow_ingest.contract.codec import topic_encoder

MINUTE_MS = 60_000
UNCACHED = {"useCache": False, "populateCache": False}


def in_turns(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each way: first all once unmeasured, then every round each of them once."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            taken[name].append((time.perf_counter() - began) * 1000)
    return taken


def send(bootstrap: str, topic: str, messages: list[tuple[bytes, bytes]]) -> None:
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": bootstrap, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000}
    )
    for number, (key, value) in enumerate(messages):
        producer.produce(topic, value, key)
        if number % 1_000 == 0:
            producer.poll(0)
    if left := producer.flush(60):
        raise RuntimeError(f"{left} messages were not acknowledged")


def deltas(events: list[dict[str, Any]]) -> list[tuple[bytes, bytes]]:
    """A ledger of the events, one record for each of their minutes."""
    encode, nothing = topic_encoder("ledger"), {"refused": 0, "duplicates": 0, "bytes": 0, "refused_bytes": 0}
    of = {"producer": "bench", "run": "1", "schema_id": 1, "viewer_key_epoch": None}
    return [
        (b"bench", encode({"ts": minute, "emitted_ts": minute, "sent": sent, **of, **nothing}))
        for minute, sent in Counter(event["ts"] // MINUTE_MS * MINUTE_MS for event in events).items()
    ]


def cells(clients: dict[str, Client], interval: Interval, rounds: int, title: str) -> Table:
    """Each question without and with the audience of its cells."""
    ask: dict[str, Callable[[Client], Any]] = {
        "timeseries, sums by the minute": lambda client: client.timeseries("plays", interval=interval),
        "timeseries, one bucket": lambda client: client.timeseries("plays", interval=interval, granularity="all"),
        "timeseries, viewers by the minute": lambda client: client.timeseries("unique_viewers", interval=interval),
        "top list of countries": lambda client: client.top_n("country", "plays", interval=interval),
        "top list of titles": lambda client: client.top_n("content_id", "plays", interval=interval),
        "top list of labels": lambda client: client.top_n("segments", "plays", interval=interval),
        "top list of ISPs by rebuffering": lambda client: client.top_n("isp", "rebuffer_ratio", interval=interval),
    }
    ways = {
        f"{question}|{name}": (lambda asked=asked, client=client: asked(client))
        for question, asked in ask.items()
        for name, client in clients.items()
    }
    taken = {way: statistics.median(times) for way, times in in_turns(ways, rounds).items()}
    table = Table("question", "without", "with", "more", title=title)
    for question in ask:
        without, with_it = (taken[f"{question}|{name}"] for name in clients)
        table.add_row(question, f"{without:.1f}", f"{with_it:.1f}", f"{with_it - without:+.1f}")
    return table


def completeness(names: dict[str, str], url: str, interval: Interval, rounds: int) -> Table:
    """One small question without it, with it asked each time, and with it remembered."""
    shared: dict[str, Any] = {"datasources": names, "freshness": False, "min_audience": 0, "context": UNCACHED}
    without, first, remembered = (Client(url, completeness=on, **shared) for on in (False, True, True))
    first._session = replace(first._session, remembered=Remembered(0.0))
    remembered._session = replace(remembered._session, remembered=Remembered(3_600.0))
    clients = {"not asked": without, "asked": first, "remembered": remembered}
    ways = {
        name: (lambda client=client: client.timeseries("plays", interval=interval, granularity="all"))
        for name, client in clients.items()
    }
    table = Table(
        "completeness", "p50", "p90", "more", title=f"a timeseries of one bucket, {rounds} times in turns, ms"
    )
    base = 0.0
    for name, times in in_turns(ways, rounds).items():
        median = statistics.median(times)
        base = base or median
        table.add_row(name, f"{median:.2f}", f"{statistics.quantiles(times, n=10)[8]:.2f}", f"{median - base:+.2f}")
    for client in clients.values():
        client.close()
    return table


def main() -> None:
    """Prints the tables."""
    parser = parser_of(__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parser.parse_args()
    name, events = f"bench_caveats_{time.time_ns() // 1_000_000:x}", simulated(arguments.events)
    console = Console()
    with (
        live_topic(arguments.url, arguments.bootstrap, name, ["audience", "quality"]) as topic,
        live_topic(arguments.url, arguments.bootstrap, f"{name}_ledger", ["ledger"]) as ledger,
    ):
        send(arguments.bootstrap, name, encoded(events))
        told = deltas(events)
        send(arguments.bootstrap, f"{name}_ledger", told)
        for spec in ("audience", "quality"):
            topic.await_count(spec, len(events))
        ledger.await_count("ledger", len(told))
        names = {**topic.datasources, **ledger.datasources}
        first, last = (pick(event["ts"] for event in events) // MINUTE_MS * MINUTE_MS for pick in (min, max))
        start, end = (datetime.fromtimestamp(moment / 1000, UTC) for moment in (first, last + MINUTE_MS))
        interval = Interval(start, end)
        shared: dict[str, Any] = {"datasources": names, "freshness": False, "key_epochs": False, "context": UNCACHED}
        clients = {least: Client(arguments.url, completeness=False, min_audience=least, **shared) for least in (0, 10)}
        title = (
            f"{len(events):,} events of {(end - start).seconds // 60} minutes, {arguments.rounds} times in turns, ms"
        )
        console.print(
            cells({str(least): client for least, client in clients.items()}, interval, arguments.rounds, title)
        )
        console.print(completeness(names, arguments.url, interval, arguments.rounds * 3))
        for client in clients.values():
            client.close()


if __name__ == "__main__":
    main()
