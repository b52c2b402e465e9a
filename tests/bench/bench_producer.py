"""Producer speed on one core: checked, encoded, sent and acknowledged events per second.

Ours against the straightforward way, with the same model, events, topic and broker, in turns within one run. The client
is bound to one core, every thread of it, and once not; the broker is not. Before that the codec alone, after it the
command over a file, with workers.
For Linux. Run: ``python tests/bench/bench_producer.py [--bootstrap HOST:PORT]``.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import avro.io
import avro.schema
import fastavro
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from rich.console import Console
from rich.table import Table
from speeds import speed_table

from frontrow_ingest.contract import Validator, ViewingEvent, encode, encode_unchecked
from frontrow_ingest.producer import EventProducer, KafkaSettings, MemorySink
from frontrow_ingest.producer.settings import Backend
from frontrow_ingest.simulate import Simulation
from frontrow_specs import current_schema_id, event_schema

START_MS = 1_790_000_000_000
FRAME = struct.pack(">BI", 1, current_schema_id())
BACKENDS: tuple[Backend, ...] = ("kafka-python", "confluent")
Send = Callable[[], None]


def plain(schema: Any) -> Any:
    """The schema without logical types, so that a time is an integer to every encoder."""
    if isinstance(schema, dict):
        return {key: plain(value) for key, value in schema.items() if key != "logicalType"}
    return [plain(part) for part in schema] if isinstance(schema, list) else schema


def with_avro() -> Callable[[ViewingEvent], bytes]:
    writer = avro.io.DatumWriter(avro.schema.parse(json.dumps(plain(event_schema()))))

    def encoder(event: ViewingEvent) -> bytes:
        out = io.BytesIO()
        out.write(FRAME)
        writer.write(event.model_dump(mode="json"), avro.io.BinaryEncoder(out))
        return out.getvalue()

    return encoder


def with_fastavro() -> Callable[[ViewingEvent], bytes]:
    schema = fastavro.parse_schema(plain(event_schema()))

    def encoder(event: ViewingEvent) -> bytes:
        out = io.BytesIO()
        out.write(FRAME)
        fastavro.schemaless_writer(out, schema, event.model_dump())
        return out.getvalue()

    return encoder


def straightforward(bootstrap: str, topic: str, lines: list[bytes], encoder: Callable[[ViewingEvent], bytes]) -> Send:
    """pydantic, an Avro library, kafka-python with its default settings (acks=all, idempotent)."""
    producer: Any = KafkaProducer(bootstrap_servers=bootstrap)

    def send() -> None:
        futures = []
        for line in lines:
            event = ViewingEvent.model_validate_json(line)
            futures.append(producer.send(topic, encoder(event), event.session_id.encode()))
        producer.flush(60)
        assert all(future.succeeded() for future in futures)

    return send


def ours(producer: EventProducer, lines: list[bytes]) -> Send:
    def send() -> None:
        for line in lines:
            producer.send_line(line)
        producer.flush(60)

    return send


def ours_encoded(producer: EventProducer, lines: list[bytes]) -> Send:
    """The part of kafka-python alone."""
    events = [Validator().line(line) for line in lines]
    records = [(event.session_id.encode(), encode(event)) for event in events]

    def send() -> None:
        for key, value in records:
            producer.send_encoded(key, value)
        producer.flush(60)

    return send


def on_cores(cores: set[int], send: Send) -> Send:
    """The same on these cores; the threads of the client must have been started there."""

    def unbound() -> None:
        bound = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)
        try:
            send()
        finally:
            os.sched_setaffinity(0, bound)

    return unbound


def simulated(producer: EventProducer, count: int) -> Send:
    """Simulated, encoded, sent: what ``frontrow simulate`` does."""

    def send() -> None:
        for event in audience(2, count):
            producer.send_unchecked(event)
        producer.flush(60)

    return send


def audience(seed: int, count: int, *, viewers: int = 2_000) -> Iterator[dict[str, Any]]:
    """The first events of a simulated audience."""
    simulation = Simulation(seed=seed, viewers=viewers, start_ms=START_MS, duration_s=3_600)
    return itertools.islice(simulation.events(), count)


def main() -> None:
    """Print the tables; about a minute and a half."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", default="127.0.0.1:9092")
    parser.add_argument("--events", type=int, default=10_000, help="events per round and way")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--file-events", type=int, default=200_000, help="events of the file for --workers")
    arguments = parser.parse_args()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    topic = f"frontrow_bench_{time.time_ns() // 1_000_000:x}"
    lines = [json.dumps(event).encode() for event in audience(1, arguments.events)]
    Console().print(codec_table(lines))
    with ExitStack() as stack:

        def connected(backend: Backend) -> EventProducer:
            settings = KafkaSettings(create_topic=True, backend=backend)
            return stack.enter_context(EventProducer(arguments.bootstrap, topic=topic, settings=settings))

        producer, fast = map(connected, BACKENDS)
        os.sched_setaffinity(0, cores)
        unbound = connected("confluent")
        os.sched_setaffinity(0, {max(cores)})
        ways: dict[str, Send] = {
            "pydantic, avro, kafka-python": straightforward(arguments.bootstrap, topic, lines, with_avro()),
            "pydantic, fastavro, kafka-python": straightforward(arguments.bootstrap, topic, lines, with_fastavro()),
            "frontrow, JSON lines": ours(producer, lines),
            "frontrow, simulated": simulated(producer, len(lines)),
            "frontrow, already encoded": ours_encoded(producer, lines),
            "frontrow, JSON lines, confluent": ours(fast, lines),
            "the same, on all cores": on_cores(cores, ours(unbound, lines)),
            "frontrow, simulated, confluent": simulated(fast, len(lines)),
            "frontrow, already encoded, confluent": ours_encoded(fast, lines),
        }
        try:
            measured = measure(ways, len(lines), arguments.rounds)
        finally:
            admin: Any = KafkaAdminClient(bootstrap_servers=arguments.bootstrap)
            admin.delete_topics([topic])
            admin.close()
    Console().print(table(measured, len(lines), arguments.rounds))
    os.sched_setaffinity(0, cores)
    Console().print(workers_table(arguments.bootstrap, arguments.file_events))


