"""``POST /events``: from a request to its answer. Plain ASGI: it is called far more often than the rest."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from frontrow_ingest.collector import answers
from frontrow_ingest.collector.bodies import KINDS, BodyReader, Item, Kind
from frontrow_ingest.collector.bookkeeping import Bookkeeping
from frontrow_ingest.collector.context import Context
from frontrow_ingest.collector.delivery import Batch, Delivery
from frontrow_ingest.collector.errors import KafkaAwayError, TooBusyError
from frontrow_ingest.collector.settings import CollectorSettings
from frontrow_ingest.collector.watch import FACTS
from frontrow_ingest.contract import ViewingEvent
from frontrow_ingest.errors import StateError
from frontrow_ingest.metrics import Metric, Sample
from frontrow_ingest.producer import TimeWindow
from frontrow_ingest.quarantine import Position, Rejected, Stage
from frontrow_ingest.quarantine.rejecting import believed

_NO_CONTENT = ({"type": "http.response.start", "status": 204, "headers": []}, {"type": "http.response.body"})
Headers = Mapping[bytes, bytes]


class _Refused(Exception):
    """A request that is answered before its events are looked at."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


class _Waiting:
    """A request whose events are under way, and what to do once they are safe."""

    __slots__ = ("claims", "done", "safe")

    def __init__(self, done: asyncio.Future[None], claims: Iterable[str], safe: Callable[[], None]) -> None:
        self.done = done
        self.claims = claims
        self.safe = safe


