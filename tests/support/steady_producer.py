"""A producer that sends viewing events without pause, and knows how many Kafka has acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from frontrow_ingest.producer import EventProducer
from support.viewing_events import an_event

PER_SECOND = 100


class SteadyProducer:
    """Sends from a thread of its own until it is stopped."""

    def __init__(self, bootstrap: str, topic: str, **fields: Any) -> None:
        self.sent = 0
        self._fields = fields
        self._producer = EventProducer(bootstrap, topic=topic)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(1 / PER_SECOND):
            now = time.time_ns() // 1_000_000
            # So many viewers that answers about them are not hidden.
            told = {"viewer_id": f"AAECAwQFBgcICQoLDA0{self.sent % 50:02}w", "ts": now, "received_ts": now}
            self._producer.send(
                an_event(**{**told, "session_id": f"steady-{self.sent % 50}", "seq": self.sent, **self._fields})
            )
            self.sent += 1

    def stop(self) -> int:
        """How many were sent in all; Kafka has acknowledged every one."""
        self._stop.set()
        self._thread.join(120)
        self._producer.close()
        return self.sent


@contextmanager
def steady_producer(bootstrap: str, topic: str, **fields: Any) -> Iterator[SteadyProducer]:
    """A producer at work for as long as the block runs."""
    producer = SteadyProducer(bootstrap, topic, **fields)
    try:
        yield producer
    finally:
        producer.stop()
