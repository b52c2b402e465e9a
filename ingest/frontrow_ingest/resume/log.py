"""The topic as it is stored: where it begins and ends, and what it holds in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol


class StoredRecord(NamedTuple):
    """A record and its place."""

    partition: int
    offset: int
    value: bytes


class TopicLog(Protocol):
    """One topic, to be read. For one thread. Every method raises TopicUnreadableError."""

    @property
    def topic(self) -> str:
        """Its name."""
        ...

    def identity(self) -> str | None:
        """Differs when the topic was deleted and made anew; None only where brokers are too old to have one."""
        ...

    def bounds(self) -> dict[int, tuple[int, int]]:
        """By partition: the first offset that is held, and the one that the next record will have."""
        ...

    def read(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> Iterator[StoredRecord]:
        """The records from the starts up to, not including, the ends, in order within a partition."""
        ...

    def close(self) -> None:
        """Let go; a second call does nothing."""
        ...
