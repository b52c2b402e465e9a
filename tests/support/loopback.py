"""A small HTTP server on a real socket of this machine, which answers as a test tells it to."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

CLOSE: Reply


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """Bytes to send in pieces, ``pause`` seconds apart; then the connection is kept or closed."""

    pieces: tuple[bytes, ...]
    close: bool = False
    pause: float = 0.0


CLOSE = Reply((), close=True)


def reply(
    body: bytes, status: int = 200, kind: str = "application/json", *, claim: int | None = None, close: bool = False
) -> Reply:
    """A whole answer; ``claim`` is the length it says it has."""
    length = len(body) if claim is None else claim
    head = f"HTTP/1.1 {status} Status\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    return Reply((head.encode() + body,), close)


def json_reply(value: Any, status: int = 200) -> Reply:
    return reply(json.dumps(value).encode(), status)


Respond = Callable[[Request], Reply]


@dataclass
class Loopback:
    """What came in: requests in order, and how many connections were made."""

    url: str
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def bodies(self) -> list[Any]:
        return [request.json for request in self.requests]


@contextmanager
def loopback(respond: Respond, tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """Serve until the block ends. ``respond`` is called for each request, in the thread of its connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    state = Loopback(f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}")
    open_connections: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            state.connections += 1
            open_connections.append(connection)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def serve(connection: socket.socket) -> None:
        # A failed handshake is an OSError, too.
        with contextlib.suppress(OSError), _secured(connection, tls) as connection, connection.makefile("rb") as stream:
            while request := read_request(stream):
                state.requests.append(request)
                answer = respond(request)
                for piece in answer.pieces:
                    connection.sendall(piece)
                    time.sleep(answer.pause)
                if answer.close:
                    connection.shutdown(socket.SHUT_RDWR)
                    return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in open_connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _secured(connection: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    if tls is None:
        return connection
    try:
        return tls.wrap_socket(connection, server_side=True)
    except OSError:
        connection.close()
        raise


def read_request(stream: Any) -> Request | None:
    """The next request of a connection; None at its end, and where it is no HTTP."""
    words = stream.readline().decode("latin-1").split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/"):
        return None
    method, path, _ = words
    headers = {}
    while (header := stream.readline().decode().strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return Request(method, path, headers, stream.read(int(headers.get("content-length", 0))))
