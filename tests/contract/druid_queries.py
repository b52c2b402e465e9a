"""Short words for native queries over the suite's small day, and for their answers."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

COUNT = {"type": "longSum", "name": "n", "fieldName": "count"}
PLAY = {"type": "longSum", "name": "p", "fieldName": "play_ms"}
STARTS = {"type": "quantilesDoublesSketch", "name": "s", "fieldName": "startup_ms_sketch", "k": 256}
SKIP = {"context": {"skipEmptyBuckets": True}}
BERLIN = {"type": "period", "period": "PT1H", "timeZone": "Europe/Berlin"}
NOWHERE = {"type": "selector", "dimension": "country", "value": "XX"}

LARGEST = {"dimension": "n", "direction": "descending", "dimensionOrder": "numeric"}


def at(time: str, zone: str = "Z") -> str:
    return f"2026-05-01T{time}:00.000{zone}"


FIRST, MIDNIGHT = at("10:00"), at("00:00")


def timeseries(**more: Any) -> Json:
    return {"queryType": "timeseries", "aggregations": [COUNT], **more}


def top(dimension: Any, **more: Any) -> Json:
    named = {"dimension": dimension, "metric": "n", "threshold": 10}
    return {"queryType": "topN", **named, "aggregations": [COUNT], **more}


def group(dimensions: list[Any], **more: Any) -> Json:
    return {"queryType": "groupBy", "dimensions": dimensions, "aggregations": [COUNT], **more}


def counted(*counts: tuple[str, int | None]) -> list[Json]:
    """The answer to a timeseries of the count."""
    return [{"timestamp": at(*time.split(" ")), "result": {"n": number}} for time, number in counts]


def ranked(dimension: str, *counts: tuple[str | None, int], time: str = FIRST) -> Json:
    """One bucket of the answer to a topN of the count."""
    return {"timestamp": time, "result": [{dimension: value, "n": number} for value, number in counts]}


def grouped(*events: Json, time: str = MIDNIGHT) -> list[Json]:
    """The answer to a groupBy, of one bucket."""
    return [{"version": "v1", "timestamp": time, "event": event} for event in events]


def labels(*counts: tuple[str | None, int], name: str = "segments") -> list[Json]:
    """The answer to a groupBy of the labels."""
    return grouped(*({name: value, "n": number} for value, number in counts))


def listed(values: list[str | None], **more: Any) -> Json:
    delegate = {"type": "default", "dimension": "segments", "outputName": "s"}
    return {"type": "listFiltered", "delegate": delegate, "values": values, **more}


def ordered(*columns: Any, **more: Any) -> Json:
    return {"limitSpec": {"type": "default", "columns": list(columns), **more}}


def expression(text: str, name: str = "x") -> Json:
    return {"type": "expression", "name": name, "expression": text}


def quantile(share: float) -> Json:
    field = {"type": "fieldAccess", "fieldName": "s"}
    return {"type": "quantilesDoublesSketchToQuantile", "name": f"q{share:g}", "fraction": share, "field": field}


def filtered(condition: Json, count: int) -> tuple[str, Json, Any]:
    """A timeseries of the events that fit, ``quality``'s by version."""
    spec = "quality" if "app_version" in str(condition) else "audience"
    expected = [{"timestamp": at("00:00"), "event": {"n": count or None}, "version": "v1"}]
    return spec, group([], filter=condition), expected


def histogram(*splits: float) -> Json:
    field = {"type": "fieldAccess", "fieldName": "s"}
    return {"type": "quantilesDoublesSketchToHistogram", "name": "h", "splitPoints": [*splits], "field": field}


def bound(dimension: str, numeric: bool = False, **more: Any) -> Json:
    return {"type": "bound", "dimension": dimension, "ordering": "numeric" if numeric else "lexicographic", **more}


def typed(kind: str, column: str, type_: str, **more: Any) -> Json:
    return {"type": kind, "column": column, "matchValueType": type_, **more}


def is_(dimension: str, value: Any) -> Json:
    return {"type": "selector", "dimension": dimension, "value": value}


def not_(condition: Json) -> Json:
    return {"type": "not", "field": condition}
