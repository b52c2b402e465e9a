"""The cache that a client is given."""

from __future__ import annotations

import time
from pathlib import Path

from frontrow._cache.flights import Flights
from frontrow._cache.guard import Looks
from frontrow._cache.run import AsideSender, CachedRun, Place, Sender, Shared
from frontrow._cache.store import open_store
from frontrow._errors import AskError

MEGABYTE = 1 << 20


class Cache:
    """Keeps parts of answers, so that Druid is asked only for what is missing. Needs the extra ``cache``.

    Of a timeseries each bucket is kept by itself, of other questions the whole answer: five seconds for time that
    ended less than two minutes ago, then twice as long with every minute, an hour at most; less where the producers'
    ledger tells of late events, or Druid's segments are others by now. An empty bucket is kept only where a later one
    has data: at the end of an answer, what belongs there may be on its way, and no ledger tells of every producer.

    With a cache, ``last=`` ends at a whole five seconds. One cache may serve several clients and threads; what several
    want at once is asked for once. ``Result.cache`` says what came from it, ``Result.freshness`` is that of the oldest
    part that is not settled. SQL, exports, :meth:`Client.freshness` and :meth:`Client.ledger` are never kept.

    Args:
        directory: keep it there, where several processes may share it; in memory unless given. What is damaged, or not
            ours, is no error: it is not used, and the logger ``frontrow.cache`` says so once
        size: bytes at most, about
        across_credentials: hand what one client was answered also to clients with other credentials of the same Druid.
            Otherwise they share by the same user, or the same token; a function that gives tokens, or a transport of
            one's own, is shared by who has the same one

    Raises:
        MissingExtraError: cachetools or diskcache is not installed
        AskError: the size is none

    Example::

        cache = frontrow.Cache()
        with frontrow.Client(cache=cache) as client:
            client.timeseries("concurrent_viewers", last="1h").cache  # CacheUse(buckets=61, ...)
    """

    def __init__(
        self, directory: str | Path | None = None, *, size: int = 64 * MEGABYTE, across_credentials: bool = False
    ) -> None:
        if not isinstance(size, int) or size < MEGABYTE:
            raise AskError(f"size={size!r} is not a number of bytes from {MEGABYTE:,}.")
        self._directory = None if directory is None else Path(directory)
        store = open_store(self._directory, size)
        self._across_credentials = across_credentials
        self._shared = Shared(store, Flights(), Looks(), now_ms)

    def __repr__(self) -> str:
        return f"frontrow.Cache({'' if self._directory is None else repr(str(self._directory))})"

    def clear(self) -> None:
        """Forget everything, also what other processes keep in the same directory."""
        self._shared.store.clear()
        self._shared.looks.clear()

    def close(self) -> None:
        """Let go of the directory's files; a later question opens them again."""
        self._shared.store.close()

    def _scope(self, url: str, asker: str) -> str:
        """What is kept for one of them is only handed out to the same: the Druid's address, and who asks it."""
        return url if self._across_credentials else f"{url} {asker}"

    def _run(self, place: Place, send: Sender, aside: AsideSender, *, dated: bool) -> CachedRun:
        """What runs the queries of one question; see :class:`CachedRun`."""
        return CachedRun(self._shared, place, send, aside, dated=dated)


def now_ms() -> int:
    """The time, ms since the Unix epoch."""
    return time.time_ns() // 1_000_000
