"""A way between a Kafka client and its broker that a test can block, and break: an HTTP CONNECT proxy."""

from __future__ import annotations

import contextlib
import socket
import threading

TICK_S = 0.1


class ConnectProxy:
    """Listens on a free port of 127.0.0.1. While ``hold()`` is on, bytes from the client wait; ``cut()`` ends every
    connection and takes no new one until ``mend()``."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(TICK_S)
        self._open = threading.Event()
        self._open.set()
        self._ended = threading.Event()
        self._is_cut = False
        self._sockets: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def cut(self) -> None:
        self._is_cut = True
        for end in list(self._sockets):
            _end(end)

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self._ended.set()
        self.cut()
        self.release()
        for thread in self._threads:
            thread.join(5)
        self._server.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            if self._is_cut:
                client.close()
                continue
            thread = threading.Thread(target=self._serve, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                part = client.recv(4096)
                if not part:
                    return
                head += part
            host, port = head.split(b" ")[1].rsplit(b":", 1)
            with socket.create_connection((host.decode(), int(port)), timeout=5) as broker:
                broker.settimeout(None)
                self._sockets |= {client, broker}
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=self._pump, args=(broker, client, None))
                back.start()
                self._pump(client, broker, self._open)
                back.join(5)
                self._sockets -= {client, broker}

    def _pump(self, source: socket.socket, target: socket.socket, gate: threading.Event | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                while gate is not None and not gate.wait(TICK_S) and not self._ended.is_set():
                    pass
                target.sendall(data)
        _end(source)
        _end(target)


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
