"""A size as JSON values, and as lines of text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from frontrow_ingest.sizing.model import GIB, Demand, Size

_WIDTH = 118
_HEADS = ("tasks", "rows/h of tasks", "rows/h merged", "events/row", "bytes/row", "GB/h", "segments/h", "GB kept")


def as_json(found: Size) -> dict[str, Any]:
    """Every number, and every assumption."""
    return asdict(found)


def lines(found: Size) -> Iterator[str]:
    """The cluster, for a reader."""
    demand = found.demand
    yield f"{demand.viewers:,} viewers at one time, {found.events_per_s:,.0f} events/s"
    yield from _part(
        "producers",
        f"{found.producer_cores:,} cores with kafka-python or {found.fast_producer_cores:,} with confluent-kafka; "
        f"{found.collector_cores:,} for the HTTP collector, if events come by it",
    )
    yield from _part(
        "Kafka",
        f"{_nodes(found.kafka_nodes)}; partitions of the topic events: {found.partitions:,}; "
        f"{_size(found.kafka_in)}/s in, {_size(found.kafka_out)}/s out, {_size(found.kafka_disk)} on disk",
    )
    yield from _part(
        "indexers",
        f"{_nodes(found.indexer_nodes)}; {found.slots:,} task slots with {found.slots * demand.task_gib:,.0f} GiB, "
        f"{found.task_cores:,.1f} cores busy",
    )
    yield from _part(
        "Historicals",
        f"{_nodes(found.historical_nodes)}; {_size(found.historical_disk)} on disk, the last day of it "
        f"{found.historical_hot / GIB:,.1f} GiB; {found.query_cores:,.1f} cores busy with queries",
    )
    yield from _part("Brokers", f"{found.brokers}")
    yield from _part("in all", f"{found.busy_cores:,.1f} cores busy: producers with kafka-python, tasks, queries")
    yield ""
    yield f"{'datasource':12}" + "".join(f"{head:>16}" for head in _HEADS)
    for each in found.datasources:
        made = each.stored
        cells = (
            f"{each.tasks:,}",
            f"{made.ingested:,.0f}",
            f"{made.rows:,.0f}",
            f"{found.events_per_s * 3_600 / made.rows:,.1f}",
            f"{made.bytes / made.rows:,.0f}",
            f"{made.bytes / 1e9:,.2f}",
            f"{each.segments:,}",
            f"{each.kept / 1e9:,.1f}",
        )
        yield f"{each.name:12}" + "".join(f"{cell:>16}" for cell in cells)
    yield ""
    yield from textwrap.wrap(f"assumed: {'; '.join(_assumed(demand))}.", _WIDTH)


def _assumed(demand: Demand) -> Iterator[str]:
    node = demand.node
    yield "events/s as given" if demand.events_per_s is not None else f"a heartbeat every {demand.heartbeat_s:g} s"
    yield f"{demand.live_share:.0%} watch one live event, the others {demand.titles:,} titles by Zipf's law"
    yield f"{demand.countries} countries with {demand.regions} regions and {demand.isps} networks each"
    yield f"{demand.cdns} CDNs, {demand.devices} kinds of devices, {demand.app_versions} app versions"
    yield f"{demand.label_sets} sets of labels"
    if demand.without:
        yield f"no dimension {', '.join(demand.without)}"
    yield f"{demand.hours_a_day:g} such hours a day, kept {demand.days:g} days (live: one) {demand.replicas} times"
    yield f"{demand.kafka_hours:g} h in Kafka {demand.kafka_replicas} times"
    yield f"{demand.queries_per_s:g} queries/s over {demand.query_hours:g} h of audience, none from a cache"
    yield f"{demand.use:.0%} of what was measured is used"
    yield f"{demand.task_gib:g} GiB a task"
    yield f"nodes of {node.cores} cores, {node.memory_gib:g} GiB, {node.disk_tb:g} TB, {node.network_gbit:g} Gbit/s"
    yield "all combinations equally likely"


def _part(name: str, said: str) -> list[str]:
    return textwrap.wrap(said, _WIDTH, initial_indent=f"{name:14}", subsequent_indent=" " * 14)


def _nodes(wanted: Mapping[str, int]) -> str:
    """How many, and what decides it."""
    name, count = max(wanted.items(), key=lambda item: item[1])
    others = ", ".join(f"{other} {number}" for other, number in wanted.items() if other != name)
    return f"{count:,} node{'s' if count > 1 else ''} by {name} ({others})"


def _size(number: float) -> str:
    for unit, factor in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if number >= factor:
            return f"{number / factor:,.1f} {unit}"
    return f"{number / 1e3:,.1f} kB"
