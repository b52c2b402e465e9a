"""What Druid 33 answers of sketches: their bounds, sets of them, and the sketches themselves."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import datasketches
import pytest

from .druid_queries import FIRST, NOWHERE, STARTS, Json, at, counted, is_, quantile, timeseries

THETA = {"type": "thetaSketch", "name": "t", "fieldName": "viewers_theta", "size": 16384}
HLL = {"type": "HLLSketchMerge", "name": "h", "fieldName": "viewers_hll", "lgK": 12, "tgtHllType": "HLL_4"}


def of(country: str, name: str) -> Json:
    return {"type": "filtered", "filter": is_("country", country), "aggregator": {**THETA, "name": name}}


def access(name: str) -> Json:
    return {"type": "fieldAccess", "fieldName": name}


def bounded(name: str, field: Json) -> Json:
    return {"type": "thetaSketchEstimate", "name": name, "field": field, "errorBoundsStdDev": 2}


def together(operation: str, *names: str) -> Json:
    fields = [access(name) for name in names]
    return bounded(operation, {"type": "thetaSketchSetOp", "name": "set", "func": operation, "fields": fields})


def exactly(count: int) -> Json:
    return {"estimate": float(count), "highBound": float(count), "lowBound": float(count), "numStdDev": 2}


SKETCHED: dict[str, tuple[str, Json, Any]] = {
    # viewer 0 came from DE, 1 from DE and FR, 2 from DE, 3 from DE and AT.
    "sets of viewers": (
        "audience",
        timeseries(
            aggregations=[of("DE", "de"), of("FR", "fr"), of("XX", "xx")],
            postAggregations=[
                together("INTERSECT", "de", "fr"),
                together("NOT", "de", "fr", "xx"),
                together("UNION", "de", "fr", "xx"),
                bounded("nobody", access("xx")),
            ],
        ),
        [
            {
                "timestamp": FIRST,
                "result": {
                    "de": 4.0,
                    "fr": 1.0,
                    "xx": 0.0,
                    "INTERSECT": exactly(1),
                    "NOT": exactly(3),
                    "UNION": exactly(4),
                    "nobody": exactly(0),
                },
            }
        ],
    ),
    "rows before a moment": (
        "audience",
        timeseries(
            filter={
                "type": "bound",
                "dimension": "__time",
                "ordering": "numeric",
                "upper": str(1_777_629_660_000),
                "upperStrict": True,
            }
        ),
        counted(("10:00", 4)),
    ),
    "first and last row of an event, and the first with a play": (
        "audience",
        timeseries(
            filter=is_("event_id", "final-2026"),
            aggregations=[
                {"type": "longMin", "name": "first", "fieldName": "__time"},
                {"type": "longMax", "name": "last", "fieldName": "__time"},
                {
                    "type": "filtered",
                    "filter": {"type": "bound", "dimension": "plays", "ordering": "numeric", "lower": "1"},
                    "aggregator": {"type": "longMin", "name": "start", "fieldName": "__time"},
                },
            ],
        ),
        [
            {
                "timestamp": FIRST,
                "result": {"first": 1_777_629_600_000, "last": 1_777_637_100_000, "start": 1_777_629_600_000},
            }
        ],
    ),
    "buckets from an origin": (
        "audience",
        timeseries(
            granularity={"type": "period", "period": "PT5M", "timeZone": "UTC", "origin": at("10:03")},
            context={"skipEmptyBuckets": True},
        ),
        counted(("09:58", 5), ("10:03", 2), ("12:03", 1)),
    ),
    "buckets of hours from an origin in a time zone": (
        "audience",
        timeseries(
            granularity={"type": "period", "period": "PT1H", "timeZone": "Europe/Berlin", "origin": at("09:30")},
            context={"skipEmptyBuckets": True},
        ),
        counted(("11:30 +02:00", 7), ("13:30 +02:00", 1)),
    ),
    "quantiles near one": (
        "quality",
        timeseries(aggregations=[STARTS], postAggregations=[quantile(0.4928), quantile(0.5072)]),
        [{"timestamp": FIRST, "result": {"s": 3, "q0.4928": 400.0, "q0.5072": 400.0}}],
    ),
}


def check_hll_bounds(native: Any) -> None:
    """An HLL sketch of a few viewers knows them almost exactly, and nothing of nobody."""
    post = {"type": "HLLSketchEstimateWithBounds", "name": "b", "field": access("h"), "numStdDev": 2}
    (found,) = native(timeseries(aggregations=[HLL], postAggregations=[post]))
    assert found["result"]["b"] == pytest.approx([4, 4, 4], abs=0.01)
    (nothing,) = native(timeseries(aggregations=[HLL], postAggregations=[post], filter=NOWHERE))
    assert nothing["result"]["b"] == [0.0, 0.0, 0.0]


def check_sketches(native: Any) -> None:
    """Sketches that are not finalized, as base64; numbers beside them stay numbers."""
    asked: Json = {"aggregations": [THETA, HLL, of("XX", "nobody")], "context": {"finalize": False}}
    (found,) = native(timeseries(**asked))
    result = {name: b64decode(text) for name, text in found["result"].items()}
    assert datasketches.compact_theta_sketch.deserialize(result["t"]).get_estimate() == 4
    assert datasketches.compact_theta_sketch.deserialize(result["nobody"]).get_estimate() == 0
    hll = datasketches.hll_sketch.deserialize(result["h"])
    assert (hll.get_estimate(), hll.lg_config_k) == (pytest.approx(4, abs=0.01), 12)
    # The same viewers by the same hash: united with them, there are no more.
    for number in range(4):
        hll.update(f"viewer{number:016d}")
    assert hll.get_estimate() == pytest.approx(4, abs=0.01)


def check_quantile_sketches(native: Any) -> None:
    """By a dimension; a group without a number has an empty one."""
    asked: Json = {"queryType": "groupBy", "dimensions": ["app_version"], "aggregations": [STARTS]}
    asked["limitSpec"] = {"type": "default", "columns": [], "limit": 3}
    rows = [entry["event"] for entry in native({**asked, "context": {"finalize": False}}, "quality")]
    found = {}
    for row in rows:
        sketch = datasketches.quantiles_doubles_sketch.deserialize(b64decode(row["s"]))
        found[row["app_version"]] = (sketch.n, sketch.k)
    assert found == {None: (0, 256), "10.5": (0, 256), "7.1.0": (1, 256)}
