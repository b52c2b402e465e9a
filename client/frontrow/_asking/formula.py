"""A metric's formula: what Druid aggregates for it, how Druid can rank by it, and its value from the aggregates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from frontrow_specs import Metric
from frontrow_specs.formula import Aggregate, Binary, Bucket, Expression, MaxOverGrain, Number

Value: TypeAlias = "int | float | None"

# Sketches are merged with the size they are stored with.
_DRUID: Mapping[str, Mapping[str, Any]] = {
    "sum": {"type": "longSum"},
    "hll": {"type": "HLLSketchMerge", "lgK": 12, "tgtHllType": "HLL_4"},
    "theta": {"type": "thetaSketch", "size": 16384},
    "quantile": {"type": "quantilesDoublesSketch", "k": 256},
}


def answer_name(aggregate: Aggregate) -> str:
    """Under which name Druid answers an aggregate."""
    return f"{aggregate.column}@{aggregate.argument:g}" if aggregate.argument is not None else aggregate.column


def aggregations(needed: Iterable[Aggregate]) -> list[dict[str, Any]]:
    """Druid's aggregators, each column once."""
    found = {}
    for aggregate in needed:
        found[aggregate.column] = {**_DRUID[aggregate.kind], "name": aggregate.column, "fieldName": aggregate.column}
    return list(found.values())


def post_aggregations(needed: Iterable[Aggregate]) -> list[dict[str, Any]]:
    """Druid's post-aggregators that take quantiles out of sketches."""
    return [
        {
            "type": "quantilesDoublesSketchToQuantile",
            "name": answer_name(aggregate),
            "fraction": aggregate.argument,
            "field": {"type": "fieldAccess", "fieldName": aggregate.column},
        }
        for aggregate in dict.fromkeys(needed)
        if aggregate.kind == "quantile"
    ]


def evaluate(expression: Expression, answered: Mapping[str, Any], bucket_ms: float) -> Value:
    """The value of a formula; null (None) where it divides by nothing or uses a null.

    Args:
        answered: what Druid answered, by :func:`answer_name`
        bucket_ms: length of the bucket
    """
    match expression:
        case Number(value):
            return value
        case Bucket():
            return bucket_ms
        case Aggregate(kind):
            found = clean(answered.get(answer_name(expression)))
            # Nothing adds up to nothing; but nothing has no quantile.
            return 0 if found is None and kind != "quantile" else found
        case Binary(op, left, right):
            return _apply(op, evaluate(left, answered, bucket_ms), evaluate(right, answered, bucket_ms))
        case MaxOverGrain():
            return clean(answered.get("max_over_grain"))


def rank_expression(expression: Expression, bucket_ms: float) -> str:
    """The formula as an expression of Druid, to rank by; an empty denominator gives null."""
    match expression:
        case Number(value):
            # Not with an exponent, which large sums would have.
            return f"{value:.1f}" if value.is_integer() else repr(value)
        case Bucket():
            return repr(float(bucket_ms))
        case Aggregate("quantile"):
            # The quantile of no values is NaN, which Druid ranks above every number.
            name = f'"{answer_name(expression)}"'
            return f"if({name} == {name}, {name}, null)"
        case Aggregate():
            return f'"{answer_name(expression)}"'
        case Binary("/", left, Number() | Bucket() as right):
            return f"({rank_expression(left, bucket_ms)}) * 1.0 / {rank_expression(right, bucket_ms)}"
        case Binary("/", left, right):
            divisor = rank_expression(right, bucket_ms)
            return f"if({divisor} != 0, ({rank_expression(left, bucket_ms)}) * 1.0 / ({divisor}), null)"
        case Binary(op, left, right):
            return f"({rank_expression(left, bucket_ms)} {op} {rank_expression(right, bucket_ms)})"
        case MaxOverGrain(inner):
            return rank_expression(inner, bucket_ms)


def maximum(metric: Metric) -> Expression | None:
    """The formula inside ``max_over_grain``, if that is what the metric is."""
    return metric.expression.inner if isinstance(metric.expression, MaxOverGrain) else None


def _apply(op: str, left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right if right else None


def clean(value: Any) -> Value:
    """A number of Druid's, or None; NaN, which an empty sketch gives, is null. JSON carries NaN as text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return None if math.isnan(value) or math.isinf(value) else value
