"""One run with a state directory, from its lock to its last checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from frontrow_ingest.producer.lines import Line
from frontrow_ingest.resume.input_file import InputFile, Place
from frontrow_ingest.resume.journal import Journal
from frontrow_ingest.resume.log import TopicLog
from frontrow_ingest.resume.reconcile import Reconciled, reconcile
from frontrow_ingest.seen import SeenStore, SeenWindow
from frontrow_ingest.seen.store import Fact

_KEYS = "viewer_keys"


class ResumableRun:
    """Holds the state directory for the time of a run: open it, ``begin``, send the ``watched`` lines, ``finish``.

    ``window`` is for the producer. Raises StateInUseError, StateWriteError or StateDamagedError when opened.
    """

    def __init__(self, directory: Path) -> None:
        self._store = SeenStore(directory)
        self._log: TopicLog | None = None
        self._journal: Journal | None = None
        self.window = SeenWindow(self._store)
        self.found = Reconciled()

    def begin(
        self,
        log: TopicLog,
        flush: Callable[[], None],
        *,
        source: InputFile | None = None,
        go_on: bool = False,
        learn: bool = False,
        key_epochs: Callable[[], dict[str, int]] = dict,
    ) -> Place:
        """Learn from the topic what earlier runs sent, and find the place in the source to ``go_on`` from.

        ``learn`` reads the whole topic. ``key_epochs`` tells how many pseudonyms this run made in each epoch; the sums
        over all runs are kept with the checkpoints. Raises a StateError of any kind.
        """
        self._log = log
        fact = self._store.fact(source.fact_name) if source is not None and go_on else None
        place = source.go_to(fact) if source is not None else Place(1, 0)
        self.found = reconcile(self._store, self.window, log, learn=learn)
        before: dict[str, int] = dict(self._store.fact(_KEYS) or {})

        def more() -> dict[str, Fact]:
            now = key_epochs()
            sums = {epoch: before.get(epoch, 0) + now.get(epoch, 0) for epoch in {**before, **now}}
            return {_KEYS: sums} if sums else {}

        self._journal = Journal(self.window, log, flush, source=source, more=more)
        return place

    def watched(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The same lines, with checkpoints in between."""
        if self._journal is None:
            raise ValueError("begin() comes before watched()")
        return self._journal.watched(lines)

    def finish(self) -> None:
        """The last checkpoint, when everything was acknowledged. Raises what Journal.save raises."""
        if self._journal is not None:
            self._journal.save()

    def close(self) -> None:
        """Let go of the directory and the topic."""
        if self._log is not None:
            self._log.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
