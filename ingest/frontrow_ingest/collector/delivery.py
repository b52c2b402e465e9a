"""One thread that brings events to Kafka and says when they are safe."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from frontrow_ingest.collector.errors import KafkaAwayError, TooBusyError
from frontrow_ingest.collector.keeper import Ends, Keeper, Snapshot
from frontrow_ingest.collector.seen import CountedWhenSafe, SeenWhenSafe
from frontrow_ingest.contract import ViewingEvent
from frontrow_ingest.errors import DeliveryError, IngestError, StateError
from frontrow_ingest.producer.errors import DeliveryTimeoutError
from frontrow_ingest.producer.events import EventProducer
from frontrow_ingest.producer.port import EventCounter, RecordSink, SeenEvents
from frontrow_ingest.quarantine import QuarantineSink, Rejected

MAX_GROUP = 5_000  # events sent before the next look at the answers
LOOK_S = 0.5
TRY_AGAIN_S = 1.0
QUARANTINE_S = 30.0
_log = logging.getLogger(__name__)


class Batch:
    """What one request wants to be safe.

    ``duplicates`` counts those of its events that were safe before; ``problem`` says why they are not. Who submitted it
    may set ``given_up``: then it is left out, unless its turn has come.
    """

    __slots__ = ("duplicates", "events", "given_up", "problem", "rejected", "size", "tag")

    def __init__(self, events: Sequence[ViewingEvent], rejected: Sequence[Rejected], tag: Any) -> None:
        self.events = events
        self.rejected = rejected
        self.tag = tag
        self.size = len(events) + len(rejected)
        self.given_up = False
        self.duplicates = 0
        self.problem: Exception | None = None


class Listener:
    """Whom the delivery's thread tells what has happened. Its calls must return at once, and raise nothing."""

    def answered(self, batches: Sequence[Batch], ends: Ends | None) -> None:
        """All of these are safe, or none is (``problem``); in the order of submission.

        With ``ends``, where the topic ended after they were: a snapshot is wanted. Neither: there can be none now.
        """

    def found(self, events: Sequence[Mapping[str, Any]]) -> None:
        """These events, as mappings of fields, were stored by a run before, or without an answer."""

    def recovered(self) -> None:
        """All such events were told of."""


