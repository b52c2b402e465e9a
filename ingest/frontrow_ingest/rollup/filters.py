"""Druid's native filters over events and rows.

Three-valued, as Druid is: whether null is a value is unknown, and ``not`` of what is unknown does not fit either. A
multi-value dimension fits where any of its values does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.values import Row, only, required, text_of, texts_of


class Filter(Protocol):
    """Decides about a row."""

    @property
    def columns(self) -> frozenset[str]:
        """All that it looks at."""
        ...

    def matches(self, row: Row, unknown: bool = False) -> bool:
        """Whether a row fits; ``unknown`` is the answer where that is not known."""
        ...


@dataclass(frozen=True)
class _Column:
    """A test of one column's texts."""

    column: str
    fits: Callable[[str], bool]
    fits_null: bool = False

    @property
    def columns(self) -> frozenset[str]:
        return frozenset([self.column])

    def matches(self, row: Row, unknown: bool = False) -> bool:
        return any(
            (self.fits_null or unknown) if text is None else self.fits(text) for text in texts_of(row, self.column)
        )


@dataclass(frozen=True)
class _Joined:
    join: Callable[[Any], bool]
    parts: tuple[Filter, ...]

    @property
    def columns(self) -> frozenset[str]:
        return frozenset().union(*(part.columns for part in self.parts))

    def matches(self, row: Row, unknown: bool = False) -> bool:
        return self.join(part.matches(row, unknown) for part in self.parts)


@dataclass(frozen=True)
class _Not:
    part: Filter

    @property
    def columns(self) -> frozenset[str]:
        return self.part.columns

    def matches(self, row: Row, unknown: bool = False) -> bool:
        return not self.part.matches(row, not unknown)


@dataclass(frozen=True)
class _Is:
    """What is unknown becomes false (``istrue``), or the opposite of it (``isfalse``)."""

    truth: bool
    part: Filter

    @property
    def columns(self) -> frozenset[str]:
        return self.part.columns

    def matches(self, row: Row, unknown: bool = False) -> bool:  # noqa: ARG002 - here all is known
        return self.part.matches(row, not self.truth) == self.truth


def parse_filter(json: Any) -> Filter:
    """A filter from Druid's JSON.

    Raises:
        RollupError: it is none, or not one that is known here
    """
    if not isinstance(json, dict) or json.get("type") not in _KINDS:
        kind = json.get("type") if isinstance(json, dict) else json
        raise RollupError(f"the filter {kind!r} is not known here; there are {', '.join(_KINDS)}.")
    keys, make = _KINDS[json["type"]]
    return make(only(json, f"a filter of type {json['type']!r}", f"type {keys}"))


def _selector(json: Any) -> Filter:
    column = required(json, "dimension", "a selector filter")
    value = text_of(column, json.get("value"))
    return _Column(column, lambda text: text == value, value is None)


def _in(json: Any) -> Filter:
    column = required(json, "dimension", "an in filter")
    values = {text_of(column, value) for value in required(json, "values", "an in filter")}
    return _Column(column, lambda text: text in values, None in values)


def _null(json: Any) -> Filter:
    return _Column(required(json, "column", "a null filter"), lambda _: False, True)


def _equals(json: Any) -> Filter:
    column, wanted = (required(json, key, "an equals filter") for key in ("column", "matchValue"))
    if required(json, "matchValueType", "an equals filter").upper() == "STRING":
        return _Column(column, lambda text: text == text_of(column, wanted))
    number = _number(str(wanted))
    return _Column(column, lambda text: number is not None and _number(text) == number)


def _range(json: Any) -> Filter:
    column, kind = (required(json, key, "a range filter") for key in ("column", "matchValueType"))
    lower, upper = (json.get("lower"), json.get("lowerOpen")), (json.get("upper"), json.get("upperOpen"))
    return _Column(column, _between(column, kind.upper() != "STRING", lower, upper))


def _bound(json: Any) -> Filter:
    column = required(json, "dimension", "a bound filter")
    ordering = json.get("ordering") or "lexicographic"
    if isinstance(ordering, dict):
        ordering = ordering.get("type")
    if ordering not in ("lexicographic", "numeric"):
        raise RollupError(f"a bound filter ordered {ordering!r} is not known here; there are lexicographic, numeric.")
    lower, upper = (json.get("lower"), json.get("lowerStrict")), (json.get("upper"), json.get("upperStrict"))
    # Null is less than everything: it fits where nothing is too little.
    return _Column(column, _between(column, ordering == "numeric", lower, upper), lower[0] is None)


def _between(column: str, numeric: bool, lower: tuple[Any, Any], upper: tuple[Any, Any]) -> Callable[[str], bool]:
    """Whether a text is between bounds, each with whether it is itself outside."""
    if lower[0] is None and upper[0] is None:
        raise RollupError(f"a filter between bounds of {column!r} needs one.")
    read: Callable[[str], Any] = _numeric_key if numeric else str
    low: Any = None if lower[0] is None else read(str(lower[0]))
    high: Any = None if upper[0] is None else read(str(upper[0]))

    def fits(text: str) -> bool:
        value = read(text)
        over = low is None or value > low or (value == low and not lower[1])
        return over and (high is None or value < high or (value == high and not upper[1]))

    return fits


def _numeric_key(text: str) -> tuple[int, float | int, str]:
    """Sorts numbers; a text that is none is less than all of them."""
    number = _number(text)
    return (0, 0, text) if number is None else (1, number, "")


def _like(json: Any) -> Filter:
    column, pattern = (required(json, key, "a like filter") for key in ("dimension", "pattern"))
    escape, parts, escaped = json.get("escape"), [], False
    for character in pattern:
        if character == escape and not escaped:
            escaped = True
            continue
        wild = None if escaped else {"%": ".*", "_": "."}.get(character)
        parts.append(re.escape(character) if wild is None else wild)
        escaped = False
    compiled = re.compile("".join(parts), re.DOTALL)
    return _Column(column, lambda text: compiled.fullmatch(text) is not None)


def _fields(json: Any) -> tuple[Filter, ...]:
    fields = json.get("fields")
    if not isinstance(fields, list) or not fields:
        raise RollupError(f"a filter of type {json['type']!r} needs 'fields', a list of at least one filter.")
    return tuple(parse_filter(part) for part in fields)


def _part(json: Any) -> Filter:
    return parse_filter(required(json, "field", f"a filter of type {json['type']!r}"))


def _number(text: str) -> float | int | None:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return None


_KINDS: dict[str, tuple[str, Callable[[Any], Filter]]] = {
    "selector": ("dimension value", _selector),
    "in": ("dimension values", _in),
    "null": ("column", _null),
    "equals": ("column matchValue matchValueType", _equals),
    "range": ("column matchValueType lower upper lowerOpen upperOpen", _range),
    "bound": ("dimension lower upper lowerStrict upperStrict ordering", _bound),
    "like": ("dimension pattern escape", _like),
    "and": ("fields", lambda json: _Joined(all, _fields(json))),
    "or": ("fields", lambda json: _Joined(any, _fields(json))),
    "not": ("field", lambda json: _Not(_part(json))),
    "istrue": ("field", lambda json: _Is(True, _part(json))),
    "isfalse": ("field", lambda json: _Is(False, _part(json))),
}
