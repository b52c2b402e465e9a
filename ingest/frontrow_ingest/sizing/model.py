"""The size of a cluster for a load. Every formula is told in words in specs/SIZING.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from frontrow_ingest.sizing.measured import Measured, measured
from frontrow_ingest.sizing.rows import Stored, stored
from frontrow_specs import rollup, rollup_names
from frontrow_specs.avro_schemas import EVENTS

SEGMENT_ROWS = 5_000_000
SLOTS_PER_TASK = 2  # one reads while the one before it publishes
FILL = 0.8  # of a disk
CACHE = 0.7  # of a Historical's memory holds segments
GIB, GB = 1 << 30, 1e9
BROKER_S = 0.005  # of a Broker's core, for each query


@dataclass(frozen=True)
class Node:
    """A machine of the cluster: cores, GiB of memory, TB of disk, Gbit/s of network."""

    cores: int = 16
    memory_gib: float = 64
    disk_tb: float = 4
    network_gbit: float = 10


@dataclass(frozen=True)
class Demand:
    """What is asked for. Everything that is not a viewer is an assumption with a usual value.

    Attributes:
        viewers: playing at one time
        events_per_s: where it is known; else it comes from the viewers and ``heartbeat_s``
        live_share: of the viewers watch one live event; the others spread over ``titles`` by Zipf's law
        regions, isps: in each country
        devices: kinds, by device type, operating system and player
        label_sets: combinations of audience labels that occur
        without: dimensions to leave out of every spec
        use: how much of what a task, a core or a network can do is used
        replicas: of a segment
        days: that segments are kept, unless their spec says less
        hours_a_day: of such a load
        kafka_hours: that Kafka keeps events
        queries_per_s: each over the last ``query_hours`` of audience, half of them count viewers
        task_gib: memory of one task
    """

    viewers: int
    events_per_s: float | None = None
    heartbeat_s: float = 10
    live_share: float = 0.65
    titles: int = 1_000
    countries: int = 50
    regions: int = 10
    isps: int = 5
    cdns: int = 4
    devices: int = 12
    app_versions: int = 4
    label_sets: int = 16
    without: tuple[str, ...] = ()
    use: float = 0.5
    replicas: int = 2
    days: float = 30
    hours_a_day: float = 8
    kafka_replicas: int = 3
    kafka_hours: float = 24
    queries_per_s: float = 10
    query_hours: float = 1
    task_gib: float = 2
    node: Node = Node()

    def rate(self, known: Measured) -> float:
        """Events a second."""
        if self.events_per_s is not None:
            return self.events_per_s
        return self.viewers / self.heartbeat_s * known["events_per_heartbeat"]


@dataclass(frozen=True)
class Datasource:
    """One datasource; ``hours`` are those of such a load that are kept, ``kept`` their bytes without replicas."""

    name: str
    tasks: int
    stored: Stored
    segments: int
    hours: float
    kept: float


@dataclass(frozen=True)
class Size:
    """A cluster. Bytes and rows are of an hour unless said otherwise; counts of nodes say what decides them.

    Attributes:
        busy_cores: of producers with kafka-python, tasks and queries together
    """

    demand: Demand
    events_per_s: float
    producer_cores: int
    fast_producer_cores: int
    collector_cores: int
    partitions: int
    kafka_in: float
    kafka_out: float
    kafka_disk: float
    kafka_nodes: Mapping[str, int]
    datasources: tuple[Datasource, ...]
    slots: int
    task_cores: float
    indexer_nodes: Mapping[str, int]
    historical_disk: float
    historical_hot: float
    query_cores: float
    historical_nodes: Mapping[str, int]
    brokers: int
    busy_cores: float


def size(demand: Demand, known: Measured | None = None) -> Size:
    """The cluster for a demand."""
    known = known or measured()
    rate, use, node = demand.rate(known), demand.use, demand.node
    names = [name for name in rollup_names() if rollup(name).topic == EVENTS]
    wanted = {name: math.ceil(rate / (known.datasources[name].task_events_per_s * use)) for name in names}
    partitions = _divisible(max(wanted.values()))
    tasks = {name: _divisor(partitions, count) for name, count in wanted.items()}
    datasources = tuple(_datasource(name, demand, known, tasks[name]) for name in names)
    kafka_in = rate * known["event_bytes"]
    kafka_out = kafka_in * (len(names) + demand.kafka_replicas - 1)
    kafka_disk = kafka_in * 3_600 * _loaded(demand.kafka_hours, demand) * demand.kafka_replicas
    network = node.network_gbit * GB / 8 * use
    slots = SLOTS_PER_TASK * sum(tasks.values())
    task_cores = sum(rate / known.datasources[name].task_events_per_s for name in names)
    disk = demand.replicas * sum(each.kept for each in datasources)
    hot = demand.replicas * sum(each.stored.bytes * min(each.hours, demand.hours_a_day) for each in datasources)
    asked = demand.queries_per_s * demand.query_hours * next(d for d in datasources if d.name == "audience").stored.rows
    query_cores = asked * (0.5 / known["scan_rows_per_s"] + 0.5 / known["scan_sketches_per_s"])
    return Size(
        demand=demand,
        events_per_s=rate,
        producer_cores=math.ceil(rate / known["producer_events_per_s"] / use),
        fast_producer_cores=math.ceil(rate / known["fast_producer_events_per_s"] / use),
        collector_cores=math.ceil(rate / known["collector_events_per_s"] / use),
        partitions=partitions,
        kafka_in=kafka_in,
        kafka_out=kafka_out,
        kafka_disk=kafka_disk,
        kafka_nodes={
            "replicas": demand.kafka_replicas,
            "network": math.ceil(max(kafka_in * demand.kafka_replicas, kafka_out) / network),
            "disk": math.ceil(kafka_disk / (node.disk_tb * 1e12 * FILL)),
        },
        datasources=datasources,
        slots=slots,
        task_cores=task_cores,
        indexer_nodes={
            "cores": math.ceil(task_cores / use / node.cores),
            "memory": math.ceil(slots * demand.task_gib / node.memory_gib),
        },
        historical_disk=disk,
        historical_hot=hot,
        query_cores=query_cores,
        historical_nodes={
            "replicas": demand.replicas,
            "disk": math.ceil(disk / (node.disk_tb * 1e12 * FILL)),
            "memory": math.ceil(hot / (node.memory_gib * GIB * CACHE)),
            "cores": math.ceil(query_cores / use / node.cores),
        },
        busy_cores=rate / known["producer_events_per_s"] + task_cores + query_cores,
        brokers=max(min(2, demand.replicas), math.ceil(demand.queries_per_s * BROKER_S / use / node.cores)),
    )


def _datasource(name: str, demand: Demand, known: Measured, tasks: int) -> Datasource:
    spec = rollup(name)
    made = stored(spec, demand, known, tasks)
    hours = _loaded(demand.days * 24, demand)
    if spec.keep_hours is not None:
        hours = min(hours, _loaded(spec.keep_hours, demand))
    return Datasource(name, tasks, made, max(1, math.ceil(made.rows / SEGMENT_ROWS)), hours, made.bytes * hours)


def _loaded(hours: float, demand: Demand) -> float:
    """How many of so many hours have the load: those of a day come one after another."""
    days, rest = divmod(hours, 24)
    return days * demand.hours_a_day + min(rest, demand.hours_a_day)


def _divisible(count: int) -> int:
    """At least so many partitions, in a number that many numbers of tasks divide."""
    step = 1 if count <= 4 else 6 if count <= 12 else 12
    return math.ceil(count / step) * step


def _divisor(partitions: int, least: int) -> int:
    """Tasks that read equally many partitions each."""
    return next(count for count in range(least, partitions + 1) if partitions % count == 0)
