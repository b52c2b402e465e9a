"""A supervisor's JSON as far as it can be compared: Druid gives it back with defaults filled in, spelt otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]

# What of an aggregator decides what its numbers mean; the rest is how exactly they are kept.
MEANING = ("type", "fieldName", "expression", "filter")
_GRAINS_S = {
    "NONE": 0.001, "SECOND": 1, "MINUTE": 60, "FIVE_MINUTE": 300, "TEN_MINUTE": 600, "FIFTEEN_MINUTE": 900,
    "THIRTY_MINUTE": 1800, "HOUR": 3600, "SIX_HOUR": 21_600, "EIGHT_HOUR": 28_800, "DAY": 86_400, "WEEK": 604_800,
    "MONTH": 2_592_000, "YEAR": 31_536_000,
}  # fmt: skip
_PERIOD = re.compile(r"P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_ABSENT: tuple[Any, ...] = (None, {}, [], "")


@dataclass(frozen=True)
class Column:
    """An aggregated column.

    Attributes:
        meaning: what it says: the kind of aggregator, what it reads, which records
        precision: the aggregator's other parameters
    """

    name: str
    meaning: Json
    precision: Json


@dataclass(frozen=True)
class Shape:
    """The parts of a supervisor spec that make its rows, taken apart.

    Attributes:
        dimensions: name to its settings, in order
        transforms: name to expression
        schemas: the Avro schemas by the ids on the wire that it reads
        rest: every other setting, by its path
    """

    topic: str
    dimensions: Mapping[str, Json]
    metrics: Mapping[str, Column]
    transforms: Mapping[str, str]
    only: Any
    time: Json
    query_granularity: Any
    segment_granularity: Any
    rollup: bool
    schemas: Mapping[str, Any]
    rest: Mapping[str, Any]


def read_shape(supervisor: Json) -> Shape:
    """The shape of a supervisor's JSON, from a file or from Druid."""
    spec = supervisor["spec"]
    data, reading = spec["dataSchema"], spec["ioConfig"]
    grains, transform = data.get("granularitySpec") or {}, data.get("transformSpec") or {}
    form = reading.get("inputFormat") or {}
    decoder = form.get("avroBytesDecoder") or {}
    known = decoder.get("schemas") or {}
    return Shape(
        topic=reading["topic"],
        dimensions=dict(_dimension(entry) for entry in (data.get("dimensionsSpec") or {}).get("dimensions") or ()),
        metrics={entry["name"]: _column(entry) for entry in data.get("metricsSpec") or ()},
        transforms={entry["name"]: entry.get("expression", "") for entry in transform.get("transforms") or ()},
        only=plain(transform.get("filter")),
        time=plain({key: (data.get("timestampSpec") or {}).get(key) for key in ("column", "format")}),
        query_granularity=plain(grains.get("queryGranularity")),
        segment_granularity=plain(grains.get("segmentGranularity")),
        rollup=bool(grains.get("rollup", True)),
        schemas={str(number): schema for number, schema in known.items()},
        rest=dict(_rest(supervisor)),
    )


def plain(value: Any) -> Any:
    """A value without what is absent, periods in seconds, and a filter's parts in one order."""
    if isinstance(value, Mapping):
        parts = {key: found for key, entry in value.items() if (found := plain(entry)) not in _ABSENT}
        if parts.get("type") in ("and", "or") and isinstance(parts.get("fields"), list):
            parts["fields"] = sorted(parts["fields"], key=repr)
        return parts
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    if isinstance(value, str) and (found := _PERIOD.fullmatch(value)):
        days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return f"{days * 86_400 + hours * 3600 + minutes * 60 + seconds:g} s"
    return value


def same(wanted: Any, running: Any) -> bool:
    """Whether what runs is as wanted; what the wanted one does not say, may be anything (Druid's defaults)."""
    if isinstance(wanted, Mapping) and isinstance(running, Mapping):
        return all(same(entry, running.get(key)) for key, entry in wanted.items())
    if isinstance(wanted, list) and isinstance(running, list):
        return len(wanted) == len(running) and all(same(*pair) for pair in zip(wanted, running, strict=True))
    return bool(wanted == running)


def grain_s(granularity: Any) -> float | None:
    """The seconds of a granularity; None where that is not known."""
    if isinstance(granularity, Mapping):
        if granularity.get("type") == "duration":
            return float(granularity["duration"]) / 1000
        granularity = granularity.get("period", granularity.get("type"))
    text = str(granularity)
    if text.endswith(" s"):
        return float(text[:-2])
    return _GRAINS_S.get(text.upper())


def grain_words(granularity: Any) -> str:
    """A granularity in words."""
    if isinstance(granularity, Mapping):
        granularity = granularity.get("period", granularity.get("duration", granularity))
    return str(granularity).lower().replace("_", " ")


def _dimension(entry: Any) -> tuple[str, Json]:
    if isinstance(entry, str):
        entry = {"name": entry}
    kind = str(entry.get("type", "string")).lower()
    handling = entry.get("multiValueHandling", "SORTED_ARRAY")
    return entry["name"], {"type": kind} | ({"multiValueHandling": handling} if kind == "string" else {})


def _column(entry: Json) -> Column:
    settings = plain(entry)
    condition = settings.pop("filter", None)
    if settings.get("type") == "filtered":
        settings = settings["aggregator"]
    meaning = {key: settings[key] for key in MEANING if key in settings}
    if condition is not None:
        meaning["filter"] = condition
    precision = {key: found for key, found in settings.items() if key not in (*MEANING, "name")}
    return Column(entry["name"], meaning, precision)


def _rest(supervisor: Json) -> Iterator[tuple[str, Any]]:
    """Settings of reading and tuning by their path; those of the rows are compared one by one."""
    spec = supervisor["spec"]
    for part in ("ioConfig", "tuningConfig"):
        yield from _leaves(part, spec.get(part) or {}, skip=("ioConfig.topic", "ioConfig.inputFormat.avroBytesDecoder"))
    yield from _leaves("context", supervisor.get("context") or {}, skip=())
    yield "suspended", bool(supervisor.get("suspended"))


def _leaves(path: str, value: Any, skip: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if path in skip:
        return
    if isinstance(value, Mapping) and value:
        for key, entry in value.items():
            yield from _leaves(f"{path}.{key}", entry, skip)
    elif value not in _ABSENT:
        yield path, plain(value)
