"""Ctrl-C, as a person presses it: while a query is waited for."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from support.fault_proxy import FaultProxy


@contextmanager
def ctrl_c(proxy: FaultProxy, after_s: float = 0.05) -> Iterator[None]:
    """Sends SIGINT to the main thread, so long after a query has come through the proxy; not after the block's end."""
    over = threading.Event()

    def watch() -> None:
        deadline = time.monotonic() + 120
        while not proxy.queries() and time.monotonic() < deadline:
            if over.wait(0.01):
                return
        if not over.wait(after_s):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
