"""Thirty viewers look at a board of twenty charts, each anew every ten seconds, while events flow: with and without
the cache.

The charts are series over the last one to three hours by the minute, and top lists; each viewer has a client of their
own, all clients with a cache have the same one. All ways in turn within one run, on a topic of its own.
Run: ``python tests/bench/bench_board.py [--url URL] [--bootstrap HOST:PORT] [--viewers N] [--seconds N]``.
"""

from __future__ import annotations

import itertools
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import confluent_kafka
from live_topic import LiveTopic, live_topic, parser_of
from rich.console import Console
from rich.table import Table

import frontrow
from frontrow import Cache, Client
from frontrow._http.transport import Transport
from frontrow._query.base import Query
from frontrow_ingest.contract import encode_unchecked
from frontrow_ingest.ledger import kafka_ledger
from frontrow_ingest.simulate import Simulation

EVERY_S = 10.0
BACK_S = 3 * 3600 + 600
AUDIENCE = 150
BARE = {"freshness": False, "completeness": False, "key_epochs": False}


def board() -> list[Query]:
    """Fourteen series and six top lists."""
    series = [
        ("concurrent_viewers", "3h", None), ("plays", "3h", None), ("unique_viewers", "3h", None),
        (["attempts", "start_failure_rate"], "3h", None), ("rebuffer_ratio", "3h", None),
        ("startup_time_p95", "2h", None), ("average_bitrate", "2h", None), ("playback_failure_rate", "2h", None),
        ("concurrent_viewers", "2h", {"country": "DE"}), ("concurrent_viewers", "2h", {"device_type": "tv"}),
        ("rebuffer_ratio", "1h", {"cdn": "aurora"}), ("rebuffer_ratio", "1h", {"cdn": "cumulus"}),
        (["tune_in", "tune_out"], "1h", None), ("peak_concurrent_viewers", "1h", None),
    ]  # fmt: skip
    lists = [
        ("content_id", ["viewer_hours", "plays"]), ("country", "plays"), ("device_type", "viewer_hours"),
        ("cdn", ["rebuffer_ratio", "plays"]), ("isp", "startup_time_p95"), ("app_version", "playback_failure_rate"),
    ]  # fmt: skip
    asked: list[Query] = [
        frontrow.timeseries(metrics, last=last, granularity="1m", where=where) for metrics, last, where in series
    ]
    return asked + [frontrow.top_n(dimension, metrics, last="1h") for dimension, metrics in lists]


