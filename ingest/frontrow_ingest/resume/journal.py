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
_LOOK_EVERY = 64  # lines


class Journal:
    """Saves, every few seconds, how far a run has come. A checkpoint waits until all that was sent is acknowledged.

    Args:
        window, log: brought together by ``reconcile`` before
        flush: waits for every acknowledgement, or raises
        source: the file that is read, if it is one
        more: further facts to save
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
        self._saved_at = time.monotonic()
        self._next_line: int | None = None
        self._passed = 0
        self.checkpoints = 0

    def watched(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The same lines, with checkpoints in between: who asks for the next line is done with the one before."""
        for count, line in enumerate(lines, 1):
            yield line
            self._next_line = line.number + 1
            self._passed = line.offset + line.size + 1
            if not count % _LOOK_EVERY:
                if self._source is not None:
                    self._source.pass_to(self._passed)
                if self._window.crowded or time.monotonic() - self._saved_at >= self._every_s:
                    self._flush()
                    self.save()

    def save(self) -> None:
        """Make a checkpoint now; everything that was handed in must be acknowledged.

        Raises StateWriteError, StateDamagedError or TopicUnreadableError; the checkpoint before then still holds.
        """
        facts = self._more()
        if self._source is not None and self._next_line is not None:
            self._source.pass_to(self._passed)
            facts[self._source.fact_name] = self._source.fact(self._next_line)
        ends = {partition: end for partition, (_, end) in self._log.bounds().items()}
        self._window.save({**facts, "topic": topic_fact(self._log.topic, self._identity, ends)})
        self._saved_at = time.monotonic()
        self.checkpoints += 1
