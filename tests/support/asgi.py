"""An ASGI application called in this process, with its lifespan, as a server would call it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

DEADLINE_S = 120


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class InProcess:
    """Calls an application. As a block: its lifespan begins and ends with it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._runner = asyncio.Runner()
        self._to_app: asyncio.Queue[dict[str, Any]]
        self._from_app: asyncio.Queue[dict[str, Any]]

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something in the application's event loop."""
        return self._runner.run(asyncio.wait_for(work, DEADLINE_S))

    def __enter__(self) -> InProcess:
        self.run(self._begin())
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            self.run(self._end())
        finally:
            self._runner.close()

    def wait(self, is_so: Callable[[], object]) -> None:
        """Let the application run until something is so; a TimeoutError if it never is."""
        self.run(_until(is_so))

    def post(self, body: bytes, kind: str = "application/json", path: str = "/events", **headers: str) -> Answer:
        return self.request("POST", path, body, content_type=kind, **headers)

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        answer: Answer = self.run(self.call(method, path, [body], headers))
        return answer

    async def call(self, method: str, path: str, parts: Sequence[bytes], headers: dict[str, str]) -> Answer:
        """A request whose body comes in parts; ``content_type`` stands for ``content-type``."""
        path, _, query = path.partition("?")
        waiting = list(parts)
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if not waiting:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "client": ("203.0.113.9", 4242),
            "server": ("127.0.0.1", 80),
        }
        await self._app(scope, receive, send)
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))

    async def _begin(self) -> None:
        self._to_app, self._from_app = asyncio.Queue(), asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}}
        self._lifespan = asyncio.create_task(self._app(scope, self._to_app.get, self._from_app.put))
        await self._to_app.put({"type": "lifespan.startup"})
        assert (await self._from_app.get())["type"] == "lifespan.startup.complete"

    async def _end(self) -> None:
        await self._to_app.put({"type": "lifespan.shutdown"})
        assert (await self._from_app.get())["type"] == "lifespan.shutdown.complete"
        await self._lifespan


async def _until(is_so: Callable[[], object]) -> None:
    while not is_so():
        await asyncio.sleep(0.01)
