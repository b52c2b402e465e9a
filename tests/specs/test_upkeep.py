"""Compaction and retention as Druid gets them, made from the rollup specs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from frontrow_specs import SpecInvalid, rollup, rollup_names
from frontrow_specs.upkeep_json import merging_json


@pytest.mark.parametrize("name", rollup_names())
def test_every_spec_has_an_upkeep_in_the_shape_of_its_supervisor(name: str) -> None:
    spec = rollup(name)
    schema = spec.supervisor(bootstrap="k:9092", datasource="d")["spec"]["dataSchema"]
    compaction = spec.compaction(datasource="d")
    assert compaction is not None
    assert compaction["dataSource"] == "d"
    assert compaction["dimensionsSpec"] == schema["dimensionsSpec"]
    for granularity, value in compaction["granularitySpec"].items():
        assert schema["granularitySpec"][granularity] == value
    assert [metric["name"] for metric in compaction["metricsSpec"]] == [each["name"] for each in schema["metricsSpec"]]
    assert all(metric["fieldName"] == metric["name"] for metric in compaction["metricsSpec"])
    assert compaction["taskContext"] == spec.supervisor(bootstrap="k:9092")["context"] == {"useConcurrentLocks": True}
    assert spec.retention({"_default_tier": 1})


def merging_of(name: str) -> list[dict[str, Any]]:
    compaction = rollup(name).compaction()
    assert compaction is not None
    merging: list[dict[str, Any]] = compaction["metricsSpec"]
    return merging


def test_the_merging_forms() -> None:
    merging = {metric["name"]: metric for metric in merging_of("audience")}
    assert merging["count"] == {"type": "longSum", "name": "count", "fieldName": "count"}
    assert merging["plays"] == {"type": "longSum", "name": "plays", "fieldName": "plays"}  # its filter is done with
    assert merging["viewers_hll"] == {
        "type": "HLLSketchMerge",
        "name": "viewers_hll",
        "fieldName": "viewers_hll",
        "lgK": 12,
        "tgtHllType": "HLL_4",
        "stringEncoding": "utf8",
    }
    assert (merging["viewers_theta"]["type"], merging["viewers_theta"]["size"]) == ("thetaSketch", 16384)
    merging = {metric["name"]: metric for metric in merging_of("quality")}
    weighted = {"type": "longSum", "name": "live_latency_weighted", "fieldName": "live_latency_weighted"}
    assert merging["live_latency_weighted"] == weighted  # its expression is done with
    assert merging["startup_ms_sketch"]["k"] == 256
    assert {metric["type"] for metric in merging_of("ledger")} == {"longSum", "longMax"}


def test_what_cannot_be_merged_is_refused() -> None:
    with pytest.raises(SpecInvalid, match="the column x cannot be compacted: no aggregator merges what stringFirst"):
        merging_json({"type": "stringFirst", "name": "x", "fieldName": "y"})


def test_the_rules() -> None:
    assert rollup("audience").retention({"hot": 2}) == [{"type": "loadForever", "tieredReplicants": {"hot": 2}}]
    keep = {"type": "loadByPeriod", "period": "PT24H", "includeFuture": True, "tieredReplicants": {"hot": 2}}
    assert rollup("live").retention({"hot": 2}) == [keep, {"type": "dropForever"}]


def test_what_is_never_compacted() -> None:
    assert replace(rollup("audience"), compact_after_hours=None).compaction() is None
