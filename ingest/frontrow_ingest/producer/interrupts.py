"""Ctrl-C and SIGTERM as a wish to stop, obeyed where nothing is half done."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from frontrow_ingest.producer.run import Interrupted

T = TypeVar("T")


class Interrupts:
    """While ``handled()``, the first signal sets ``requested`` and ends a read that waits; a second one raises
    KeyboardInterrupt at once, for a delivery that takes too long. To be used in the main thread."""

    def __init__(self, signals: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM)) -> None:
        self._signals = signals
        self.requested = False
        self._reading = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Take over the signals for the time of the block."""
        before = {number: signal.signal(number, self._note) for number in self._signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def reader(self, read: Callable[[int], bytes]) -> Callable[[int], bytes]:
        """Make a read that raises Interrupted when, or after, a signal has come."""
        return lambda size: self.await_(lambda: read(size))

    def await_(self, wait: Callable[[], T]) -> T:
        """What ``wait`` returns; raises Interrupted when, or after, a signal has come."""
        self._reading = True
        try:
            if self.requested:
                raise Interrupted
            return wait()
        finally:
            self._reading = False

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the signature is Python's
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        if self._reading:
            raise Interrupted
