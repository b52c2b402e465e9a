"""Roll events up by a spec, and say what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from frontrow_ingest.preview import segment
from frontrow_ingest.preview.answers import Answer, answers
from frontrow_ingest.preview.counting import Held, counting
from frontrow_ingest.preview.sketches import hll_bytes, quantiles_bytes, theta_bytes
from frontrow_ingest.rollup import Rollup, RollupSchema, RowCount, parse_schema
from frontrow_ingest.rollup.keys import RowKey
from frontrow_ingest.rollup.values import Row
from frontrow_specs import RollupSpec

DEFAULT_MEMORY_BYTES = 1 << 30
_LOOK_EVERY = 10_000
# What a row, a column of it and an entry of a sketch take in this process, measured; a row is given half more, for what
# it takes a second time while its segment is laid out.
_ROW_BYTES, _COLUMN_BYTES, _ENTRY_BYTES = 450, 20, 96
_SIZES = {"HLLSketchBuild": hll_bytes, "thetaSketch": theta_bytes, "quantilesDoublesSketch": quantiles_bytes}


@dataclass(frozen=True)
class DimensionCost:
    """What a dimension costs.

    Attributes:
        values: distinct ones, null not among them; of a multi-value dimension the distinct labels
        null_share: of the events, 0 to 1
        rows_without: how many rows there would be if the spec did not have it
    """

    name: str
    values: int
    null_share: float
    rows_without: int


@dataclass(frozen=True)
class Preview:
    """What a spec would make of events.

    Attributes:
        count: events, and the rows of one task; every further task that reads the topic has rows of its own
        timeless: events without a moment that Druid would take
        segments: bytes of each segment, by its start, ms since the Unix epoch
        columns: bytes of each column in all segments; ``__time`` is the rows' time
        complete: False where reading stopped early because the rows did not fit into memory
    """

    spec: RollupSpec
    count: RowCount
    timeless: int
    segments: dict[int, int]
    columns: dict[str, int]
    dimensions: tuple[DimensionCost, ...]
    answers: tuple[Answer, ...]
    complete: bool

    @property
    def bytes(self) -> int:
        """Of all segments."""
        return sum(self.segments.values())

    @property
    def bytes_per_row(self) -> float | None:
        """None of no rows."""
        return self.bytes / self.count.rows if self.count.rows else None


def preview(spec: RollupSpec, events: Iterable[Row], *, memory_bytes: int = DEFAULT_MEMORY_BYTES) -> Preview:
    """Roll events up by a spec.

    Args:
        memory_bytes: about what rows may take; when they do not fit, the rest of the events is not read

    Raises:
        RollupError: the spec has, or a field holds, what Druid's rollup in plain Python does not know
    """
    schema = parse_schema(spec.supervisor(bootstrap="none:9092")["spec"]["dataSchema"])
    held = Held()
    schema = counting(schema, tuple(metric.type for metric in spec.metrics), held)
    made = Rollup(schema)
    row_bytes = _ROW_BYTES + _COLUMN_BYTES * len(schema.aggregators)
    source, timeless, complete = iter(events), 0, True
    while batch := list(islice(source, _LOOK_EVERY)):
        if made.count.rows * row_bytes + held.entries * _ENTRY_BYTES > memory_bytes:
            complete = False
            break
        timeless += sum(not made.add(event) for event in batch)
    segments, columns = _sizes(spec, schema, made)
    costs = tuple(_cost(made, place, name) for place, (name, _) in enumerate(schema.dimensions, 1))
    return Preview(spec, made.count, timeless, segments, columns, costs, tuple(answers(spec)), complete)


def _cost(made: Rollup, place: int, name: str) -> DimensionCost:
    """Leave one dimension out: only the rows are looked at again, not the events. One set is alive at a time."""
    keys = made.states
    without = len({hash((key[:place], key[place + 1 :])) for key in keys})
    distinct = {key[place] for key in keys}
    labels = {text for value in distinct for text in (value if isinstance(value, tuple) else (value,))}
    counted = _counted(made)
    nulls = sum(states[counted] for key, states in keys.items() if key[place] is None) if None in distinct else 0
    share = nulls / made.count.events if made.count.events else 0.0
    return DimensionCost(name, len(labels - {None}), share, without)


def _counted(made: Rollup) -> int:
    """The place of the count of events, which every spec has."""
    return next(place for place, each in enumerate(made.schema.aggregators) if each.name == "count")


def _sizes(spec: RollupSpec, schema: RollupSchema, made: Rollup) -> tuple[dict[int, int], dict[str, int]]:
    by_segment: dict[int, list[RowKey]] = {}
    for key in made.states:
        by_segment.setdefault(schema.segments.floor(key[0]), []).append(key)
    sizes: dict[int, int] = {}
    columns: dict[str, float] = {}
    for start in sorted(by_segment):
        keys = by_segment.pop(start)
        found = _columns(spec, schema, [keys[place] for place in segment.dimension_order(keys)], made)
        sizes[start] = segment.SEGMENT_BYTES + round(sum(found.values()))
        for name, size in found.items():
            columns[name] = columns.get(name, 0) + size
    return sizes, {name: round(size) for name, size in columns.items()}


def _columns(spec: RollupSpec, schema: RollupSchema, keys: Sequence[RowKey], made: Rollup) -> dict[str, float]:
    """The bytes of each column of one segment, rows in Druid's order."""
    found: dict[str, float] = {"__time": segment.time_bytes([key[0] for key in keys])}
    for place, (name, _) in enumerate(schema.dimensions, 1):
        found[name] = segment.dimension_bytes([key[place] for key in keys])
    states = [made.states[key] for key in keys]
    for place, (metric, aggregator) in enumerate(zip(spec.metrics, schema.aggregators, strict=True)):
        values = [aggregator.final(row[place]) for row in states]
        found[metric.name] = segment.metric_bytes(_stored(metric.type, values))
    return found


def _stored(kind: str, values: list[Any]) -> segment.Column:
    size = _SIZES.get(kind)
    return values if size is None else segment.Stored([size(value) for value in values])
