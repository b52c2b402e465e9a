"""Which events were seen: a bounded window over (session, seq), kept on disk, so that a repetition counts once.

Per session the seen numbers are kept as ranges; a session whose events come in order costs one range however long it
is. Outside of the window lie sessions that were not touched for longest (``MAX_STORED_SESSIONS``), and the lowest
numbers of a session with more than ``MAX_RANGES`` gaps: an event there is taken for new. Nothing is ever taken for seen
that was not.
"""

from __future__ import annotations

from frontrow_ingest.seen.errors import StateDamagedError, StateInUseError, StateWriteError
from frontrow_ingest.seen.ranges import MAX_RANGES
from frontrow_ingest.seen.store import MAX_STORED_SESSIONS, SeenStore
from frontrow_ingest.seen.window import MAX_SESSIONS_IN_MEMORY, SeenWindow

__all__ = [
    "MAX_RANGES",
    "MAX_SESSIONS_IN_MEMORY",
    "MAX_STORED_SESSIONS",
    "SeenStore",
    "SeenWindow",
    "StateDamagedError",
    "StateInUseError",
    "StateWriteError",
]
