"""A question in names of the catalogue, made ready to be asked of one datasource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontrow._errors import AskError
from frontrow._filters import WhereLike, dimensions_of, parse_where
from frontrow._formula import answer_name, maximum
from frontrow._labels import derived, virtual_columns
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
        extra: Druid's JSON of aggregators that the caller brought, each with its name
        derived: Druid's JSON of the columns that lookups make of a dimension
    """

    metrics: tuple[Metric, ...]
    spec: str
    datasource: str
    interval: Interval
    where: Mapping[str, Any] | None
    extra: tuple[Mapping[str, Any], ...] = ()
    derived: tuple[Mapping[str, Any], ...] = ()

    def scope(self) -> dict[str, Any]:
        """The parts of a query that say which rows it is about, and what can be told of them."""
        found: dict[str, Any] = {} if self.where is None else {"filter": dict(self.where)}
        if self.derived:
            found["virtualColumns"] = [dict(column) for column in self.derived]
        return found

    def is_derived(self, dimension: str) -> bool:
        """Whether a lookup makes it."""
        return any(column["name"] == dimension for column in self.derived)

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """What Druid aggregates in the query itself; maxima over the grain take a query of their own."""
        plain = (metric for metric in self.metrics if maximum(metric) is None)
        return tuple(dict.fromkeys(aggregate for metric in plain for aggregate in metric.aggregates))

    def types(self) -> dict[str, ColumnType]:
        """Types of the metrics' columns."""
        found: dict[str, ColumnType] = {
            metric.name: "integer" if _is_plain_sum(metric) else "number" for metric in self.metrics
        }
        for aggregator in self.extra:
            kind = str(aggregator.get("aggregator", aggregator).get("type"))
            found[aggregator["name"]] = "integer" if kind.startswith("long") or kind == "count" else "number"
        return found

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
        said = f"approximate: {', '.join(bounds)}" if bounds else "exact"
        return f"{said}; own aggregations as Druid answers" if self.extra else said


def prepare(
    catalogue: Catalogue,
    datasources: Mapping[str, str],
    metrics: str | Sequence[str],
    interval: Interval,
    where: WhereLike,
    *,
    dimension: str | None = None,
    spec: str | None = None,
    aggregations: Mapping[str, Any] | None = None,
) -> Ask:
    """Look up every name and choose the datasource.

    Args:
        datasources: Druid's name of each spec's datasource, where it differs
        dimension: that the answer is grouped by
        spec: the spec to ask, instead of the first that can answer all
        aggregations: pydruid's aggregators, or Druid's JSON, by the name of their column

    Raises:
        AskError: an unknown name (the message has the near ones), or no datasource answers all of it
    """
    if not isinstance(metrics, Iterable):
        raise AskError(f"{metrics!r} is not a metric: name one, or a list of them.")
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    if not names and not (aggregations and spec):
        raise AskError("name at least one metric, or aggregations and the spec whose datasource has them.")
    for name in names:
        if not isinstance(name, str):
            raise AskError(f"{name!r} is not a metric: name it by text.")
    condition = parse_where(where)
    needed = [*dict.fromkeys(([dimension] if dimension else []) + list(dimensions_of(condition)))]
    try:
        found = tuple(catalogue.metric(name) for name in dict.fromkeys(names))
        stored = [
            origin.table.dimension if (origin := derived(name)) else catalogue.dimension(name).name for name in needed
        ]
    except SpecNotFound as error:
        raise AskError(str(error)) from error
    chosen = _choose(found, stored, [spec] if spec else _candidates(found))
    own, columns = _built(aggregations), virtual_columns(needed)
    ask = Ask(found, chosen, datasources.get(chosen, chosen), interval, condition, own, columns)
    taken = {"time", "rank", dimension, *(metric.name for metric in found)}
    taken |= {name for each in ask.aggregates for name in (each.column, answer_name(each))}
    if clash := [aggregator["name"] for aggregator in ask.extra if aggregator["name"] in taken]:
        raise AskError(f"{', '.join(clash)}: a metric of this question uses that name. Give your aggregation another.")
    return ask


def _built(given: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ...]:
    """Druid's JSON of aggregators, as pydruid builds it."""
    if not given:
        return ()
    if not isinstance(given, Mapping) or not all(
        isinstance(name, str) and isinstance(each, Mapping) and isinstance(each.get("type"), str)
        for name, each in given.items()
    ):
        raise AskError('aggregations are a mapping of names to aggregators, like {"total": longsum("play_ms")}.')
    from pydruid.utils.aggregators import build_aggregators

    # pydruid names what is inside of a filtered aggregator only.
    return tuple({**build_aggregators({name: dict(each)})[0], "name": name} for name, each in given.items())


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
