"""Bounds of what sketches estimate: between which values the truth lies in at least 95 of 100 cases.

Distinct counts: two standard deviations either way, which is 95.4 %, as the sketch itself knows them (DataSketches on
the accuracy of HLL and theta sketches). Quantiles: the values at the ranks a rank error below and above, which for
k = 256 holds in 99 of 100 cases (DataSketches on the accuracy of quantiles sketches). A sketch that still holds all
that it has seen is exact, and its bounds are the value itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from frontrow._asking.formula import Value, answer_name, clean
from frontrow_specs import Metric
from frontrow_specs.formula import Aggregate

DEVIATIONS = 2
"""Standard deviations on each side."""

# Of a classic quantiles sketch of k = 256, one-sided, at 99 %: what the library's get_normalized_rank_error(256) says.
RANK_ERROR = 0.0072
# So few values a sketch of k = 256 keeps all.
_QUANTILES_EXACT = 512

BOUNDS = ("low", "high")


def bounded(metric: Metric) -> Aggregate | None:
    """The sketch that a metric is read from; None for a metric that is exact, or that is more than one sketch."""
    expression = metric.expression
    return expression if isinstance(expression, Aggregate) and expression.kind != "sum" else None


def bound_columns(metrics: Iterable[Metric]) -> list[str]:
    """Names of the columns that bounds of these metrics have."""
    return [f"{metric.name}_{bound}" for metric in metrics if bounded(metric) for bound in BOUNDS]


def bound_posts(metrics: Iterable[Metric]) -> list[dict[str, Any]]:
    """Druid's post-aggregators for the bounds, beside the aggregators and post-aggregators of the metrics."""
    found: dict[str, dict[str, Any]] = {}
    for metric in metrics:
        aggregate = bounded(metric)
        for post in () if aggregate is None else _posts(aggregate):
            found[post["name"]] = post
    return list(found.values())


def bounds_of(metric: Metric, answered: Mapping[str, Any]) -> tuple[Value, Value]:
    """The lowest and the highest value that may be true, from one row of Druid's answer.

    Returns:
        0 and 0 for the distinct count of nothing, null and null for its quantile
    """
    aggregate = bounded(metric)
    if aggregate is None:
        return None, None
    if aggregate.kind == "quantile":
        return _of_quantile(aggregate, answered)
    low, high = read_bounds(answered.get(_name(aggregate)))
    return low, high


def bound_values(metrics: Iterable[Metric], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Value]]:
    """The columns ``<metric>_low`` and ``<metric>_high`` of these rows of Druid's answer."""
    columns: dict[str, list[Value]] = {}
    for metric in metrics:
        if bounded(metric) is not None:
            pairs = [bounds_of(metric, row) for row in rows]
            columns[f"{metric.name}_low"] = [low for low, _ in pairs]
            columns[f"{metric.name}_high"] = [high for _, high in pairs]
    return columns


def theta_estimate(name: str, field: Mapping[str, Any]) -> dict[str, Any]:
    """Druid's post-aggregator for a theta sketch's estimate with its bounds; :func:`read_estimate` reads its answer."""
    return {"type": "thetaSketchEstimate", "name": name, "field": dict(field), "errorBoundsStdDev": DEVIATIONS}


def read_estimate(answered: Any) -> tuple[float, float, float]:
    """Estimate, lowest and highest of what :func:`theta_estimate` answers; of nothing all are 0."""
    estimate = answered.get("estimate") if isinstance(answered, Mapping) else None
    low, high = read_bounds(answered)
    return float(clean(estimate) or 0), low, high


def read_bounds(answered: Any) -> tuple[float, float]:
    """Lowest and highest of what Druid answers for a theta sketch (an object) or an HLL sketch (three numbers)."""
    match answered:
        case {"lowBound": low, "highBound": high} | [_, low, high]:
            return float(clean(low) or 0), float(clean(high) or 0)
        case _:
            return 0.0, 0.0


def _posts(aggregate: Aggregate) -> list[dict[str, Any]]:
    field = {"type": "fieldAccess", "fieldName": aggregate.column}
    if aggregate.kind == "theta":
        return [theta_estimate(_name(aggregate), field)]
    if aggregate.kind == "hll":
        kind = "HLLSketchEstimateWithBounds"
        return [{"type": kind, "name": _name(aggregate), "field": field, "numStdDev": DEVIATIONS}]
    return [
        {"type": "quantilesDoublesSketchToQuantile", "name": name, "fraction": fraction, "field": field}
        for name, fraction in zip(_quantile_names(aggregate), _fractions(aggregate), strict=True)
    ]


def _name(aggregate: Aggregate) -> str:
    return f"{aggregate.column}@bounds"


def _quantile_names(aggregate: Aggregate) -> tuple[str, str]:
    return f"{answer_name(aggregate)}@low", f"{answer_name(aggregate)}@high"


def _fractions(aggregate: Aggregate) -> tuple[float, float]:
    share = aggregate.argument or 0.0
    return max(share - RANK_ERROR, 0.0), min(share + RANK_ERROR, 1.0)


def _of_quantile(aggregate: Aggregate, answered: Mapping[str, Any]) -> tuple[Value, Value]:
    seen = clean(answered.get(aggregate.column))
    if seen is not None and seen < _QUANTILES_EXACT:
        value = clean(answered.get(answer_name(aggregate)))
        return value, value
    low, high = (clean(answered.get(name)) for name in _quantile_names(aggregate))
    return low, high
