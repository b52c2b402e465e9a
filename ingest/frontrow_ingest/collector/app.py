"""The collector's HTTP interface as an ASGI application."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from frontrow_ingest.collector import answers
from frontrow_ingest.collector.bodies import KINDS, BodyReader, Item, Kind
from frontrow_ingest.collector.cmcd import Playbacks
from frontrow_ingest.collector.context import Context
from frontrow_ingest.collector.delivery import Delivered, Delivery
from frontrow_ingest.collector.errors import KafkaAwayError, TooBusyError
from frontrow_ingest.collector.sessions import Sessions, StopList
from frontrow_ingest.collector.settings import CollectorSettings
from frontrow_ingest.collector.watch import FACTS, Watched
from frontrow_ingest.contract import ViewingEvent
from frontrow_ingest.contract.event import wall_clock_ms
from frontrow_ingest.metrics import Metric, Metrics, Sample
from frontrow_ingest.quarantine import Position, Rejected, Stage

SWEEP_S = 1.0
MOST_ENDS = 1_000
_log = logging.getLogger(__name__)


def collector_app(
    delivery: Delivery,
    *,
    settings: CollectorSettings | None = None,
    context: Context | None = None,
    metrics: Metrics | None = None,
    stopped: Iterable[str] | StopList = (),
    clock: Callable[[], int] = wall_clock_ms,
    seconds: Callable[[], float] = time.monotonic,
) -> ASGIApp:
    """The application. ``delivery`` must run; ``clock`` gives ms of the Unix epoch, ``seconds`` only go forward.

    ``stopped`` are ids of sessions that are told to stop.
    """
    settings = settings or CollectorSettings()
    metrics = metrics or Metrics()
    sessions = Sessions(
        limit=settings.max_sessions,
        silent_after_s=settings.silent_after_s,
        max_age_s=settings.max_session_s,
        stopped=stopped,
        clock=seconds,
    )
    collector = _Collector(delivery, settings, context or Context(), metrics, sessions, clock)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(_sweep(collector, stopped))
        try:
            yield
        finally:
            sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await sweeping

    metrics.watch(collector.samples)
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(settings.origins),
        allow_methods=["POST"],
        allow_headers=["authorization", "content-type"],
        expose_headers=["retry-after"],
    )
    app = Starlette(
        routes=[
            Route("/events", collector.events, methods=["POST"]),
            Route("/health", collector.health),
            Route("/ready", collector.ready),
            Route("/metrics", collector.page),
        ],
        middleware=[cors] if settings.origins else [],
        lifespan=lifespan,
    )
    return Watched(app, metrics)


async def _sweep(collector: _Collector, stopped: object) -> None:
    while True:
        try:
            if isinstance(stopped, StopList):
                stopped.refresh()
            await collector.end_silent_sessions()
        except Exception:  # the next sweep must come: silence would go unnoticed for ever
            _log.exception("sessions were not swept")
        await asyncio.sleep(SWEEP_S)


class _Refused(Exception):
    """A request that is answered before its events are looked at."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


