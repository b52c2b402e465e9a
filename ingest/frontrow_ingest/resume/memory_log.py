"""The topic that a MemorySink fills: the double of Kafka's log, with one partition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from frontrow_ingest.producer.memory import MemorySink
from frontrow_ingest.resume.log import StoredRecord


class MemoryLog:
    """A TopicLog of what a sink holds. ``truncate`` and ``recreate`` do what an operator may do to a topic."""

    def __init__(self, sink: MemorySink, *, topic: str = "events") -> None:
        self.sink = sink
        self._topic = topic
        self._begin = 0
        self._incarnation = 1

    def truncate(self, begin: int) -> None:
        """Hold nothing before this offset any more."""
        self._begin = begin

    def recreate(self) -> None:
        """Delete the topic and make it anew."""
        self.sink.records.clear()
        self._begin = 0
        self._incarnation += 1

    @property
    def topic(self) -> str:
        """See TopicLog."""
        return self._topic

    def identity(self) -> str | None:
        """See TopicLog."""
        return f"memory-{self._incarnation}"

    def bounds(self) -> dict[int, tuple[int, int]]:
        """See TopicLog."""
        return {0: (self._begin, len(self.sink.records))}

    def read(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> Iterator[StoredRecord]:
        """See TopicLog."""
        for offset in range(max(self._begin, starts[0]), ends[0]):
            yield StoredRecord(0, offset, self.sink.records[offset][1])

    def close(self) -> None:
        """See TopicLog."""
