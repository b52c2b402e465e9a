"""Which metrics of the catalogue a spec's datasource can answer, and what the others lack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from frontrow_specs import Metric, RollupMetric, RollupSpec, catalogue, rollup
from frontrow_specs.formula import Aggregate

_NEEDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "sum": (("count", "longSum"), "a sum or a count"),
    "hll": (("HLLSketchBuild",), "an HLL sketch"),
    "theta": (("thetaSketch",), "a theta sketch"),
    "quantile": (("quantilesDoublesSketch",), "a quantiles sketch"),
}


@dataclass(frozen=True)
class Answer:
    """Whether a spec answers a metric; ``lacks`` says what is missing, and is empty if nothing is."""

    metric: str
    lacks: str = ""


def answers(spec: RollupSpec) -> list[Answer]:
    """Every metric of the catalogue."""
    columns = {column.name: column for column in spec.metrics}
    return [Answer(metric.name, _lacks(metric, spec, columns)) for metric in catalogue().metrics.values()]


def _lacks(metric: Metric, spec: RollupSpec, columns: Mapping[str, RollupMetric]) -> str:
    models = [rollup(name) for name in metric.datasources]
    if all(model.topic != spec.topic for model in models):
        return f"it is of the topic {models[0].topic}"
    model = next(model for model in models if model.topic == spec.topic)
    meant = {column.name: column for column in model.metrics}
    missing = [_lacking(each, columns.get(each.column), meant.get(each.column)) for each in metric.aggregates]
    return "; ".join(dict.fromkeys(filter(None, missing)))


def _lacking(need: Aggregate, found: RollupMetric | None, meant: RollupMetric | None) -> str:
    types, what = _NEEDS[need.kind]
    if found is None:
        return f"no column {need.column} ({_source(meant) if meant else what})"
    if found.type not in types:
        return f"{need.column} is a {found.type}, not {what}"
    if meant is not None and _source(found) != _source(meant):
        return f"{need.column} is {_source(found)}, not {_source(meant)}"
    return ""


def _source(column: RollupMetric) -> str:
    """What a column is made of, in words that are equal where it is."""
    of = column.field or column.expression or "events"
    where = " and ".join(f"{name}={value}" for name, value in sorted(column.filter.items()))
    return f"{column.type} of {of}" + (f" where {where}" if where else "")
