"""Lines over several processes, one for each core, with one account at the end.

A file is cut into parts of whole lines; a stream is read here and handed out in chunks of whole lines. Each worker is
a producer of its own: events of one session that different workers read may be stored in another order.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from frontrow_ingest.errors import DeliveryError, IngestError
from frontrow_ingest.producer.errors import WorkerCrashedError
from frontrow_ingest.producer.interrupts import Interrupts
from frontrow_ingest.producer.port import ProducerStats
from frontrow_ingest.producer.ranges import FileRange, count_lines, split_file
from frontrow_ingest.producer.refused import RefusedFile
from frontrow_ingest.producer.run import Interrupted, Summary, Tally
from frontrow_ingest.producer.worker import Chunk, Job, State, work

STREAM_CHUNK_BYTES = 1_048_576
LET_END_S = 30.0  # over the delivery deadline, for workers that were asked to end


@dataclass
class _Worker:
    process: SpawnProcess
    part: FileRange | None
    feed: Connection | None
    report: Connection
    refused_to: Path
    state: State

    @property
    def crashed(self) -> bool:
        return not self.state.done


class Workers:
    """The processes of one run. ``state`` is their common account so far, for whoever watches."""

    def __init__(self, job: Job, refused: RefusedFile, interrupts: Interrupts) -> None:
        self._job = job
        self._refused = refused
        self._interrupts = interrupts
        self._workers: list[_Worker] = []
        # Not the thread itself is awaited: a join that a signal ends takes the thread for ended (CPython 3.11).
        self._ended = threading.Event()

    @property
    def state(self) -> State:
        """The sum of what the workers have reported."""
        return merged([worker.state for worker in self._workers])

    def run_file(self, path: Path, count: int) -> Summary:
        """Send a file's lines by at most ``count`` workers. OSError if the file cannot be read."""
        parts = split_file(path, count)
        return self._run([(part, None) for part in parts] or [(FileRange(path, 0, 0), None)], lambda: None)

    def run_stream(self, read: Callable[[int], bytes], count: int) -> Summary:
        """Send a stream's lines by ``count`` workers; ``read`` gives at most so many bytes, and b"" at the end."""
        return self._run([(None, True)] * count, lambda: self._hand_out(read))

    def _run(self, parts: Sequence[tuple[FileRange | None, bool | None]], feed: Callable[[], None]) -> Summary:
        started = time.monotonic()
        interrupted = False
        collector = threading.Thread(target=self._collect, daemon=True)
        try:
            for number, (part, _) in enumerate(parts):
                self._workers.append(self._start(number, part))
            collector.start()
            interrupted = self._until_stopped(feed)
        finally:
            self._end()
        state = self.state
        state.tally.interrupted |= interrupted
        failure = self._failure()
        try:
            self._merge_refused()
        except IngestError as error:
            failure = failure or error
        return Summary(state.tally, state.stats, time.monotonic() - started, failure)

    def _start(self, number: int, part: FileRange | None) -> _Worker:
        context = multiprocessing.get_context("spawn")
        report, reported = context.Pipe(duplex=False)
        source: FileRange | Connection
        fed: Connection | None = None
        if part is None:
            source, fed = context.Pipe(duplex=False)
        else:
            source = part
        path = self._refused.path.with_name(f".{self._refused.path.name}.part{number}")
        process = context.Process(target=work, args=(self._job, source, path, reported), daemon=True)
        process.start()
        reported.close()
        if isinstance(source, Connection):
            source.close()
        return _Worker(process, part, fed, report, path, State(Tally(), ProducerStats()))

    def _until_stopped(self, feed: Callable[[], None]) -> bool:
        """Feed the workers, and wait for their end; True if a signal came first."""
        try:
            feed()
            self._feed_ends()
            while not self._ended.is_set():
                self._interrupts.await_(lambda: self._ended.wait(0.2))
        except Interrupted:
            self._feed_ends()
            return True
        return False

    def _hand_out(self, read: Callable[[int], bytes]) -> None:
        turn = 0
        for chunk in whole_lines(self._interrupts.reader(read)):
            for _ in self._workers:
                feed = self._workers[turn % len(self._workers)].feed
                turn += 1
                with suppress(OSError):  # that one has ended: its crash is told in the end
                    if feed is not None:
                        feed.send(chunk)
                        break
            else:
                return

    def _feed_ends(self) -> None:
        for worker in self._workers:
            if worker.feed is not None:
                with suppress(OSError):
                    worker.feed.send(None)
                worker.feed.close()
                worker.feed = None

    def _collect(self) -> None:
        """Take the workers' reports until all have ended; runs in a thread of its own."""
        open_reports = {worker.report: worker for worker in self._workers}
        while open_reports:
            for report in connection.wait(list(open_reports)):
                worker = open_reports[report]  # type: ignore[index]  # what was given to wait comes back
                try:
                    worker.state = worker.report.recv()
                except (EOFError, OSError):
                    del open_reports[worker.report]
        self._ended.set()

    def _end(self) -> None:
        """Let the workers deliver what they have read, and end; a stream's first read what was handed to them."""
        try:
            if not self._ended.is_set():
                self._ask_to_stop(lambda worker: worker.part is not None)
                self._ended.wait(self._job.close_timeout_s + LET_END_S)
        except KeyboardInterrupt:  # twice, as a second Ctrl-C at each of them
            for _ in range(2):
                self._ask_to_stop(lambda _: True)
                self._ended.wait(1.0)
        finally:
            for worker in self._workers:
                worker.process.join(LET_END_S if self._ended.is_set() else 1.0)
                if worker.process.is_alive():
                    worker.process.kill()
                    worker.process.join()

    def _ask_to_stop(self, which: Callable[[_Worker], bool]) -> None:
        for worker in self._workers:
            if which(worker) and worker.process.is_alive():
                worker.process.terminate()

    def _failure(self) -> IngestError | None:
        for number, worker in enumerate(self._workers, 1):
            if worker.crashed:
                return WorkerCrashedError(
                    number, worker.process.exitcode, worker.part, acknowledged=worker.state.stats.acknowledged
                )
        texts = Counter(worker.state.failure for worker in self._workers if worker.state.failure)
        return DeliveryError("; ".join(texts)) if texts else None

    def _merge_refused(self) -> None:
        """Put the workers' refused lines into one file, with their numbers in the whole of the input."""
        before = 0
        for worker in self._workers:
            self._refused.take_over(worker.refused_to, before)
            if worker.part is not None:
                before += count_lines(worker.part) if worker.crashed else worker.state.tally.lines
        self._refused.close()


