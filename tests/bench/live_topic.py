"""What several benchmarks need: a topic of their own, supervisors that read it, and a load in the background."""

from __future__ import annotations

import argparse
import itertools
import json
import math
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import confluent_kafka
from kafka.admin import KafkaAdminClient

from frontrow import FrontrowError
from frontrow._http.transport import Transport
from frontrow_ingest.contract import encode_unchecked
from frontrow_ingest.druid import Supervisors, ensure_topic
from frontrow_ingest.simulate import Simulation
from frontrow_specs import rollup

Pool = list[tuple[bytes, bytes]]
TICK_S = 0.005


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """A parser that takes the Druid and the Kafka to measure."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8888", help="Druid's Router")
    parser.add_argument("--bootstrap", default="127.0.0.1:9092", help="Kafka")
    return parser


@dataclass
class LiveTopic:
    """A topic and the datasources that read it, ``datasources`` by the name of their spec."""

    transport: Transport
    bootstrap: str
    name: str
    datasources: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Druid's parsed answer."""
        return self.transport.request_json(method, path, body)

    def query(self, body: dict[str, Any]) -> Any:
        """The parsed answer of a native query."""
        return self.call("POST", "/druid/v2", body)

    def count(self, spec: str, dimension: str | None = None, value: str | None = None) -> int:
        """Queryable events of a spec's datasource, all or those with one value of a dimension."""
        body = {
            "queryType": "timeseries",
            "dataSource": self.datasources[spec],
            "granularity": "all",
            "intervals": ["2020/2040"],
            "aggregations": [{"type": "longSum", "name": "n", "fieldName": "count"}],
            "context": {"useCache": False, "populateCache": False},
        }
        if dimension:
            body["filter"] = {"type": "selector", "dimension": dimension, "value": value}
        answer = self.query(body)
        return int(answer[0]["result"]["n"] or 0) if answer else 0

    def await_count(self, spec: str, count: int, deadline_s: float = 180.0) -> float:
        """Waits until that many events are queryable, and returns how long it took."""
        began = time.monotonic()
        while (found := self.count(spec)) < count:
            if time.monotonic() - began > deadline_s:
                raise RuntimeError(f"{self.datasources[spec]}: {found:,} of {count:,} events after {deadline_s:.0f} s")
            time.sleep(0.05)
        return time.monotonic() - began


@contextmanager
def live_topic(
    url: str, bootstrap: str, name: str, specs: Sequence[str], *, json_input: bool = False, rolled_up: bool = True
) -> Iterator[LiveTopic]:
    """A topic of two partitions with a reading supervisor for each spec; takes everything away again."""
    transport = Transport(url)
    topic = LiveTopic(transport, bootstrap, name)
    supervisors = Supervisors(transport)
    ensure_topic(bootstrap, name)
    try:
        for spec in specs:
            datasource = topic.datasources[spec] = f"{name}_{spec}"
            body = rollup(spec).supervisor(bootstrap=bootstrap, topic=name, datasource=datasource)
            if json_input:
                body["spec"]["ioConfig"]["inputFormat"] = {"type": "json"}
            body["spec"]["dataSchema"]["granularitySpec"]["rollup"] = rolled_up
            supervisors.submit(body)
        for datasource in topic.datasources.values():
            supervisors.await_ingesting(datasource)
            await_worker(topic, datasource)
        yield topic
    finally:
        for datasource in topic.datasources.values():
            remove(topic, supervisors, datasource)
        transport.close()
        admin: Any = KafkaAdminClient(bootstrap_servers=bootstrap)
        admin.delete_topics([name])
        admin.close()


def await_worker(topic: LiveTopic, datasource: str, deadline_s: float = 60.0) -> None:
    """Waits until the indexer runs the task: a supervisor counts a task that still waits for a free slot as its own."""
    end = time.monotonic() + deadline_s
    while not topic.call("GET", f"/druid/indexer/v1/tasks?state=running&datasource={datasource}"):
        if time.monotonic() > end:
            raise RuntimeError(f"no task of {datasource} in {deadline_s:.0f} s: has the indexer a free slot?")
        time.sleep(0.1)


