"""Who is watching: sessions that end once, are ended when they fall silent, and can be told to stop."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from frontrow_ingest.contract import ViewingEvent
from frontrow_ingest.contract.fields import INT32_MAX

END_SEQ = INT32_MAX
"""The seq of an end that the collector gives. No player counts so far, and a repeated end is found as a duplicate."""

_KEPT = (
    "viewer_id",
    "content_id",
    "event_id",
    "country",
    "region",
    "device_type",
    "os",
    "app_version",
    "player",
    "cdn",
    "isp",
    "network",
    "stream_type",
    "segments",
    "content_length_ms",
)
_get_kept = attrgetter(*_KEPT)


@dataclass(slots=True)
class _Session:
    """A session's last event: its labels, and where it was."""

    first_seen: float
    last_seen: float
    ts: int
    labels: tuple[object, ...]
    position_ms: int
    started: bool
    ended: bool = False
    fatal: bool = False
    error_code: str | None = None


class StopList:
    """The sessions that an operator wants to stop: a file with one id per line, read again when it has changed.

    A file that is missing or cannot be read stops nobody.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._ids: frozenset[str] = frozenset()

    def refresh(self) -> None:
        """Look whether the file has changed."""
        if self._path is None:
            return
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            if stamp != self._stamp:
                self._ids = frozenset(self._path.read_text().split())
                self._stamp = stamp
        except (OSError, ValueError):
            self._ids, self._stamp = frozenset(), None

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._ids


class Sessions:
    """The sessions heard of lately, at most ``limit``: beyond it the one silent for longest is forgotten.

    ``clock`` gives seconds that only go forward. With ``tracked``, what has changed can be asked for. For one thread.
    """

    def __init__(
        self,
        *,
        limit: int,
        silent_after_s: float,
        max_age_s: float | None = None,
        stopped: Iterable[str] | StopList = (),
        clock: Callable[[], float],
        tracked: bool = False,
    ) -> None:
        self._limit = limit
        self._silent_after_s = silent_after_s
        self._max_age_s = max_age_s
        self._stopped = stopped if isinstance(stopped, StopList) else frozenset(stopped)
        self._clock = clock
        self._known: OrderedDict[str, _Session] = OrderedDict()
        self._touched: dict[str, None] | None = {} if tracked else None

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._known

    def is_stopped(self, session_id: str) -> bool:
        """Whether a session has to stop reporting: an operator said so, or it is too old."""
        if session_id in self._stopped:
            return True
        session = self._known.get(session_id) if self._max_age_s is not None else None
        return session is not None and self._clock() - session.first_seen > (self._max_age_s or 0)

    def ended_once(self, event: ViewingEvent) -> ViewingEvent:
        """The event; an end of a session that has ended already becomes a heartbeat, so that it counts as one end."""
        if event.kind != "end" or event.seq == END_SEQ:
            return event
        session = self._known.get(event.session_id)
        if session is None or not session.ended:
            return event
        return event.model_copy(
            update={"kind": "heartbeat", "end_reason": None, "error_code": None, "error_class": None}
        )

    def heard(self, events: Iterable[ViewingEvent]) -> None:
        """Note events that are safe."""
        now = self._clock()
        touched = self._touched
        for event in events:
            if touched is not None:
                touched[event.session_id] = None
            session = self._known.get(event.session_id)
            if session is None:
                labels = _interned(_get_kept(event))
                session = _Session(now, now, event.ts, labels, event.position_ms, event.started)
                self._known[event.session_id] = session
                if len(self._known) > self._limit:
                    forgotten, _ = self._known.popitem(last=False)
                    if touched is not None:
                        touched[forgotten] = None
            else:
                labels = _get_kept(event)
                if labels != session.labels:
                    session.labels = _interned(labels)
                session.last_seen = now
                session.position_ms = event.position_ms
                session.started = session.started or event.started
                session.ts = max(session.ts, event.ts)
                self._known.move_to_end(event.session_id)
            if event.kind == "end":
                session.ended = True
            elif event.error_class == "fatal":
                session.fatal, session.error_code = True, event.error_code

    def silent(self, most: int) -> list[ViewingEvent]:
        """Ends of up to ``most`` sessions that have fallen silent, by their last time; one that had ended is forgotten.

        They stay known until they are ``gone``, so that an end which is not safe is given again.
        """
        before = self._clock() - self._silent_after_s
        ends: list[ViewingEvent] = []
        ended: list[str] = []
        for session_id, session in self._known.items():
            if session.last_seen > before or len(ends) >= most:
                break
            if session.ended:
                ended.append(session_id)
            else:
                ends.append(_end(session_id, session))
        for session_id in ended:
            del self._known[session_id]
            if self._touched is not None:
                self._touched[session_id] = None
        return ends

    def gone(self, ends: Iterable[ViewingEvent]) -> list[str]:
        """Note that the ends are safe; a session that was heard of meanwhile goes on as an ended one. Returns ids."""
        before = self._clock() - self._silent_after_s
        gone = []
        for event in ends:
            session = self._known.get(event.session_id)
            if session is None:
                continue
            session.ended = True
            if self._touched is not None:
                self._touched[event.session_id] = None
            if session.last_seen <= before:
                # It may come back from a tunnel, and end by itself: remembered for as long again.
                session.last_seen = self._clock()
                self._known.move_to_end(event.session_id)
            gone.append(event.session_id)
        return gone

    def changes(self, now_ms: int) -> Iterator[tuple[str, Sequence[Any] | None]]:
        """The sessions that have changed since the last call, as JSON values; None for a forgotten one.

        ``now_ms`` is the time by the wall clock, Unix epoch.
        """
        touched, self._touched = self._touched or {}, {}
        began = now_ms - self._clock() * 1000
        for session_id in touched:
            session = self._known.get(session_id)
            if session is None:
                yield session_id, None
                continue
            yield (
                session_id,
                (
                    round(began + session.first_seen * 1000),
                    session.ts,
                    session.labels,
                    session.position_ms,
                    session.started,
                    session.ended,
                    session.fatal,
                    session.error_code,
                ),
            )

    def restore(self, session_id: str, values: Sequence[Any], now_ms: int) -> None:
        """Follow a session again. Its silence begins now: it could not report before."""
        first_ms, ts, labels, position_ms, started, ended, fatal, error_code = values
        now = self._clock()
        known = _interned(tuple(tuple(label) if isinstance(label, list) else label for label in labels))
        first_seen = now - max(0, now_ms - first_ms) / 1000
        if len(self._known) >= self._limit:
            self._known.popitem(last=False)
        self._known[session_id] = _Session(first_seen, now, ts, known, position_ms, started, ended, fatal, error_code)


def _interned(labels: tuple[object, ...]) -> tuple[object, ...]:
    """The same labels; those that many sessions share are kept once."""
    return (labels[0], *(sys.intern(label) if isinstance(label, str) else label for label in labels[1:]))


def _end(session_id: str, session: _Session) -> ViewingEvent:
    return ViewingEvent.model_validate(
        {
            **dict(zip(_KEPT, session.labels, strict=True)),
            "session_id": session_id,
            "seq": END_SEQ,
            "ts": session.ts,
            "kind": "end",
            "started": session.started,
            # A player that met a fatal error often says no more than that.
            "end_reason": "fatal_error" if session.fatal else "timeout",
            "error_code": session.error_code,
            "position_ms": session.position_ms,
        }
    )
