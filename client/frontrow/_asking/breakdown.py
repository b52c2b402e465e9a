"""Breakdowns: metrics by one or several dimensions, if wanted by time bucket, too."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from frontrow._asking.ask import Ask
from frontrow._asking.bounds import bound_values
from frontrow._asking.formula import clean, evaluate, maximum
from frontrow._asking.grouping import best_first, dimension_spec, group_by, largest, ranked
from frontrow._asking.maxima import maxima
from frontrow._asking.suppression import lines_of, marks_of, without_hidden
from frontrow._asking.timeseries import Run, check_timeseries
from frontrow._errors import AskError
from frontrow._filters import required_values
from frontrow._time import Granularity
from frontrow_specs import Metric

MOST_ROWS = 100_000
MOST_DIMENSIONS = 8
SEEN = 10_000
"""Of so many groups what is hidden is chosen, however few are wanted."""

Key: TypeAlias = tuple[datetime, tuple[str | None, ...]]
"""The start of a bucket, and a value of each dimension."""
Groups: TypeAlias = Mapping[Key, Mapping[str, Any]]


def check_dimensions(dimensions: Sequence[str], most: int = MOST_DIMENSIONS) -> None:
    """Refuse what cannot be grouped by.

    Raises:
        AskError: it is no list of names, or one of too few or too many, or has one twice
    """
    for name in dimensions:
        if not isinstance(name, str):
            raise AskError(f"{name!r} is not a dimension: name it by text.")
    if twice := [name for index, name in enumerate(dimensions) if name in dimensions[:index]]:
        raise AskError(f"{', '.join(twice)}: name each dimension once.")
    if not 1 <= len(dimensions) <= most:
        raise AskError(f"{len(dimensions)} dimensions: name 1 to {most}.")


def check_breakdown(ask: Ask, granularity: Granularity, n: int) -> None:
    """Refuse what has no answer, before anything is sent.

    Raises:
        AskError: ``n`` is not between 1 and 100,000, no metric is named, or the buckets are finer than the
            datasource's rows
    """
    if not ask.metrics:
        raise AskError("name the metric to order by.")
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_ROWS:
        raise AskError(f"n={n!r} is not a number from 1 to {MOST_ROWS:,}.")
    check_timeseries(ask, granularity)


def ask_breakdown(
    ask: Ask, dimensions: Sequence[str], multi_value: Collection[str], granularity: Granularity, n: int, run: Run
) -> tuple[dict[str, list[Any]], str]:
    """Columns of the answer, and what is to be said of its exactness.

    Args:
        multi_value: those of the dimensions of which a row may have several values

    Returns:
        ``time`` unless the granularity is ``all``, each dimension, each metric. By time; in a bucket the row with the
        largest first metric first, nulls last. A group without rows in a bucket is not there. Where the question has an
        audience, small groups and what would give them away come last in their bucket, by name, and ``MARKS`` says
        which they are. Groups of a bucket that differ in one dimension only are a line.
    """
    asked = _Grouped(ask, tuple(dimensions), frozenset(multi_value), granularity, run)
    first = ask.metrics[0]
    # One more than wanted tells whether there are more.
    groups = asked.by(first, n + 1 if ask.audience is None else max(n + 1, SEEN))
    keys = sorted(groups, key=lambda key: (key[0], best_first(asked.value(first, key, groups), *key[1])))
    if ask.audience is None:
        plain = asked.plain(keys[:n], groups)
        return _columns(asked, keys[:n], groups, plain), _note(n, len(keys) > n, granularity)
    plain = asked.plain(keys, groups)
    lines = lines_of([(start, *values) for start, values in keys], range(1, len(dimensions) + 1))
    audiences = [ask.audience_in(plain.get(key, {})) for key in keys]
    marks = dict(zip(keys, marks_of(audiences, lines, ask.least), strict=True))
    keys.sort(key=lambda key: (key[0], _by_name(key[1]) if marks[key] else ()))
    columns = _columns(asked, keys[:n], groups, plain)
    of_rows = [marks[key] for key in keys[:n]]
    left_out = sum(map(bool, marks.values())) - sum(map(bool, of_rows))
    said = (
        f"; {left_out:,} of them have fewer than {ask.least:,} {ask.audience.of} and are not ordered"
        if left_out
        else ""
    )
    note = _note(n, len(keys) > n, granularity) + said
    return without_hidden(columns, ["time", *dimensions], of_rows), note


@dataclass(frozen=True)
class _Grouped:
    """The question, and what runs its queries."""

    ask: Ask
    dimensions: tuple[str, ...]
    multi_value: frozenset[str]
    granularity: Granularity
    run: Run

    def by(self, metric: Metric | None, limit: int | None) -> Groups:
        """What Druid aggregates.

        Args:
            metric: to order by; a maximum is all that is answered then; None for the caller's own aggregations
            limit: only the first so many groups; None for all
        """
        buckets = self.granularity.to_druid()
        if metric is not None and (inner := maximum(metric)) is not None:
            query = maxima(self.ask, self._specs(), self.dimensions, inner, limit, granularity=buckets)
        else:
            needed, posts, rank = ranked(self.ask, metric)
            order = None if limit is None else largest(rank, limit, self.dimensions)
            query = group_by(self.ask, self._specs(), needed, posts, order, granularity=buckets)
        return dict(self._found(self.run(query)))

    def within(self, keys: Sequence[Key]) -> _Grouped:
        """The same question for the values that these keys are made of: their groups, whole, and maybe more."""
        fields = [] if self.ask.where is None else [dict(self.ask.where)]
        for index, name in enumerate(self.dimensions):
            fields.append({"type": "in", "dimension": name, "values": [*dict.fromkeys(key[1][index] for key in keys)]})
        return replace(self, ask=replace(self.ask, where={"type": "and", "fields": fields}))

    def plain(self, keys: Sequence[Key], groups: Groups) -> Groups:
        """What is no maximum, of these groups; ``groups`` itself where the first metric is none."""
        first, *others = self.ask.metrics
        if maximum(first) is None or not keys or not (self.ask.aggregates or self.ask.extra):
            return groups
        return self.within(keys).by(next((metric for metric in others if maximum(metric) is None), None), None)

    def value(self, metric: Metric, key: Key, groups: Groups) -> int | float | None:
        """Of a group; null where it is not among them."""
        found = groups.get(key)
        if found is None:
            return None
        return evaluate(metric.expression, found, self.granularity.bucket_ms(key[0], self.ask.interval))

    def _specs(self) -> list[Any]:
        return [
            dimension_spec(name, required_values(self.ask.where, name) if name in self.multi_value else None)
            for name in self.dimensions
        ]

    def _found(self, answer: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Key, Mapping[str, Any]]]:
        start = self.ask.interval.start
        for entry in answer:
            event = entry["event"]
            if not self.granularity.is_all:
                start = datetime.fromisoformat(entry["timestamp"]).astimezone(UTC)
            yield (start, tuple(event[name] for name in self.dimensions)), event


def _by_name(values: Sequence[str | None]) -> tuple[tuple[bool, str], ...]:
    return tuple((value is not None, value or "") for value in values)


def _columns(asked: _Grouped, keys: Sequence[Key], groups: Groups, plain: Groups) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {} if asked.granularity.is_all else {"time": [start for start, _ in keys]}
    for index, name in enumerate(asked.dimensions):
        columns[name] = [values[index] for _, values in keys]
    first = asked.ask.metrics[0]
    for metric in asked.ask.metrics:
        found = plain
        if metric is first:
            found = groups
        elif maximum(metric) is not None and keys:
            found = asked.within(keys).by(metric, None)
        columns[metric.name] = [asked.value(metric, key, found) for key in keys]
        if asked.ask.bounds:
            columns |= bound_values([metric], [found.get(key, {}) for key in keys])
    for aggregator in asked.ask.extra:
        columns[aggregator["name"]] = [clean(plain.get(key, {}).get(aggregator["name"])) for key in keys]
    return columns


def _note(n: int, more: bool, granularity: Granularity) -> str:
    if not more:
        return "all groups"
    if granularity.is_all:
        return f"the {n:,} largest of more groups; their choice is exact"
    return f"the first {n:,} of more rows by time: give a larger n, or ask for fewer buckets"
