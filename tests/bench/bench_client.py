"""The client against pydruid and bare HTTP: a small query, 100,000 rows into a DataFrame, and the memory of that.

All in turns within one run, on a datasource of its own that is dropped at the end.
Run: ``python tests/bench/bench_client.py [--url URL] [--bootstrap HOST:PORT] [--rounds N]``.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request  # noqa: F401 - pydruid uses it without importing it
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pandas
import polars
import pyarrow
import pyarrow.csv
import urllib3
from memory import with_peak
from pydruid.client import PyDruid
from pydruid.db import connect
from pydruid.utils.aggregators import longsum
from pydruid.utils.filters import Dimension
from rich.console import Console
from rich.table import Table

import frontrow

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

ROWS = 100_000
DEADLINE_S = 90.0
START = datetime(2026, 9, 21, 12, tzinfo=UTC)
INTERVAL = "2026-09-21T12:00/2026-09-21T13:00"
SUMS = {name: longsum(name) for name in ("count", "play_ms", "plays")}
DIMENSIONS = ["content_id", "country", "device_type"]


def rows() -> Iterator[dict[str, Any]]:
    """As many distinct groups as rows, all of one hour."""
    chance = random.Random(1)
    start = int(START.timestamp() * 1000)
    for number in range(ROWS):
        yield {
            "ts": start + number % 60 * 60_000,
            "content_id": f"title-{number:06d}",
            "country": chance.choice(["DE", "FR", "AT", "US"]),
            "device_type": chance.choice(["tv", "mobile", "desktop"]),
            "play_ms": chance.randrange(10_000_000),
            "plays": chance.randrange(100),
        }


def supervisor(name: str, bootstrap: str) -> dict[str, Any]:
    return {
        "type": "kafka",
        "spec": {
            "dataSchema": {
                "dataSource": name,
                "timestampSpec": {"column": "ts", "format": "millis"},
                "dimensionsSpec": {"dimensions": DIMENSIONS},
                "metricsSpec": [
                    {"type": "count", "name": "count"},
                    *({"type": "longSum", "name": each, "fieldName": each} for each in ("play_ms", "plays")),
                ],
                "granularitySpec": {"segmentGranularity": "HOUR", "queryGranularity": "MINUTE", "rollup": True},
            },
            "ioConfig": {
                "topic": name,
                "inputFormat": {"type": "json"},
                "consumerProperties": {"bootstrap.servers": bootstrap},
                "useEarliestOffset": True,
                "startDelay": "PT0S",
                "period": "PT5S",
            },
            "tuningConfig": {"type": "kafka"},
        },
    }


def call(pool: urllib3.PoolManager, method: str, address: str, body: Any = None) -> Any:
    answer = pool.request(
        method,
        address,
        body=None if body is None else json.dumps(body),
        headers={"Content-Type": "application/json"},
        timeout=30,
    )
    if answer.status >= 300:
        raise RuntimeError(f"{method} {address}: {answer.status} {answer.data[:500]!r}")
    return json.loads(answer.data or b"null")


@contextmanager
def datasource(url: str, bootstrap: str, name: str) -> Iterator[None]:
    """Rows in Druid until the block ends."""
    pool = urllib3.PoolManager()
    overlord = f"{url}/druid/indexer/v1"
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    try:
        producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=50, batch_size=1 << 18)
        for row in rows():
            producer.send(name, json.dumps(row).encode())
        producer.flush(60)
        producer.close(10)
        call(pool, "POST", f"{overlord}/supervisor", supervisor(name, bootstrap))
        deadline = time.monotonic() + DEADLINE_S
        with frontrow.Client(url, datasources={"audience": name}) as client:
            while client.timeseries("events", interval=INTERVAL, granularity="all").columns["events"] != (ROWS,):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"waited {DEADLINE_S:.0f} s for {ROWS:,} rows in {name}")
                time.sleep(0.5)
        yield
    finally:
        call(pool, "POST", f"{overlord}/supervisor/{name}/terminate")
        for state in ("running", "pending", "waiting"):
            for task in call(pool, "GET", f"{overlord}/tasks?state={state}&datasource={name}"):
                call(pool, "POST", f"{overlord}/task/{task['id']}/shutdown")
        pool.request("DELETE", f"{url}/druid/coordinator/v1/datasources/{name}", timeout=30)
        admin.delete_topics([name])
        admin.close()


class Times:
    """Milliseconds of one way: on the clock, and of this process's own work."""

    def __init__(self) -> None:
        self.clock: list[float] = []
        self.work: list[float] = []


