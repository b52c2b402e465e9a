"""Events rolled up into rows, as Druid does it, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from frontrow_ingest.rollup.evaluation import compiled
from frontrow_ingest.rollup.keys import Reached, RowKey, RowKeys
from frontrow_ingest.rollup.schema import RollupSchema
from frontrow_ingest.rollup.values import TIME, Row


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
        self._keys = RowKeys(schema)
        self._reached = Reached(schema.aggregators)
        self._made = [(name, compiled(made)) for name, made in schema.made]
        self._rows: dict[RowKey, list[Any]] = {}
        self._events = 0

    @property
    def count(self) -> RowCount:
        """Events before, rows after."""
        return RowCount(self._events, len(self._rows))

    @property
    def states(self) -> Mapping[RowKey, list[Any]]:
        """Every row: its time in ms and dimensions, and the states of the aggregators, in the schema's order.

        Without rollup the number of the event comes last in the key.
        """
        return self._rows

    def rows(self) -> Iterator[Row]:
        """Every row: ``__time`` in ms, dimensions as texts (several as a tuple), states of the aggregators."""
        names = [TIME, *(name for name, _ in self.schema.dimensions)]
        columns = [each.name for each in self.schema.aggregators]
        for key, states in self._rows.items():
            yield dict(zip(names, key, strict=False)) | dict(zip(columns, states, strict=True))

    def add(self, event: Row) -> bool:
        """Take an event; whether it has a moment that Druid would take.

        Raises:
            RollupError: a field holds what is not known here, such as a number where a text should be
        """
        if self._made:
            # Each is computed of the event as it came, as Druid does: none sees what another made.
            event = {**event, **{name: compute(event.get) for name, compute in self._made}}
        key = self._keys.of(event)
        if key is None:
            return False
        self._events += 1
        if not self.schema.rollup:
            key = (*key, self._events)
        states = self._rows.get(key)
        if states is None:
            states = self._rows[key] = [each.empty() for each in self.schema.aggregators]
        for place, add in self._reached.of(event):
            states[place] = add(states[place], event)
        return True