def remove(topic: LiveTopic, supervisors: Supervisors, datasource: str) -> None:
    """Ends the supervisor and its tasks and drops the datasource; what cannot be done is printed, not raised."""
    try:
        supervisors.terminate(datasource)
        end = time.monotonic() + 60
        # A supervisor ended before it has heard of its task's start leaves the task behind.
        while tasks := [
            task
            for state in ("running", "pending", "waiting")
            for task in topic.call("GET", f"/druid/indexer/v1/tasks?state={state}&datasource={datasource}")
        ]:
            for task in tasks:
                topic.call("POST", f"/druid/indexer/v1/task/{task['id']}/shutdown", {})
            if time.monotonic() > end:
                raise RuntimeError(f"waited 60 s for the tasks of {datasource} to end")
            time.sleep(0.2)
        topic.call("DELETE", f"/druid/coordinator/v1/datasources/{datasource}")
    except (RuntimeError, FrontrowError) as error:
        print(f"not cleaned up: {error}", flush=True)


def simulated(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """The first events of a simulated audience, from ten minutes ago on."""
    simulation = Simulation(seed=seed, viewers=20_000, start_ms=int(time.time() * 1000) - 600_000, duration_s=3_600)
    return list(itertools.islice(simulation.events(), count))


def encoded(events: Sequence[dict[str, Any]], *, as_json: bool = False) -> Pool:
    """Keys and values ready to send: Avro as the product writes it, or JSON without its nulls."""
    if as_json:
        return [(event["session_id"].encode(), lean_json(event)) for event in events]
    return [(event["session_id"].encode(), encode_unchecked(event)) for event in events]


def lean_json(event: dict[str, Any]) -> bytes:
    return json.dumps(
        {name: value for name, value in event.items() if value is not None}, separators=(",", ":")
    ).encode()


@dataclass
class Load:
    """Events sent in the background; ``sent`` and ``seconds`` are known when it has ended."""

    sent: int = 0
    seconds: float = math.nan

    @property
    def rate(self) -> float:
        return self.sent / self.seconds


@contextmanager
def background(bootstrap: str, topic: str, pool: Pool, rate: int, seconds: float) -> Iterator[Load]:
    """A steady load from a process of its own while the block runs; waits for its end and until all is acknowledged."""
    load = Load()
    if not rate:
        yield load
        return
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=send_steadily, args=(theirs, bootstrap, topic, pool, rate, seconds), daemon=True)
    process.start()
    theirs.close()
    try:
        hear(ours, "the load to begin", 60)
        yield load
        load.sent, load.seconds = hear(ours, "the load to end", seconds + 60)
    finally:
        process.kill()
        process.join(10)


def hear(pipe: Any, what: str, deadline_s: float) -> Any:
    if not pipe.poll(deadline_s):
        raise RuntimeError(f"waited {deadline_s:.0f} s for {what}")
    return pipe.recv()


def send_steadily(pipe: Any, bootstrap: str, topic: str, pool: Pool, rate: int, seconds: float) -> None:
    """The child process: the pool over and over, paced in ticks of 5 ms; what falls behind is caught up."""
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 5,
            "compression.type": "lz4",
            "acks": "all",
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    producer.list_topics(topic, timeout=30)
    source = itertools.cycle(pool)
    pipe.send(None)
    began, sent = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - began) < seconds:
        for key, value in itertools.islice(source, max(0, int(elapsed * rate) - sent)):
            producer.produce(topic, value, key)
            sent += 1
        producer.poll(0)
        time.sleep(TICK_S)
    spent = time.perf_counter() - began
    if left := producer.flush(30):
        raise RuntimeError(f"{left} events of the load were not acknowledged")
    pipe.send((sent, spent))
