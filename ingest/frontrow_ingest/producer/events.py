"""The producer of viewing events: the contract in front, a sink behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from frontrow_ingest.contract import (
    EventRefusedError,
    RawViewerValidator,
    Refusal,
    Validator,
    ViewerKeys,
    ViewingEvent,
    decode,
    encode,
    encode_unchecked,
    fast_lines,
)
from frontrow_ingest.contract.event import wall_clock_ms
from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer.port import EventCounter, ProducerStats, RecordSink, SeenEvents
from frontrow_ingest.producer.settings import KafkaSettings
from frontrow_ingest.producer.sinks import open_sink
from frontrow_ingest.producer.window import TimeWindow

Result = TypeVar("Result")
DEFAULT_BOOTSTRAP = "127.0.0.1:9092"
DEFAULT_TOPIC = "events"
DEFAULT_TIMEOUT_S = 35.0  # a little over the delivery deadline, so that close() hears of every record


class EventProducer:
    """Checks events, encodes them and hands them to Kafka; the key is the session, so that a session keeps its order.

    ::

        with EventProducer("127.0.0.1:9092") as producer:
            producer.send(event)          # a ViewingEvent, or a dict that is checked first
        print(producer.stats.acknowledged)

    ``sink`` replaces Kafka (``bootstrap`` and ``settings`` then have no effect); ``clock`` gives ``received_ts`` in ms
    where an event lacks it. With ``seen``, an event that comes again is counted and not sent; ``counter`` is told of
    every event; ``window`` refuses what is too late or too early. With ``viewer_keys``, events come with raw viewer
    ids, which become pseudonyms before anything else is done. Not for several threads at once. Raises
    BrokerUnreachableError or TopicMissingError when Kafka, or the topic, is not there.
    """

    def __init__(
        self,
        bootstrap: str = DEFAULT_BOOTSTRAP,
        *,
        topic: str = DEFAULT_TOPIC,
        settings: KafkaSettings | None = None,
        sink: RecordSink | None = None,
        clock: Callable[[], int] = wall_clock_ms,
        seen: SeenEvents | None = None,
        counter: EventCounter | None = None,
        window: TimeWindow | None = None,
        viewer_keys: ViewerKeys | None = None,
    ) -> None:
        self._validator: Validator | RawViewerValidator = Validator(clock=clock)
        # Not with raw viewer ids: one that looks like a pseudonym would pass as it is.
        self._fast = fast_lines(clock) if viewer_keys is None else None
        self._window = window
        self._refused: Counter[str] = Counter()
        self._duplicates = 0
        self._seen = seen
        self._counter = counter
        self._plain = seen is None and counter is None and window is None
        if viewer_keys is not None:
            self._validator = RawViewerValidator(self._validator, viewer_keys)
        self._sink = sink if sink is not None else open_sink(bootstrap, topic, settings or KafkaSettings())
        if seen is not None:
            self._sink.when_lost(self._forget)

    def send(self, event: ViewingEvent | Mapping[str, Any]) -> bool:
        """Check an event (a ViewingEvent has been) and hand it in. Returns before Kafka has acknowledged it.

        Returns whether it was handed in; not if it had been before, or was shed. Raises EventRefusedError (counted,
        nothing is sent) and what RecordSink.send_encoded raises.
        """
        if not isinstance(event, ViewingEvent):
            event = self._checked(self._validator.event, event, 0)
        return self._hand_in(event.session_id.encode(), encode(event), event.seq, event.ts, 0)

    def send_line(self, line: bytes) -> bool:
        """Check one event given as JSON (UTF-8) and hand it in; returns and raises like send."""
        checked = self._fast.line(line) if self._fast is not None else None
        if checked is None:
            event = self._checked(self._validator.line, line, len(line))
            checked = event.session_id.encode(), encode(event), event.seq, event.ts
            if self._fast is not None:
                self._fast.learn(line, checked[1])
        if self._plain:  # as _hand_in does, for less
            return self._sink.send_encoded(checked[0], checked[1])
        return self._hand_in(*checked, len(line))

    def _hand_in(self, key: bytes, value: bytes, seq: int, ts: int, size: int) -> bool:
        if self._window is not None:
            self._checked(self._window.check, ts, size)
        if self._seen is not None and not self._seen.is_new(key.decode(), seq):
            self._duplicates += 1
            if self._counter is not None:
                self._counter.duplicate(ts)
            return False
        sent = False
        try:
            sent = self._sink.send_encoded(key, value)
        finally:
            if not sent and self._seen is not None:
                self._seen.forget(key.decode(), seq)
        if sent and self._counter is not None:
            self._counter.sent(ts, len(value))
        return sent

    def _forget(self, key: bytes, value: bytes) -> None:
        """A record that was lost has not been seen: it is to be sent when it comes again."""
        if self._seen is not None:
            self._seen.forget(key.decode(), decode(value)["seq"])

    def send_unchecked(self, event: Mapping[str, Any]) -> None:
        """Hand in an event that keeps the contract by its making, such as a simulated one, with every field present.

        It is not checked, neither for the contract nor for duplicates, which spares a fifth of the work; raises what
        RecordSink.send_encoded raises.
        """
        value = encode_unchecked(event)
        if self._sink.send_encoded(event["session_id"].encode(), value) and self._counter is not None:
            self._counter.sent(event["ts"], len(value))

    def send_encoded(self, key: bytes, value: bytes) -> bool:
        """Hand in a framed record under its key, unchecked; returns and raises what RecordSink.send_encoded does."""
        return self._sink.send_encoded(key, value)

    def flush(self, timeout: float = DEFAULT_TIMEOUT_S) -> None:
        """Wait until every event has its answer; raises DeliveryTimeoutError, or DeliveryFailedError if any failed."""
        self._sink.flush(timeout)

    def close(self, timeout: float = DEFAULT_TIMEOUT_S) -> None:
        """Flush and let go; raises what flush raises. What has no answer by then is given up and counted as failed."""
        self._sink.close(timeout)

    @property
    def stats(self) -> ProducerStats:
        """The counts so far, refused events by reason among them."""
        return ProducerStats(**vars(self._sink.stats), refused=dict(self._refused), duplicates=self._duplicates)

    def note_refused(self, refusals: Sequence[Refusal], size: int) -> None:
        """Count an event of so many bytes that was refused before it came here."""
        self._refused[refusals[0].label] += 1
        if self._counter is not None:
            self._counter.refused(size)

    def _checked(self, check: Callable[[Any], Result], data: object, size: int) -> Result:
        try:
            return check(data)
        except EventRefusedError as error:
            self.note_refused(error.refusals, size)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        try:
            self.close()
        except DeliveryError as late:  # the error on its way matters more; this one goes with it
            error.add_note(str(late))
