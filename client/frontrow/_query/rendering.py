"""What a question would ask of Druid, without a Druid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from frontrow._errors import AskError
from frontrow._http.port import Timeouts
from frontrow._limits import Limits
from frontrow._result import Result
from frontrow._session import Session
from frontrow._timeline import NoSuchEventError

_OF_ONE_RUN = ("queryId", "sqlQueryId", "timeout")


class _Nothing:
    """A Druid that holds nothing."""

    url = "nowhere"
    timeouts = Timeouts()

    def request_json(self, *_: Any, **__: Any) -> Any:
        return []

    def close(self) -> None:
        pass


def rendered(ask: Callable[[Session], Result]) -> list[dict[str, Any]]:
    """The queries that are sent to a Druid which holds nothing.

    Raises:
        AskError: the question makes no sense
    """
    nowhere = Session(
        _Nothing(), datasources={}, limits=Limits(), context={}, with_freshness=False, with_key_epochs=False
    )
    try:
        queries = ask(nowhere).queries
    except NoSuchEventError:
        raise AskError("only Druid knows when that event was: ask the question, and look at Result.queries.") from None
    found = []
    for query in queries:
        context = {name: value for name, value in (query.pop("context", None) or {}).items() if name not in _OF_ONE_RUN}
        found.append({**query, "context": context} if context else query)
    return found
