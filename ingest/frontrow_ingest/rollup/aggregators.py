"""Druid's aggregators, over events while they are rolled up and over stored rows while a query is answered.

What is approximate in Druid is exact here: HLL and theta sketches are sets, quantiles sketches keep every value.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.evaluation import Value, compiled, wrapped
from frontrow_ingest.rollup.expression import parse_expression
from frontrow_ingest.rollup.filters import Filter, parse_filter
from frontrow_ingest.rollup.values import Row, only, required, texts_of


class Aggregator(Protocol):
    """Folds rows into one value."""

    @property
    def name(self) -> str:
        """Of the column."""
        ...

    def empty(self) -> Any:
        """The state before any row."""
        ...

    def add(self, state: Any, row: Row) -> Any:
        """The state with one row more; the state given is not to be used again."""
        ...

    def final(self, state: Any) -> int | float | None:
        """The number that a query answers."""
        ...


@dataclass(frozen=True)
class Count:
    """Events while they are rolled up; rows in a query."""

    name: str

    def empty(self) -> int:
        return 0

    def add(self, state: int, row: Row) -> int:  # noqa: ARG002 - every row counts
        return state + 1

    def final(self, state: int) -> int:
        return state


@dataclass(frozen=True)
class Fold:
    """A sum, minimum or maximum of a column or an expression; null until there is a number.

    Attributes:
        read: the value of a row
        longs: integers of 64 bits; else doubles
    """

    name: str
    read: Callable[[Row], Value]
    longs: bool
    join: Callable[[Any, Any], Any]

    def empty(self) -> None:
        return None

    def add(self, state: int | float | None, row: Row) -> int | float | None:
        found = self.read(row)
        if found is None:
            return state
        if not self.longs:
            double = float(self._number(found))
            return double if state is None else float(self.join(state, double))
        long = found if type(found) is int else int(self._number(found))
        joined = long if state is None else self.join(state, long)
        return wrapped(joined)

    def _number(self, found: Value) -> int | float:
        if not isinstance(found, int | float):
            raise RollupError(f"{self.name!r} folds numbers, and got a {type(found).__name__}.")
        return found

    def final(self, state: int | float | None) -> int | float | None:
        return state


@dataclass(frozen=True)
class Distinct:
    """Distinct texts of a column, or of the sets that it holds already; null is none of them.

    Attributes:
        takes: what the column may hold: ``texts``, ``sets``, or both
        sketch: which of Druid's it stands for: ``hll`` or ``theta``
    """

    name: str
    column: str
    takes: str
    rounded: bool = False
    sketch: str = "hll"

    def empty(self) -> set[str]:
        return set()

    def add(self, state: set[str], row: Row) -> set[str]:
        value = row.get(self.column)
        if type(value) is str and "texts" in self.takes:
            state.add(value)
            return state
        is_set = isinstance(value, set)
        if value is not None and ("sets" if is_set else "texts") not in self.takes:
            raise RollupError(f"{self.name!r} takes {self.takes}, which {self.column!r} does not hold.")
        state |= value if isinstance(value, set) else {text for text in texts_of(row, self.column) if text is not None}
        return state

    def final(self, state: set[str]) -> int | float:
        return len(state) if self.rounded else float(len(state))


@dataclass(frozen=True)
class Values:
    """Every number of a column, or of the lists that it holds already; its own value is how many there are."""

    name: str
    column: str

    def empty(self) -> list[float]:
        return []

    def add(self, state: list[float], row: Row) -> list[float]:
        match row.get(self.column):
            case None:
                pass
            case list(more):
                state += more
            case int() | float() as value:
                state.append(float(value))
            case _:
                raise RollupError(f"{self.name!r} takes numbers, which {self.column!r} does not hold.")
        return state

    def final(self, state: list[float]) -> int:
        return len(state)


@dataclass(frozen=True)
class Filtered:
    """Another aggregator, of the rows that fit a filter."""

    name: str
    condition: Filter
    inner: Aggregator

    def empty(self) -> Any:
        return self.inner.empty()

    def add(self, state: Any, row: Row) -> Any:
        return self.inner.add(state, row) if self.condition.matches(row) else state

    def final(self, state: Any) -> int | float | None:
        return self.inner.final(state)


def quantile(values: list[float], share: float) -> float:
    """The smallest value that at least a share of the values does not exceed; NaN of none, as Druid has it."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    # Rounded as DataSketches does: 0.07 of 100 values is the seventh, not a hair more.
    rank = math.ceil(round(share * len(ordered), 6))
    return ordered[max(rank, 1) - 1]


def parse_aggregator(json: Any) -> Aggregator:
    """An aggregator from Druid's JSON.

    Raises:
        RollupError: it is none, or not one that is known here
    """
    kind = json.get("type") if isinstance(json, dict) else json
    if kind == "filtered":
        only(json, "a filtered aggregator", "type name aggregator filter")
        inner = parse_aggregator(required(json, "aggregator", "a filtered aggregator"))
        condition = parse_filter(required(json, "filter", "a filtered aggregator"))
        return Filtered(json.get("name") or inner.name, condition, inner)
    if not isinstance(json, dict) or not isinstance(kind, str) or kind not in _KNOWN:
        raise RollupError(f"the aggregator {kind!r} is not known here; there are {', '.join((*_KNOWN, 'filtered'))}.")
    what = f"an aggregator of type {kind!r}"
    only(json, what, f"type name {_KNOWN[kind]}")
    if json.get("shouldFinalize") is False:
        raise RollupError(f"{what}: the bytes of a sketch are not known here; let it be finalized.")
    name = required(json, "name", what)
    if kind == "count":
        return Count(name)
    if kind in _FOLDS:
        return _fold(json, name, kind, what)
    column = required(json, "fieldName", what)
    if kind == "quantilesDoublesSketch":
        return Values(name, column)
    sketch = "theta" if kind == "thetaSketch" else "hll"
    return Distinct(name, column, _TAKES[kind], bool(json.get("round")), sketch)


def _fold(json: Any, name: str, kind: str, what: str) -> Fold:
    if (json.get("fieldName") is None) == (json.get("expression") is None):
        raise RollupError(f"{what} needs one of 'fieldName' and 'expression'.")
    read = _column(str(json["fieldName"])) if json.get("expression") is None else _computed(json["expression"])
    return Fold(name, read, kind.startswith("long"), _FOLDS[kind])


def _column(name: str) -> Callable[[Row], Any]:
    return lambda row: row.get(name)


def _computed(text: str) -> Callable[[Row], Value]:
    compute = compiled(parse_expression(text))
    return lambda row: compute(row.get)


_JOINS: dict[str, Callable[[Any, Any], Any]] = {"Sum": operator.add, "Min": min, "Max": max}
_FOLDS = {f"{type_}{name}": join for type_ in ("long", "double") for name, join in _JOINS.items()}
_TAKES = {"HLLSketchBuild": "texts", "HLLSketchMerge": "sets", "thetaSketch": "texts and sets"}
_HLL = "fieldName lgK tgtHllType stringEncoding round shouldFinalize"
_KNOWN = {
    "count": "",
    **dict.fromkeys(_FOLDS, "fieldName expression"),
    "HLLSketchBuild": _HLL,
    "HLLSketchMerge": _HLL,
    "thetaSketch": "fieldName size isInputThetaSketch shouldFinalize",
    "quantilesDoublesSketch": "fieldName k maxStreamLength shouldFinalize",
}
