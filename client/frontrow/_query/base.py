"""What all questions share: they do not change, and each method gives another question."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Self

from frontrow._errors import AskError
from frontrow._filters import Condition, ValueLike, WhereLike, parse_where
from frontrow._query.rendering import rendered
from frontrow._result import Result
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow._time import IntervalLike, Last


@dataclass(frozen=True, kw_only=True, eq=False)
class Query(ABC):
    """A question, not asked yet. ``client.ask(question)`` asks it, as often as wanted.

    Attributes:
        context: of its queries, in Druid's names; goes before the client's own
        allow_large: ask also beyond the client's limits of buckets and span
    """

    context: Mapping[str, Any] = field(default_factory=dict)
    allow_large: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "context", MappingProxyType(dict(checked_context(self.context))))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Query) or type(other) is not type(self):
            return NotImplemented
        return self._parts() == other._parts()

    def __hash__(self) -> int:
        # Filters and contexts have no hash; questions that differ in them only are rare enough.
        return hash((type(self), *(part for part in self._parts() if isinstance(part, str | int))))

    def _parts(self) -> list[Any]:
        return [getattr(self, part.name) for part in fields(self)]

    def with_context(self, context: Mapping[str, Any]) -> Self:
        """The same with more of Druid's context, like ``{"priority": -1}``."""
        return replace(self, context={**self.context, **checked_context(context)})

    def large(self) -> Self:
        """The same, allowed beyond the client's limits."""
        return replace(self, allow_large=True)

    def to_druid(self) -> list[dict[str, Any]]:
        """The JSON of the queries that Druid would be asked now, without their ids and timeouts.

        A query that depends on the answer of an earlier one is not among them: ``Result.queries`` has those.

        Raises:
            AskError: the question makes no sense
        """
        return rendered(self._ask)

    @abstractmethod
    def _ask(self, session: Session) -> Result:
        """The answer.

        Raises:
            AskError, KeyEpochsError, TransportError
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class AudienceQuery(Query):
    """A question about events of a time, maybe some of them only.

    Attributes:
        interval: asked about; None until it is given
        condition: what rows; None for all
    """

    interval: IntervalLike | Last | None = None
    condition: Condition | None = None

    def during(self, interval: IntervalLike) -> Self:
        """The same about another interval, like ``"2026-11-23T20:00/2026-11-23T22:00"``."""
        return replace(self, interval=interval)

    def last(self, length: str | timedelta) -> Self:
        """The same about the time up to now, like ``"30m"``; now is when it is asked."""
        return replace(self, interval=Last(length))

    def where(self, condition: WhereLike = None, /, **dimensions: ValueLike | Iterable[ValueLike]) -> Self:
        """The same about fewer rows: those that fit this, too.

        Args:
            condition: as ``where`` of :func:`frontrow.timeseries`
            dimensions: their value, or a list of values: ``where(country="DE", cdn=["aurora", "boreal"])``
        """
        found = self.condition
        for given in (condition, dimensions or None):
            more = condition_of(given)
            if more is not None:
                found = more if found is None else found & more
        return replace(self, condition=found)


def condition_of(where: WhereLike) -> Condition | None:
    """A condition of what a caller gives; None for all rows.

    Raises:
        AskError: it is none
    """
    parsed = parse_where(where)
    return None if parsed is None else Condition(parsed)


def interval_of(interval: IntervalLike | None, last: str | timedelta | None) -> IntervalLike | Last | None:
    """The one of them that is given.

    Raises:
        AskError: both are
    """
    if interval is not None and last is not None:
        raise AskError('give one of interval="start/end" and last="30m".')
    return interval if last is None else Last(last)


def names_of(given: object, what: str = "metric") -> tuple[str, ...]:
    """Names, of which one may stand alone.

    Args:
        what: they name

    Raises:
        AskError: they are no texts
    """
    if not isinstance(given, Iterable):
        raise AskError(f"{given!r} is not a {what}: name one, or a list of them.")
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        if not isinstance(name, str):
            raise AskError(f"{name!r} is not a {what}: name it by text.")
    return tuple(names)
