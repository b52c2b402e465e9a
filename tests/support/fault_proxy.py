"""A way to an HTTP server that a test makes fail: it passes each answer on as its fault says, or breaks it.

Stands before a recorded answer as well as before the real Druid. What the server answers is read to its end also when
the client has gone, so that a test sees what became of its query.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from support.loopback import Request, read_request

Ending = Literal["keep", "close", "reset", "stall"]
"""After what is sent: another request may come; the connection ends; it ends by a reset; nothing more comes."""

UPSTREAM_S = 120.0


@dataclass(frozen=True)
class Answer:
    """Of the server, before anything is done to it."""

    status: int
    headers: dict[str, str]
    body: bytes


Shape = Callable[[Answer], bytes]
"""Writes an answer as bytes of HTTP."""


def sized(answer: Answer, *, claim: int | None = None, **headers: str) -> bytes:
    """With its length, or a false one."""
    length = len(answer.body) if claim is None else claim
    return _head(answer, {"Content-Length": str(length), **headers}) + answer.body


def chunked(answer: Answer, size: int = 16) -> bytes:
    """In chunks, each ``size`` bytes."""
    body = answer.body
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return _head(answer, {"Transfer-Encoding": "chunked"}) + chunks + b"0\r\n\r\n"


def unframed(answer: Answer) -> bytes:
    """Without a length: the end of the connection is the end of the answer."""
    return _head(answer, {"Connection": "close"}) + answer.body


def packed(answer: Answer, spoil: Callable[[bytes], bytes] = lambda data: data) -> bytes:
    """As gzip, which may be spoiled."""
    body = spoil(gzip.compress(answer.body))
    return sized(Answer(answer.status, answer.headers, body), **{"Content-Encoding": "gzip"})


def instead(status: int, body: Any, **headers: str) -> Shape:
    """Another answer than the server's: JSON, or bytes of a page."""
    kind, data = ("text/html", body) if isinstance(body, bytes) else ("application/json", json.dumps(body).encode())
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: sized(Answer(status, {"Content-Type": kind}, data), **named)


@dataclass(frozen=True)
class Fault:
    """What is done to one answer.

    Attributes:
        shape: how it is written
        cut: only so many bytes of it are sent; fewer than none, so many are left out
        ending: what comes after them; a cut answer cannot be kept
        delay: seconds before the first byte
        drip: seconds after each byte
        ask: whether the server is asked at all
    """

    shape: Shape = sized
    cut: int | None = None
    ending: Ending = "keep"
    delay: float = 0.0
    drip: float = 0.0
    ask: bool = True


HEALTHY = Fault()


@dataclass
class FaultProxy:
    """Faults are used up one by one, by requests that are no DELETE; then ``otherwise`` holds.

    Attributes:
        requests: what came in
        answers: of the server, with the seconds until they were whole, in the order of their ends
        connections: made by clients
    """

    url: str
    faults: deque[Fault] = field(default_factory=deque)
    otherwise: Fault = HEALTHY
    requests: list[Request] = field(default_factory=list)
    answers: list[tuple[Request, Answer, float]] = field(default_factory=list)
    connections: int = 0

    @contextmanager
    def always(self, fault: Fault) -> Iterator[None]:
        """For the block every request meets this fault, also one that comes late."""
        self.otherwise = fault
        try:
            yield
        finally:
            self.otherwise = HEALTHY

    def cancelled(self) -> list[str]:
        """Paths of the DELETEs that came in."""
        return [request.path for request in self.requests if request.method == "DELETE"]

    def queries(self) -> list[Request]:
        return [request for request in self.requests if request.method != "DELETE"]

    def answer_to(self, method: str, within_s: float = 120.0) -> tuple[Answer, float]:
        """What the server answered to the first request of a method, awaited."""
        deadline = time.monotonic() + within_s
        while True:
            for request, answer, took in list(self.answers):
                if request.method == method:
                    return answer, took
            assert time.monotonic() < deadline, f"waited {within_s:g} s for the server's answer to a {method}"
            time.sleep(0.01)


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """Before the server at an address, until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = FaultProxy(f"http://127.0.0.1:{listener.getsockname()[1]}")
    clients: list[socket.socket] = []
    threads: list[threading.Thread] = []
    over = threading.Event()

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            proxy.connections += 1
            clients.append(client)
            threads.append(threading.Thread(target=_serve, args=(client, proxy, upstream, over)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield proxy
    finally:
        over.set()
        for end in (listener, *clients):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(5)
        for thread in threads:
            thread.join(5)


def _serve(client: socket.socket, proxy: FaultProxy, upstream: str, over: threading.Event) -> None:
    with contextlib.suppress(OSError), client, client.makefile("rb") as stream:
        while request := read_request(stream):
            proxy.requests.append(request)
            fault = HEALTHY
            if request.method != "DELETE":
                fault = proxy.faults.popleft() if proxy.faults else proxy.otherwise
            began = time.monotonic()
            answer = _ask(upstream, request) if fault.ask else Answer(200, {}, b"")
            proxy.answers.append((request, answer, time.monotonic() - began))
            over.wait(fault.delay)
            _send(client, fault.shape(answer)[: fault.cut], fault.drip, over)
            if fault.ending == "stall":
                over.wait()
            elif fault.ending == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if fault.ending != "keep" or fault.cut is not None:
                return


def _send(client: socket.socket, data: bytes, drip: float, over: threading.Event) -> None:
    if not drip:
        client.sendall(data)
        return
    for byte in data:
        client.sendall(bytes([byte]))
        if over.wait(drip):
            return


def _ask(upstream: str, request: Request) -> Answer:
    at = urlsplit(upstream)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=UPSTREAM_S)
    passed = ("content-type", "accept", "authorization")
    headers = {name: value for name, value in request.headers.items() if name in passed}
    with contextlib.closing(connection):
        connection.request(request.method, request.path, request.body, headers)
        answer = connection.getresponse()
        told = {name: value for name, value in answer.getheaders() if name.lower().startswith(("content-type", "x-"))}
        return Answer(answer.status, told, answer.read())


def _head(answer: Answer, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} Status", *(f"{name}: {value}" for name, value in answer.headers.items())]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()
