"""What the collector tells about itself: an access log without anybody's ids, and the counts of requests."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontrow_ingest.metrics import Metric, Metrics, Sample

ACCESS = "frontrow.access"
FACTS = "frontrow.facts"  # in a request's scope: numbers for the access log
EVENTS = "/events"
ENDPOINTS = (EVENTS, "/health", "/ready", "/metrics")
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
_log = logging.getLogger(ACCESS)


class Watched:
    """Counts and logs requests. A path that is none of ours is logged as ``other``; queries and headers never are.

    ``posts`` takes the posts of events, which then need no routing.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        *,
        posts: ASGIApp | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._posts = posts
        self._metrics = metrics
        self._clock = clock
        self._requests: Counter[tuple[str, int]] = Counter()
        metrics.watch(self._samples)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._clock()
        endpoint = scope["path"] if scope["path"] in ENDPOINTS else "other"
        status = 500
        facts: dict[str, object] = {}
        scope[FACTS] = facts

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        app = self._app
        if self._posts is not None and endpoint == EVENTS and scope["method"] == "POST":
            app = self._posts
        try:
            await app(scope, receive, noting)
        finally:
            took = self._clock() - began
            self._requests[endpoint, status] += 1
            self._metrics.observe(Metric.COLLECTOR_SECONDS, took, endpoint=endpoint)
            if _log.isEnabledFor(logging.INFO):
                method = scope["method"] if scope["method"] in METHODS else "OTHER"
                said = {"method": method, "endpoint": endpoint, "status": status, "took_ms": round(took * 1000, 1)}
                more = "".join(f" {name}={value}" for name, value in facts.items())
                _log.info("%s %s %d %.1f ms%s", method, endpoint, status, took * 1000, more, extra={**said, **facts})

    def _samples(self) -> Iterable[Sample]:
        for (endpoint, status), count in list(self._requests.items()):
            yield Sample(Metric.COLLECTOR_REQUESTS, count, {"endpoint": endpoint, "status": str(status)})
