"""What leaving duplicates out costs: per event, in memory and on disk.

First the window alone, over 1,000,000 events of 100,000 sessions, saved as a producer does. Then the producer on one
core, lines to acknowledged events, without a state and with one and its checkpoints, in turns. Run:
``python tests/bench/bench_dedup.py [--bootstrap HOST:PORT]``; without Kafka (``--no-kafka``) only the first part.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kafka.admin import KafkaAdminClient
from rich.console import Console
from rich.table import Table
from speeds import speed_table

from frontrow_ingest.producer import EventProducer, KafkaSettings
from frontrow_ingest.producer.lines import read_lines
from frontrow_ingest.producer.settings import Backend
from frontrow_ingest.resume.kafka_log import KafkaLog
from frontrow_ingest.resume.session import ResumableRun
from frontrow_ingest.seen import SeenStore, SeenWindow
from frontrow_ingest.simulate import Simulation

START_MS = 1_790_000_000_000
SESSIONS = 100_000
PER_SESSION = 10
AT_ONCE = 5_000  # sessions that go on side by side
SAVE_EVERY = 60_000  # events: two seconds at 30,000 a second


def audience() -> Iterator[tuple[str, int]]:
    """Events of sessions side by side, each with an id of the usual length, made anew as a parser does."""
    for first in range(0, SESSIONS, AT_ONCE):
        for seq in range(PER_SESSION):
            for number in range(first, first + AT_ONCE):
                yield f"5f0c1a52-7c1e-4d0c-9d0e-{number * 2_654_435_761 % 2**48:012x}", seq


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def window(console: Console) -> None:
    """The window alone; the cost of making the events is taken off."""
    began, began_cpu = time.perf_counter(), time.process_time()
    count = sum(1 for _ in audience())
    making, making_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    shown = Table(title=f"The window: {count:,} events, {SESSIONS:,} sessions")
    for column in ("what", "µs per event", "of it CPU", "memory", "on disk"):
        shown.add_column(column, justify="left" if column == "what" else "right")

    def measured(what: str, seen: SeenWindow, store: SeenStore | None, *, new: bool) -> None:
        before, started, started_cpu = resident(), time.perf_counter(), time.process_time()
        for number, (session_id, seq) in enumerate(audience(), 1):
            assert seen.is_new(session_id, seq) == new
            if not number % SAVE_EVERY:
                seen.save({"progress": {"events": number}})
        seen.save()
        cost = (time.perf_counter() - started - making) / count * 1e6
        cpu = (time.process_time() - started_cpu - making_cpu) / count * 1e6
        size = f"{store.size / 1e6:.1f} MB" if store else ""
        shown.add_row(what, f"{cost:.2f}", f"{cpu:.2f}", f"{(resident() - before) / 1e6:.1f} MB", size)

    with tempfile.TemporaryDirectory(prefix="frontrow-bench-") as name:
        measured("in memory only, all new", SeenWindow(), None, new=True)
        with SeenStore(Path(name)) as store:
            measured("with its store, all new", SeenWindow(store), store, new=True)
        with SeenStore(Path(name)) as store:
            measured("opened again, all seen", SeenWindow(store), store, new=False)
            small = SeenWindow(store, max_sessions=2_000)
            measured("the same, 2,000 sessions in memory", small, store, new=False)
    console.print(shown)


def without(bootstrap: str, topic: str, text: bytes, settings: KafkaSettings) -> tuple[float, float]:
    """Elapsed and CPU seconds, connections not counted."""
    with EventProducer(bootstrap, topic=topic, settings=settings) as producer:
        started = time.perf_counter(), time.process_time()
        for line in read_lines(io.BytesIO(text).read1):
            producer.send_line(line.data)
        producer.flush()
        return time.perf_counter() - started[0], time.process_time() - started[1]


def with_state(bootstrap: str, topic: str, text: bytes, settings: KafkaSettings) -> tuple[float, float]:
    """The same, with checkpoints and the last one."""
    with (
        tempfile.TemporaryDirectory(prefix="frontrow-bench-") as name,
        ResumableRun(Path(name)) as run,
        EventProducer(bootstrap, topic=topic, settings=settings, seen=run.window) as producer,
    ):
        run.begin(KafkaLog(bootstrap, topic, settings), producer.flush)
        started = time.perf_counter(), time.process_time()
        for line in run.watched(read_lines(io.BytesIO(text).read1)):
            producer.send_line(line.data)
        producer.flush()
        run.finish()
        return time.perf_counter() - started[0], time.process_time() - started[1]


BACKENDS: dict[str, Backend] = {"": "kafka-python", ", confluent": "confluent"}
WAYS = {
    name + suffix: (way, KafkaSettings(backend=backend))
    for suffix, backend in BACKENDS.items()
    for name, way in {"without": without, "with a state": with_state}.items()
}


def producer(console: Console, bootstrap: str, events: int, rounds: int) -> None:
    """Each round a process of its own, bound to one core."""
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    for name in [*WAYS] * rounds:
        command = [sys.executable, __file__, "--bootstrap", bootstrap, "--events", str(events), "--way", name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        elapsed, used = map(float, done.stdout.split())
        measured[name].append((events / elapsed, used / events * 1e6))
    title = f"Producer on one core, {rounds} rounds of {events:,} lines"
    console.print(speed_table(title, "CPU µs per event", measured))


def one_round(way: str, bootstrap: str, events: int) -> None:
    """Print elapsed and CPU seconds of one way over a topic of its own."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    simulation = Simulation(seed=1, viewers=20_000, start_ms=START_MS, duration_s=3_600)
    text = b"".join(json.dumps(event).encode() + b"\n" for event in itertools.islice(simulation.events(), events))
    topic = f"frontrow_bench_{time.time_ns() // 1_000_000:x}"
    admin: Any = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics({topic: {"num_partitions": 2}}, wait_for_metadata=True)
    try:
        send, settings = WAYS[way]
        print(*send(bootstrap, topic, text, settings))
    finally:
        admin.delete_topics([topic])
        admin.close()


def main() -> None:
    """Print the tables; about a minute."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", default="127.0.0.1:9092")
    parser.add_argument("--events", type=int, default=150_000, help="lines per round and way")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-kafka", action="store_true", help="only the window")
    parser.add_argument("--way", choices=[*WAYS], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        one_round(options.way, options.bootstrap, options.events)
        return
    console = Console()
    window(console)
    if not options.no_kafka:
        producer(console, options.bootstrap, options.events, options.rounds)


if __name__ == "__main__":
    main()
