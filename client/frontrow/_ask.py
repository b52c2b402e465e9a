"""A question in names of the catalogue, made ready to be asked of one datasource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontrow._errors import AskError
from frontrow._filters import WhereLike, dimensions_of, parse_where
from frontrow._formula import maximum
from frontrow._result import ColumnType
from frontrow._time import Interval
from frontrow_specs import Catalogue, Metric, SpecNotFound, rollup
from frontrow_specs.formula import Aggregate


@dataclass(frozen=True)
class Ask:
    """What is asked, of which datasource.

    Attributes:
        spec: the rollup spec that the datasource follows
        datasource: its name in Druid
        where: Druid's filter, or None
    """

    metrics: tuple[Metric, ...]
    spec: str
    datasource: str
    interval: Interval
    where: Mapping[str, Any] | None

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """What Druid aggregates in the query itself; maxima over the grain take a query of their own."""
        plain = (metric for metric in self.metrics if maximum(metric) is None)
        return tuple(dict.fromkeys(aggregate for metric in plain for aggregate in metric.aggregates))

    def types(self) -> dict[str, ColumnType]:
        """Types of the metrics' columns."""
        return {metric.name: "integer" if _is_plain_sum(metric) else "number" for metric in self.metrics}

    def units(self) -> dict[str, str]:
        return {metric.name: metric.unit for metric in self.metrics}

    def exactness(self) -> str:
        """What is approximate, and by how much."""
        kinds = {aggregate.kind for metric in self.metrics for aggregate in metric.aggregates}
        bounds = [
            text
            for kind, text in (
                ("hll", "distinct counts ±3.3 % (95 %)"),
                ("theta", "reach ±1.6 % (95 %)"),
                ("quantile", "quantiles within 1 % of rank"),
            )
            if kind in kinds
        ]
        return f"approximate: {', '.join(bounds)}" if bounds else "exact"


def prepare(
    catalogue: Catalogue,
    datasources: Mapping[str, str],
    metrics: str | Sequence[str],
    interval: Interval,
    where: WhereLike,
    *,
    dimension: str | None = None,
    spec: str | None = None,
) -> Ask:
    """Look up every name and choose the datasource.

    Args:
        datasources: Druid's name of each spec's datasource, where it differs
        dimension: that the answer is grouped by
        spec: the spec to ask, instead of the first that can answer all

    Raises:
        AskError: an unknown name (the message has the near ones), or no datasource answers all of it
    """
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    if not names:
        raise AskError("name at least one metric.")
    condition = parse_where(where)
    needed = [*dict.fromkeys(([dimension] if dimension else []) + list(dimensions_of(condition)))]
    try:
        found = tuple(catalogue.metric(name) for name in dict.fromkeys(names))
        for name in needed:
            catalogue.dimension(name)
    except SpecNotFound as error:
        raise AskError(str(error)) from error
    chosen = _choose(found, needed, [spec] if spec else _candidates(found))
    return Ask(found, chosen, datasources.get(chosen, chosen), interval, condition)


def _candidates(metrics: Iterable[Metric]) -> list[str]:
    return list(dict.fromkeys(name for metric in metrics for name in metric.datasources))


def _choose(metrics: Sequence[Metric], dimensions: Sequence[str], candidates: Sequence[str]) -> str:
    lacking = []
    for name in candidates:
        try:
            kept = {dimension.name for dimension in rollup(name).dimensions}
        except SpecNotFound as error:
            raise AskError(str(error)) from error
        lacks = [metric.name for metric in metrics if name not in metric.datasources]
        lacks += [dimension for dimension in dimensions if dimension not in kept]
        if not lacks:
            return name
        lacking.append(f"{name} lacks {', '.join(lacks)}")
    raise AskError(f"no datasource answers all of it: {'; '.join(lacking)}. Ask in two questions.")


def _is_plain_sum(metric: Metric) -> bool:
    return isinstance(metric.expression, Aggregate) and metric.expression.kind == "sum"
