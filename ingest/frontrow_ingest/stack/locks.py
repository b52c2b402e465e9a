"""Locks between processes, with a word to whoever has to wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from frontrow_ingest.errors import StackError

_AT_ONCE_S = 0.2


@contextmanager
def locked(path: Path, *, limit_s: float, holder: str, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock at ``path`` for the time of the block; the system frees it if this process dies.

    Args:
        limit_s: how long to wait for whoever holds it
        holder: who that would be, in words
        waiting: told ``holder`` if the lock is not to be had at once

    Raises:
        StackError: not to be had in time
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=_AT_ONCE_S)
    except Timeout:
        waiting(holder)
        try:
            lock.acquire(timeout=limit_s)
        except Timeout as error:
            raise StackError(
                f"waited {limit_s / 60:.0f} minutes for {holder}, which holds {path}. End it, then try again."
            ) from error
    try:
        yield
    finally:
        lock.release()
