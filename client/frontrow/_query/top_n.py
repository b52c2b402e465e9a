"""The values of a dimension with the largest value of a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from frontrow._asking.labels import ask_labels, check_label
from frontrow._asking.topn import ask_top_n, check_top_n
from frontrow._errors import AskError
from frontrow._filters import WhereLike
from frontrow._query.base import AudienceQuery, condition_of, interval_of, names_of
from frontrow._result import ColumnType, Result
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow._time import IntervalLike, parse_granularity


@dataclass(frozen=True, kw_only=True, eq=False)
class TopN(AudienceQuery):
    """Made by :func:`frontrow.top_n`, which tells of its parts."""

    dimension: str
    metrics: tuple[str, ...]
    n: int = 10
    label: str | None = None
    spec: str | None = None
    aggregations: Mapping[str, Any] | None = None
    bounds: bool = False

    def first(self, n: int) -> TopN:
        """The same with so many rows at most."""
        return replace(self, n=n)

    def labelled(self, label: str) -> TopN:
        """The same with this from a lookup beside each value."""
        return replace(self, label=label)

    def bounded(self) -> TopN:
        """The same with bounds beside each metric from a sketch."""
        return replace(self, bounds=True)

    def of(self, spec: str) -> TopN:
        """The same of this rollup spec's datasource."""
        return replace(self, spec=spec)

    def _ask(self, session: Session) -> Result:
        ask = session.prepare(
            self.metrics,
            self.interval,
            self.condition,
            dimension=self.dimension,
            spec=self.spec,
            aggregations=self.aggregations,
        )
        ask = replace(ask, bounds=self.bounds)
        check_top_n(ask, self.n)
        labels = None if self.label is None else check_label(self.label, self.dimension)
        asking = session.begin(ask, parse_granularity("all"), self.context, self.allow_large)
        columns, note = ask_top_n(ask, self.dimension, ask.is_multi_value(self.dimension), self.n, asking.run)
        types: dict[str, ColumnType] = {self.dimension: "string", **ask.types()}
        if self.label is not None and labels is not None:
            shown, said = ask_labels(labels, columns[self.dimension], asking.run)
            columns = {self.dimension: columns[self.dimension], self.label: shown, **columns}
            types = {self.dimension: "string", self.label: "string", **types}
            note = f"{note}; {said}" if said else note
        return asking.result(columns, types, ask.interval, f"{ask.exactness()}; {note}", ask.units())


def top_n(
    dimension: str,
    metrics: str | Sequence[str],
    *,
    n: int = 10,
    label: str | None = None,
    interval: IntervalLike | None = None,
    last: str | timedelta | None = None,
    where: WhereLike = None,
    spec: str | None = None,
    aggregations: Mapping[str, Any] | None = None,
    bounds: bool = False,
    context: Mapping[str, Any] | None = None,
    allow_large: bool = False,
) -> TopN:
    """The values of a dimension with the largest value of the first metric, best first; null values last.

    Args:
        dimension: name from the catalogue, or an attribute from a lookup, ``"title.genre"``
        metrics: names from the catalogue; the first one ranks
        n: rows at most, 1 to 10,000
        label: show this from a lookup beside each value, ``"title"`` for its name; a value without one shows itself
        interval, last, where, spec, aggregations, bounds, context, allow_large: as for :func:`frontrow.timeseries`

    Returns:
        Columns ``dimension``, the label if asked for, and one for each metric. A multi-value dimension counts a row
        once for each label; filtered by labels of the same dimension, only those labels show. Values of few viewers,
        and one that would give another away by subtraction, are not ranked: they come last, by name, without numbers.
        Which they are is chosen among the 1,000 largest values at least, so that it does not depend on ``n``.

    Raises:
        AskError, KeyEpochsError, TransportError: as for :func:`frontrow.timeseries`
    """
    if not isinstance(dimension, str):
        raise AskError(f"{dimension!r} is not a dimension: name it by text.")
    return TopN(
        dimension=dimension,
        metrics=names_of(metrics),
        n=n,
        label=label,
        interval=interval_of(interval, last),
        condition=condition_of(where),
        spec=spec,
        aggregations=aggregations,
        bounds=bounds,
        context=checked_context(context),
        allow_large=allow_large,
    )
