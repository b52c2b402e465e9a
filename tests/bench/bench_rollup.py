"""What each rollup spec makes of an hour of a simulated evening in real Druid: rows, ratio, bytes, speed of a task.

The hour is written once, to a topic of two partitions; each datasource then reads all of it by one task, one after
another, and is published: rows and bytes are those of the segments on a Historical. ``audience`` comes a second time
without its audience labels. Beside them stands what ``frontrow specs preview`` says of the same events. At the end, how
many rows a second a Historical looks through, for a sum and for a sketch. ``frontrow specs size`` computes with them.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import confluent_kafka
from bench_ingest import Druid, wait
from kafka.admin import KafkaAdminClient
from live_topic import LiveTopic, remove
from published import Published, await_published

from frontrow._http.transport import Transport
from frontrow_ingest.contract import encode_unchecked
from frontrow_ingest.contract.codec import topic_encoder
from frontrow_ingest.druid import Supervisors, ensure_topic
from frontrow_ingest.ledger.counts import MINUTE_MS
from frontrow_ingest.preview import preview
from frontrow_ingest.simulate import Simulation
from frontrow_specs import RollupSpec, rollup, rollup_names
from frontrow_specs.avro_schemas import EVENTS
from frontrow_specs.druid_json import SKETCHES

START_MS = 1_772_395_200_000  # 2026-03-01, 20:00 UTC
LEDGER_EVERY_MS = 2_000
SCANS = 40
EMPTY = "2026-03-01T19/2026-03-01T20"
WARM = 1 / 3


@dataclass(frozen=True)
class Sent:
    """What was written: messages of each topic; of the events their bytes, and what they report."""

    counts: dict[str, int]
    bytes: int
    heartbeats: int
    plays: int
    play_ms: int


@dataclass(frozen=True)
class Made:
    """A datasource of real Druid."""

    name: str
    spec: RollupSpec
    events: int
    rate: float | None
    segments: tuple[Published, ...]

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.segments)

    @property
    def bytes(self) -> int:
        return sum(each.bytes for each in self.segments)


def evening(viewers: int) -> Simulation:
    """An hour of a live event and titles on demand."""
    return Simulation(seed=1, viewers=viewers, start_ms=START_MS, duration_s=3_600, end_open=True)


def produce(bootstrap: str, topics: dict[str, str], simulation: Simulation) -> Sent:
    """The hour's events, and the ledger that their producer would keep, every two seconds."""
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 20,
            "compression.type": "lz4",
            "acks": "all",
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    minutes: dict[int, list[int]] = {}
    kinds: Counter[str] = Counter()
    counts, size, play_ms, due = dict.fromkeys(topics, 0), 0, 0, START_MS + LEDGER_EVERY_MS
    for number, event in enumerate(simulation.events()):
        value = encode_unchecked(event)
        producer.produce(topics[EVENTS], value, event["session_id"].encode())
        counted = minutes.setdefault(event["ts"] // MINUTE_MS * MINUTE_MS, [0, 0])
        counted[0] += 1
        counted[1] += len(value)
        size += len(value)
        kinds[event["kind"]] += 1
        play_ms += event["play_ms"]
        if event["ts"] >= due:
            counts["ledger"] += tell(producer, topics["ledger"], minutes, due)
            due += LEDGER_EVERY_MS
        if number % 1_000 == 0:
            producer.poll(0)
        counts[EVENTS] = number + 1
    counts["ledger"] += tell(producer, topics["ledger"], minutes, due)
    if left := producer.flush(60):
        raise RuntimeError(f"{left} messages were not acknowledged")
    return Sent(counts, size, kinds["heartbeat"], kinds["first_frame"], play_ms)


def tell(producer: Any, topic: str, minutes: dict[int, list[int]], now: int) -> int:
    """Write the deltas and forget them; how many there were."""
    told = len(minutes)
    nothing = {"refused": 0, "duplicates": 0, "refused_bytes": 0}
    for minute, (sent, size) in minutes.items():
        delta = {"ts": minute, "emitted_ts": now, "producer": "bench", "run": "1", "schema_id": 1, "sent": sent}
        producer.produce(topic, topic_encoder("ledger")({**delta, "bytes": size, **nothing}), b"bench")
    minutes.clear()
    return told


def ingest(
    druid: Druid, supervisors: Supervisors, spec: RollupSpec, topic: str, name: str, bootstrap: str, count: int
) -> float | None:
    """Read the topic by one task; events per second of its last two thirds, when the code is warm. None of too few."""
    supervisors.submit(spec.supervisor(bootstrap=bootstrap, topic=topic, datasource=name))
    task = wait(f"a task of {name}", 60, lambda: druid.tasks(name))[0]["id"]
    samples: list[tuple[float, int]] = []

    def done() -> bool:
        good, bad = druid.processed(task)
        if bad:
            raise RuntimeError(f"{name}: {bad} messages were refused")
        if good:
            samples.append((time.perf_counter(), good))
        return good >= count

    wait(f"{count:,} events of {topic}", 240, done, every_s=0.1)
    supervisors.await_ingesting(name)  # one that has not heard of its task yet would leave it behind
    supervisors.terminate(name)
    warm = next(place for place, (_, found) in enumerate(samples) if found >= count * WARM)
    (first_at, first), (last_at, last) = samples[warm], samples[-1]
    return (last - first) / (last_at - first_at) if last > first else None


def specs() -> Iterator[tuple[str, RollupSpec]]:
    """Every spec whose topic the evening fills, and ``audience`` without labels."""
    for name in rollup_names():
        if rollup(name).topic in (EVENTS, "ledger"):
            yield name, rollup(name)
    audience = rollup("audience")
    bare = replace(audience, dimensions=tuple(each for each in audience.dimensions if each.name != "segments"))
    yield "audience without segments", bare


def scan_rate(druid: Druid, name: str, rows: int, aggregation: dict[str, Any]) -> float:
    """Rows a second that a Historical looks through for one aggregation, by one thread: the best of some queries, less
    what the same query takes over an hour without rows."""
    return rows / (best_s(druid, name, aggregation, "2026-03-01/2026-03-02") - best_s(druid, name, aggregation, EMPTY))


def best_s(druid: Druid, name: str, aggregation: dict[str, Any], interval: str) -> float:
    query = {
        "queryType": "timeseries",
        "dataSource": name,
        "granularity": "all",
        "intervals": [interval],
        "aggregations": [aggregation],
        "context": {"useCache": False, "populateCache": False},
    }
    times = []
    for _ in range(SCANS):
        began = time.perf_counter()
        druid.call("POST", "/druid/v2", query)
        times.append(time.perf_counter() - began)
    return min(times)


def report(made: list[Made], sent: Sent, simulation: Simulation) -> None:
    """The table. A preview makes the hour anew: it is the same, and needs no memory for the events."""
    print(
        f"\nan hour of a simulated evening, {simulation.viewers:,} viewers; {os.cpu_count()} cores, "
        f"{platform.machine()}, load {os.getloadavg()[0]:.1f}"
    )
    heads = (
        "rows in",
        "rows out",
        "ratio",
        "bytes",
        "bytes/row",
        "sketches/row",
        "preview rows",
        "its bytes",
        "events/s",
    )
    print(f"{'':26}" + "".join(f"{head:>14}" for head in heads))
    for each in made:
        line = (
            f"{each.name:26}{each.events:>14,}{each.rows:>14,}{each.events / each.rows:>14.2f}{each.bytes:>14,}"
            f"{each.bytes / each.rows:>14.1f}"
        )
        says = f"{'-':>14}" * 3
        if each.spec.topic == EVENTS:
            seen = preview(each.spec, simulation.events())
            sketches = sum(seen.columns[metric.name] for metric in each.spec.metrics if metric.type in SKETCHES)
            says = f"{sketches / each.rows:>14.1f}{seen.count.rows:>14,}{seen.bytes:>14,}"
        rate = f"{each.rate:>14,.0f}" if each.rate else f"{'-':>14}"
        print(f"{line}{says}{rate}", flush=True)
    events, seconds = sent.counts[EVENTS], sent.play_ms / 1000
    beats, plays = events / sent.heartbeats, sent.plays / events
    print(f"\n{events:,} events: {sent.bytes / events:.1f} bytes as Avro; {beats:.3f} for each heartbeat")
    print(f"{events / seconds:.4f} events a second of playing; {plays:.4f} plays an event")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8888", help="Druid's router")
    parser.add_argument("--indexer-url", default="http://127.0.0.1:8091", help="Druid's indexer")
    parser.add_argument("--bootstrap", default="127.0.0.1:9092", help="Kafka")
    parser.add_argument("--indexer-pid", type=int, help="not used")
    parser.add_argument("--viewers", type=int, default=3_000)
    args = parser.parse_args()
    if not 100 <= args.viewers <= 50_000:
        parser.error("--viewers is 100 to 50000")
    druid = Druid(args.url, args.indexer_url)
    run = f"bench_rollup_{time.time_ns() // 1_000_000:x}"
    simulation = evening(args.viewers)
    topics = {EVENTS: f"{run}_events", "ledger": f"{run}_ledger"}
    with Transport(args.url) as transport, ExitStack() as last:
        for topic in topics.values():
            ensure_topic(args.bootstrap, topic)
            last.callback(delete_topic, args.bootstrap, topic)
        sent = produce(args.bootstrap, topics, simulation)
        print(f"wrote {sent.counts[EVENTS]:,} events", flush=True)
        live, rates = LiveTopic(transport, args.bootstrap, run), {}
        named = {title: (f"{run}_{number}", spec) for number, (title, spec) in enumerate(specs())}
        for title, (name, spec) in named.items():
            last.callback(drop, live, Supervisors(transport), name)
            count = sent.counts[spec.topic]
            rates[title] = ingest(druid, Supervisors(transport), spec, topics[spec.topic], name, args.bootstrap, count)
            print(f"  {title} is read", flush=True)
        made = []
        for title, (name, spec) in named.items():
            count = sent.counts[spec.topic]
            segments = await_published(transport, name, count)
            made.append(Made(title, spec, count, rates[title], tuple(segments)))
        audience, rows = named["audience"][0], made[0].rows
        of_sum = scan_rate(druid, audience, rows, {"type": "longSum", "name": "x", "fieldName": "play_ms"})
        sketch = {"type": "HLLSketchMerge", "name": "x", "fieldName": "viewers_hll", "lgK": 12, "tgtHllType": "HLL_4"}
        of_hll = scan_rate(druid, audience, rows, sketch)
        report(made, sent, simulation)
        print(f"a query over {rows:,} rows: {of_sum:,.0f} rows/s for a sum, {of_hll:,.0f} for distinct viewers")


def drop(live: LiveTopic, supervisors: Supervisors, name: str) -> None:
    """Take a datasource away, with its supervisor if that has not ended."""
    if name in supervisors.names():
        remove(live, supervisors, name)
    else:
        live.call("DELETE", f"/druid/coordinator/v1/datasources/{name}")


def delete_topic(bootstrap: str, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.delete_topics([topic])
    admin.close()


if __name__ == "__main__":
    main()
