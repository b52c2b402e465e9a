"""Memory as the quarantine: the double of the topic for tests."""

from __future__ import annotations

from frontrow_ingest.contract import ViewerKeys
from frontrow_ingest.contract.codec import topic_encoder
from frontrow_ingest.producer.errors import ProducerClosedError
from frontrow_ingest.quarantine.port import Rejected
from frontrow_ingest.quarantine.record import QUARANTINE_TOPIC, QuarantineRecord, read_record, refusal_values


class MemoryQuarantine:
    """A QuarantineSink that keeps what it is given: ``values`` holds the bytes as they would lie on the topic."""

    def __init__(self, *, producer: str | None = None, viewer_keys: ViewerKeys | None = None) -> None:
        self.values: list[bytes] = []
        self._producer = producer
        self._keys = viewer_keys
        self._closed = False

    @property
    def records(self) -> list[QuarantineRecord]:
        """What was put in, in order."""
        return [read_record(value) for value in self.values]

    def put(self, rejected: Rejected) -> None:
        """See QuarantineSink."""
        if self._closed:
            raise ProducerClosedError
        self.values.append(topic_encoder(QUARANTINE_TOPIC)(refusal_values(rejected, self._producer, self._keys)))

    def flush(self, timeout: float) -> None:
        """See QuarantineSink; all is kept at once."""

    def close(self, timeout: float) -> None:  # noqa: ARG002 - all is kept at once
        """See QuarantineSink."""
        self._closed = True
