"""Collector speed on one core: events per second that were posted over HTTP and are acknowledged by Kafka.

The load comes from wrk, which Debian and its kin install with ``apt-get install wrk``. The collector, all its threads,
is bound to one core; wrk and Kafka have the others. It is measured bare, and with a state, a quarantine and a ledger,
by either Kafka client. Beside it the straightforward collector does the same.
Run: ``python tests/bench/bench_collector.py [--bootstrap HOST:PORT]``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from kafka.admin import KafkaAdminClient, NewTopic
from rich.console import Console
from rich.table import Table

from frontrow_ingest.stack.ports import free_port

HERE = Path(__file__).parent
FRONTROW = [sys.executable, "-c", "from frontrow_ingest.cli import main; main()", "collect", "--no-access-log"]
WAIT_S = 30.0
START_MS = 1_790_000_000_000


@dataclass(frozen=True)
class Round:
    """What one run of wrk has measured."""

    events_s: float
    p50_ms: float
    p99_ms: float
    cpu_s_per_100k: float
    errors: int


def json_batch(size: int) -> bytes:
    """A JSON array of events of one session, whose id is a placeholder."""
    common = {
        "session_id": "SESSION", "viewer_id": "AAECAwQFBgcICQoLDA0ODw", "content_id": "title-17", "started": True,
        "event_id": "final-2026", "country": "DE", "region": "BY", "device_type": "tv", "os": "tizen",
        "app_version": "7.1.0", "player": "shaka 4.9", "cdn": "north", "isp": "AS3320", "network": "wifi",
        "stream_type": "live", "segments": ["sports", "premium"], "kind": "heartbeat",
    }  # fmt: skip
    events = [
        {**common, "seq": seq, "ts": START_MS + seq * 10_000, "play_ms": 10_000 - seq, "bits": 60_000_000 + seq * 1_000}
        for seq in range(size)
    ]
    return json.dumps(events, separators=(",", ":")).encode()


def cmcd_batch(size: int) -> bytes:
    """CMCD reports of one playback, whose id is a placeholder."""
    first = f'e=ps,sta=p,sid="SESSION",sn=0,ts={START_MS},cid="title-17",st=l,br=(6000;v 128;a),cdn="north",v=2'
    rest = [
        f'bl=(12000),br=(6000;v 128;a),cid="title-17",dfa={sn},e=t,ltc=4200,pt={sn * 10_000},sf=h,sid="SESSION",'
        f"sn={sn},st=l,sta=p,ts={START_MS + sn * 10_000},v=2"
        for sn in range(1, size)
    ]
    return "\n".join([first, *rest]).encode()


@contextmanager
def running(command: list[str], port: int, core: int | None, path: str = "") -> Iterator[psutil.Process]:
    """A server that answers, 200 if a path is asked for, bound to one core; ended by its id."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        deadline = time.monotonic() + WAIT_S
        while not answers(port, path):
            if process.poll() is not None or time.monotonic() > deadline:
                said = process.stderr.read().decode() if process.stderr and process.poll() is not None else "nothing"
                raise SystemExit(f"the collector did not come up within {WAIT_S:.0f} s: {said}")
            time.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(port: int, path: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as probe:
            if path:
                probe.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
                return b" 200 " in probe.recv(100)
            return True
    except OSError:
        return False


def load(port: int, kind: str, body: Path, size: int, seconds: int, connections: int, server: psutil.Process) -> Round:
    """Run wrk against a server for so many seconds."""
    before = sum(server.cpu_times()[:2])
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(HERE / "collector_load.lua")]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/events", "--", kind, str(body)],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=True,
    )
    used = sum(server.cpu_times()[:2]) - before
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    if found is None:
        raise SystemExit(f"wrk said no result: {done.stdout}")
    micros, requests, errors, p50, p99 = map(int, found.groups())
    events = requests * size
    return Round(events / micros * 1e6, p50 / 1000, p99 / 1000, used / max(events, 1) * 100_000, errors)


def main() -> int:
    """Print the table; about a minute and a half."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap", default="127.0.0.1:9092")
    parser.add_argument("--seconds", type=int, default=5, help="of load per way")
    # So many that the collector never waits for work: with few, its latency is what limits them.
    parser.add_argument("--connections", type=int, default=64)
    arguments = parser.parse_args()
    console = Console()
    if shutil.which("wrk") is None:
        console.print("wrk is not installed, so that nothing is measured here: apt-get install wrk")
        return 0
    topic = f"frontrow_bench_{time.time_ns() // 1_000_000:x}"
    admin: Any = KafkaAdminClient(bootstrap_servers=arguments.bootstrap)
    topics = [topic, *(f"{topic}_{name}" for name in ("quarantine", "ledger"))]
    admin.create_topics([NewTopic(name, num_partitions=2, replication_factor=1) for name in topics])
    shown = Table(title=f"Collector on one core, {arguments.seconds} s each, {arguments.connections} connections")
    for column in ("way", "events/s", "p50 ms", "p99 ms", "CPU s per 100k", "errors"):
        shown.add_column(column, justify="left" if column == "way" else "right")
    try:
        for name, result in measured(arguments.bootstrap, topic, arguments.seconds, arguments.connections):
            numbers = (result.events_s, result.p50_ms, result.p99_ms)
            shown.add_row(
                name, *(f"{number:,.0f}" for number in numbers), f"{result.cpu_s_per_100k:.2f}", str(result.errors)
            )
    finally:
        admin.delete_topics(topics)
        admin.close()
    console.print(shown)
    return 0


def measured(bootstrap: str, topic: str, seconds: int, connections: int) -> Iterator[tuple[str, Round]]:
    """Every way, one after another; a second of load warms each server up."""
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else None
    with tempfile.TemporaryDirectory(prefix="frontrow-bench-") as directory:
        bodies = {
            ("application/json", 100): json_batch(100),
            ("application/json", 10): json_batch(10),
            ("application/cmcd", 100): cmcd_batch(100),
            ("application/cmcd", 10): cmcd_batch(10),
        }
        files = {}
        for number, (key, body) in enumerate(bodies.items()):
            files[key] = Path(directory) / str(number)
            files[key].write_bytes(body)
        viewer = ["--default", "viewer=AAECAwQFBgcICQoLDA0ODw"]
        kept = ["--quarantine", "--quarantine-topic", f"{topic}_quarantine", "--ledger", "--ledger-topic"]
        kept += [f"{topic}_ledger", "--state"]
        ways = {
            "frontrow": [],
            "frontrow with state, quarantine, ledger": [*kept, str(Path(directory) / "state")],
            "the same by confluent": [*kept, str(Path(directory) / "state2"), "--backend", "confluent"],
        }
        for way, options in ways.items():
            port = free_port()
            ours = [*FRONTROW, "--bootstrap", bootstrap, "--topic", topic, "--port", str(port), *viewer, *options]
            with running(ours, port, core, "/ready") as server:
                for (kind, size), path in files.items():
                    load(port, kind, path, size, 1, connections, server)
                    yield f"{way}, {kind}, {size} a request", load(port, kind, path, size, seconds, connections, server)
        port = free_port()
        plain = [sys.executable, str(HERE / "plain_collector.py"), bootstrap, topic, str(port)]
        with running(plain, port, core) as server:
            for (kind, size), path in files.items():
                if kind == "application/json":
                    load(port, kind, path, size, 1, connections, server)
                    yield (
                        f"straightforward, {kind}, {size} a request",
                        load(port, kind, path, size, seconds, connections, server),
                    )


if __name__ == "__main__":
    sys.exit(main())
