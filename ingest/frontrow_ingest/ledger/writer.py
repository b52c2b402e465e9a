"""A producer's ledger: additive deltas on a topic, every few seconds and at the end."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable

from frontrow_ingest.contract import KeyEpoch, ViewerKeys
from frontrow_ingest.contract.codec import topic_encoder
from frontrow_ingest.contract.event import wall_clock_ms
from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.ledger.counts import LedgerCounts
from frontrow_ingest.producer.port import RecordSink
from frontrow_ingest.producer.settings import KafkaSettings
from frontrow_specs import current_schema_id
from frontrow_specs.avro_schemas import EVENTS

LEDGER_TOPIC = "ledger"
EVERY_S = 2.0


class Ledger:
    """Tells what a producer counts. Give ``counts`` to the producer as its counter; close it after the producer.

    What was counted and not yet told is lost when the process is killed: at most ``every_s`` seconds of it, and as
    much again as Kafka was away. Ctrl-C and SIGTERM lose nothing where they end in ``close``.

    Args:
        producer: the name of the producer, one for all of its runs
        every_s: between two deltas; 0 for none before the end
        viewer_keys: makes the viewer ids of what is sent, or names the epoch of the key that has: it is told, too
    """

    def __init__(
        self,
        sink: RecordSink,
        *,
        producer: str,
        every_s: float = EVERY_S,
        clock: Callable[[], int] = wall_clock_ms,
        viewer_keys: ViewerKeys | KeyEpoch | None = None,
    ) -> None:
        self.counts = LedgerCounts(clock=clock, epoch=(lambda: viewer_keys.epoch) if viewer_keys else lambda: None)
        self._sink = sink
        self._producer = producer
        self._clock = clock
        self._run = secrets.token_hex(8)
        self._schema_id = current_schema_id(EVENTS)
        self._encode = topic_encoder(LEDGER_TOPIC)
        self._every_s = every_s
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._tell_on, name="frontrow-ledger", daemon=True)
        if every_s > 0:
            self._thread.start()

    def close(self, timeout: float) -> None:
        """Tell the rest and let go; a second call does nothing. Raises DeliveryError if Kafka did not take all of it.

        ``timeout`` is in seconds.
        """
        if self._end.is_set():
            return
        self._end.set()
        if self._every_s > 0:
            self._thread.join(timeout)
        try:
            if self._thread.is_alive():
                raise DeliveryError(f"waited {timeout:g} s for Kafka to take the ledger: the last counts are lost")
            self._tell()
        finally:
            self._sink.close(timeout)

    def _tell_on(self) -> None:
        while not self._end.wait(self._every_s):
            try:
                self._tell()
            except DeliveryError:
                continue  # nothing is lost: it is told the next time, or close() says that it cannot be

    def _tell(self) -> None:
        """Hand in what was counted since the last time."""
        left = deque(self.counts.take().items())
        emitted = self._clock()
        while left:
            place, added = left[0]
            part = added.sent_part
            # What was refused has no schema on the wire: it is told apart.
            told = part if any(part) else added
            values = {
                "ts": place.minute,
                "emitted_ts": emitted,
                "producer": self._producer,
                "run": self._run,
                "schema_id": self._schema_id if told is part else None,
                "viewer_key_epoch": place.viewer_key_epoch,
                **told._asdict(),
            }
            try:
                self._sink.send_encoded(self._producer.encode(), self._encode(values))
            except BaseException:
                for each in left:
                    self.counts.give_back(*each)
                raise
            rest = added.minus(told)
            left[0] = (place, rest)
            if not any(rest):
                left.popleft()


def kafka_ledger(
    bootstrap: str,
    *,
    producer: str,
    topic: str = LEDGER_TOPIC,
    every_s: float = EVERY_S,
    settings: KafkaSettings | None = None,
    viewer_keys: ViewerKeys | KeyEpoch | None = None,
) -> Ledger:
    """A ledger on a Kafka. Raises BrokerUnreachableError or TopicMissingError."""
    from frontrow_ingest.producer.kafka_producer import KafkaSink  # kafka-python is only needed here

    sink = KafkaSink(bootstrap, topic=topic, settings=settings or KafkaSettings())
    return Ledger(sink, producer=producer, every_s=every_s, viewer_keys=viewer_keys)
