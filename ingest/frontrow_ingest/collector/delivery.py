"""One thread that brings events to Kafka and says when they are safe."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from frontrow_ingest.collector.errors import KafkaAwayError, TooBusyError
from frontrow_ingest.collector.seen import CountedWhenSafe, SeenWhenSafe
from frontrow_ingest.contract import ViewingEvent
from frontrow_ingest.errors import DeliveryError, IngestError
from frontrow_ingest.producer.errors import DeliveryTimeoutError
from frontrow_ingest.producer.events import EventProducer
from frontrow_ingest.producer.port import EventCounter, RecordSink, SeenEvents
from frontrow_ingest.quarantine import QuarantineSink, Rejected

MAX_GROUP = 5_000  # events sent before the next look at the answers
LOOK_S = 0.5
TRY_AGAIN_S = 1.0
QUARANTINE_S = 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivered:
    """What became of a request's events: all of them are safe, ``duplicates`` were so before."""

    accepted: int
    duplicates: int


@dataclass
class _Batch:
    events: Sequence[ViewingEvent]
    rejected: Sequence[Rejected]
    answer: Future[Delivered] = field(default_factory=Future)

    @property
    def size(self) -> int:
        return len(self.events) + len(self.rejected)


class Delivery:
    """Sends what is submitted, from one thread; many requests share one wait for Kafka's acknowledgement.

    ``open_sink`` connects to Kafka: in the background, and again after a failure. ``seen`` finds what was sent before,
    ``counter`` is told of what is safe, ``quarantine`` keeps what was refused. What was cancelled before its turn is
    left out.
    """

    def __init__(
        self,
        open_sink: Callable[[], RecordSink],
        *,
        max_waiting: int,
        seen: SeenEvents,
        counter: EventCounter | None = None,
        quarantine: QuarantineSink | None = None,
    ) -> None:
        self._open_sink = open_sink
        self._max_waiting = max_waiting
        self._seen = SeenWhenSafe(seen)
        self._counter = CountedWhenSafe(counter) if counter is not None else None
        self._quarantine = quarantine
        self._producer: EventProducer | None = None
        self._queue: deque[_Batch] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._give_up_at: float | None = None  # set by close()
        self._trouble = "Kafka has not answered yet"
        self._undelivered = 0
        self._thread = threading.Thread(target=self._run, name="frontrow-delivery", daemon=True)

    def start(self) -> None:
        """Begin, and connect to Kafka."""
        self._thread.start()

    def submit(self, events: Sequence[ViewingEvent], rejected: Sequence[Rejected] = ()) -> Future[Delivered]:
        """Have events sent. The future is done when all are safe, or raises KafkaAwayError.

        Raises TooBusyError, or KafkaAwayError while Kafka is away or after close(), when there is no room.
        """
        batch = _Batch(events, rejected)
        with self._changed:
            if self._give_up_at is not None:
                raise KafkaAwayError("the collector is stopping: send again")
            if self._waiting + batch.size > self._max_waiting and self._waiting:
                if self._trouble:
                    raise KafkaAwayError(f"{self._trouble}: send again later")
                raise TooBusyError(self._waiting, self._max_waiting)
            self._queue.append(batch)
            self._waiting += batch.size
            self._changed.notify_all()
        return batch.answer

    def close(self, timeout: float) -> int:
        """Deliver what was submitted, at most ``timeout`` seconds long. Returns how many events were not."""
        with self._changed:
            self._give_up_at = time.monotonic() + timeout
            self._changed.notify_all()
        self._thread.join(timeout + 15)
        return self._undelivered

    @property
    def trouble(self) -> str:
        """Why events do not become safe now; empty when they do."""
        return self._trouble

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """Events submitted and not yet safe."""
        return self._waiting

    def _run(self) -> None:
        try:
            with suppress(DeliveryError):  # stopped before there was anything to deliver
                self._connected()
            while group := self._next_group():
                self._deliver(group)
        finally:
            self._let_go(0.0 if self._trouble else LOOK_S)
            if self._quarantine is not None:
                try:
                    self._quarantine.close(LOOK_S)
                except IngestError as error:
                    _log.warning("the quarantine was not closed in order: %s", error)

    def _next_group(self) -> list[_Batch]:
        """What waits; empty only when all is done and close() was called."""
        with self._changed:
            while True:
                group: list[_Batch] = []
                size = 0
                while self._queue and size < MAX_GROUP:
                    batch = self._queue.popleft()
                    if batch.answer.set_running_or_notify_cancel():
                        group.append(batch)
                        size += batch.size
                    else:
                        self._waiting -= batch.size
                if group or self._give_up_at is not None:
                    return group
                self._changed.wait()

    def _deliver(self, group: list[_Batch]) -> None:
        answers: list[Delivered] = []
        problem: Exception | None = None
        try:
            answers = self._make_safe(group)
        except DeliveryError as error:
            problem = KafkaAwayError(f"{error}")
        except Exception as error:  # whatever it is, the requests must not wait for ever, nor the others after them
            _log.exception("events could not be delivered")
            problem = KafkaAwayError(f"the collector failed ({type(error).__name__}): send again")
        if problem is None:
            self._seen.safe()
            if self._counter is not None:
                self._counter.safe()
        else:
            self._seen.lost()
            if self._counter is not None:
                self._counter.lost()
            if self._give_up_at is not None:
                self._undelivered += sum(len(batch.events) for batch in group)
            self._trouble = str(problem)
            self._let_go(0.0)  # with its counts; a new one begins in order
        with self._changed:
            self._waiting -= sum(batch.size for batch in group)
        for number, batch in enumerate(group):
            if problem is None:
                batch.answer.set_result(answers[number])
            else:
                batch.answer.set_exception(problem)
        if problem is not None:
            with suppress(DeliveryError):
                self._connected()

    def _make_safe(self, group: list[_Batch]) -> list[Delivered]:
        producer = self._connected()
        answers = []
        for batch in group:
            new = 0
            for event in batch.events:
                new += producer.send(event)
            for rejected in batch.rejected:
                producer.note_refused(rejected.refusals, len(rejected.original))
            answers.append(Delivered(len(batch.events), len(batch.events) - new))
        self._await_answers(producer)
        self._keep(rejected for batch in group for rejected in batch.rejected)
        return answers

    def _connected(self) -> EventProducer:
        """The producer; waits until Kafka is there, and only gives up when the collector stops."""
        while self._producer is None:
            try:
                self._producer = EventProducer(sink=self._open_sink(), seen=self._seen, counter=self._counter)
            except DeliveryError as error:
                if self._trouble != str(error):
                    _log.warning("%s", error)
                self._trouble = str(error)
                if self._too_late():
                    raise
                self._pause()
            else:
                self._trouble = ""
        return self._producer

    def _await_answers(self, producer: EventProducer) -> None:
        began = time.monotonic()
        while True:
            try:
                producer.flush(LOOK_S)
            except DeliveryTimeoutError:
                if not self._trouble:
                    _log.warning("Kafka does not acknowledge: check the broker and its log")
                self._trouble = f"Kafka has not acknowledged for {time.monotonic() - began:.0f} s"
                if self._too_late():
                    raise
            else:
                self._trouble = ""
                return

    def _keep(self, rejected: Iterable[Rejected]) -> None:
        """Put refused events into quarantine. When it is full by its own limit they are not: clients were told."""
        if self._quarantine is None:
            return
        for each in rejected:
            try:
                self._quarantine.put(each)
            except DeliveryError:
                raise
            except IngestError as error:
                _log.warning("refused events are not kept: %s", error)
                return
        self._quarantine.flush(QUARANTINE_S)

    def _let_go(self, timeout: float) -> None:
        if self._producer is not None:
            with suppress(DeliveryError):
                self._producer.close(timeout)
            self._producer = None

    def _too_late(self) -> bool:
        """Whether the collector stops, and time is up or nothing waits."""
        return self._give_up_at is not None and (time.monotonic() >= self._give_up_at or not self._waiting)

    def _pause(self) -> None:
        """Wait before the next try; not long when the collector stops meanwhile."""
        with self._changed:
            stopping = self._give_up_at is not None
            self._changed.wait_for(lambda: not stopping and self._give_up_at is not None, TRY_AGAIN_S)
