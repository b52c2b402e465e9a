"""Avro against JSON ingest in Druid: the same events, the same rollup, one task over two partitions.

JSON comes twice: the whole event as the contract has it, and only the fields that the spec reads. Then the product's
own spec of ``quality`` over the Avro topic, with and without the four columns that tell how late events come.

Each run reads a whole topic, written beforehand, into a datasource of its own. The rate is taken from the task's own
count of processed rows between its first and its last, so neither the task's start nor its publishing is in it; at the
end a query must find every event. Runs alternate; the first of each format warms the indexer up and is shown apart.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import fastavro
import orjson
import urllib3
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from frontrow._http.transport import Transport
from frontrow_specs import event_schema, rollup

EVENTS_PER_MS = 20
START = 1_767_261_600_000
DIMENSIONS = ["content_id", "event_id", "stream_type", "country", "device_type", "cdn"]
SUMS = ["play_ms", "rebuffer_ms", "bits", "dropped_frames"]
QUALITY, PUNCTUAL = "quality", "quality, no lateness"
LATENESS = {"lateness_ms", "later_than_10s", "later_than_1m", "later_than_10m"}


@dataclass(frozen=True)
class Run:
    """One ingest of a whole topic: rows per second, and the CPU seconds of the indexer where they could be read."""

    rate: float
    cpu_s: float | None


def events(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Heartbeats of a live evening: 20,000 a second, skewed titles and countries, ids of 22 characters."""
    rng = random.Random(seed)
    titles = [f"title-{n:04d}" for n in range(200)]
    title_weights = [1 / (n + 1) for n in range(200)]
    viewers = [f"{rng.getrandbits(128):032x}"[:22] for _ in range(max(1000, count // 8))]
    chosen = rng.choices(titles, title_weights, k=count)
    countries = rng.choices(["DE", "FR", "IT", "ES", "NL", "PL", "AT", "SE"], [8, 6, 5, 4, 3, 2, 1, 1], k=count)
    devices = rng.choices(["tv", "mobile", "desktop", "tablet", "console"], [5, 4, 2, 1, 1], k=count)
    cdns = rng.choices(["cdn-a", "cdn-b", "cdn-c"], [5, 3, 1], k=count)
    watching = rng.choices(viewers, k=count)
    for n in range(count):
        live = chosen[n] <= "title-0002"
        stalled = 0 if n % 37 else 1 + n % 900
        play_ms = 10_000 - stalled
        yield {
            "session_id": f"s{watching[n]}",
            "seq": n % 400,
            "viewer_id": watching[n],
            "content_id": chosen[n],
            "event_id": "final" if live else None,
            "ts": START + n // EVENTS_PER_MS,
            "received_ts": START + n // EVENTS_PER_MS + 180,
            "kind": "heartbeat",
            "started": True,
            "end_reason": None,
            "error_code": None,
            "error_class": None,
            "country": countries[n],
            "region": None,
            "device_type": devices[n],
            "os": "android",
            "app_version": "7.12.0",
            "player": "exo",
            "cdn": cdns[n],
            "isp": "AS3320",
            "network": "wifi",
            "stream_type": "live" if live else "vod",
            "segments": ["sports", "premium"] if n % 3 else [],
            "play_ms": play_ms,
            "rebuffer_ms": stalled,
            "seek_rebuffer_ms": 0,
            "pause_ms": 0,
            "ad_ms": 0,
            "startup_ms": None,
            "bits": play_ms * 4_500,
            "dropped_frames": n % 3,
            "live_latency_ms": 8_000 if live else None,
            "position_ms": (n % 400) * 10_000,
            "content_length_ms": None if live else 5_400_000,
        }


def avro_encoder() -> Callable[[dict[str, Any]], bytes]:
    """Frames an event as the product does: 0x01, the schema's id, the record."""
    schema = fastavro.parse_schema(event_schema())

    def encode(event: dict[str, Any]) -> bytes:
        buffer = io.BytesIO(b"\x01\x00\x00\x00\x01")
        buffer.seek(5)
        fastavro.schemaless_writer(buffer, schema, event)
        return buffer.getvalue()

    return encode


def json_encoder() -> Callable[[dict[str, Any]], bytes]:
    """JSON without its nulls, as a careful producer would write it."""
    return lambda event: orjson.dumps({name: value for name, value in event.items() if value is not None})


def lean_json_encoder() -> Callable[[dict[str, Any]], bytes]:
    """JSON of nothing but what this one spec reads: the least that JSON can cost, and no contract."""
    names = ["ts", "viewer_id", *DIMENSIONS, *SUMS]
    return lambda event: orjson.dumps({name: event[name] for name in names if event[name] is not None})


def input_format(kind: str) -> dict[str, Any]:
    """The inputFormat of a supervisor spec."""
    if kind != "avro":
        return {"type": "json"}
    return {
        "type": "avro_stream",
        "avroBytesDecoder": {"type": "multiple_schemas_inline", "schemas": {"1": event_schema()}},
    }


def quality(kind: str, topic: str, datasource: str, bootstrap: str) -> dict[str, Any]:
    """The product's spec; without the columns of lateness for the kind that says so."""
    spec = rollup("quality")
    if kind == PUNCTUAL:
        metrics = tuple(each for each in spec.metrics if each.name not in LATENESS)
        if len(spec.metrics) - len(metrics) != len(LATENESS):
            raise RuntimeError(f"quality has not the columns {', '.join(sorted(LATENESS))} any more")
        spec = replace(spec, metrics=metrics)
    return spec.supervisor(bootstrap=bootstrap, topic=topic, datasource=datasource)


def supervisor(kind: str, topic: str, datasource: str, bootstrap: str) -> dict[str, Any]:
    """Six string dimensions, a count, four sums and an HLL sketch by minute."""
    if kind in (QUALITY, PUNCTUAL):
        return quality(kind, topic, datasource, bootstrap)
    metrics: list[dict[str, Any]] = [{"type": "count", "name": "count"}]
    metrics += [{"type": "longSum", "name": name, "fieldName": name} for name in SUMS]
    metrics.append(
        {
            "type": "HLLSketchBuild",
            "name": "viewers_hll",
            "fieldName": "viewer_id",
            "lgK": 12,
            "tgtHllType": "HLL_4",
            "stringEncoding": "utf8",
        }
    )
    return {
        "type": "kafka",
        "spec": {
            "dataSchema": {
                "dataSource": datasource,
                "timestampSpec": {"column": "ts", "format": "millis"},
                "dimensionsSpec": {"dimensions": DIMENSIONS},
                "metricsSpec": metrics,
                "granularitySpec": {"segmentGranularity": "HOUR", "queryGranularity": "MINUTE", "rollup": True},
            },
            "ioConfig": {
                "topic": topic,
                "inputFormat": input_format(kind),
                "consumerProperties": {"bootstrap.servers": bootstrap},
                "useEarliestOffset": True,
                "taskCount": 1,
                "replicas": 1,
                "taskDuration": "PT1H",
                "startDelay": "PT0S",
                "period": "PT5S",
            },
            "tuningConfig": {"type": "kafka", "intermediatePersistPeriod": "PT1H", "maxRowsInMemory": 1_000_000},
        },
    }


class Druid:
    """The few calls of the management API that a run needs."""

    def __init__(self, url: str, indexer_url: str) -> None:
        self.call = Transport(url).request_json
        self.indexer_url = indexer_url
        self.pool = urllib3.PoolManager()

    def processed(self, task_id: str) -> tuple[int, int]:
        """Rows the task has processed and rows it refused; (0, 0) while it does not answer yet."""
        response = self.pool.request("GET", f"{self.indexer_url}/druid/worker/v1/chat/{task_id}/rowStats", timeout=30)
        if response.status != 200:
            return 0, 0
        counts = json.loads(response.data).get("totals", {}).get("buildSegments", {})
        bad = sum(counts.get(name, 0) for name in ("unparseable", "processedWithError", "thrownAway"))
        return counts.get("processed", 0), bad

    def tasks(self, datasource: str) -> list[dict[str, Any]]:
        """The datasource's tasks that have not ended."""
        found: list[dict[str, Any]] = []
        for state in ("running", "pending", "waiting"):
            found += self.call("GET", f"/druid/indexer/v1/tasks?state={state}&datasource={datasource}")
        return found

    def counted(self, datasource: str) -> tuple[int, int]:
        """Events and stored rows a query finds."""
        answer = self.call(
            "POST",
            "/druid/v2",
            {
                "queryType": "timeseries",
                "dataSource": datasource,
                "granularity": "all",
                "intervals": ["2000/2100"],
                "aggregations": [
                    {"type": "longSum", "name": "events", "fieldName": "count"},
                    {"type": "count", "name": "rows"},
                ],
                "context": {"useCache": False},
            },
        )
        return (answer[0]["result"]["events"], answer[0]["result"]["rows"]) if answer else (0, 0)


def produce(bootstrap: str, topics: dict[str, Callable[[dict[str, Any]], bytes]], rows: int) -> dict[str, int]:
    """Writes the same events to every topic, each of two partitions, round robin; the size of each in bytes."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1) for topic in topics])
    admin.close()
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, compression_type="lz4", linger_ms=50, batch_size=256 * 1024, acks="all"
    )
    sizes = dict.fromkeys(topics, 0)
    for n, event in enumerate(events(rows, seed=1)):
        for topic, encode in topics.items():
            message = encode(event)
            producer.send(topic, message, partition=n % 2)
            sizes[topic] += len(message)
    producer.flush(60)
    producer.close()
    return sizes


def wait(what: str, deadline_s: float, probe: Callable[[], Any], every_s: float = 0.2) -> Any:
    """Polls until the answer is true and returns it; RuntimeError with what was waited for after the deadline."""
    end = time.monotonic() + deadline_s
    while not (answer := probe()):
        if time.monotonic() > end:
            raise RuntimeError(f"waited {deadline_s:.0f} s for {what}")
        time.sleep(every_s)
    return answer


def cpu_seconds(pid: int | None) -> float | None:
    """CPU time a process has used so far, seconds; None where that cannot be read."""
    if pid is None:
        return None
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ingest(druid: Druid, kind: str, topic: str, name: str, bootstrap: str, rows: int, pid: int | None) -> Run:
    """Reads the topic into a new datasource, checks that nothing is missing, and takes everything away again."""
    druid.call("POST", "/druid/indexer/v1/supervisor", supervisor(kind, topic, name, bootstrap))
    try:
        task = wait(f"a task of {name}", 60, lambda: druid.tasks(name))[0]["id"]
        samples: list[tuple[float, int]] = []
        cpu: list[float | None] = []

        def done() -> bool:
            good, bad = druid.processed(task)
            if bad:
                raise RuntimeError(f"{kind}: {bad} rows were refused")
            if good:
                samples.append((time.perf_counter(), good))
                cpu.append(cpu_seconds(pid))
            return good >= rows

        wait(f"{rows} rows of {topic}", 120, done, every_s=0.1)
        (first_at, first), (last_at, last) = samples[0], samples[-1]
        if last == first:
            raise RuntimeError(f"{kind}: {rows} rows are too few to time")
        found, _ = druid.counted(name)
        if found != rows:
            raise RuntimeError(f"{kind}: a query finds {found} of {rows} events")
        used = None if cpu[0] is None or cpu[-1] is None else (cpu[-1] - cpu[0]) / (last - first) * 1e6
        return Run((last - first) / (last_at - first_at), used)
    finally:
        druid.call("POST", f"/druid/indexer/v1/supervisor/{name}/terminate")
        # A supervisor ended before it has heard of its task's start leaves the task behind.
        for left in druid.tasks(name):
            druid.call("POST", f"/druid/indexer/v1/task/{left['id']}/shutdown")
        wait(f"the tasks of {name} to end", 60, lambda: not druid.tasks(name))
        druid.call("DELETE", f"/druid/coordinator/v1/datasources/{name}")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8888", help="Druid's router")
    parser.add_argument("--indexer-url", default="http://127.0.0.1:8091", help="Druid's indexer")
    parser.add_argument("--bootstrap", default="127.0.0.1:9092", help="Kafka")
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3, help="warm runs of each format, 1 to 5")
    parser.add_argument("--indexer-pid", type=int, help="also report this process's CPU time")
    args = parser.parse_args()
    if not 10_000 <= args.rows <= 5_000_000 or not 1 <= args.rounds <= 5:
        parser.error("--rows is 10000 to 5000000, --rounds 1 to 5")
    druid = Druid(args.url, args.indexer_url)
    run = f"bench_ingest_{time.time_ns() // 1_000_000:x}"
    encoders = {"json": json_encoder(), "json-lean": lean_json_encoder(), "avro": avro_encoder()}
    topics = {kind: f"{run}_{kind}" for kind in encoders}
    produced = produce(args.bootstrap, {topics[kind]: encode for kind, encode in encoders.items()}, args.rows)
    sizes = {kind: produced[topic] for kind, topic in topics.items()}
    topic_of = {**topics, QUALITY: topics["avro"], PUNCTUAL: topics["avro"]}
    runs: dict[str, list[Run]] = {kind: [] for kind in topic_of}
    try:
        for n in range(args.rounds + 1):
            for place, (kind, topic) in enumerate(topic_of.items()):
                name = f"{run}_{place}_{n}"
                runs[kind].append(ingest(druid, kind, topic, name, args.bootstrap, args.rows, args.indexer_pid))
                print(f"  {'warm' if n else 'first'} {kind}: {runs[kind][-1].rate:,.0f} rows/s", flush=True)
    finally:
        admin = KafkaAdminClient(bootstrap_servers=args.bootstrap)
        admin.delete_topics(list(topics.values()))
        admin.close()

    load = os.getloadavg()[0]
    print(
        f"\nDruid ingest, {args.rows:,} events, one task, two partitions; {os.cpu_count()} cores, "
        f"{platform.machine()}, load {load:.1f}"
    )
    print(f"{'':20}{'first':>12}{'warm median':>14}{'warm best':>12}{'bytes/event':>13}{'CPU s/1e6':>11}")
    medians = {}
    for kind, (first, *warm) in runs.items():
        rates = [item.rate for item in warm]
        medians[kind] = statistics.median(rates)
        used = [item.cpu_s for item in warm if item.cpu_s is not None]
        size = sizes.get(kind, sizes["avro"]) / args.rows
        print(
            f"{kind:20}{first.rate:>12,.0f}{medians[kind]:>14,.0f}{max(rates):>12,.0f}"
            f"{size:>13.0f}{f'{statistics.median(used):.1f}' if used else '-':>11}"
        )
    for kind in ("json", "json-lean"):
        print(f"avro is {medians['avro'] / medians[kind]:.2f} x {kind} (rows/s, warm median)")
    print(f"quality is {medians[QUALITY] / medians[PUNCTUAL]:.2f} x {PUNCTUAL} (rows/s, warm median)")
    print("json-lean holds only the fields this spec reads; the others hold the whole event of the contract")


if __name__ == "__main__":
    main()
