"""From the delivery's thread to the event loop, in order."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from frontrow_ingest.collector.bookkeeping import Bookkeeping
from frontrow_ingest.collector.delivery import Batch, Delivery, Listener
from frontrow_ingest.collector.keeper import Ends
from frontrow_ingest.errors import StateError

_log = logging.getLogger(__name__)


class LoopListener(Listener):
    """Does in an event loop what the delivery tells of. What comes before there is a loop waits for it.

    ``answer`` is called for each batch that was answered.
    """

    def __init__(self, books: Bookkeeping, delivery: Delivery, answer: Callable[[Batch], None]) -> None:
        self._books = books
        self._delivery = delivery
        self._answer = answer
        self._posting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._early: list[Callable[[], None]] | None = []
        self._snapshot_taken = asyncio.Event()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin, in the loop's thread."""
        with self._posting:
            self._loop = loop
            for call in self._early or ():
                loop.call_soon(call)
            self._early = None

    async def last_snapshot(self, timeout: float) -> None:
        """Take a snapshot of all that is answered by now; not while Kafka is away, nor longer than ``timeout`` s."""
        if self._delivery.trouble:
            return
        self._snapshot_taken.clear()
        self._delivery.want_snapshot()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._snapshot_taken.wait(), timeout)

    def answered(self, batches: Sequence[Batch], ends: Ends | None) -> None:
        """See Listener."""
        self._post(partial(self._answered, batches, ends))

    def found(self, events: Sequence[Mapping[str, Any]]) -> None:
        """See Listener."""
        self._post(partial(self._books.found, events))

    def recovered(self) -> None:
        """See Listener."""
        self._post(self._recovered)

    def _post(self, call: Callable[[], None]) -> None:
        with self._posting:
            if self._early is not None:
                self._early.append(call)
            elif self._loop is not None:
                with suppress(RuntimeError):  # the loop has ended: the next run will find it in the topic
                    self._loop.call_soon_threadsafe(call)

    def _answered(self, batches: Sequence[Batch], ends: Ends | None) -> None:
        for batch in batches:
            self._answer(batch)
        if ends is None:
            if not batches:
                self._snapshot_taken.set()
            return
        try:
            snapshot = self._books.snapshot(ends)
        except StateError as error:
            _log.error("no snapshot was taken: %s", error)
        else:
            if snapshot is not None:
                self._delivery.save(snapshot)
        self._snapshot_taken.set()

    def _recovered(self) -> None:
        self._books.recovered()
        self._delivery.take()