def whole_lines(read: Callable[[int], bytes]) -> Iterator[Chunk]:
    """Cut a stream behind line ends, as soon as there is one; lines of any length stay whole."""
    number, offset = 1, 0
    held: list[bytes] = []
    while data := read(STREAM_CHUNK_BYTES):
        head, end, rest = data.rpartition(b"\n")
        if not end:
            held.append(data)
            continue
        whole = b"".join((*held, head, end))
        yield Chunk(number, offset, whole)
        number += whole.count(b"\n")
        offset += len(whole)
        held = [rest] if rest else []
    if held:
        yield Chunk(number, offset, b"".join(held))


def merged(states: Sequence[State]) -> State:
    """The sum of several accounts."""
    tally, stats = Tally(), ProducerStats()
    for state in states:
        tally.lines += state.tally.lines
        tally.blank += state.tally.blank
        tally.read_bytes += state.tally.read_bytes
        tally.refused += state.tally.refused
        tally.interrupted |= state.tally.interrupted
        sums: dict[str, object] = {}
        for field in fields(stats):
            old, new = getattr(stats, field.name), getattr(state.stats, field.name)
            sums[field.name] = old + new if isinstance(old, int) else dict(Counter(old) + Counter(new))
        stats = replace(stats, **sums)  # type: ignore[arg-type]  # int by int, count by count
    return State(tally, stats, done=all(state.done for state in states))
