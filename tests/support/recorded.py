"""Answers of a Druid 33 as they came, and a server that gives them again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support.loopback import Loopback, Reply, Request, json_reply, loopback, reply

TIMESERIES = (
    b'[{"timestamp":"2026-09-21T12:00:00.000Z","result":{"plays":41,"play_ms":612345}},'
    b'{"timestamp":"2026-09-21T12:01:00.000Z","result":{"plays":7,"play_ms":98765}},'
    b'{"timestamp":"2026-09-21T12:02:00.000Z","result":{"plays":0,"play_ms":0}}]'
)
SQL = {
    "object": b'[{"content_id":"title-000000","plays":32},{"content_id":"title-000060","plays":78}]\n',
    "array": b'[["title-000000",32],["title-000060",78]]\n',
    "objectLines": b'{"content_id":"title-000000","plays":32}\n{"content_id":"title-000060","plays":78}\n\n',
    "arrayLines": b'["title-000000",32]\n["title-000060",78]\n\n',
    "csv": b'title-000000,32\n"a title\n\nof two lines",78\n\n',
}
NOTHING = {"object": b"[]\n", "array": b"[]\n", "objectLines": b"\n\n", "arrayLines": b"\n\n", "csv": b"\n"}

QUERY_ID = "frontrow-0123"
NATIVE_QUERY = {"queryType": "timeseries", "context": {"queryId": QUERY_ID, "timeout": 60_000}}
CANCELLED = {"error": "Query cancelled", "errorMessage": "Task was cancelled.", "category": "CANCELED"}
TIMED_OUT = {"error": "Query timeout", "errorMessage": "Query [t1] timed out!", "category": "TIMEOUT"}
NO_CAPACITY = {
    "error": "druidException",
    "errorMessage": "Too many concurrent queries, total query capacity of 10 exceeded.",
    "category": "CAPACITY_EXCEEDED",
}


def sql_query(form: str) -> dict[str, Any]:
    return {"query": "SELECT 1", "resultFormat": form, "context": {"sqlQueryId": QUERY_ID}}


@contextmanager
def recorded_druid() -> Iterator[Loopback]:
    """Answers each query by what was recorded of its kind."""

    def respond(request: Request) -> Reply:
        if request.method == "DELETE":
            return reply(b"", 202)
        if request.path == "/login":
            return reply(b"<html><h1>Log in</h1></html>", kind="text/html")
        if not request.path.startswith("/druid/v2"):
            return json_reply({"id": "audience"})
        body = request.json
        data = TIMESERIES if "queryType" in body else SQL[body.get("resultFormat", "object")]
        return reply(data)

    with loopback(respond) as server:
        yield server
