"""A ``dataSchema`` of Druid, read: which row an event belongs to, and what is aggregated of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.aggregators import Aggregator, parse_aggregator
from frontrow_ingest.rollup.buckets import Buckets, parse_buckets
from frontrow_ingest.rollup.expression import Expression, parse_expression
from frontrow_ingest.rollup.values import TIME, known_handling, only, required


@dataclass(frozen=True)
class RollupSchema:
    """How events become rows.

    Attributes:
        time: the event's field that holds its moment, ms since the Unix epoch
        dimensions: name and multi-value handling of each
        made: name and expression of the fields that are computed of an event before it is rolled up
        grain: of the rows' time
        segments: the time that one segment covers
        rollup: whether equal rows are merged; else each event is a row
    """

    datasource: str
    time: str
    dimensions: tuple[tuple[str, str], ...]
    made: tuple[tuple[str, Expression], ...]
    aggregators: tuple[Aggregator, ...]
    grain: Buckets
    segments: Buckets
    rollup: bool


def parse_schema(json: Any) -> RollupSchema:
    """The schema from the ``dataSchema`` of an ingestion spec.

    Raises:
        RollupError: it is none, or asks for what is not known here; says what
    """
    keys = "dataSource timestampSpec dimensionsSpec metricsSpec granularitySpec transformSpec"
    only(json, "a dataSchema", keys)
    transforms = only(json.get("transformSpec") or {}, "a transformSpec", "transforms").get("transforms") or ()
    time = only(required(json, "timestampSpec", "a dataSchema"), "a timestampSpec", "column format")
    if time.get("format") not in ("millis", "auto"):
        raise RollupError(f"the timestamp format {time.get('format')!r} is not known here; there is millis.")
    dimensions = only(required(json, "dimensionsSpec", "a dataSchema"), "a dimensionsSpec", "dimensions")
    grains: Mapping[str, Any] = only(
        json.get("granularitySpec") or {},
        "a granularitySpec",
        "type segmentGranularity queryGranularity rollup",
    )
    schema = RollupSchema(
        datasource=required(json, "dataSource", "a dataSchema"),
        time=required(time, "column", "a timestampSpec"),
        dimensions=tuple(_dimension(each) for each in required(dimensions, "dimensions", "a dimensionsSpec")),
        made=tuple(_transform(each) for each in transforms),
        aggregators=tuple(parse_aggregator(each) for each in json.get("metricsSpec") or ()),
        grain=parse_buckets(grains.get("queryGranularity") or "minute"),
        segments=parse_buckets(grains.get("segmentGranularity") or "day"),
        rollup=bool(grains.get("rollup", True)),
    )
    names = [TIME, *(name for name, _ in schema.dimensions), *(each.name for each in schema.aggregators)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise RollupError(f"{', '.join(sorted(twice))}: a column can be there only once.")
    return schema


def _transform(json: Any) -> tuple[str, Expression]:
    only(json, "a transform", "type name expression")
    if json.get("type") != "expression":
        raise RollupError(f"a transform of type {json.get('type')!r} is not known here; there is expression.")
    return required(json, "name", "a transform"), parse_expression(required(json, "expression", "a transform"))


def _dimension(json: Any) -> tuple[str, str]:
    if isinstance(json, str):
        return json, "SORTED_ARRAY"
    only(json, "a dimension", "type name multiValueHandling createBitmapIndex")
    if json.get("type", "string") != "string":
        raise RollupError(f"a dimension of type {json['type']!r} is not known here; there is string.")
    return required(json, "name", "a dimension"), known_handling(json.get("multiValueHandling") or "SORTED_ARRAY")
