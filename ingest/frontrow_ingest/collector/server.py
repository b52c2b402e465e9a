"""The collector as a server: uvicorn on a socket of our own, stopped in order by SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from frontrow_ingest.collector.errors import PortTakenError
from frontrow_ingest.metrics import Metric, Metrics, Sample

BACKLOG = 2_048
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises PortTakenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise PortTakenError(host, port, getattr(error, "strerror", None) or str(error)) from error


class _Server(uvicorn.Server):
    """Stops at the first signal without raising it again afterwards, so that the exit code stays ours to choose."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._say_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._say_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._stop) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.force_exit = self.should_exit  # a second one does not wait for open requests
        self.should_exit = True


def serve(
    app: ASGIApp, listener: socket.socket, *, metrics: Metrics, drain_s: float, started: Callable[[], None]
) -> None:
    """Answer requests until SIGTERM or SIGINT; then take no more, and give open ones ``drain_s`` seconds.

    ``started`` is called once requests are answered. To be called in the main thread.
    """
    config = uvicorn.Config(
        app,
        access_log=False,  # ours names nobody
        log_config=None,
        ws="none",
        lifespan="on",
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=max(1, round(drain_s)),
    )
    server = _Server(config, started)
    metrics.watch(lambda: [Sample(Metric.COLLECTOR_CONNECTIONS, len(server.server_state.connections))])
    server.run(sockets=[listener])
