"""The collector's state directory: a restart, also after kill -9, loses nothing, doubles nothing, forgets no session.

Three things lie in it, all under one lock:

- which events were seen (``frontrow_ingest.seen``), as a producer keeps them; what was stored since it was last saved
  is read back from the topic before any event is taken;
- the sessions and playbacks that are followed, as of a snapshot every few seconds. A session goes on from the snapshot
  by its own events in the topic; a playback by the requests in the journal, because an event does not tell all that
  its report did;
- the journal of what came in since the snapshot, written before it can be stored: CMCD requests as they came, and ids
  of sessions, which tell this collector's sessions in the topic from those of others.

So a client that repeats what was not answered 204 finds every event once, with the same deltas, and a session that
falls silent across a restart is ended once; its silence is counted from the restart, since nobody could report while
the collector was down. A crash of the whole machine may take the last seconds of the journal with it: then deltas of
CMCD playbacks around the crash may be lost, and sessions that were new just then may not be ended.

Pseudonyms of viewers and ids of sessions lie in the directory, raw viewer ids do not; only its owner can read it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from frontrow_ingest.collector.followed_store import FollowedStore
from frontrow_ingest.collector.journal import RequestJournal
from frontrow_ingest.collector.keeper import Ends, Found, Snapshot
from frontrow_ingest.contract import WireError, decode
from frontrow_ingest.errors import StateError
from frontrow_ingest.resume import TopicLog, reconcile
from frontrow_ingest.resume.reconcile import topic_fact
from frontrow_ingest.seen import SeenStore, SeenWindow

AT_ONCE = 500
_log = logging.getLogger(__name__)


class CollectorState:
    """A Keeper in a directory, which one process holds at a time.

    ``open_log`` connects to the topic, in the delivery's thread. The constructor raises StateInUseError,
    StateWriteError or StateDamagedError. ``followed`` and ``journal`` are for who follows sessions, at start and after.
    """

    def __init__(self, directory: Path, open_log: Callable[[], TopicLog]) -> None:
        self._open_log = open_log
        self._log: TopicLog | None = None
        self._seen = SeenStore(directory)
        try:
            self.followed = FollowedStore(directory)
            self.journal = RequestJournal(directory)
        except BaseException:
            self._seen.close()
            raise
        self.window = SeenWindow(self._seen)
        self._unsaved: list[Snapshot] = []

    @property
    def crowded(self) -> bool:
        """See Keeper."""
        return self.window.crowded

    def save_seen(self) -> None:
        """See Keeper."""
        self.window.save()

    def recover(self, found: Found) -> None:
        """See Keeper."""
        with self._connected() as log:
            told = reconcile(self._seen, self.window, log)
            if told.learnt:
                _log.info("%d events were found in the topic that an earlier run had not noted", told.learnt)
            if told.unknown:
                _log.warning(
                    "%d records behind the last checkpoint are gone from the topic: events among them that clients "
                    "repeat now are stored twice",
                    told.unknown,
                )
            bounds = log.bounds()
            ends = {partition: end for partition, (_, end) in bounds.items()}
            before = self.followed.ends
            if before is None:
                self.followed.begin_at(ends)
                return
            starts = {number: max(begin, before.get(number, 0)) for number, (begin, _) in bounds.items()}
            events: list[Mapping[str, Any]] = []
            for event in _events(log, starts, ends):
                events.append(event)
                if len(events) >= AT_ONCE:
                    found(events)
                    events = []
            found(events)

    def checkpoint(self) -> Ends:
        """See Keeper."""
        with self._connected() as log:
            ends = {partition: end for partition, (_, end) in log.bounds().items()}
            self.window.save({"topic": topic_fact(log.topic, log.identity(), ends)})
        return ends

    def save(self, snapshots: Iterable[Snapshot]) -> None:
        """See Keeper."""
        self._unsaved.extend(snapshots)
        if self._unsaved:
            self.followed.write(self._unsaved)
            self.journal.forget_before(self._unsaved[-1].journal)
            self._unsaved.clear()

    def close(self) -> None:
        """Let go of everything, once the delivery has ended. A second call does nothing."""
        if self._log is not None:
            self._log.close()
            self._log = None
        self.journal.close()
        self.followed.close()
        self._seen.close()

    @contextmanager
    def _connected(self) -> Iterator[TopicLog]:
        """The topic; after a failure the next use connects anew."""
        log = self._log = self._log or self._open_log()
        try:
            yield log
        except StateError:
            self._log = None
            log.close()
            raise


def _events(log: TopicLog, starts: Ends, ends: Ends) -> Iterator[Mapping[str, Any]]:
    for record in log.read(starts, ends):
        try:
            yield decode(record.value)
        except WireError:
            continue  # not an event: nobody's
