"""One request to Druid: what its answer must look like, whether it may be sent twice, how Druid is told to end it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

import orjson

from frontrow._errors import AskError

Form: TypeAlias = Literal["json", "lines", "csv", "any"]
"""Of a whole answer: JSON, mostly an array; lines, or CSV, that end with an empty line; anything at all."""

_FORMS: Mapping[Any, Form] = {
    "object": "json",
    "array": "json",
    "objectLines": "lines",
    "arrayLines": "lines",
    "csv": "csv",
}
_JSON: Form = "json"
NATIVE = "/druid/v2"
SQL = "/druid/v2/sql"


@dataclass(frozen=True)
class Call:
    """A request.

    Attributes:
        repeatable: it only reads, so it may be sent again
        form: of its answer, when it succeeds
        query_id: of a query that names one
        cancel: the path on which a DELETE ends that query
        id_header: of the answer, which then holds the same id
    """

    method: str
    path: str
    body: Any
    repeatable: bool
    form: Form = "any"
    query_id: str | None = None
    cancel: str | None = None
    id_header: str | None = None

    def payload(self, left: float) -> bytes | None:
        """The body as JSON. A query gets no more time inside Druid than the ``left`` seconds that its caller waits.

        Raises:
            AskError: it holds something that JSON has not
        """
        if self.body is None:
            return None
        body = self.body
        if self.form != "any":
            context = body.get("context") or {}
            given, most = context.get("timeout"), max(1, int(left * 1000))
            if isinstance(given, int) and (given > most or given == 0):
                body = {**body, "context": {**context, "timeout": most}}
        try:
            return orjson.dumps(body)
        except orjson.JSONEncodeError as error:
            raise AskError(f"the query cannot be written as JSON: {error}.") from error


def call_of(method: str, path: str, body: Any) -> Call:
    """Look at a request. A query is what is posted to ``/druid/v2`` or ``/druid/v2/sql`` and looks like one."""
    place = path.rstrip("/")
    repeatable = method == "GET" or (method == "POST" and place.startswith(NATIVE))
    if method != "POST" or not isinstance(body, Mapping):
        return Call(method, path, body, repeatable)
    context = body.get("context") or {}
    if place == NATIVE and "queryType" in body:
        form, query_id, id_header = _JSON, context.get("queryId"), "X-Druid-Query-Id"
    elif place == SQL and "query" in body:
        form = _FORMS.get(body.get("resultFormat") or "object", "any")
        query_id, id_header = context.get("sqlQueryId"), "X-Druid-SQL-Query-Id"
    else:
        return Call(method, path, body, repeatable)
    if not isinstance(query_id, str) or not query_id:
        return Call(method, path, body, True, form)
    return Call(method, path, body, True, form, query_id, f"{place}/{quote(query_id, safe='')}", id_header)