def in_turns(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, Times]:
    """First all ways once unmeasured, then every round each of them once."""
    taken = {name: Times() for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            began, worked = time.perf_counter(), time.process_time()
            way()
            taken[name].work.append((time.process_time() - worked) * 1000)
            taken[name].clock.append((time.perf_counter() - began) * 1000)
    return taken


def small(url: str, name: str, rounds: int) -> Table:
    pool = urllib3.connection_from_url(url)
    body = {
        "queryType": "timeseries",
        "dataSource": name,
        "granularity": "all",
        "intervals": [INTERVAL],
        "aggregations": [{"type": "longSum", "name": "plays", "fieldName": "plays"}],
        "filter": {"type": "selector", "dimension": "content_id", "value": "title-000007"},
    }
    encoded = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    named = {"audience": name}
    plain, fresh = frontrow.Client(url, datasources=named, freshness=False), frontrow.Client(url, datasources=named)
    druid = PyDruid(url, "druid/v2")

    def ask(client: frontrow.Client) -> None:
        client.timeseries("plays", interval=INTERVAL, granularity="all", where={"content_id": "title-000007"})

    def with_pydruid() -> None:
        druid.timeseries(
            datasource=name,
            granularity="all",
            intervals=[INTERVAL],
            aggregations={"plays": longsum("plays")},
            filter=Dimension("content_id") == "title-000007",
        )

    ways: dict[str, Callable[[], Any]] = {
        "bare HTTP, one kept connection": lambda: pool.urlopen("POST", "/druid/v2", body=encoded, headers=headers).data,
        "frontrow, without freshness": lambda: ask(plain),
        "frontrow": lambda: ask(fresh),
        "pydruid": with_pydruid,
    }
    taken = in_turns(ways, rounds)
    base = statistics.median(taken["bare HTTP, one kept connection"].work)
    table = Table(
        "way", "p50", "p99", "own work p50", "over bare HTTP", title=f"a small query, {rounds} times in turns, ms"
    )
    for way, times in taken.items():
        p99, work = statistics.quantiles(times.clock, n=100)[98], statistics.median(times.work)
        table.add_row(way, f"{statistics.median(times.clock):.2f}", f"{p99:.2f}", f"{work:.2f}", f"{work - base:+.2f}")
    plain.close()
    fresh.close()
    return table


def large_ways(url: str, name: str) -> dict[str, Callable[[], Any]]:
    """Every way to all rows; those of "frontrow" and "pydruid" give a frame, the others bytes."""
    group_by: dict[str, Any] = {
        "queryType": "groupBy",
        "dataSource": name,
        "granularity": "all",
        "intervals": [INTERVAL],
        "dimensions": DIMENSIONS,
        "aggregations": [{**each, "name": key} for key, each in SUMS.items()],
    }
    scan = {
        "queryType": "scan",
        "dataSource": name,
        "intervals": [INTERVAL],
        "columns": ["__time", *DIMENSIONS, *SUMS],
    }
    columns = ", ".join(f'"{each}"' for each in ["__time", *DIMENSIONS, *SUMS])
    sql = f"SELECT {columns} FROM {name} WHERE __time >= TIMESTAMP '{START:%Y-%m-%d %H:%M:%S}'"  # noqa: S608
    host, _, port = url.removeprefix("http://").partition(":")
    cursor = connect(host=host, port=int(port), path="/druid/v2/sql/", scheme="http").cursor()
    client, druid = frontrow.Client(url), PyDruid(url, "druid/v2")
    pool = urllib3.connection_from_url(url)
    headers = {"Content-Type": "application/json"}

    def bare(query: dict[str, Any], path: str = "/druid/v2") -> bytes:
        return pool.urlopen("POST", path, body=json.dumps(query).encode(), headers=headers).data

    def by_pydruids_dbapi() -> pandas.DataFrame:
        return pandas.DataFrame(cursor.execute(sql).fetchall())

    def grouped_by_pydruid() -> pandas.DataFrame:
        druid.groupby(
            datasource=name, granularity="all", intervals=[INTERVAL], dimensions=DIMENSIONS, aggregations=SUMS
        )
        return druid.export_pandas()

    def scanned_by_pydruid() -> pandas.DataFrame:
        druid.scan(
            datasource=name, granularity="all", intervals=[INTERVAL], limit=ROWS, columns=["__time", *DIMENSIONS, *SUMS]
        )
        return druid.export_pandas()

    def exported(query: Any) -> range:
        with tempfile.TemporaryDirectory() as directory:
            return range(client.export(query, f"{directory}/rows.parquet").rows)

    as_arrays = {**group_by, "context": {"resultAsArray": True}}
    return {
        "groupBy, pydruid, pandas": grouped_by_pydruid,
        "groupBy, frontrow, pandas": lambda: client.native(group_by).to_pandas(),
        "groupBy, frontrow, Arrow": lambda: client.native(group_by).to_arrow(),
        "groupBy, frontrow, polars": lambda: client.native(group_by).to_polars(),
        "groupBy, bytes only (Druid's own time), objects": lambda: bare(group_by),
        "groupBy, bytes only (Druid's own time), arrays": lambda: bare(as_arrays),
        "scan, pydruid, pandas": scanned_by_pydruid,
        "scan, frontrow, pandas": lambda: client.native(scan).to_pandas(),
        "scan, frontrow, Arrow": lambda: client.native(scan).to_arrow(),
        "scan, frontrow, polars": lambda: client.native(scan).to_polars(),
        "scan, bytes only (Druid's own time), lists": lambda: bare({**scan, "resultFormat": "compactedList"}),
        "SQL, pydruid, pandas": by_pydruids_dbapi,
        "SQL, frontrow, pandas": lambda: client.sql(sql).to_pandas(),
        "SQL, frontrow, polars": lambda: client.sql(sql).to_polars(),
        "SQL, frontrow, Arrow": lambda: client.sql(sql).to_arrow(),
        "scan, frontrow, Parquet file": lambda: exported(scan),
        "SQL, frontrow, Parquet file": lambda: exported(sql),
        "SQL, bytes only (Druid's own time), lines": lambda: bare(
            {"query": sql, "resultFormat": "arrayLines"}, "/druid/v2/sql"
        ),
    }


def large(url: str, name: str, rounds: int) -> Table:
    ways = large_ways(url, name)
    for way, answer in ways.items():
        if "bytes only" not in way and len(answer()) != ROWS:
            raise RuntimeError(f"{way}: not {ROWS:,} rows")
    # Each beside pydruid, by the clock, and by the work of this process alone: the rest is Druid's.
    taken = {
        way: (statistics.median(times.clock), statistics.median(times.work))
        for way, times in in_turns(ways, rounds).items()
    }
    title = f"{ROWS:,} rows into a DataFrame, {rounds} times in turns, ms"
    table = Table("way", "median", "pydruid / it", "own work", "pydruid / it", title=title)
    for way, (clock, work) in taken.items():
        base_clock, base_work = taken[f"{way.partition(',')[0]}, pydruid, pandas"]
        table.add_row(way, f"{clock:,.0f}", f"{base_clock / clock:.1f}", f"{work:,.0f}", f"{base_work / work:.1f}")
    return table


def memory(url: str, name: str) -> Table:
    """Of each way the memory that a process of its own takes at most, beyond what its imports take."""
    table = Table("way", "MiB beyond imports", title=f"peak memory, {ROWS:,} rows, once, each in a process of its own")
    for way in large_ways(url, name):
        command = [sys.executable, __file__, "--url", url, "--datasource", name, "--peak-of", way]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE_S)
        table.add_row(way, f"{float(done.stdout):,.0f}")
    return table


