"""Rules that the metric catalogue and the rollup specs must keep with each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from frontrow_specs.findings import Finding, unknown
from frontrow_specs.formula import Aggregate
from frontrow_specs.metrics import Catalogue, Metric
from frontrow_specs.rollups import RollupSpec

# Which stored columns each aggregate of a formula can read.
_READS: Mapping[str, tuple[str, ...]] = {
    "sum": ("count", "longSum"),
    "hll": ("HLLSketchBuild",),
    "theta": ("thetaSketch",),
    "quantile": ("quantilesDoublesSketch",),
}


def missing_for(file: str, spec: RollupSpec, catalogue: Catalogue) -> Iterator[Finding]:
    """What the catalogue expects of a spec and the spec does not have."""
    if spec.name not in catalogue.datasources:
        return
    for metric in catalogue.metrics.values():
        if spec.name in metric.datasources:
            for aggregate in metric.aggregates:
                problem = _unread(aggregate, spec)
                if problem:
                    said = f"the catalogue's {metric.name} needs the column {aggregate.column}, but {problem}"
                    yield Finding(file, "metrics", said, f"Mend it, or take {spec.name} from that metric's datasources.")
    for index, dimension in enumerate(spec.dimensions):
        known = catalogue.dimensions.get(dimension.name)
        where = f"dimensions[{index}]"
        if known is None:
            yield Finding(file, where, f"the catalogue has no {dimension.name}.", "Add it there, so that it can be asked.")
        elif known.multi_value != dimension.multi_value:
            said = f"{dimension.name} is {'' if known.multi_value else 'not '}multi-value in the catalogue."
            yield Finding(file, where, said, "Make them agree.")


def broken_rules(file: str, catalogue: Catalogue, specs: Mapping[str, RollupSpec]) -> Iterator[Finding]:
    """Every rule that a catalogue breaks with the given specs."""
    for metric in catalogue.metrics.values():
        yield from _metric(file, metric, specs)
    stored = {dimension.name for spec in specs.values() for dimension in spec.dimensions}
    for name in catalogue.dimensions:
        if name not in stored:
            yield Finding(file, f"dimensions.{name}", "no datasource has it.", "Remove it, or add it to a rollup spec.")


def _metric(file: str, metric: Metric, specs: Mapping[str, RollupSpec]) -> Iterator[Finding]:
    where = f"metrics.{metric.name}"
    if not metric.aggregates:
        yield Finding(file, f"{where}.formula", "it reads no column.", "A metric is computed from stored columns.")
    sketched = any(aggregate.kind != "sum" for aggregate in metric.aggregates)
    if metric.exact is sketched:
        said = "it reads a sketch" if sketched else "it reads sums only"
        yield Finding(file, f"{where}.exact", f"{said}.", f"Set exact: {'false' if sketched else 'true'}.")
    for name in metric.datasources:
        if name not in specs:
            yield unknown(file, f"{where}.datasources", name, specs, "rollup spec")
            continue
        for aggregate in metric.aggregates:
            if problem := _unread(aggregate, specs[name]):
                fix = f"Correct the formula, or take {name} from the datasources."
                yield Finding(file, f"{where}.formula", problem, fix)


def _unread(aggregate: Aggregate, spec: RollupSpec) -> str:
    """Why an aggregate cannot be had of a spec; empty if it can."""
    stored = {metric.name: metric.type for metric in spec.metrics}
    if aggregate.column not in stored:
        return f"{spec.name} has no column {aggregate.column}."
    wanted: Sequence[str] = _READS[aggregate.kind]
    if stored[aggregate.column] not in wanted:
        return f"{aggregate.kind}() cannot read {aggregate.column} of {spec.name}, a {stored[aggregate.column]}."
    return ""
