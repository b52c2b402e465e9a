"""The collector's HTTP interface as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from frontrow_ingest.collector.bookkeeping import Bookkeeping
from frontrow_ingest.collector.cmcd import Playbacks
from frontrow_ingest.collector.context import Context
from frontrow_ingest.collector.delivery import Delivery
from frontrow_ingest.collector.errors import KafkaAwayError, TooBusyError
from frontrow_ingest.collector.intake import Intake
from frontrow_ingest.collector.listening import LoopListener
from frontrow_ingest.collector.sessions import Sessions, StopList
from frontrow_ingest.collector.settings import CollectorSettings
from frontrow_ingest.collector.state import CollectorState
from frontrow_ingest.collector.watch import Watched
from frontrow_ingest.contract.event import wall_clock_ms
from frontrow_ingest.metrics import Metric, Metrics, Sample
from frontrow_ingest.producer import TimeWindow

SWEEP_S = 1.0
SNAPSHOT_EVERY_S = 5.0
LAST_SNAPSHOT_S = 3.0
MOST_ENDS = 1_000
_log = logging.getLogger(__name__)


def collector_app(
    delivery: Delivery,
    *,
    settings: CollectorSettings | None = None,
    context: Context | None = None,
    metrics: Metrics | None = None,
    stopped: Iterable[str] | StopList = (),
    state: CollectorState | None = None,
    window: TimeWindow | None = None,
    clock: Callable[[], int] = wall_clock_ms,
    seconds: Callable[[], float] = time.monotonic,
) -> ASGIApp:
    """The application. ``delivery`` must run; ``clock`` gives ms of the Unix epoch, ``seconds`` only go forward.

    ``stopped`` are ids of sessions that are told to stop. ``state`` is that of the delivery (its ``keeper``, its
    ``window`` the delivery's ``seen``). ``window`` refuses what is too late or too early. Raises a StateError if what
    lies in the state cannot be read.
    """
    settings = settings or CollectorSettings()
    metrics = metrics or Metrics()
    sessions = Sessions(
        limit=settings.max_sessions,
        silent_after_s=settings.silent_after_s,
        max_age_s=settings.max_session_s,
        stopped=stopped,
        clock=seconds,
        tracked=state is not None,
    )
    playbacks = Playbacks(limit=settings.max_sessions, tracked=state is not None)
    books = Bookkeeping(sessions, playbacks, state, clock)
    intake = Intake(delivery, books, settings, context or Context(), clock, window)
    listener = LoopListener(books, delivery, intake.answered)
    delivery.listener = listener
    pages = _Pages(delivery, books, intake, metrics)
    keeps = state is not None

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        listener.attach(asyncio.get_running_loop())
        sweeping = asyncio.create_task(_sweep(pages, stopped, delivery.want_snapshot if keeps else None))
        try:
            yield
        finally:
            sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await sweeping
            if keeps:
                await listener.last_snapshot(LAST_SNAPSHOT_S)

    metrics.watch(pages.samples)
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(settings.origins),
        allow_methods=["POST"],
        allow_headers=["authorization", "content-type", "x-frontrow-session"],
        expose_headers=["retry-after"],
    )
    app = Starlette(
        routes=[
            Route("/events", intake, methods=["POST"]),
            Route("/health", pages.health),
            Route("/ready", pages.ready),
            Route("/metrics", pages.page),
        ],
        middleware=[cors] if settings.origins else [],
        lifespan=lifespan,
    )
    return Watched(app, metrics, posts=None if settings.origins else intake)


async def _sweep(pages: _Pages, stopped: object, want_snapshot: Callable[[], None] | None) -> None:
    snapshot_at = time.monotonic() + SNAPSHOT_EVERY_S
    while True:
        try:
            if isinstance(stopped, StopList):
                stopped.refresh()
            await pages.end_silent_sessions()
        except Exception:  # the next sweep must come: silence would go unnoticed for ever
            _log.exception("sessions were not swept")
        if want_snapshot is not None and time.monotonic() >= snapshot_at:
            want_snapshot()
            snapshot_at = time.monotonic() + SNAPSHOT_EVERY_S
        await asyncio.sleep(SWEEP_S)


class _Pages:
    """What is asked for, and what happens without anybody asking. All of it in the event loop's thread."""

    def __init__(self, delivery: Delivery, books: Bookkeeping, intake: Intake, metrics: Metrics) -> None:
        self._delivery = delivery
        self._books = books
        self._intake = intake
        self._metrics = metrics

    async def health(self, _request: Request) -> Response:
        """Whether the process works: 200, or 500 when only a restart can help."""
        return PlainTextResponse("ok\n") if self._delivery.alive else PlainTextResponse("delivery has ended\n", 500)

    async def ready(self, _request: Request) -> Response:
        """Whether events become safe now: 200, or 503 with the reason."""
        trouble = self._delivery.trouble
        return PlainTextResponse(f"{trouble}\n", 503) if trouble else PlainTextResponse("ready\n")

    async def page(self, _request: Request) -> Response:
        """The metrics, for Prometheus."""
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4")

    def samples(self) -> Iterable[Sample]:
        """The gauges, and the counts of events."""
        yield Sample(Metric.COLLECTOR_SESSIONS, len(self._books.sessions))
        yield Sample(Metric.COLLECTOR_WAITING, self._delivery.waiting)
        yield from self._intake.samples()

    async def end_silent_sessions(self) -> None:
        """End the sessions that have fallen silent; those whose end is not safe stay for the next time."""
        sessions, playbacks = self._books.sessions, self._books.playbacks
        while ends := sessions.silent(MOST_ENDS):
            given = ends

            def safe() -> None:
                for session_id in sessions.gone(given):  # noqa: B023  # awaited before the next round
                    playbacks.forget(session_id)
                self._metrics.add(Metric.COLLECTOR_TIMEOUTS, len(given))  # noqa: B023

            try:
                await self._intake.submit(ends, [], safe)
            except (KafkaAwayError, TooBusyError):
                return