class Delivery:
    """Sends what is submitted, from one thread; many requests share one wait for Kafka's acknowledgement.

    ``open_sink`` connects to Kafka: in the background, and again after a failure; ``prepare`` is called after it, and
    raises an IngestError while something else that is needed is not there. ``seen`` finds what was sent before,
    ``counter`` is told of what is safe, ``quarantine`` keeps what was refused, ``keeper`` what the next run needs: with
    one, nothing is taken before the topic was read back.
    """

    def __init__(
        self,
        open_sink: Callable[[], RecordSink],
        *,
        max_waiting: int,
        seen: SeenEvents,
        counter: EventCounter | None = None,
        quarantine: QuarantineSink | None = None,
        keeper: Keeper | None = None,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        self._open_sink = open_sink
        self._prepare = prepare
        self._max_waiting = max_waiting
        self._seen = SeenWhenSafe(seen)
        self._counter = CountedWhenSafe(counter) if counter is not None else None
        self._quarantine = quarantine
        self._keeper = keeper
        self._takes = keeper is None
        self._snapshot_wanted = False
        self._snapshots: deque[Snapshot] = deque()
        self.listener = Listener()
        self._producer: EventProducer | None = None
        self._queue: deque[Batch] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._give_up_at: float | None = None  # set by close()
        self._trouble = "Kafka has not answered yet"
        self._undelivered = 0
        self._thread = threading.Thread(target=self._run, name="frontrow-delivery", daemon=True)

    def start(self) -> None:
        """Begin, and connect to Kafka."""
        self._thread.start()

    def submit(self, events: Sequence[ViewingEvent], rejected: Sequence[Rejected] = (), tag: Any = None) -> Batch:
        """Have events sent; the listener is told when all are safe, or why they are not.

        Raises TooBusyError when there is no room; KafkaAwayError when there is none while Kafka is away, after close(),
        and before a state is up to date.
        """
        batch = Batch(events, rejected, tag)
        with self._changed:
            self.room(batch.size)
            self._queue.append(batch)
            self._waiting += batch.size
            self._changed.notify()
        return batch

    def room(self, size: int) -> None:
        """Raise what ``submit`` would raise now for so many events."""
        if self._give_up_at is not None:
            raise KafkaAwayError("the collector is stopping: send again")
        if not self._takes:
            raise KafkaAwayError(f"{self._trouble or 'what was stored is being read back'}: send again later")
        if self._waiting + size > self._max_waiting and self._waiting:
            if self._trouble:
                raise KafkaAwayError(f"{self._trouble}: send again later")
            raise TooBusyError(self._waiting, self._max_waiting)

    def take(self) -> None:
        """Events may come: what runs before have stored is known to everybody."""
        self._takes = True

    def want_snapshot(self) -> None:
        """Have the listener asked for a snapshot when all that was submitted before is answered."""
        with self._changed:
            self._snapshot_wanted = True
            self._changed.notify()

    def save(self, snapshot: Snapshot) -> None:
        """Have a snapshot saved soon: the one that was asked for."""
        with self._changed:
            self._snapshots.append(snapshot)
            self._changed.notify()

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
            with suppress(IngestError):  # stopped before there was anything to deliver
                self._connected()
            while (group := self._next_group()) is not None:
                if group:
                    self._deliver(group)
                self._keep_state()
        finally:
            self._let_go(0.0 if self._trouble else LOOK_S)
            if self._quarantine is not None:
                try:
                    self._quarantine.close(LOOK_S)
                except IngestError as error:
                    _log.warning("the quarantine was not closed in order: %s", error)

    def _next_group(self) -> list[Batch] | None:
        """What waits, maybe nothing where there is something to save; None when all is done and close() was called."""
        with self._changed:
            while True:
                group: list[Batch] = []
                size = 0
                while self._queue and size < MAX_GROUP:
                    batch = self._queue.popleft()
                    if batch.given_up:
                        self._waiting -= batch.size
                        batch.problem = KafkaAwayError("given up")
                        self.listener.answered([batch], None)
                    else:
                        group.append(batch)
                        size += batch.size
                if group:
                    return group
                if self._snapshots or (self._snapshot_wanted and not self._trouble):
                    return group
                if self._give_up_at is not None:
                    return None
                self._changed.wait()

    def _deliver(self, group: list[Batch]) -> None:
        problem: Exception | None = None
        try:
            self._make_safe(group)
        except (DeliveryError, StateError, KafkaAwayError) as error:
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
        for batch in group:
            batch.problem = problem
        self.listener.answered(group, None)
        if problem is not None:
            with suppress(IngestError):
                self._connected()

    def _make_safe(self, group: list[Batch]) -> None:
        producer = self._connected()
        if self._keeper is not None and self._keeper.crowded:
            self._keeper.save_seen()  # or nothing more is taken: memory is bounded
        send = producer.send
        for batch in group:
            new = 0
            for event in batch.events:
                new += send(event)
            for rejected in batch.rejected:
                producer.note_refused(rejected.refusals, rejected.size or len(rejected.original))
            batch.duplicates = len(batch.events) - new
        self._await_answers(producer)
        self._keep(rejected for batch in group for rejected in batch.rejected)

    def _keep_state(self) -> None:
        """Go on with a snapshot: first ask for it, telling where the topic ends; then save it. All is acknowledged."""
        keeper = self._keeper
        with self._changed:
            snapshots, self._snapshots = self._snapshots, deque()
            wanted, self._snapshot_wanted = self._snapshot_wanted and not self._trouble, False
        if keeper is None:
            return
        try:
            if snapshots:
                keeper.save(snapshots)
            if wanted:
                self.listener.answered((), keeper.checkpoint())
        except Exception as error:  # what was saved before holds; the next snapshot brings these changes again
            _log.error("the state was not saved: %s", error, exc_info=not isinstance(error, StateError))
            if wanted:
                self.listener.answered((), None)

    def _connected(self) -> EventProducer:
        """The producer; waits until Kafka is there, and only gives up when the collector stops."""
        while self._producer is None:
            sink: RecordSink | None = None
            try:
                sink = self._open_sink()
                self._prepare()
                self._recover()
            except Exception as error:
                if sink is not None:
                    with suppress(DeliveryError):
                        sink.close(0.0)
                self._note_trouble(error)
                if self._too_late():
                    raise KafkaAwayError(self._trouble) from error
                self._pause()
            else:
                self._producer = EventProducer(sink=sink, seen=self._seen, counter=self._counter)
                self._trouble = ""
        return self._producer

    def _note_trouble(self, error: Exception) -> None:
        """What is not foreseen is logged in full; either way there is another try."""
        expected = isinstance(error, IngestError)
        said = str(error) if expected else f"the collector failed ({type(error).__name__})"
        if self._trouble != said:
            _log.warning("%s", said, exc_info=not expected)
        self._trouble = said

    def _recover(self) -> None:
        """Learn what is stored, by a run before or by a connection that failed."""
        if self._keeper is not None:
            self._keeper.recover(self.listener.found)
            if not self._takes:
                self.listener.recovered()

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
        put = 0
        for each in rejected:
            try:
                self._quarantine.put(each)
                put += 1
            except DeliveryError:
                raise
            except IngestError as error:
                _log.warning("refused events are not kept: %s", error)
                return
        if put:
            self._quarantine.flush(QUARANTINE_S)

    def _let_go(self, timeout: float) -> None:
        if self._producer is not None:
            with suppress(DeliveryError):
                self._producer.close(timeout)
            self._producer = None

    def _too_late(self) -> bool:
        """Whether the collector stops, and time is up or nobody waits."""
        with self._changed:
            if self._give_up_at is None:
                return False
            waiting = self._waiting - sum(batch.size for batch in self._queue if batch.given_up)
        return waiting <= 0 or time.monotonic() >= self._give_up_at

    def _pause(self) -> None:
        """Wait before the next try; not long when the collector stops meanwhile."""
        with self._changed:
            stopping = self._give_up_at is not None
            self._changed.wait_for(lambda: not stopping and self._give_up_at is not None, TRY_AGAIN_S)