class Intake:
    """Takes events. For the event loop's thread; the delivery has its own."""

    def __init__(
        self,
        delivery: Delivery,
        books: Bookkeeping,
        settings: CollectorSettings,
        context: Context,
        clock: Callable[[], int],
        window: TimeWindow | None = None,
    ) -> None:
        self._delivery = delivery
        self._books = books
        self._settings = settings
        self._context = context
        self._clock = clock
        self._reader = BodyReader(books.playbacks, clock=clock, pseudonymize=context.pseudonymize, window=window)
        self._token = None if settings.token is None else settings.token.encode()
        self._run = secrets.token_hex(4)
        self._requests = 0
        self._outcomes: Counter[str] = Counter()
        self._bytes = 0
        self._custom = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request, as ASGI has it."""
        headers = dict(scope["headers"])
        answer: Response | None
        try:
            self._authenticate(headers)
            kind = self._kind(headers)
            body = await self._body(headers, receive)
            answer = await self._take(scope, headers, kind, body)
        except _Refused as refused:
            answer = refused.answer
        except TooBusyError as error:
            answer = answers.later(429, str(error), self._settings.retry_after_s)
        except (KafkaAwayError, StateError) as error:
            answer = answers.later(503, str(error), self._settings.retry_after_s)
        if answer is not None:
            await answer(scope, receive, send)
            return
        for message in _NO_CONTENT:
            await send(message)

    def answered(self, batch: Batch) -> None:
        """A batch was answered by the delivery, whether or not its request still waits."""
        waiting: _Waiting = batch.tag
        if batch.problem is None:
            waiting.safe()
        self._books.disclaim(waiting.claims)
        if not waiting.done.done():
            if batch.problem is None:
                waiting.done.set_result(None)
            else:
                waiting.done.set_exception(batch.problem)

    def samples(self) -> Iterable[Sample]:
        """The counts."""
        for outcome, count in list(self._outcomes.items()):
            yield Sample(Metric.COLLECTOR_EVENTS, count, {"outcome": outcome})
        yield Sample(Metric.COLLECTOR_BYTES, self._bytes)
        if self._custom:
            yield Sample(Metric.COLLECTOR_UNKNOWN_KEYS, self._custom)

    async def submit(
        self,
        events: Sequence[ViewingEvent],
        rejected: Sequence[Rejected],
        safe: Callable[[], None],
        claims: Iterable[str] = (),
    ) -> Batch:
        """Wait until all is safe and ``safe`` was called. Raises KafkaAwayError or TooBusyError.

        What was not safe in time may become so, and then ``safe`` is called all the same.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        try:
            batch = self._delivery.submit(events, rejected, _Waiting(done, claims, safe))
        except BaseException:
            self._books.disclaim(claims)
            raise
        timeout = self._settings.ack_timeout_s
        timer = loop.call_later(timeout, _late, done, batch, timeout)
        try:
            await done
        except asyncio.CancelledError:
            batch.given_up = True
            raise
        finally:
            timer.cancel()
        return batch

    def _authenticate(self, headers: Headers) -> None:
        if self._token is None:
            return
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(given.strip(), self._token):
            challenge = {"WWW-Authenticate": "Bearer"}
            raise _Refused(answers.problem(401, "Not allowed", "A valid bearer token is required.", headers=challenge))

    def _kind(self, headers: Headers) -> Kind:
        said = headers.get(b"content-type", b"").decode("latin-1")
        kind = KINDS.get(said) or KINDS.get(said.partition(";")[0].strip().lower())
        if kind is None:
            wanted = f"The content type must be one of {', '.join(KINDS)}."
            raise _Refused(answers.problem(415, "Unknown content type", wanted))
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise _Refused(answers.problem(415, "Unknown encoding", "The body must not be compressed."))
        return kind

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        limit = self._settings.max_body_bytes
        claimed = headers.get(b"content-length", b"")
        if claimed.isdigit() and int(claimed) > limit:
            raise _Refused(_too_large(f"The body may have {limit} bytes."))
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Refused(Response(status_code=400))  # nobody is there to read it
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
            size += len(parts[-1])
            if size > limit:
                raise _Refused(_too_large(f"The body may have {limit} bytes."))
        self._bytes += size
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _take(self, scope: Scope, headers: Headers, kind: Kind, body: bytes) -> Response | None:
        """The answer; None for 204."""
        self._few_enough(kind is not Kind.JSON and body.count(b"\n"))
        self._delivery.room(1)  # before playbacks move on, and before anything is noted
        context = self._fields(scope, headers) if kind is Kind.CMCD else {}
        items = list(self._reader.items(kind, body, context))
        self._few_enough(len(items))
        if not items:
            return answers.problem(400, "No event", "The body holds no event.", accepted=0, refused=0, errors=[])
        self._requests += 1
        sessions = self._books.sessions
        good = [item.event for item in items if item.event is not None]
        events = [sessions.ended_once(event) for event in good if not sessions.is_stopped(event.session_id)]
        bad = [item for item in items if item.event is None] if len(good) < len(items) else []
        self._books.note_request(kind, body, context)

        def safe() -> None:
            if kind is Kind.CMCD:
                for event in good:
                    self._books.playbacks.settled(event.session_id, (event.seq,))
            sessions.heard(events)

        duplicates = 0
        if events or bad:
            claims = self._books.claim(kind, events)
            duplicates = (await self.submit(events, self._rejected(bad), safe, claims)).duplicates
        else:
            safe()
        self._note(scope, items, len(events), duplicates, refused=len(bad), stopped=len(good) - len(events))
        if bad:
            return answers.refused(bad, accepted=len(events))
        return None if events else answers.gone()

    def _fields(self, scope: Scope, headers: Headers) -> dict[str, object]:
        named: dict[str, str] = {}
        query: dict[str, str] = {}
        if self._context.trust_headers:
            named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
        if self._context.trust_query:
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        return self._context.fields(named, query)

    def _few_enough(self, count: int) -> None:
        if count > self._settings.max_events:
            raise _Refused(_too_large(f"A request may hold {self._settings.max_events} events."))

    def _rejected(self, bad: Sequence[Item]) -> list[Rejected]:
        if not bad:
            return []
        now = self._clock()
        source = f"/events {self._run}-{self._requests}"
        return [
            Rejected(
                item.original,
                item.refusals,
                Stage.COLLECTOR,
                Position(source, item.number),
                now,
                event_ms=believed(item.event_ms, now),
                delay_ms=_delay(item, now),
                raw_viewer_ids=self._context.pseudonymize is not None,
            )
            for item in bad
        ]

    def _note(
        self, scope: Scope, items: Sequence[Item], accepted: int, duplicates: int, *, refused: int, stopped: int
    ) -> None:
        facts = scope[FACTS]
        counts = (
            ("accepted", accepted - duplicates),
            ("duplicate", duplicates),
            ("refused", refused),
            ("stopped", stopped),
        )
        for outcome, count in counts:
            if count:
                self._outcomes[outcome] += count
                facts[outcome] = count
        self._custom += sum(item.custom for item in items)


def _delay(item: Item, now_ms: int) -> int | None:
    """How late an event came, where that is why it was refused, ms."""
    is_why = any(refusal.reason in ("late", "early") for refusal in item.refusals)
    return now_ms - item.event_ms if is_why and item.event_ms is not None else None


def _late(done: asyncio.Future[None], batch: Batch, waited_s: float) -> None:
    if not done.done():
        batch.given_up = True
        done.set_exception(KafkaAwayError(f"Kafka did not acknowledge within {waited_s:g} s: send again later"))


def _too_large(detail: str) -> Response:
    return answers.problem(413, "Too large", f"{detail} Send less at a time.")
