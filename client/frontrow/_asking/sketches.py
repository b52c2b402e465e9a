"""Sketches themselves, by time or by a dimension, to be joined in Python in ways that Druid was not asked for."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from frontrow._asking.ask import Ask
from frontrow._asking.formula import aggregations
from frontrow._asking.grouping import dimension_spec
from frontrow._asking.suppression import marks_of, without_hidden
from frontrow._asking.timeseries import Run, check_timeseries
from frontrow._errors import AskError
from frontrow._filters import required_values
from frontrow._sketch import KINDS, HllSketch, QuantilesSketch, ThetaSketch, datasketches
from frontrow._time import Granularity
from frontrow_specs import Metric, rollup
from frontrow_specs.formula import Aggregate

MOST_SKETCHES = 1000
"""Rows of one answer: a theta sketch may be of 130,000 bytes."""

AnySketch = HllSketch | ThetaSketch | QuantilesSketch


def sketch_of(metric: Metric) -> Aggregate:
    """The sketch that a metric is read from, whichever quantile it takes.

    Raises:
        AskError: it is from none, or from more than one
    """
    found = {aggregate.column: aggregate for aggregate in metric.aggregates}
    sketches = [aggregate for aggregate in found.values() if aggregate.kind != "sum"]
    if len(found) != 1 or not sketches:
        raise AskError(f"{metric.name} is not read from one sketch, as unique_viewers, reach or startup_time_p90 are.")
    return sketches[0]


def check_sketches(ask: Ask, granularity: Granularity | None) -> None:
    """Refuse what has no answer, before anything is sent.

    Args:
        granularity: None where sketches are asked for by a dimension

    Raises:
        AskError: no metric of one sketch, buckets finer than the rows, or more than ``MOST_SKETCHES`` of them
        MissingExtraError: datasketches is not installed
    """
    if len(ask.metrics) != 1:
        raise AskError("sketches are asked for by one metric at a time.")
    sketch_of(ask.metrics[0])
    datasketches()
    if granularity is not None:
        check_timeseries(ask, granularity)
        starts = granularity.starts(ask.interval)
        if sum(1 for _ in zip(starts, range(MOST_SKETCHES + 1), strict=False)) > MOST_SKETCHES:
            raise AskError(f"more than {MOST_SKETCHES:,} sketches: ask for coarser buckets, or a shorter interval.")


def ask_sketches_by_time(
    ask: Ask, granularity: Granularity, run: Run, key_epoch: str | None = None
) -> dict[str, list[Any]]:
    """Columns ``time`` (starts of the buckets, UTC) and the metric's name, which holds the sketches; empty ones, too.

    Args:
        key_epoch: of the viewer key, for sketches of viewers
    """
    sketch, of = sketch_of(ask.metrics[0]), field_of(ask)
    query = {
        "queryType": "timeseries",
        **_shared(ask, sketch),
        "granularity": granularity.to_druid(),
        "context": {"finalize": False, "skipEmptyBuckets": True},
    }
    found: dict[datetime, Mapping[str, Any]] = {}
    for entry in run(query):
        start = datetime.fromisoformat(entry["timestamp"]).astimezone(UTC)
        found[ask.interval.start if granularity.is_all else start] = entry["result"]
    starts = list(granularity.starts(ask.interval))
    if not found.keys() <= set(starts):
        starts = sorted(found)  # as in a timeseries: where Druid's days begin late
    rows = [found.get(start, {}) for start in starts]
    sketches = [read_sketch(sketch, row.get(sketch.column), of, key_epoch) for row in rows]
    return _without_small(ask, {"time": starts, ask.metrics[0].name: sketches}, rows, [])


def ask_sketches_by_dimension(
    ask: Ask, dimension: str, multi_value: bool, run: Run, key_epoch: str | None = None
) -> dict[str, list[Any]]:
    """Columns: the dimension, by its values in order, and the metric's name, which holds the sketches.

    Raises:
        AskError: there are more than ``MOST_SKETCHES`` values
    """
    sketch, of = sketch_of(ask.metrics[0]), field_of(ask)
    only = required_values(ask.where, dimension) if multi_value else None
    query = {
        "queryType": "groupBy",
        **_shared(ask, sketch),
        "granularity": "all",
        "dimensions": [dimension_spec(dimension, only)],
        "limitSpec": {"type": "default", "columns": [], "limit": MOST_SKETCHES + 1},
        "context": {"finalize": False},
    }
    rows: list[Mapping[str, Any]] = [entry["event"] for entry in run(query)]
    if len(rows) > MOST_SKETCHES:
        raise AskError(f"{dimension} has more than {MOST_SKETCHES:,} values here: filter by where.")
    rows.sort(key=lambda row: (row[dimension] is not None, row[dimension] or ""))
    columns = {
        dimension: [row[dimension] for row in rows],
        ask.metrics[0].name: [read_sketch(sketch, row.get(sketch.column), of, key_epoch) for row in rows],
    }
    return _without_small(ask, columns, rows, [range(len(rows))])


def field_of(ask: Ask) -> str:
    """The field of the events that the sketch has seen, like ``viewer_id``."""
    column = sketch_of(ask.metrics[0]).column
    fields: Iterable[str | None] = (metric.field for metric in rollup(ask.spec).metrics if metric.name == column)
    return next((field for field in fields if field), column)


def read_sketch(sketch: Aggregate, answered: Any, of: str, key_epoch: str | None) -> AnySketch:
    """A sketch from Druid's base64; an empty one where Druid has none.

    Raises:
        AskError: the bytes are none of this kind
    """
    kind = KINDS[sketch.kind]
    if answered is None:
        return kind.empty(of, key_epoch)
    try:
        data = b64decode(answered, validate=True)
    except (TypeError, ValueError) as error:
        raise AskError(f"Druid answers no sketch of kind {sketch.kind}, but {str(answered)[:40]!r}.") from error
    return kind.from_bytes(data, of, key_epoch)


def _shared(ask: Ask, sketch: Aggregate) -> dict[str, Any]:
    return {
        "dataSource": ask.datasource,
        "intervals": [str(ask.interval)],
        **ask.scope(),
        "aggregations": aggregations([sketch] if ask.audience is None else [sketch, ask.audience.aggregate]),
    }


def _without_small(
    ask: Ask, columns: dict[str, list[Any]], rows: Sequence[Mapping[str, Any]], lines: Iterable[Sequence[int]]
) -> dict[str, list[Any]]:
    """Without the sketches of small audiences; what several sketches tell together is with who joins them."""
    if ask.audience is None:
        return columns
    aggregate, of = ask.audience.aggregate, ask.audience.of
    read = [read_sketch(aggregate, row.get(aggregate.column), of, None) for row in rows]
    audiences = [None if isinstance(each, QuantilesSketch) else each.estimate for each in read]
    first = next(iter(columns))
    return without_hidden(columns, [first], marks_of(audiences, lines, ask.least))
