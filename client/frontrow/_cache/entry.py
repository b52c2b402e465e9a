"""What is kept: a part of an answer as JSON, when it was fetched, and what was known of its data then."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from frontrow._cache.ages import LAG_MS, STEP_MS, step_of

_SUM = 16  # bytes


@dataclass(frozen=True)
class Marks:
    """What was known of the data of a stretch of time; what came later leaves other marks.

    Attributes:
        ledger: how many events producers had told of; None where no ledger tells
        told: when they last did, ms; None likewise
        segments: which segments there were; None where Druid does not say
    """

    ledger: str | None = None
    told: int | None = None
    segments: str | None = None


NO_MARKS = Marks()


@dataclass(frozen=True)
class Entry:
    """A part of an answer.

    Attributes:
        value: JSON: what Druid answered for a bucket, ``null`` where it has no row, or a whole answer
        fetched: when it was asked for, ms
        newest: the newest event that was queryable before that, ms; None if there was none
        good_for: at most, ms
        settled: its time had ended two minutes before, by the clock and by the newest event
        marks: from before it was asked for
    """

    value: bytes
    fetched: int
    newest: int | None
    good_for: int
    settled: bool
    marks: Marks

    def is_young(self, now: int) -> bool:
        """Within the step it was fetched in, or its time is over: then nothing else has to be known."""
        return self.fetched <= now < step_of(self.fetched) + STEP_MS

    def may_be_good(self, now: int) -> bool:
        """Unless something came later. A clock that was put back makes nothing good."""
        return self.fetched <= now < step_of(self.fetched) + self.good_for

    def is_unchanged(self, marks: Marks) -> bool:
        """Whether nothing came later, by the marks of now."""
        same = (marks.ledger, marks.segments) == (self.marks.ledger, self.marks.segments)
        # What was told of shortly before may not have been queryable yet.
        return same and (marks.told is None or marks.told + LAG_MS <= self.fetched)

    def to_bytes(self, key: str) -> bytes:
        """Two lines of JSON behind a sum over them and the key."""
        marks = [self.marks.ledger, self.marks.told, self.marks.segments]
        head = orjson.dumps([self.fetched, self.newest, self.good_for, self.settled, marks])
        payload = head + b"\n" + self.value
        return _sum(key, payload) + payload


def entry_of(key: str, data: Any) -> Entry | None:
    """What was kept under a key; None where it is damaged, or something else."""
    if not isinstance(data, bytes) or data[:_SUM] != _sum(key, data[_SUM:]):
        return None
    head, _, value = data[_SUM:].partition(b"\n")
    try:
        fetched, newest, good_for, settled, (ledger, told, segments) = orjson.loads(head)
    except ValueError:
        return None
    return Entry(value, fetched, newest, good_for, settled, Marks(ledger, told, segments))


def _sum(key: str, payload: bytes) -> bytes:
    return blake2b(key.encode() + b"\n" + payload, digest_size=_SUM).digest()
