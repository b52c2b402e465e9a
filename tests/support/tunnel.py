"""An HTTP proxy that only tunnels: it connects to whatever a CONNECT names, and passes bytes on."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from support.loopback import Request, read_request


@contextmanager
def tunnel(requests: list[Request], status: int = 200) -> Iterator[str]:
    """Its address, until the block ends.

    Args:
        requests: gets each CONNECT
        status: of its answer; nothing is passed on unless it is 200
    """
    listener = socket.create_server(("127.0.0.1", 0))
    ends: list[socket.socket] = [listener]
    threads: list[threading.Thread] = []

    def start(target: object, *args: socket.socket) -> None:
        threads.append(threading.Thread(target=target, args=args))  # type: ignore[arg-type]
        threads[-1].start()

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            ends.append(client)
            start(serve, client)

    def serve(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            # Unbuffered: what follows the request is not the proxy's.
            request = read_request(client.makefile("rb", buffering=0))
            if request is None:
                return
            requests.append(request)
            client.sendall(f"HTTP/1.1 {status} Status\r\n\r\n".encode())
            if status != 200:
                return
            host, _, port = request.path.partition(":")
            with socket.create_connection((host, int(port)), timeout=5) as server:
                server.settimeout(None)
                ends.append(server)
                start(pass_on, server, client)
                pass_on(client, server)

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    start(accept)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in threads:
            thread.join(5)
