"""A simulated audience sent to Kafka as it happens, from a thread of its own."""

from __future__ import annotations

import math
import threading
import time

from frontrow_ingest.ledger import kafka_ledger
from frontrow_ingest.producer import EventProducer, ProducerStats
from frontrow_ingest.producer.beside import let_go
from frontrow_ingest.simulate import Simulation, Tally, Totals

PRODUCER = "demo"
_DELIVERED_WITHIN_S = 60.0


class Feed:
    """Sends a simulation's events at the pace of their ``ts`` and tells the ledger. Start it, wait for :attr:`done`."""

    def __init__(self, simulation: Simulation, bootstrap: str, *, topic: str, ledger_topic: str) -> None:
        self._simulation = simulation
        self._ledger = kafka_ledger(bootstrap, producer=PRODUCER, topic=ledger_topic)
        self._producer = EventProducer(bootstrap, topic=topic, counter=self._ledger.counts)
        self._tally = Tally()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._error: BaseException | None = None
        self.ended = math.inf
        """By the monotonic clock, seconds; infinite until then."""

    @property
    def done(self) -> bool:
        """Whether everything was sent and acknowledged, or the feed has failed."""
        return not self._thread.is_alive()

    @property
    def stats(self) -> ProducerStats:
        return self._producer.stats

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 60.0) -> None:
        """Send nothing more, and wait until Kafka has acknowledged what was sent."""
        self._stop.set()
        self._thread.join(timeout)

    def totals(self) -> Totals:
        """The simulator's own count of what was sent.

        Raises:
            Exception: what made the feed fail, if it did
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._tally.totals()

    def _run(self) -> None:
        try:
            with let_go(self._ledger):
                with self._producer:
                    self._send()
                self._ledger.close(_DELIVERED_WITHIN_S)
        except BaseException as error:
            self._error = error  # told to whoever asks for the totals; a thread has nobody else to tell
        finally:
            self.ended = time.monotonic()

    def _send(self) -> None:
        ahead = self._simulation.start_ms - time.time() * 1000
        began = time.monotonic() + ahead / 1000
        for event in self._simulation.events():
            due = began + (event["ts"] - self._simulation.start_ms) / 1000
            # Not for each event: a wait of some milliseconds lets a small batch gather.
            if due - time.monotonic() > 0.005 and self._stop.wait(due - time.monotonic()):
                return
            if self._stop.is_set():
                return
            self._producer.send(event)
            self._tally.add(event)
