"""Who is followed, and what of it is kept for the next run. All of it is touched from the event loop's thread only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from frontrow_ingest.collector.bodies import BodyReader, Kind
from frontrow_ingest.collector.cmcd import Playbacks
from frontrow_ingest.collector.keeper import Change, Ends, Followed, Snapshot
from frontrow_ingest.collector.sessions import Sessions
from frontrow_ingest.collector.state import CollectorState
from frontrow_ingest.contract import ViewingEvent


class Bookkeeping:
    """Keeps sessions, playbacks and the state directory in step.

    Args:
        state: where to keep them; what an earlier run left there is taken up at once
        clock: ms of the Unix epoch
    """

    def __init__(
        self, sessions: Sessions, playbacks: Playbacks, state: CollectorState | None, clock: Callable[[], int]
    ) -> None:
        self.sessions = sessions
        self.playbacks = playbacks
        self._state = state
        self._clock = clock
        # Sessions that came here and of which nothing is known to be stored yet, with the number of their requests.
        self._claimed: Counter[str] = Counter()
        if state is not None:
            self._restore(state)

    def note_request(self, kind: Kind, body: bytes, context: dict[str, Any]) -> None:
        """To be called before events of a CMCD request are submitted. Raises StateWriteError."""
        if self._state is not None and kind is Kind.CMCD:
            self._state.journal.cmcd(body, context)

    def claim(self, kind: Kind, events: Iterable[ViewingEvent]) -> set[str]:
        """To be called before events are submitted; gives what to ``disclaim`` afterwards. Raises StateWriteError."""
        if self._state is None:
            return set()
        claims = {event.session_id for event in events if event.session_id not in self.sessions}
        if claims:
            unnoted = [session_id for session_id in claims if session_id not in self._claimed]
            if unnoted and kind is not Kind.CMCD:
                self._state.journal.claim(unnoted)
            self._claimed.update(claims)
        return claims

    def disclaim(self, sessions: Iterable[str]) -> None:
        """These are known by now, or nothing of them was stored."""
        for session_id in sessions:
            if self._claimed[session_id] <= 1:
                del self._claimed[session_id]
            else:
                self._claimed[session_id] -= 1

    def snapshot(self, ends: Ends) -> Snapshot | None:
        """What has changed, to be saved; None without a state. Raises StateWriteError."""
        if self._state is None:
            return None
        part = self._state.journal.next_part(self._claimed)
        changes = [Change(Followed.SESSION, name, values) for name, values in self.sessions.changes(self._clock())]
        changes += [Change(Followed.PLAYBACK, name, values) for name, values in self.playbacks.changes()]
        return Snapshot(ends, part, changes)

    def found(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Events in the topic; those of our sessions are heard."""
        for event in events:
            session_id = event["session_id"]
            if session_id in self.sessions or session_id in self._claimed:
                self.sessions.heard([ViewingEvent.model_construct(**{**event, "segments": tuple(event["segments"])})])

    def recovered(self) -> None:
        """Everything that was stored is known: what is still claimed is not stored, and comes again or not."""
        self._claimed.clear()

    def _restore(self, state: CollectorState) -> None:
        now = self._clock()
        for what, name, values in state.followed.rows():
            if what is Followed.SESSION:
                self.sessions.restore(name, values, now)
            else:
                self.playbacks.restore(name, values)
        reader = BodyReader(self.playbacks, clock=self._clock)
        for entry in state.journal.read(state.followed.journal):
            self._claimed.update(entry.sessions)
            if entry.context is not None:
                items = reader.items(Kind.CMCD, entry.body, entry.context)
                self._claimed.update(item.event.session_id for item in items if item.event is not None)
        state.journal.next_part(self._claimed)
