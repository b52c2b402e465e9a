"""To which row an event belongs, and which aggregators it reaches: decided once for values that come again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.aggregators import Aggregator, Filtered
from frontrow_ingest.rollup.buckets import EARLIEST_MS, LATEST_MS, Buckets
from frontrow_ingest.rollup.filters import Filter
from frontrow_ingest.rollup.schema import RollupSchema
from frontrow_ingest.rollup.values import Row, dimension_value

# Beyond these moments Druid takes no event.
_FURTHEST_MS = (1 << 62) - 1
_NEW = object()
_MOST_COMBINATIONS = 4_096

RowKey = tuple[Any, ...]
"""The start of the time bucket, ms, and what each dimension stores."""
Adding = tuple[int, Callable[[Any, Row], Any]]


class RowKeys:
    """The keys of the rows that events become. Equal values of a dimension are one object in all keys."""

    def __init__(self, schema: RollupSchema) -> None:
        self._time = schema.time
        self._grain = schema.grain
        self._dimensions: list[tuple[str, str, dict[Any, Any]]] = [(*each, {}) for each in schema.dimensions]
        self._bucket = (0, 0)

    def of(self, event: Row) -> RowKey | None:
        """The key of an event's row; None for an event without a moment that Druid would take.

        Raises:
            RollupError: the moment or a dimension holds what is not known here
        """
        moment = event.get(self._time)
        if isinstance(moment, bool) or not isinstance(moment, int) or abs(moment) > _FURTHEST_MS:
            return None
        start, end = self._bucket
        if not start <= moment < end:
            start, end = self._bucket = _bucket_of(self._grain, moment)
        values: list[Any] = [start]
        for name, handling, known in self._dimensions:
            value: Any = event.get(name)
            kind = type(value)
            if kind is str or kind is tuple:
                stored = known.get(value, _NEW)
                if stored is _NEW:
                    stored = dimension_value(event, name, handling)
                    # Of other things True and 1 would be the same key, and are not the same text.
                    if kind is str or all(type(part) is str for part in value):
                        stored = known.setdefault(stored, stored)
                        known[value] = stored
                values.append(stored)
            else:
                values.append(None if value is None else dimension_value(event, name, handling))
        return tuple(values)


def _bucket_of(grain: Buckets, moment: int) -> tuple[int, int]:
    if not EARLIEST_MS <= moment <= LATEST_MS:
        raise RollupError(f"the moment {moment} ms is out of the years 1 to 9999, which are known here.")
    start = grain.floor(moment)
    try:
        return start, grain.after(start)
    except OverflowError:  # the last bucket of the calendar has no end in it
        return start, moment + 1


class Reached:
    """The aggregators that an event reaches, each with its place: those without a filter, and those whose filter fits.

    Filters look at few columns with few values, so their answers are kept.
    """

    def __init__(self, aggregators: Sequence[Aggregator]) -> None:
        self._conditions: list[tuple[Adding, tuple[Filter, ...]]] = []
        for place, aggregator in enumerate(aggregators):
            inner, conditions = aggregator, []
            while isinstance(inner, Filtered):
                conditions.append(inner.condition)
                inner = inner.inner
            self._conditions.append(((place, inner.add), tuple(conditions)))
        looked_at = frozenset[str]().union(*(each.columns for _, found in self._conditions for each in found))
        self._columns = sorted(looked_at)
        self._known: dict[Any, tuple[Adding, ...]] = {}

    def of(self, event: Row) -> tuple[Adding, ...]:
        """Place and ``add`` of each aggregator that the event reaches."""
        values = [event.get(column) for column in self._columns]
        key = (*values, *map(type, values))  # True and 1 are equal, and are not the same text
        try:
            found = self._known.get(key)
        except TypeError:  # a list, of a multi-value dimension
            return self._decide(event)
        if found is None:
            if len(self._known) >= _MOST_COMBINATIONS:
                self._known.clear()
            found = self._known[key] = self._decide(event)
        return found

    def _decide(self, event: Row) -> tuple[Adding, ...]:
        return tuple(
            adding
            for adding, conditions in self._conditions
            if all(condition.matches(event) for condition in conditions)
        )
