"""A way between any Kafka client and its broker that a test can block, and break.

Clients take the brokers' addresses from the broker's answers, so the proxy writes its own port over the broker's
wherever an answer names it; both are four bytes, nothing else moves.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

TICK_S = 0.1


class KafkaProxy:
    """Listens on a free port of 127.0.0.1. While ``hold()`` is on, bytes from the client wait; ``cut()`` ends every
    connection and takes no new one until ``mend()``. ``passed`` counts the answers that clients got."""

    def __init__(self, broker: str) -> None:
        host, _, port = broker.rpartition(":")
        self._broker = (host, int(port))
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(TICK_S)
        own = self._server.getsockname()[1]
        self.address = f"127.0.0.1:{own}"
        self._theirs, self._own = host.encode() + struct.pack(">i", int(port)), host.encode() + struct.pack(">i", own)
        self._open = threading.Event()
        self._open.set()
        self._ended = threading.Event()
        self._is_cut = False
        self.passed = 0
        self._sockets: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

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
        with client, contextlib.suppress(OSError), socket.create_connection(self._broker, timeout=5) as broker:
            broker.settimeout(None)
            self._sockets |= {client, broker}
            if self._is_cut:  # meanwhile: what was cut did not know of these two
                _end(client)
                _end(broker)
            back = threading.Thread(target=self._answers, args=(broker, client))
            back.start()
            self._requests(client, broker)
            back.join(5)
            self._sockets -= {client, broker}

    def _requests(self, client: socket.socket, broker: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65_536):
                while not self._open.wait(TICK_S) and not self._ended.is_set():
                    pass
                broker.sendall(data)
        _end(client)
        _end(broker)

    def _answers(self, broker: socket.socket, client: socket.socket) -> None:
        """Pass whole answers on: each is a 4-byte length and as many bytes."""
        with contextlib.suppress(OSError), broker.makefile("rb") as stream:
            while head := stream.read(4):
                answer = stream.read(int.from_bytes(head, "big"))
                client.sendall(head + answer.replace(self._theirs, self._own))
                self.passed += 1
        _end(broker)
        _end(client)


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
