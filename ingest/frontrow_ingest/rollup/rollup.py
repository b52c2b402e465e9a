"""Events rolled up into rows, as Druid does it, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.buckets import EARLIEST_MS, LATEST_MS
from frontrow_ingest.rollup.evaluation import evaluate
from frontrow_ingest.rollup.schema import RollupSchema
from frontrow_ingest.rollup.values import TIME, Row, dimension_value

# Beyond these moments Druid takes no event.
_FURTHEST_MS = (1 << 62) - 1


@dataclass(frozen=True)
class RowCount:
    """How many events came in, and how many rows are kept of them."""

    events: int
    rows: int

    @property
    def ratio(self) -> float | None:
        """Events per row; None of no rows."""
        return self.events / self.rows if self.rows else None


class Rollup:
    """Takes events one by one. Rows are the fewest possible; Druid may keep more, one set for each task and persist."""

    def __init__(self, schema: RollupSchema) -> None:
        self.schema = schema
        self._rows: dict[object, dict[str, Any]] = {}
        self._events = 0

    @property
    def count(self) -> RowCount:
        """Events before, rows after."""
        return RowCount(self._events, len(self._rows))

    def rows(self) -> Iterator[Row]:
        """Every row: ``__time`` in ms, dimensions as texts (several as a tuple), states of the aggregators."""
        yield from self._rows.values()

    def add(self, event: Row) -> bool:
        """Take an event; whether it has a moment that Druid would take.

        Raises:
            RollupError: a field holds what is not known here, such as a number where a text should be
        """
        moment = event.get(self.schema.time)
        if isinstance(moment, bool) or not isinstance(moment, int) or abs(moment) > _FURTHEST_MS:
            return False
        if not EARLIEST_MS <= moment <= LATEST_MS:
            raise RollupError(f"the moment {moment} ms is out of the years 1 to 9999, which are known here.")
        time = self.schema.grain.floor(moment)
        if self.schema.made:
            # Each is computed of the event as it came, as Druid does: none sees what another made.
            event = {**event, **{name: evaluate(made, event.get) for name, made in self.schema.made}}
        dimensions = {name: dimension_value(event, name, handling) for name, handling in self.schema.dimensions}
        self._events += 1
        key: object = (time, *dimensions.values()) if self.schema.rollup else self._events
        row = self._rows.get(key)
        if row is None:
            states = {each.name: each.empty() for each in self.schema.aggregators}
            row = self._rows[key] = {TIME: time, **dimensions, **states}
        for each in self.schema.aggregators:
            row[each.name] = each.add(row[each.name], event)
        return True