class CountingTransport(Transport):
    """Counts the native queries that it sends."""

    queries = 0

    def request_json(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
        self.queries += path == "/druid/v2"
        return super().request_json(method, path, body, timeout=timeout)


@dataclass
class Flow:
    """Events of a simulated audience: those up to now at once, the others as time goes on."""

    bootstrap: str
    topic: str
    ledger_topic: str
    stop: threading.Event = field(default_factory=threading.Event)
    sent: int = 0

    def __post_init__(self) -> None:
        start = int(time.time() * 1000) - BACK_S * 1000
        simulation = Simulation(seed=1, viewers=AUDIENCE, start_ms=start, duration_s=BACK_S + 3600)
        self._events: Iterator[dict[str, Any]] = simulation.events()
        self._producer = confluent_kafka.Producer(
            {"bootstrap.servers": self.bootstrap, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000}
        )
        self._ledger = kafka_ledger(self.bootstrap, producer="board", topic=self.ledger_topic)

    def past(self) -> int:
        """How many there are up to now, sent and acknowledged."""
        now = time.time() * 1000
        for event in self._events:
            self._send(event)
            if event["ts"] >= now:
                break
        self._producer.flush(60)
        return self.sent

    def go_on(self) -> None:
        for event in self._events:
            if self.stop.wait(max(0.0, event["ts"] / 1000 - time.time())):
                break
            self._send(event)
            self._producer.poll(0)
        self._producer.flush(30)
        self._ledger.close(30)

    def _send(self, event: dict[str, Any]) -> None:
        value = encode_unchecked(event)
        self._producer.produce(self.topic, value, event["session_id"].encode())
        self._ledger.counts.sent(event["ts"], len(value))
        self.sent += 1
        if self.sent % 1000 == 0:
            self._producer.poll(0)


@contextmanager
def flowing(flow: Flow) -> Iterator[None]:
    """Events flow for as long as the block runs."""
    thread = threading.Thread(target=flow.go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        flow.stop.set()
        thread.join(60)


@dataclass
class Seen:
    """What happened in one way, of all viewers."""

    refreshes_ms: list[float] = field(default_factory=list)
    charts_ms: list[float] = field(default_factory=list)
    queries: int = 0
    buckets: int = 0
    from_cache: int = 0
    untouched: int = 0
    behind_s: list[float] = field(default_factory=list)

    def add(self, other: Seen) -> None:
        self.refreshes_ms += other.refreshes_ms
        self.charts_ms += other.charts_ms
        self.behind_s += other.behind_s
        self.queries += other.queries
        self.buckets += other.buckets
        self.from_cache += other.from_cache
        self.untouched += other.untouched


def view(make: Callable[[Transport], Client], url: str, charts: Sequence[Query], begin: float, end: float) -> Seen:
    """One viewer, from one moment to another."""
    seen, transport = Seen(), CountingTransport(url)
    client = make(transport)
    try:
        for number in itertools.count():
            at = begin + number * EVERY_S
            time.sleep(max(0.0, at - time.monotonic()))
            if time.monotonic() >= end:
                break
            began = time.perf_counter()
            for chart in charts:
                asked = time.perf_counter()
                result = client.ask(chart)
                seen.charts_ms.append((time.perf_counter() - asked) * 1000)
                if result.freshness is not None:
                    seen.behind_s.append(result.freshness.age.total_seconds())
                if result.cache is not None:
                    seen.buckets += result.cache.buckets
                    seen.from_cache += result.cache.from_cache
                    seen.untouched += result.cache.from_cache == result.cache.buckets
            seen.refreshes_ms.append((time.perf_counter() - began) * 1000)
    finally:
        transport.close()
    seen.queries = transport.queries
    return seen


def all_view(make: Callable[[Transport], Client], url: str, viewers: int, seconds: float) -> Seen:
    """Every viewer in a thread, begun at any moment of the first ten seconds."""
    chance, charts, total = random.Random(1), board(), Seen()
    first = time.monotonic() + 0.5
    failed: list[BaseException] = []
    lock = threading.Lock()

    def one(begin: float) -> None:
        try:
            seen = view(make, url, charts, begin, first + seconds)
            with lock:
                total.add(seen)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(first + chance.random() * EVERY_S,)) for _ in range(viewers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 120)
    if failed:
        raise failed[0]
    return total


def table_of(found: dict[str, Seen], viewers: int, seconds: float, events: int) -> Table:
    about = f"{viewers} viewers, {len(board())} charts each {EVERY_S:.0f} s"
    table = Table("", *found, title=f"{about}; {seconds:.0f} s each way, {events:,} events")
    first = next(iter(found.values()))
    columns = [measures(seen, first) for seen in found.values()]
    for name in columns[0]:
        table.add_row(name, *(column[name] for column in columns))
    return table


def measures(seen: Seen, first: Seen) -> dict[str, str]:
    """What is told of a way, beside the first one."""
    refresh, chart = (statistics.quantiles(times, n=100) for times in (seen.refreshes_ms, seen.charts_ms))
    each, of_first = (way.queries / len(way.refreshes_ms) for way in (seen, first))
    age = statistics.quantiles(seen.behind_s, n=100) if len(seen.behind_s) > 1 else None
    return {
        "refreshes": f"{len(seen.refreshes_ms):,}",
        **{f"a refresh, P{at}, ms": f"{refresh[at - 1]:,.0f}" for at in (50, 90, 99)},
        **{f"a chart, P{at}, ms": f"{chart[at - 1]:,.1f}" for at in (50, 90, 99)},
        "Druid queries": f"{seen.queries:,}",
        "of a refresh": f"{each:.1f}",
        "the first way's, divided by it": f"{of_first / each:.1f}",
        "buckets from the cache": f"{seen.from_cache / seen.buckets:.1%}" if seen.buckets else "–",
        "charts all from the cache": f"{seen.untouched / len(seen.charts_ms):.1%}" if seen.buckets else "–",
        "age of the newest event told, P90, s": f"{age[89]:.1f}" if age else "–",
    }


def measured(url: str, names: dict[str, str], viewers: int, seconds: float, directory: str) -> dict[str, Seen]:
    memory, disk = Cache(), Cache(directory)

    def made(**options: Any) -> Callable[[Transport], Client]:
        return lambda transport: Client(transport=transport, datasources=names, **options)

    ways = {
        "without a cache": made(),
        "without, nor freshness and completeness": made(**BARE),
        "cache in memory": made(cache=memory),
        "cache on disk": made(cache=disk),
    }
    # Once unmeasured: Druid's own first time.
    all_view(made(), url, 1, 1)
    found = {way: all_view(make, url, viewers, seconds) for way, make in ways.items()}
    disk.close()
    return found


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--viewers", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=30, help="of each way")
    arguments = parser.parse_args()
    name = f"bench_board_{time.time_ns() // 1_000_000:x}"
    with ExitStack() as held:
        where = arguments.url, arguments.bootstrap
        topic: LiveTopic = held.enter_context(live_topic(*where, name, ["audience", "quality"]))
        ledger: LiveTopic = held.enter_context(live_topic(*where, f"{name}_told", ["ledger"]))
        flow = Flow(arguments.bootstrap, name, ledger.name)
        past = flow.past()
        for spec in topic.datasources:
            topic.await_count(spec, past)
        held.enter_context(flowing(flow))
        print(f"{past:,} events of the last three hours are queryable", flush=True)
        directory = held.enter_context(tempfile.TemporaryDirectory(prefix="frontrow-cache-"))
        names = {**topic.datasources, **ledger.datasources}
        found = measured(arguments.url, names, arguments.viewers, arguments.seconds, directory)
        events = flow.sent
    Console(width=160).print(table_of(found, arguments.viewers, arguments.seconds, events))


if __name__ == "__main__":
    main()
