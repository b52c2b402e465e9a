"""Filters: what rows a question is about.

>>> eq("country", "DE") & ~one_of("cdn", ["a", "b"]) | like("app_version", "7.%")
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from frontrow._errors import AskError

_LEAST = "-1e308"

ValueLike: TypeAlias = "str | float | None"
"""A value of a dimension; numbers and booleans become their text."""


class PydruidFilter(Protocol):
    """What is there of a filter that pydruid made."""

    filter: Any

    @staticmethod
    def build_filter(filter_obj: Any) -> Any: ...


WhereLike: TypeAlias = (
    "Condition | Mapping[str, ValueLike | Iterable[ValueLike | Iterable[Any]]] | PydruidFilter | None"
)
"""A filter as :func:`parse_where` takes it; what is nested deeper is Druid's JSON."""


@dataclass(frozen=True)
class Condition:
    """A filter; joined by ``&``, ``|`` and ``~``. Make one by :func:`eq` and its siblings.

    Attributes:
        json: in Druid's form, which is taken, too
    """

    json: Mapping[str, Any]

    def to_druid(self) -> dict[str, Any]:
        """Druid's JSON."""
        return dict(_plain(self.json))

    def __and__(self, other: Condition) -> Condition:
        return _joined("and", self, other)

    def __or__(self, other: Condition) -> Condition:
        return _joined("or", self, other)

    def __invert__(self) -> Condition:
        # For Druid, as for SQL, it is unknown whether null differs from a value, and what is unknown does not fit; here
        # every row that a condition does not fit is one that its opposite fits.
        return Condition({"type": "not", "field": {"type": "istrue", "field": self.json}})

    def __bool__(self) -> bool:
        raise AskError("join conditions by &, | and ~; Python's and, or and not cannot.")


def eq(dimension: str, value: str | None) -> Condition:
    """Rows where a dimension has a value; None means it has none."""
    return Condition({"type": "selector", "dimension": dimension, "value": _text(dimension, value)})


def one_of(dimension: str, values: Iterable[str | None]) -> Condition:
    """Rows where a dimension has one of some values."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise AskError(f"one_of({dimension!r}, ...) takes a list of values, not {type(values).__name__}.")
    found = [_text(dimension, value) for value in values]
    if not found:
        raise AskError(f"one_of({dimension!r}, []) fits nothing: name at least one value.")
    return Condition({"type": "in", "dimension": dimension, "values": found})


def like(dimension: str, pattern: str, *, escape: str | None = None) -> Condition:
    """Rows where a dimension fits a pattern of SQL's LIKE: ``%`` any text, ``_`` any character.

    Args:
        escape: a character after which ``%`` and ``_`` mean themselves
    """
    condition = {"type": "like", "dimension": dimension, "pattern": _text(dimension, pattern)}
    if escape is not None:
        if not isinstance(escape, str) or len(escape) != 1:
            raise AskError(f"escape={escape!r} is not one character.")
        condition["escape"] = escape
    return Condition(condition)


def between(dimension: str, lower: str | None = None, upper: str | None = None, *, numeric: bool = False) -> Condition:
    """Rows where ``lower <= dimension < upper``; either may be None. Null is never between.

    Args:
        numeric: compare as numbers, not as text
    """
    if lower is None and upper is None:
        raise AskError(f"between({dimension!r}) needs a lower or an upper bound.")
    if lower is None and not numeric:
        # A bound without a lower end takes null as well; a range does not.
        upper = _text(dimension, upper)
        range_ = {"type": "range", "column": dimension, "matchValueType": "STRING", "upper": upper, "upperOpen": True}
        return Condition(range_)
    bound: dict[str, Any] = {
        "type": "bound",
        "dimension": dimension,
        "ordering": "numeric" if numeric else "lexicographic",
        # As numbers, null and every text that is none are less than all that are: so there is always a lower end.
        "lower": _LEAST if lower is None else _text(dimension, lower),
    }
    if upper is not None:
        bound |= {"upper": _text(dimension, upper), "upperStrict": True}
    return Condition(bound)


def not_(condition: Condition) -> Condition:
    """Rows that a condition does not fit, also where the dimension is null; the same as ``~condition``."""
    if not isinstance(condition, Condition):
        raise AskError(f"not_() takes a condition, not {type(condition).__name__}.")
    return ~condition


def parse_where(where: WhereLike) -> dict[str, Any] | None:
    """Druid's JSON of what a caller gives as a filter; None for no filter.

    Args:
        where: a :class:`Condition`; a mapping of dimension to a value or a list of values, all of which must fit; a
            filter of pydruid; or a Druid filter as JSON (a mapping with a ``type``)

    Raises:
        AskError: it is none of these
    """
    if where is None:
        return None
    if isinstance(where, Condition):
        return where.to_druid()
    if isinstance(where, Mapping):
        if isinstance(where.get("type"), str) and where.keys() & {
            "dimension",
            "dimensions",
            "column",
            "field",
            "fields",
        }:
            return dict(_plain(where))
        given: Mapping[str, Any] = where
        conditions = [eq(name, value) if _is_value(value) else one_of(name, value) for name, value in given.items()]
        if not conditions:
            return None
        joined = conditions[0]
        for condition in conditions[1:]:
            joined &= condition
        return joined.to_druid()
    if type(where).__module__.startswith("pydruid."):
        from pydruid.utils.filters import Filter

        built: dict[str, Any] = Filter.build_filter(where)
        return built
    raise AskError(
        f"a filter is a mapping like {{'country': 'DE'}}, a condition or a pydruid filter, not {type(where).__name__}."
    )


def dimensions_of(condition: Any) -> Iterator[str]:
    """Every dimension that a Druid filter names."""
    if isinstance(condition, Mapping):
        for key in ("dimension", "column"):
            if isinstance(condition.get(key), str):
                yield condition[key]
        for key in ("field", "fields"):
            yield from dimensions_of(condition.get(key))
    elif isinstance(condition, list | tuple):
        for part in condition:
            yield from dimensions_of(part)


def required_values(condition: Mapping[str, Any] | None, dimension: str) -> list[str] | None:
    """The values of a dimension outside which the filter fits no row; None if it does not say."""
    if condition is None:
        return None
    if condition.get("dimension") == dimension and condition.get("type") == "selector":
        return [condition["value"]]
    if condition.get("dimension") == dimension and condition.get("type") == "in":
        return list(condition["values"])
    if condition.get("type") == "and":
        for part in condition["fields"]:
            if (found := required_values(part, dimension)) is not None:
                return found
    return None


def _joined(kind: str, left: Condition, right: Any) -> Condition:
    if not isinstance(right, Condition):
        raise AskError(f"a condition can be joined with a condition only, not with {type(right).__name__}.")
    fields = [
        part for side in (left, right) for part in (side.json["fields"] if side.json["type"] == kind else [side.json])
    ]
    return Condition({"type": kind, "fields": fields})


def _is_value(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | float)


def _text(dimension: str, value: Any) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() if math.isfinite(value):
            return str(value)
        case _:
            raise AskError(f"{value!r} is not a value of the dimension {dimension}: use text.")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