def codec_table(lines: list[bytes]) -> Table:
    """Microseconds of CPU for an event of all fields, without Kafka: the best of some rounds."""
    events = [Validator().line(line) for line in lines]
    dicts = [event.model_dump() for event in events]
    producer, other = (EventProducer(sink=Nowhere()) for _ in range(2))
    crowd = [json.dumps(event).encode() for event in audience(3, 10 * len(lines), viewers=20_000)]
    ways: dict[str, Callable[[], object]] = {
        "check a JSON line: pydantic's model": lambda: [Validator().line(line) for line in lines],
        "encode: avro": lambda: list(map(with_avro(), events)),
        "encode: fastavro": lambda: list(map(with_fastavro(), events)),
        "encode: frontrow": lambda: list(map(encode, events)),
        "encode: frontrow, from a dict": lambda: list(map(encode_unchecked, dicts)),
        "check and encode a JSON line: frontrow": lambda: [producer.send_line(line) for line in lines],
    }
    shown = Table("codec", "µs per event")
    for name, way in ways.items():
        shown.add_row(name, f"{min(cpu_time(way) for _ in range(4)) / len(lines) * 1e6:.2f}")
    once = cpu_time(lambda: [other.send_line(line) for line in crowd]) / len(crowd)
    shown.add_row(f"the same, of 20,000 viewers, {len(crowd):,} lines once", f"{once * 1e6:.2f}")
    return shown


def workers_table(bootstrap: str, count: int) -> Table:
    """The command over a file, on all cores, which do the broker's work too; CPU time with that of starting."""
    shown = Table(
        *("frontrow produce FILE", "events/s", "CPU s per 1,000,000 events", "cores used"),
        title=f"{count:,} events of a file, {os.cpu_count()} cores in all",
    )
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "events.jsonl"
        some = b"".join(json.dumps(event).encode() + b"\n" for event in audience(1, min(count, 20_000)))
        with file.open("wb") as out:
            for _ in range(max(1, count // 20_000)):
                out.write(some)
        for backend, workers in itertools.product(BACKENDS, (1, 2)):
            topic = f"frontrow_bench_{time.time_ns() // 1_000_000:x}"
            command = [sys.executable, "-c", "from frontrow_ingest.cli import main; main()", "produce", str(file)]
            options = ["--bootstrap", bootstrap, "--topic", topic, "--create-topic", "--json", "--no-progress"]
            before, began = children_cpu(), time.perf_counter()
            done = subprocess.run(
                [*command, *options, "--backend", backend, "--workers", str(workers)], capture_output=True, check=True
            )
            used, elapsed = children_cpu() - before, time.perf_counter() - began
            shown.add_row(
                f"--backend {backend} --workers {workers}",
                f"{json.loads(done.stdout)['events_per_s']:,}",
                f"{used / count * 1e6:.1f}",
                f"{used / elapsed:.2f}",
            )
            admin: Any = KafkaAdminClient(bootstrap_servers=bootstrap)
            admin.delete_topics([topic])
            admin.close()
    return shown


class Nowhere(MemorySink):
    """Takes records and keeps none."""

    def send_encoded(self, key: bytes, value: bytes) -> bool:  # noqa: ARG002
        return True


def children_cpu() -> float:
    """CPU seconds of all processes that have ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_time(way: Callable[[], object]) -> float:
    started = time.process_time()
    way()
    return time.process_time() - started


def measure(ways: dict[str, Send], events: int, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """(events per second, CPU seconds per 100,000 events) of each round; a first round warms up and is not counted."""
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, send in ways.items():
            cpu, started = time.process_time(), time.perf_counter()
            send()
            elapsed, used = time.perf_counter() - started, time.process_time() - cpu
            if number:
                measured[name].append((events / elapsed, used / events * 100_000))
    return measured


def table(measured: dict[str, list[tuple[float, float]]], events: int, rounds: int) -> Table:
    title = f"Producer on one core, {rounds} rounds of {events:,} events"
    return speed_table(title, "CPU s per 100k", measured)


if __name__ == "__main__":
    main()