def peak_of(url: str, name: str, way: str) -> float:
    """MiB that a way takes at most, beyond what this process has taken before it."""
    asked = large_ways(url, name)[way]
    # What each of them imports when it is first asked.
    pyarrow.table({"x": ["x"]}).to_pandas()
    polars.from_arrow(pyarrow.csv.read_csv(io.BytesIO(b"x\nx\n")))
    return with_peak(asked)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8888", help="Druid's Router")
    parser.add_argument("--bootstrap", default="127.0.0.1:9092", help="Kafka")
    parser.add_argument("--rounds", type=int, default=200, help="of the small query; the large ones take a 40th")
    parser.add_argument("--datasource", help="that of a run under way, for --peak-of")
    parser.add_argument("--peak-of", help="only say what memory this way takes, MiB")
    arguments = parser.parse_args()
    if arguments.peak_of:
        print(peak_of(arguments.url, arguments.datasource, arguments.peak_of))
        return
    name = f"bench_client_{time.time_ns() // 1_000_000:x}"
    with datasource(arguments.url, arguments.bootstrap, name):
        console = Console()
        console.print(small(arguments.url, name, arguments.rounds))
        console.print(large(arguments.url, name, max(arguments.rounds // 40, 1)))
        console.print(memory(arguments.url, name))


if __name__ == "__main__":
    main()
