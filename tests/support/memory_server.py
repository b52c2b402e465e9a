"""The Druid in memory behind an address, for what speaks HTTP: commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from frontrow import DruidError
from frontrow_ingest.testing import MemoryDruid
from support.loopback import Loopback, Reply, Request, json_reply, loopback, reply


@contextmanager
def memory_server(druid: MemoryDruid) -> Iterator[Loopback]:
    """Serve it until the block ends."""

    def respond(request: Request) -> Reply:
        try:
            answer = druid.request_json(request.method, request.path, request.json if request.body else None)
        except DruidError as error:
            refusal = {"error": error.error, "errorCode": error.error_code, "errorMessage": error.error_message}
            return json_reply(refusal, error.status)
        return reply(b"") if answer is None else json_reply(answer)

    with loopback(respond) as server:
        yield server
