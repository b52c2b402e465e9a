"""The client for asyncio: the same questions, each asked by a thread, while the event loop goes on."""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

from frontrow._asking.ledger import SETTLED_AFTER, LedgerReport
from frontrow._frames.export import Exported
from frontrow._options import Options
from frontrow._query.base import Query
from frontrow._query.breakdown import breakdown
from frontrow._query.compare import compare
from frontrow._query.distribution import distribution
from frontrow._query.impact import impact
from frontrow._query.native import native
from frontrow._query.overlap import overlap
from frontrow._query.reach import reach
from frontrow._query.retention import retention
from frontrow._query.sketches import sketches
from frontrow._query.sql import sql
from frontrow._query.timeseries import timeseries
from frontrow._query.top_n import top_n
from frontrow._result import Freshness, Result
from frontrow._surface import AsyncAsked
from frontrow._time import IntervalLike

T = TypeVar("T")

CONCURRENCY = 8
"""Questions under way at once; further ones wait. As many as connections are kept."""


class AsyncClient(Options):
    """:class:`Client` for asyncio: the same methods, to be awaited. An asynchronous context manager.

    A question is asked by one of eight threads, so further ones wait their turn. A call that is cancelled, or whose
    time is up (``asyncio.timeout``), ends its query in Druid before it returns.

    Example::

        async with frontrow.AsyncClient() as client:
            now, top = await asyncio.gather(
                client.timeseries("concurrent_viewers", last="30m"),
                client.top_n("content_id", "viewer_hours", last="1h"),
            )
    """

    timeseries: Final = AsyncAsked(timeseries)
    top_n: Final = AsyncAsked(top_n)
    breakdown: Final = AsyncAsked(breakdown)
    impact: Final = AsyncAsked(impact)
    distribution: Final = AsyncAsked(distribution)
    retention: Final = AsyncAsked(retention)
    overlap: Final = AsyncAsked(overlap)
    reach: Final = AsyncAsked(reach)
    compare: Final = AsyncAsked(compare)
    sketches: Final = AsyncAsked(sketches)
    native: Final = AsyncAsked(native)
    sql: Final = AsyncAsked(sql)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections to Druid; a transport that was given stays as it is."""
        import asyncio

        threads = self.__dict__.pop("_threads", None)
        if threads is not None:
            await asyncio.to_thread(threads.shutdown)
        self._close()

    async def ask(self, query: Query) -> Result:
        """The answer of a question; see :meth:`Client.ask`."""
        return await self._in_thread(lambda: self._session.ask(query))

    async def export(
        self,
        query: str | Mapping[str, Any],
        path: str | os.PathLike[str],
        *,
        parameters: Sequence[Any] = (),
        context: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Exported:
        """Write the answer of SQL or of a scan to a file; see :meth:`Client.export`."""
        return await self._in_thread(lambda: self._session.export(query, path, parameters, context, timeout))

    async def freshness(self, spec: str = "audience", *, context: Mapping[str, Any] | None = None) -> Freshness | None:
        """How new the newest queryable event of a spec's datasource is; see :meth:`Client.freshness`."""
        return await self._in_thread(lambda: self._session.freshness(spec, self._session.asking(context).run))

    async def ledger(
        self,
        *,
        interval: IntervalLike | None = None,
        last: str | timedelta | None = None,
        settled_after: timedelta = SETTLED_AFTER,
        context: Mapping[str, Any] | None = None,
        allow_large: bool = False,
    ) -> LedgerReport:
        """Whether everything that producers sent can be asked for, minute by minute; see :meth:`Client.ledger`."""
        return await self._in_thread(lambda: self._session.ledger(interval, last, settled_after, context, allow_large))

    async def _in_thread(self, call: Callable[[], T]) -> T:
        """What a call gives, made in a thread; cancelled, it is ended there before this returns."""
        # Whoever is here has imported asyncio; `import frontrow` does not wait for it.
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        from frontrow._http.deadline import Stop

        if "_threads" not in self.__dict__:
            self._threads = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="frontrow")
        stop = Stop()

        def stoppable() -> T:
            with stop:
                return call()

        job = self._threads.submit(contextvars.copy_context().run, stoppable)
        made = asyncio.wrap_future(job)
        try:
            return await asyncio.shield(made)
        except asyncio.CancelledError:
            if job.cancel():
                raise
            stop.now()
            # Not for long: the thread waits for nothing any more, but tells Druid to end the query.
            await asyncio.wait([made])
            if not made.cancelled():
                made.exception()
            raise
