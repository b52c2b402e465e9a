"""The upkeep of a rollup spec as Druid's JSON: automatic compaction, and the rules of what is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from frontrow_specs.errors import SpecInvalid

if TYPE_CHECKING:
    from frontrow_specs.rollups import RollupSpec

MOST_ROWS = 5_000_000
"""Rows of a compacted segment at most."""


def compaction_json(spec: RollupSpec, *, datasource: str) -> dict[str, Any] | None:
    """See :meth:`frontrow_specs.RollupSpec.compaction`.

    Dimensions, their order and both granularities are those of the supervisor, from which this is made: a compacted
    segment has the columns of a new one.
    """
    if spec.compact_after_hours is None:
        return None
    schema = spec.supervisor(bootstrap="", datasource=datasource)["spec"]["dataSchema"]
    granularity = schema["granularitySpec"]
    return {
        "dataSource": datasource,
        "engine": "native",
        "skipOffsetFromLatest": _period(spec.compact_after_hours),
        "granularitySpec": {name: granularity[name] for name in ("segmentGranularity", "queryGranularity", "rollup")},
        "dimensionsSpec": schema["dimensionsSpec"],
        "metricsSpec": [merging_json(aggregator) for aggregator in schema["metricsSpec"]],
        "tuningConfig": {"partitionsSpec": {"type": "dynamic", "maxRowsPerSegment": MOST_ROWS}},
        # Late events may come into an hour while it is compacted; the supervisor asks for the same kind of lock.
        "taskContext": {"useConcurrentLocks": True},
    }


def retention_json(spec: RollupSpec, replicas: Mapping[str, int]) -> list[dict[str, Any]]:
    """See :meth:`frontrow_specs.RollupSpec.retention`."""
    copies = {"tieredReplicants": dict(replicas)}
    if spec.keep_hours is None:
        return [{"type": "loadForever", **copies}]
    # Events of a player whose clock is ahead lie in the future; they are kept.
    keep = {"type": "loadByPeriod", "period": _period(spec.keep_hours), "includeFuture": True}
    return [{**keep, **copies}, {"type": "dropForever"}]


def merging_json(aggregator: Mapping[str, Any]) -> dict[str, Any]:
    """The aggregator that merges what another one has stored: reads its column, and writes the same again.

    Raises:
        SpecInvalid: none is known for it
    """
    # What a filter let through is stored already: the merging form has none.
    inner, name = aggregator.get("aggregator", aggregator), aggregator["name"]
    merge = _MERGING.get(inner["type"])
    if merge is None:
        raise SpecInvalid(f"the column {name} cannot be compacted: no aggregator merges what {inner['type']} stores.")
    return {"name": name, "fieldName": name, **merge(inner)}


def _period(hours: int) -> str:
    return f"PT{hours}H"


def _same(inner: Mapping[str, Any]) -> dict[str, Any]:
    """The aggregator itself, over another field."""
    return {key: value for key, value in inner.items() if key not in ("name", "fieldName", "expression")}


# How what an aggregator has stored is merged, by its type. A count must be added up: counted again, it would tell rows.
_MERGING: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "count": lambda _: {"type": "longSum"},
    "longSum": _same,
    "longMin": _same,
    "longMax": _same,
    "HLLSketchBuild": lambda inner: {**_same(inner), "type": "HLLSketchMerge"},
    "thetaSketch": _same,
    "quantilesDoublesSketch": _same,
}
