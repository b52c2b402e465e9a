"""A collector in this process, on a sink in memory, with clocks that the test moves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from frontrow_ingest.collector import CollectorSettings, Delivery, RecentEvents, collector_app
from frontrow_ingest.contract import decode
from frontrow_ingest.producer import KafkaSettings, MemorySink
from support.asgi import Answer, InProcess

NOW = 1_790_000_000_500
PATIENCE_S = 60.0


class Rig:
    """The collector, what it stored, and the ways to disturb it."""

    def __init__(
        self,
        *,
        settings: CollectorSettings,
        sink: Any = None,
        open_sink: Any = None,
        delivery: dict[str, Any],
        app: dict[str, Any],
    ) -> None:
        self._settings = settings
        self.sink = sink or MemorySink(KafkaSettings(linger_ms=0))
        self.seconds = 1_000.0
        self._runs = False
        self.delivery = Delivery(
            open_sink or (lambda: self.sink), **{"max_waiting": 1_000, "seen": RecentEvents(), **delivery}
        )
        self.client = InProcess(
            collector_app(self.delivery, settings=settings, clock=lambda: NOW, seconds=lambda: self.seconds, **app)
        )

    def begin(self) -> None:
        self.delivery.start()
        self.client.__enter__()
        self._runs = True

    def end(self) -> None:
        """Stop in order, as a signal does."""
        if self._runs:
            self._runs = False
            try:
                self.client.__exit__()
            finally:
                self.delivery.close(10.0)

    @contextmanager
    def impatient(self, seconds: float = 0.2) -> Iterator[None]:
        """For the block requests wait for Kafka only so long; before and after it a busy machine has its time."""
        before = self._settings.ack_timeout_s
        object.__setattr__(self._settings, "ack_timeout_s", seconds)
        try:
            yield
        finally:
            object.__setattr__(self._settings, "ack_timeout_s", before)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [decode(value) for _, value in self.sink.records]

    def post(self, body: bytes, kind: str = "application/json", **how: str) -> Answer:
        return self.client.post(body, kind, **how)

    def cmcd(self, *lines: str, **how: str) -> Answer:
        return self.post("\n".join(lines).encode(), "application/cmcd", **how)


@pytest.fixture
def rig() -> Iterator[Callable[..., Rig]]:
    """Makes collectors; all are stopped at the end, and leave no thread."""
    before = set(threading.enumerate())
    with ExitStack() as stack:

        def make(settings: CollectorSettings | None = None, *, delivery: Any = None, **more: Any) -> Rig:
            sinks = {name: more.pop(name) for name in ("sink", "open_sink") if name in more}
            patient = replace(settings or CollectorSettings(), ack_timeout_s=PATIENCE_S)
            made = Rig(settings=patient, **sinks, delivery=delivery or {}, app=more)
            stack.callback(made.end)
            made.begin()
            return made

        yield make
    assert set(threading.enumerate()) <= before
