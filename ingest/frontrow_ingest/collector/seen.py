"""Which events were sent before, so that a client may repeat a request whose answer it did not get."""

from __future__ import annotations

from frontrow_ingest.producer.port import EventCounter, SeenEvents

Key = tuple[str, int]


class RecentEvents:
    """A SeenEvents in memory: knows at least the last ``limit`` events, and at most twice as many."""

    def __init__(self, limit: int = 500_000) -> None:
        self._limit = limit
        self._young: set[Key] = set()
        self._old: set[Key] = set()

    def is_new(self, session_id: str, seq: int) -> bool:
        """See SeenEvents."""
        key = (session_id, seq)
        if key in self._young or key in self._old:
            return False
        if len(self._young) >= self._limit:
            self._old, self._young = self._young, set()
        self._young.add(key)
        return True

    def forget(self, session_id: str, seq: int) -> None:
        """See SeenEvents."""
        self._young.discard((session_id, seq))
        self._old.discard((session_id, seq))


class SeenWhenSafe:
    """A SeenEvents that takes back what did not become safe: such an event is new when it comes again.

    ``safe()`` or ``lost()`` say what became of the events since the last such call.
    """

    def __init__(self, seen: SeenEvents) -> None:
        self._seen = seen
        self._open: list[Key] = []

    def is_new(self, session_id: str, seq: int) -> bool:
        """See SeenEvents."""
        if not self._seen.is_new(session_id, seq):
            return False
        self._open.append((session_id, seq))
        return True

    def forget(self, session_id: str, seq: int) -> None:
        """See SeenEvents."""
        self._seen.forget(session_id, seq)

    def safe(self) -> None:
        """The events since the last call are acknowledged."""
        self._open.clear()

    def lost(self) -> None:
        """They are not, or nobody knows."""
        for session_id, seq in self._open:
            self._seen.forget(session_id, seq)
        self._open.clear()


class CountedWhenSafe:
    """An EventCounter that passes on what it is told once it is safe: what is repeated would be counted twice."""

    def __init__(self, counter: EventCounter) -> None:
        self._counter = counter
        self._sent: list[tuple[int, int]] = []
        self._refused: list[int] = []
        self._duplicates: list[int] = []

    def sent(self, ts: int, size: int) -> None:
        """See EventCounter."""
        self._sent.append((ts, size))

    def refused(self, size: int) -> None:
        """See EventCounter."""
        self._refused.append(size)

    def duplicate(self, ts: int) -> None:
        """See EventCounter."""
        self._duplicates.append(ts)

    def safe(self) -> None:
        """Count it."""
        for ts, size in self._sent:
            self._counter.sent(ts, size)
        for size in self._refused:
            self._counter.refused(size)
        for ts in self._duplicates:
            self._counter.duplicate(ts)
        self.lost()

    def lost(self) -> None:
        """Forget it: the client will send it again."""
        self._sent.clear()
        self._refused.clear()
        self._duplicates.clear()
