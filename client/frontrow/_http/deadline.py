"""Connections whose every wait ends at the deadline of the request that uses them.

urllib3's timeouts are for a single wait: an answer, or only its headers, that comes byte by byte would be waited for
without an end. Here the socket itself looks at the deadline before each wait.
Another thread can end the waits of one, too: see :class:`Stop`.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, cast

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

_BUFFER = 1 << 18
"""Bytes that are read at once, if they are there: with Python's own 8 KiB a large answer is many small pieces."""


class Stopped(BaseException):
    """The thread was told to wait no longer. Like an interruption by Ctrl-C, it is no failure of the request."""


class Stop:
    """Ends the waits of a thread from another one.

    ``with stop:`` in the thread that waits; ``stop.now()`` in any other. Its requests then raise :class:`Stopped`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = False
        self._waiting: socket.socket | None = None

    def __enter__(self) -> Stop:
        _current.stop = self
        return self

    def __exit__(self, *_: object) -> None:
        _current.stop = None

    def now(self) -> None:
        """Wait no longer."""
        with self._lock:
            self._stopped = True
            if self._waiting is not None:
                with contextlib.suppress(OSError):
                    # Of the plain socket, also below TLS: whoever waits there wakes up.
                    socket.socket.shutdown(self._waiting, socket.SHUT_RDWR)

    @property
    def stopped(self) -> bool:
        return self._stopped

    def waits(self, sock: socket.socket | None) -> None:
        """What the thread waits on from now on.

        Raises:
            Stopped: it must not
        """
        with self._lock:
            self._waiting = sock
            if self._stopped:
                raise Stopped


class _Current(threading.local):
    deadline: float | None = None
    read: float = 0.0
    connected: bool = False
    stop: Stop | None = None


_current = _Current()


def check_stopped() -> None:
    """For waits on something else than a connection, now and then.

    Raises:
        Stopped: this thread was told to wait no longer
    """
    if _current.stop is not None and _current.stop.stopped:
        raise Stopped


@contextlib.contextmanager
def unstopped() -> Iterator[None]:
    """For what is to be done after a stop, like telling Druid of it."""
    stop, _current.stop = _current.stop, None
    try:
        yield
    finally:
        _current.stop = stop


class Within:
    """For the block: every wait of this thread on such a connection ends ``read`` seconds after it began, and all of
    them at ``deadline`` (by ``time.monotonic()``), with a TimeoutError.

    ``connected`` tells whether a new connection was made in the block.
    """

    def __init__(self, deadline: float, read: float) -> None:
        self._own = (deadline, read)

    def __enter__(self) -> Within:
        self._outer = (_current.deadline, _current.read)
        _current.deadline, _current.read = self._own
        _current.connected = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        _current.deadline, _current.read = self._outer

    @property
    def connected(self) -> bool:
        return _current.connected


@contextlib.contextmanager
def _armed(sock: socket.socket) -> Iterator[None]:
    """A wait on a socket."""
    if _current.deadline is not None:
        left = _current.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for this request is up")
        sock.settimeout(min(left, _current.read))
    stop = _current.stop
    if stop is None:
        yield
        return
    stop.waits(sock)
    try:
        yield
    finally:
        # Whatever the wait ended with, a stop goes before it.
        stop.waits(None)


class _Socket(socket.socket):
    def makefile(self, mode: Any = "r", buffering: int | None = None, **kwargs: Any) -> Any:
        return super().makefile(mode, _BUFFER if buffering is None else buffering, **kwargs)

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        with _armed(self):
            return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        with _armed(self):
            super().sendall(*args, **kwargs)


class _SecureSocket(ssl.SSLSocket):
    def makefile(self, mode: Any = "r", buffering: int | None = None, **kwargs: Any) -> Any:
        return super().makefile(mode, _BUFFER if buffering is None else buffering, **kwargs)

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        with _armed(self):
            return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        with _armed(self):
            return super().send(*args, **kwargs)


def _own(made: socket.socket) -> socket.socket:
    _current.connected = True
    timeout = made.gettimeout()
    own = _Socket(made.family, made.type, made.proto, fileno=made.detach())
    own.settimeout(timeout)
    return own


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _own(super()._new_conn())


class _Secure(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _own(super()._new_conn())


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = cast(Any, _Plain)


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = cast(Any, _Secure)


POOLS = {"http": _PlainPool, "https": _SecurePool}
"""For urllib3's ``pool_classes_by_scheme``."""


def secure(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let the connections of a context heed the deadline, too."""
    context.sslsocket_class = _SecureSocket
    return context
