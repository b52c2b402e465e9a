"""A question in names of the catalogue, made ready to be asked of one datasource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from frontrow._asking.bounds import bound_columns, bound_posts
from frontrow._asking.formula import answer_name, clean, maximum
from frontrow._asking.labels import derived, virtual_columns
from frontrow._asking.routing import Question, choose, dropped_before
from frontrow._asking.suppression import Audience, audience_of
from frontrow._errors import AskError
from frontrow._filters import dimensions_of
from frontrow._result import ColumnType
from frontrow._time import Granularity, Interval
from frontrow_specs import Metric, SpecNotFound, catalogue
from frontrow_specs.formula import Aggregate


@dataclass(frozen=True)
class Ask:
    """What is asked, of which datasource.

    Attributes:
        spec: the rollup spec that the datasource follows
        datasource: its name in Druid
        grain: of its rows
        interval: of whole grains
        where: Druid's filter, or None
        extra: Druid's JSON of aggregators that the caller brought, each with its name
        derived: Druid's JSON of the columns that lookups make of a dimension
        audience: how the cells of the answer count whom they tell of; None where they do not, or need not
        least: the smallest audience that is shown
        kept_from: where the interval reaches back to rows that are dropped by now, the first moment that is kept
        bounds: beside each metric from a sketch, between which values the truth is
    """

    metrics: tuple[Metric, ...]
    spec: str
    datasource: str
    grain: timedelta
    interval: Interval
    where: Mapping[str, Any] | None
    extra: tuple[Mapping[str, Any], ...] = ()
    derived: tuple[Mapping[str, Any], ...] = ()
    kept_from: datetime | None = None
    audience: Audience | None = None
    least: int = 0
    bounds: bool = False

    def scope(self) -> dict[str, Any]:
        """The parts of a query that say which rows it is about, and what can be told of them."""
        found: dict[str, Any] = {} if self.where is None else {"filter": dict(self.where)}
        if self.derived:
            found["virtualColumns"] = [dict(column) for column in self.derived]
        return found

    def is_derived(self, dimension: str) -> bool:
        """Whether a lookup makes it."""
        return any(column["name"] == dimension for column in self.derived)

    def is_multi_value(self, dimension: str) -> bool:
        """Whether a row may have several values of it."""
        return not self.is_derived(dimension) and catalogue().dimension(dimension).multi_value

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """What Druid aggregates in the query itself; maxima over the grain take a query of their own."""
        plain = (metric for metric in self.metrics if maximum(metric) is None)
        found = [aggregate for metric in plain for aggregate in metric.aggregates]
        if self.audience is not None:
            found.append(self.audience.aggregate)
        return tuple(dict.fromkeys(found))

    def audience_in(self, answered: Mapping[str, Any]) -> float | None:
        """The audience of a cell, from what Druid answered of it; None if it did not."""
        return None if self.audience is None else clean(answered.get(self.audience.aggregate.column))

    def types(self) -> dict[str, ColumnType]:
        """Types of the metrics' columns."""
        found: dict[str, ColumnType] = {
            metric.name: "integer" if _is_plain_sum(metric) else "number" for metric in self.metrics
        }
        found |= dict.fromkeys(self.bound_columns(), "number")
        for aggregator in self.extra:
            kind = str(aggregator.get("aggregator", aggregator).get("type"))
            found[aggregator["name"]] = "integer" if kind.startswith("long") or kind == "count" else "number"
        return found

    def units(self) -> dict[str, str]:
        found = {metric.name: metric.unit for metric in self.metrics}
        for metric in self.metrics:
            found |= dict.fromkeys(bound_columns([metric]) if self.bounds else (), metric.unit)
        return found

    def bound_columns(self) -> list[str]:
        """Names of the columns of bounds, if they are asked for."""
        return bound_columns(self.metrics) if self.bounds else []

    def bound_posts(self) -> list[dict[str, Any]]:
        """Druid's post-aggregators for them."""
        return bound_posts(self.metrics) if self.bounds else []

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
        if self.kept_from is not None:
            said += f"; {self.spec} keeps nothing before {self.kept_from:%Y-%m-%d %H:%M} UTC"
        return f"{said}; own aggregations as Druid answers" if self.extra else said


def prepare(
    datasources: Mapping[str, str],
    metrics: Sequence[str],
    interval: Interval,
    condition: Mapping[str, Any] | None,
    *,
    granularity: Granularity | None = None,
    open_end: bool = False,
    dimension: str | Sequence[str] | None = None,
    spec: str | None = None,
    aggregations: Mapping[str, Any] | None = None,
    least: int = 0,
) -> Ask:
    """Look up every name and choose the datasource, the cheapest that can answer.

    Args:
        datasources: Druid's name of each spec's datasource, where it differs
        interval: as the caller wrote it; it is widened to whole rows of the datasource
        condition: Druid's filter, or None
        granularity: of the answer's buckets; None for one of all
        open_end: the interval ends now, and is not to be widened there
        dimension: that the answer is grouped by, or several
        spec: the spec to ask, instead of the first that can answer all
        aggregations: pydruid's aggregators, or Druid's JSON, by the name of their column
        least: the smallest audience that is shown; 0 for any

    Raises:
        AskError: an unknown name (the message has the near ones), or no datasource answers all of it
    """
    if not metrics and not (aggregations and spec):
        raise AskError("name at least one metric, or aggregations and the spec whose datasource has them.")
    grouped = [] if dimension is None else [dimension] if isinstance(dimension, str) else [*dimension]
    needed = [*dict.fromkeys([*grouped, *dimensions_of(condition)])]
    known = catalogue()
    try:
        found = tuple(known.metric(name) for name in dict.fromkeys(metrics))
        stored = [
            origin.table.dimension if (origin := derived(name)) else known.dimension(name).name for name in needed
        ]
    except SpecNotFound as error:
        raise AskError(str(error)) from error
    question = Question(found, stored, interval, granularity, named=spec is not None)
    chosen = choose(question, [spec] if spec else _candidates(found))
    ask = Ask(
        metrics=found,
        spec=chosen.name,
        datasource=datasources.get(chosen.name, chosen.name),
        grain=chosen.grain,
        interval=interval.widened(chosen.grain, open_end=open_end),
        where=condition,
        extra=_built(aggregations),
        derived=virtual_columns(needed),
        kept_from=dropped_before(chosen, interval),
        audience=audience_of(chosen.name) if least > 1 else None,
        least=least,
    )
    taken = {"time", "rank", *grouped, *(metric.name for metric in found)}
    taken |= {name for each in ask.aggregates for name in (each.column, answer_name(each))}
    if clash := [aggregator["name"] for aggregator in ask.extra if aggregator["name"] in taken]:
        raise AskError(f"{', '.join(clash)}: this question uses that name itself. Give your aggregation another.")
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


def _is_plain_sum(metric: Metric) -> bool:
    return isinstance(metric.expression, Aggregate) and metric.expression.kind == "sum"
