"""The window in memory, in front of its store."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Mapping

from frontrow_ingest.seen import ranges as sets
from frontrow_ingest.seen.store import Fact, SeenStore

MAX_SESSIONS_IN_MEMORY = 131_072


class SeenWindow:
    """Remembers events (see SeenEvents); what is over the bound in memory is looked up in the store.

    Marks live in memory until ``save``, which is to be called when everything that was handed in is acknowledged: what
    is in the store has been taken by Kafka. Without a store the window is the memory. For one thread.

    About half of ``max_sessions``, those used last, are always in memory. Unsaved sessions stay there over the bound:
    save when ``crowded``.
    """

    def __init__(self, store: SeenStore | None = None, *, max_sessions: int = MAX_SESSIONS_IN_MEMORY) -> None:
        self._store = store
        self._generation = max(1, max_sessions // 2)
        # Two generations: a session that is used moves to the recent one, and whole generations are let go. That is
        # nearly the order of use, without work for each event.
        self._recent: dict[str, array[int]] = {}
        self._older: dict[str, array[int]] = {}
        self._unsaved: dict[str, array[int]] = {}
        # For unsaved sessions whose events come in order: the end of the last range, ahead of its array. Such an event,
        # and nearly all are, is one comparison.
        self._tails: dict[str, int] = {}

    def is_new(self, session_id: str, seq: int) -> bool:
        """See SeenEvents."""
        if self._tails.get(session_id) == seq:
            self._tails[session_id] = seq + 1
            return True
        seen = self._of(session_id)
        if not sets.add(seen, seq):
            return False
        self._unsaved[session_id] = seen
        self._tails[session_id] = seen[-1]
        return True

    def forget(self, session_id: str, seq: int) -> None:
        """See SeenEvents."""
        seen = self._of(session_id)
        sets.remove(seen, seq)
        self._unsaved[session_id] = seen

    @property
    def crowded(self) -> bool:
        """Whether unsaved sessions take the room of a generation."""
        return self._store is not None and len(self._unsaved) >= self._generation

    @property
    def sessions_in_memory(self) -> int:
        """How many sessions are held in memory now."""
        return len(self._recent) + len(self._older)

    def save(self, facts: Mapping[str, Fact] | None = None) -> None:
        """Write what changed, and the facts, to the store at once or not at all; returns when the disk has it.

        Raises StateWriteError or StateDamagedError; the marks then stay unsaved.
        """
        self._settle()
        if self._store is not None:
            self._store.write(self._unsaved, facts or {})
            self._unsaved.clear()
            for name in list(itertools.islice(self._older, max(0, len(self._older) - self._generation))):
                del self._older[name]

    def _of(self, session_id: str) -> array[int]:
        """The numbers of a session, all of them."""
        seen = self._recent.get(session_id)
        if seen is None:
            seen = self._recall(session_id)
        tail = self._tails.pop(session_id, None)
        if tail is not None:
            seen[-1] = tail
        return seen

    def _settle(self) -> None:
        """Bring the arrays up to the tails."""
        for session_id, tail in self._tails.items():
            self._unsaved[session_id][-1] = tail
        self._tails.clear()

    def _recall(self, session_id: str) -> array[int]:
        seen = self._older.pop(session_id, None)
        if seen is None:
            seen = self._store.load(session_id) if self._store is not None else array("I")
        if len(self._recent) >= self._generation:
            self._let_go()
        self._recent[session_id] = seen
        return seen

    def _let_go(self) -> None:
        self._settle()
        if self._store is None:
            self._unsaved.clear()
        kept = {name: seen for name, seen in self._older.items() if name in self._unsaved}
        self._older = {**kept, **self._recent}
        self._recent = {}
