"""Any native query of Druid."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frontrow._errors import AskError
from frontrow._frames.native import ask_native, columns_of, lean
from frontrow._query.base import Query
from frontrow._result import Result
from frontrow._runner import checked_context
from frontrow._session import Session


@dataclass(frozen=True, kw_only=True, eq=False)
class Native(Query):
    """Made by :func:`frontrow.native`, which tells of its parts."""

    query: Mapping[str, Any]

    def _ask(self, session: Session) -> Result:
        if not self.allow_large:
            session.limits.check_native(self.query)
        asking, asked = session.asking_kept(self.context), lean(self.query)
        if asking.kept is None:
            columns, types = ask_native(asked, asking.runner)
        else:
            columns, types = columns_of(asked, asking.kept(asked))
        return asking.result(columns, types, None, session.as_druid)


def native(query: Mapping[str, Any], *, context: Mapping[str, Any] | None = None, allow_large: bool = False) -> Native:
    """The answer of any native query of Druid, as columns.

    Args:
        query: Druid's JSON; a query object of pydruid is taken too (its ``query_dict``). Scan and groupBy are asked for
            rows as arrays, which changes only the speed. Where Arrow is installed, a large answer of them goes into it
            without a Python object for each value, unless a row holds a list or a text with an escape.
        context: as for :func:`frontrow.timeseries`; the query's own goes before it
        allow_large: as for :func:`frontrow.timeseries`

    Raises:
        AskError: it has no ``queryType``, or is beyond a limit
        TransportError: no answer
    """
    body = getattr(query, "query_dict", query)
    if not isinstance(body, Mapping) or not isinstance(body.get("queryType"), str):
        raise AskError('a native query is a mapping with a "queryType"; see the query documentation of Druid.')
    return Native(query=copy.deepcopy(dict(body)), context=checked_context(context), allow_large=allow_large)
