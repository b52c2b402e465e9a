"""How many rows and bytes a datasource makes of an hour: bounded by sessions, and by the combinations of dimensions.

All events of a session in a bucket of time fall into one row, or nearly so. S sessions on C equally likely combinations
of values make ``C * (1 - exp(-S / C))`` rows: near S where sessions are few, near C where they are many. Titles are not
equally likely: a live event has its share, the others follow Zipf's law, so that each title is computed by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from frontrow_ingest.preview.sketches import hll_bytes, quantiles_bytes, theta_bytes
from frontrow_ingest.sizing.measured import Measured
from frontrow_specs import RollupSpec

if TYPE_CHECKING:
    from frontrow_ingest.sizing.model import Demand

_ENTRY_BYTES = 8  # that Druid puts before each sketch
_DEVICE_TYPES = 7
_LIVE_STREAM_TYPES = 2  # live and low_latency
_STREAM_TYPES = 3
_NETWORKS = 4
_POSITIONS = 200  # a hundred of a title, and as many pairs of neighbours
_AT_A_POSITION_S = 18  # half of a hundredth of an hour: an event that reaches into the next one is in another row


@dataclass(frozen=True)
class Stored:
    """Rows of an hour; of all tasks together.

    Attributes:
        ingested: as the tasks make them, each for its own part of the events
        rows: after compaction, when rows of different tasks are merged
        bytes: of the rows after compaction
        combinations: of a bucket of time that are possible, all titles together
    """

    ingested: float
    rows: float
    bytes: float
    combinations: float


def stored(spec: RollupSpec, demand: Demand, known: Measured, tasks: int) -> Stored:
    """What an hour of events becomes in a spec's datasource."""
    grain_s = spec.grain / timedelta(seconds=1)
    buckets = 3_600 / grain_s
    of_a_session = _events_of_a_session(spec, demand, known)
    row_bytes = known.datasources[spec.name].row_bytes
    ingested = rows = size = possible = 0.0
    for share, combinations in _titles(spec, demand):
        events = demand.rate(known) * grain_s * share
        sessions = events / of_a_session
        made = occupied(sessions, combinations)
        ingested += tasks * occupied(sessions / tasks, combinations)
        rows += made
        possible += combinations
        if made:
            plays = events / made * known["plays_per_event"]
            size += made * (row_bytes + _sketches(spec, sessions / made, plays))
    return Stored(ingested * buckets, rows * buckets, size * buckets, possible)


def _events_of_a_session(spec: RollupSpec, demand: Demand, known: Measured) -> float:
    """That fall into one row: those of a bucket of time, or, where a row has a position, of the time spent there."""
    positions = any(dimension.name == "position" for dimension in spec.dimensions)
    seconds = _AT_A_POSITION_S if positions else spec.grain / timedelta(seconds=1)
    return max(1.0, seconds / demand.heartbeat_s * known["events_per_heartbeat"])


def occupied(sessions: float, combinations: float) -> float:
    """How many of equally likely combinations are met at least once."""
    return -combinations * math.expm1(-sessions / combinations)


def _titles(spec: RollupSpec, demand: Demand) -> Iterator[tuple[float, float]]:
    """The share of the events that each title has, and the combinations it can make; one where there are no titles."""
    names = [dimension.name for dimension in spec.dimensions if dimension.name not in demand.without]
    others = _combinations(names, demand)
    if "content_id" not in names:
        yield 1.0, others * (_STREAM_TYPES if "stream_type" in names else 1)
        return
    if demand.live_share:
        yield demand.live_share, others * (_LIVE_STREAM_TYPES if "stream_type" in names else 1)
    if demand.live_share == 1:
        return
    harmonic = math.fsum(1 / rank for rank in range(1, demand.titles + 1))
    for rank in range(1, demand.titles + 1):
        yield (1 - demand.live_share) / rank / harmonic, others


def _combinations(names: Sequence[str], demand: Demand) -> float:
    """Of all dimensions but titles. What only goes with another value, as an error or an event does, adds none."""
    factors: Mapping[str, float] = {
        "country": demand.countries,
        "region": demand.regions,
        "isp": demand.isps,
        "cdn": demand.cdns,
        "network": _NETWORKS,
        "app_version": demand.app_versions,
        "segments": demand.label_sets,
        "position": _POSITIONS,
    }
    product = math.prod(factors.get(name, 1) for name in names)
    if "os" in names or "player" in names:
        return product * demand.devices
    return product * (min(_DEVICE_TYPES, demand.devices) if "device_type" in names else 1)


def _sketches(spec: RollupSpec, distinct: float, plays: float) -> float:
    """The bytes of a row's sketches, of so many distinct sessions, or viewers, and so many plays."""
    sizes = {
        "HLLSketchBuild": hll_bytes(distinct),
        "thetaSketch": theta_bytes(distinct),
        "quantilesDoublesSketch": quantiles_bytes(round(plays)) if plays >= 1 else plays * quantiles_bytes(1),
    }
    return sum(sizes[metric.type] + _ENTRY_BYTES for metric in spec.metrics if metric.type in sizes)