class _Collector:
    """The endpoints. All state is touched from the event loop's thread only; delivery has its own."""

    def __init__(
        self,
        delivery: Delivery,
        settings: CollectorSettings,
        context: Context,
        metrics: Metrics,
        sessions: Sessions,
        clock: Callable[[], int],
    ) -> None:
        self._delivery = delivery
        self._settings = settings
        self._context = context
        self._metrics = metrics
        self._sessions = sessions
        self._clock = clock
        self._playbacks = Playbacks(limit=settings.max_sessions)
        self._reader = BodyReader(self._playbacks, clock=clock, pseudonymize=context.pseudonymize)
        self._token = None if settings.token is None else settings.token.encode()

    async def events(self, request: Request) -> Response:
        """``POST /events``."""
        try:
            self._authenticate(request)
            kind = self._kind(request)
            body = await self._body(request)
            return await self._take(request, kind, body)
        except _Refused as refused:
            return refused.answer
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except TooBusyError as error:
            return answers.later(429, str(error), self._settings.retry_after_s)
        except (KafkaAwayError, TimeoutError) as error:
            why = str(error) or f"Kafka did not acknowledge within {self._settings.ack_timeout_s:g} s: send again later"
            return answers.later(503, why, self._settings.retry_after_s)

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
        """The gauges."""
        yield Sample(Metric.COLLECTOR_SESSIONS, len(self._sessions))
        yield Sample(Metric.COLLECTOR_WAITING, self._delivery.waiting)

    async def end_silent_sessions(self) -> None:
        """End the sessions that have fallen silent; those whose end is not safe stay for the next time."""
        while ends := self._sessions.silent(MOST_ENDS):
            try:
                await self._safe(ends, [])
            except (KafkaAwayError, TooBusyError, TimeoutError):
                return
            for session_id in self._sessions.gone(ends):
                self._playbacks.forget(session_id)
            self._metrics.add(Metric.COLLECTOR_TIMEOUTS, len(ends))

    def _authenticate(self, request: Request) -> None:
        if self._token is None:
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode("latin-1"), self._token):
            challenge = {"WWW-Authenticate": "Bearer"}
            raise _Refused(answers.problem(401, "Not allowed", "A valid bearer token is required.", headers=challenge))

    def _kind(self, request: Request) -> Kind:
        kind = KINDS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
        if kind is None:
            wanted = f"The content type must be one of {', '.join(KINDS)}."
            raise _Refused(answers.problem(415, "Unknown content type", wanted))
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise _Refused(answers.problem(415, "Unknown encoding", "The body must not be compressed."))
        return kind

    async def _body(self, request: Request) -> bytes:
        limit = self._settings.max_body_bytes
        parts: list[bytes] = []
        size = 0
        claimed = request.headers.get("content-length", "")
        if claimed.isdigit() and int(claimed) > limit:
            raise _Refused(_too_large(f"The body may have {limit} bytes."))
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise _Refused(_too_large(f"The body may have {limit} bytes."))
            parts.append(part)
        self._metrics.add(Metric.COLLECTOR_BYTES, size)
        return b"".join(parts)

    async def _take(self, request: Request, kind: Kind, body: bytes) -> Response:
        self._few_enough(kind is not Kind.JSON and body.count(b"\n"))  # reading CMCD moves playbacks on: look first
        context = self._context.fields(request.headers, request.query_params) if kind is Kind.CMCD else {}
        items = list(self._reader.items(kind, body, context))
        self._few_enough(len(items))
        good = [item.event for item in items if item.event is not None]
        events = [self._sessions.ended_once(event) for event in good if not self._sessions.is_stopped(event.session_id)]
        bad = [item for item in items if item.event is None]
        if not items:
            return answers.problem(400, "No event", "The body holds no event.", accepted=0, refused=0, errors=[])
        delivered = await self._safe(events, self._rejected(bad))
        if kind is Kind.CMCD:
            for event in good:
                self._playbacks.settled(event.session_id, (event.seq,))
        self._sessions.heard(events)
        self._note(request, delivered, items, refused=len(bad), stopped=len(good) - len(events))
        if good and not events and not bad:
            return answers.gone()
        return answers.refused(bad, accepted=len(events)) if bad else Response(status_code=204)

    def _few_enough(self, count: int) -> None:
        if count > self._settings.max_events:
            raise _Refused(_too_large(f"A request may hold {self._settings.max_events} events."))

    async def _safe(self, events: Sequence[ViewingEvent], rejected: Sequence[Rejected]) -> Delivered:
        """Wait until all is safe; raises KafkaAwayError, TooBusyError or TimeoutError."""
        if not events and not rejected:
            return Delivered(0, 0)
        done = asyncio.wrap_future(self._delivery.submit(events, rejected))
        return await asyncio.wait_for(done, self._settings.ack_timeout_s)

    def _rejected(self, bad: Sequence[Item]) -> list[Rejected]:
        now, raw = self._clock(), self._context.pseudonymize is not None
        return [
            Rejected(
                item.original,
                item.refusals,
                Stage.COLLECTOR,
                Position("/events", item.index),
                now,
                item.event_ms,
                raw_viewer_ids=raw,
            )
            for item in bad
        ]

    def _note(
        self, request: Request, delivered: Delivered, items: Sequence[Item], *, refused: int, stopped: int
    ) -> None:
        counts = {
            "accepted": delivered.accepted - delivered.duplicates,
            "duplicate": delivered.duplicates,
            "refused": refused,
            "stopped": stopped,
        }
        for outcome, count in counts.items():
            if count:
                self._metrics.add(Metric.COLLECTOR_EVENTS, count, outcome=outcome)
        if custom := sum(item.custom for item in items):
            self._metrics.add(Metric.COLLECTOR_UNKNOWN_KEYS, custom)
        request.scope[FACTS].update((name, count) for name, count in counts.items() if count)


def _too_large(detail: str) -> Response:
    return answers.problem(413, "Too large", f"{detail} Send less at a time.")
