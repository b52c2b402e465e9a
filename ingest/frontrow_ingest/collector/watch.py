"""What the collector tells about itself: an access log without anybody's ids, and the counts of requests."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontrow_ingest.metrics import Metric, Metrics

ACCESS = "frontrow.access"
FACTS = "frontrow.facts"  # in a request's scope: numbers for the access log
ENDPOINTS = ("/events", "/health", "/ready", "/metrics")
_log = logging.getLogger(ACCESS)


class Watched:
    """Counts and logs requests. A path that is none of ours is logged as ``other``; queries and headers never are."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

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

        try:
            await self._app(scope, receive, noting)
        finally:
            took = self._clock() - began
            self._metrics.add(Metric.COLLECTOR_REQUESTS, endpoint=endpoint, status=str(status))
            self._metrics.observe(Metric.COLLECTOR_SECONDS, took, endpoint=endpoint)
            if _log.isEnabledFor(logging.INFO):
                method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "OPTIONS") else "OTHER"
                more = "".join(f" {name}={value}" for name, value in facts.items())
                _log.info("%s %s %d %.1f ms%s", method, endpoint, status, took * 1000, more)
