"""A spec's aggregators with states that are small: of a sketch only what its size depends on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from frontrow_ingest.preview.sketches import HLL_SET, THETA_SIZE
from frontrow_ingest.rollup.aggregators import Aggregator, Distinct, Filtered, Values
from frontrow_ingest.rollup.schema import RollupSchema
from frontrow_ingest.rollup.values import Row, texts_of

_MOST = {"HLLSketchBuild": HLL_SET, "thetaSketch": THETA_SIZE}
_FULL = "full"


@dataclass
class Held:
    """How much the states of all rows hold together."""

    entries: int = 0


@dataclass(frozen=True)
class Entries:
    """How many distinct texts a column has, up to ``most``: beyond it a sketch no longer grows.

    The state is None of none, the hash of a single one (most rows have one), a set of hashes, or ``full``.
    """

    name: str
    column: str
    most: int
    held: Held = field(compare=False)

    def empty(self) -> None:
        return None

    def add(self, state: Any, row: Row) -> Any:
        value = row.get(self.column)
        if type(value) is str:
            return self._with(state, hash(value))
        for text in texts_of(row, self.column):
            if text is not None:
                state = self._with(state, hash(text))
        return state

    def _with(self, state: Any, entry: int) -> Any:
        if state is None:
            self.held.entries += 1
            return entry
        if type(state) is int:
            if state == entry:
                return state
            self.held.entries += 1
            return {state, entry}
        if type(state) is set and entry not in state:
            if len(state) == self.most:
                self.held.entries -= self.most
                return _FULL
            state.add(entry)
            self.held.entries += 1
        return state

    def final(self, state: Any) -> int:
        """How many there are; ``most`` and one of more."""
        if state is None:
            return 0
        if type(state) is int:
            return 1
        return self.most + 1 if state == _FULL else len(state)


@dataclass(frozen=True)
class Numbers:
    """How many numbers a column has."""

    name: str
    column: str

    def empty(self) -> int:
        return 0

    def add(self, state: int, row: Row) -> int:
        return state if row.get(self.column) is None else state + 1

    def final(self, state: int) -> int:
        return state


def counting(schema: RollupSchema, types: tuple[str, ...], held: Held) -> RollupSchema:
    """The schema with small states.

    Args:
        types: Druid's name of each aggregator, without its filter
    """
    light = tuple(_light(each, kind, held) for each, kind in zip(schema.aggregators, types, strict=True))
    return replace(schema, aggregators=light)


def _light(aggregator: Aggregator, kind: str, held: Held) -> Aggregator:
    match aggregator:
        case Filtered():
            return replace(aggregator, inner=_light(aggregator.inner, kind, held))
        case Distinct():
            return Entries(aggregator.name, aggregator.column, _MOST[kind], held)
        case Values():
            return Numbers(aggregator.name, aggregator.column)
        case _:
            return aggregator
