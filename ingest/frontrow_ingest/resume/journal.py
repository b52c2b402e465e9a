"""The checkpoints of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from frontrow_ingest.producer.lines import Line
from frontrow_ingest.resume.input_file import InputFile
from frontrow_ingest.resume.log import TopicLog
from frontrow_ingest.resume.reconcile import topic_fact
from frontrow_ingest.seen import SeenWindow
from frontrow_ingest.seen.store import Fact

CHECKPOINT_EVERY_S = 2.0
MAX_EVERY_S = 30.0
_SHARE = 0.05  # of the time, at most, goes into checkpoints
_LOOK_EVERY = 64  # lines


class Journal:
    """Saves, every few seconds, how far a run has come. A checkpoint waits until all that was sent is acknowledged.

    One that took long comes less often, up to ``MAX_EVERY_S`` apart: a run that is killed then has more to read back.

    Args:
        window, log: brought together by ``reconcile`` before
        flush: waits for every acknowledgement, or raises
        source: the file that is read, if it is one
        more: further facts to save
        every_s: between two checkpoints, at least; 0 for one as often as there is a look, whatever it takes
    """

    def __init__(
        self,
        window: SeenWindow,
        log: TopicLog,
        flush: Callable[[], None],
        *,
        source: InputFile | None = None,
        more: Callable[[], dict[str, Fact]] = dict,
        every_s: float = CHECKPOINT_EVERY_S,
    ) -> None:
        self._window = window
        self._log = log
        self._identity = log.identity()
        self._flush = flush
        self._source = source
        self._more = more
        self._every_s = every_s
        self._due = time.monotonic() + every_s
        self._done: Line | None = None
        self.checkpoints = 0

    def watched(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The same lines, with checkpoints in between: who asks for the next line is done with the one before."""
        for count, line in enumerate(lines, 1):
            yield line
            self._done = line
            if not count % _LOOK_EVERY:
                self._pass()
                if self._window.crowded or time.monotonic() >= self._due:
                    began = time.monotonic()
                    self._flush()
                    self.save()
                    now = time.monotonic()
                    spared = min((now - began) / _SHARE, MAX_EVERY_S) if self._every_s else 0.0
                    self._due = now + max(self._every_s, spared)

    def save(self) -> None:
        """Make a checkpoint now; everything that was handed in must be acknowledged.

        Raises StateWriteError, StateDamagedError or TopicUnreadableError; the checkpoint before then still holds.
        """
        facts = self._more()
        self._pass()
        if self._source is not None and self._done is not None:
            facts[self._source.fact_name] = self._source.fact(self._done.number + 1)
        ends = {partition: end for partition, (_, end) in self._log.bounds().items()}
        self._window.save({**facts, "topic": topic_fact(self._log.topic, self._identity, ends)})
        self.checkpoints += 1

    def _pass(self) -> None:
        """Take note, in the source, of where the next line begins."""
        if self._source is not None and self._done is not None:
            self._source.pass_to(self._done.offset + self._done.size + 1)
