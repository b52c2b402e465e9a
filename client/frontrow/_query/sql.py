"""Druid's SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontrow._frames.sql import sql_body
from frontrow._query.base import Query
from frontrow._result import Result
from frontrow._runner import checked_context
from frontrow._session import Session


@dataclass(frozen=True, kw_only=True, eq=False)
class Sql(Query):
    """Made by :func:`frontrow.sql`, which tells of its parts."""

    query: str
    parameters: tuple[Any, ...] = ()

    def to_druid(self) -> list[dict[str, Any]]:
        """The JSON that Druid would be asked."""
        return [sql_body(self.query, self.parameters)]

    def _ask(self, session: Session) -> Result:
        return session.sql(self.query, self.parameters, self.context)


def sql(query: str, parameters: Sequence[Any] = (), *, context: Mapping[str, Any] | None = None) -> Sql:
    """The answer of Druid's SQL. Its rows are decoded when they are looked at; frames never make them Python's.

    Args:
        query: with a ``?`` for each parameter
        parameters: text, numbers, booleans, datetimes with a time zone, None
        context: as for :func:`frontrow.timeseries`

    Raises:
        AskError: a parameter is of another type, or the transport is a double that knows no SQL
        TransportError: no answer
    """
    sql_body(query, parameters)
    return Sql(query=query, parameters=tuple(parameters), context=checked_context(context))
