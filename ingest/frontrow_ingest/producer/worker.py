"""One of several processes that send a part of the lines each; started by :mod:`frontrow_ingest.producer.workers`."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path

from frontrow_ingest.errors import IngestError
from frontrow_ingest.ledger.writer import Ledger
from frontrow_ingest.producer.beside import Beside, ledger_of, let_go, quarantine_of
from frontrow_ingest.producer.events import EventProducer
from frontrow_ingest.producer.interrupts import Interrupts
from frontrow_ingest.producer.lines import Line, read_lines
from frontrow_ingest.producer.port import ProducerStats
from frontrow_ingest.producer.ranges import FileRange, count_lines, reader_of
from frontrow_ingest.producer.refused import RefusedFile
from frontrow_ingest.producer.run import RefusedLines, Tally, produce_lines
from frontrow_ingest.producer.settings import KafkaSettings
from frontrow_ingest.producer.window import TimeWindow

TELL_EVERY_S = 0.5


@dataclass(frozen=True)
class Job:
    """What all workers have in common."""

    bootstrap: str
    topic: str
    settings: KafkaSettings
    max_line_bytes: int
    close_timeout_s: float
    window: TimeWindow | None = None
    beside: Beside = field(default_factory=Beside)


@dataclass(frozen=True)
class State:
    """How far a worker is; at its end ``done``, with the text of its failure if there was one."""

    tally: Tally
    stats: ProducerStats
    done: bool = False
    failure: str | None = None


@dataclass(frozen=True)
class Chunk:
    """Whole lines of a stream; ``number`` and ``offset`` are those of the first."""

    number: int
    offset: int
    data: bytes


def work(job: Job, part: FileRange | Connection, refused_to: Path, report: Connection) -> None:
    """Send a part of a file, or the chunks that come in until None does, and report states; what the process runs.

    SIGTERM is the wish to stop, as Ctrl-C is elsewhere; Ctrl-C itself is for the process that started this one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts = Interrupts((signal.SIGTERM,))
    tally, stats, failure = Tally(), ProducerStats(), None
    with suppress(OSError), interrupts.handled():  # OSError: nobody listens any more
        try:
            with ExitStack() as opened:
                producer, refused, ledger = _open(job, part, refused_to, opened)
                summary = produce_lines(
                    _lines(part, interrupts, _Teller(report, tally, producer), job.max_line_bytes, opened),
                    producer,
                    refused,
                    tally=tally,
                    should_stop=lambda: interrupts.requested,
                    max_line_bytes=job.max_line_bytes,
                    close_timeout=job.close_timeout_s,
                    ledger=ledger,
                )
            stats, failure = summary.stats, summary.failure
        except IngestError as error:
            failure = error
        except KeyboardInterrupt:
            tally.interrupted = True
        report.send(State(tally, stats, done=True, failure=str(failure) if failure else None))


def _open(
    job: Job, part: FileRange | Connection, refused_to: Path, opened: ExitStack
) -> tuple[EventProducer, RefusedLines, Ledger | None]:
    beside = job.beside
    to = (job.bootstrap, beside.ledger_topic, beside.producer, job.settings)
    ledger = opened.enter_context(ledger_of(*to, beside.epoch))
    producer = EventProducer(
        job.bootstrap,
        topic=job.topic,
        settings=job.settings,
        counter=None if ledger is None else ledger.counts,
        window=job.window,
    )
    opened.enter_context(let_go(producer))
    kept = opened.enter_context(quarantine_of(job.bootstrap, beside.quarantine_topic, beside.producer, job.settings))

    @cache
    def lines_before() -> int:
        return count_lines(FileRange(part.path, 0, part.start)) if isinstance(part, FileRange) else 0

    file = RefusedFile(refused_to, numbered=False)
    return producer, RefusedLines(file, kept, beside.source, beside.limit(), lines_before), ledger


class _Teller:
    """Reports the state now and then, where data are read."""

    def __init__(self, report: Connection, tally: Tally, producer: EventProducer) -> None:
        self._report = report
        self._tally = tally
        self._producer = producer
        self._next = 0.0

    def __call__(self) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + TELL_EVERY_S
            self._report.send(State(self._tally, self._producer.stats))


def _lines(
    part: FileRange | Connection, interrupts: Interrupts, tell: Callable[[], None], limit: int, files: ExitStack
) -> Iterator[Line]:
    if isinstance(part, FileRange):
        read = interrupts.reader(reader_of(files.enter_context(part.path.open("rb")), part))

        def told(size: int) -> bytes:
            tell()
            return read(size)

        return read_lines(told, max_bytes=limit, offset=part.start)
    return _chunk_lines(part, interrupts, tell, limit)


def _chunk_lines(pipe: Connection, interrupts: Interrupts, tell: Callable[[], None], limit: int) -> Iterator[Line]:
    while (chunk := interrupts.await_(pipe.recv)) is not None:
        tell()
        yield from read_lines(BytesIO(chunk.data).read, max_bytes=limit, number=chunk.number, offset=chunk.offset)
