"""From lines to Kafka, with an account of every line."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from frontrow_ingest.contract import EventRefusedError, Refusal
from frontrow_ingest.contract.event import wall_clock_ms
from frontrow_ingest.errors import DeliveryError, IngestError
from frontrow_ingest.ledger.writer import Ledger
from frontrow_ingest.producer.events import EventProducer
from frontrow_ingest.producer.lines import Line
from frontrow_ingest.producer.port import ProducerStats
from frontrow_ingest.producer.refused import RefusedFile
from frontrow_ingest.quarantine.limit import RefusalLimit
from frontrow_ingest.quarantine.port import Position, QuarantineSink, Stage
from frontrow_ingest.quarantine.rejecting import rejected_json

HURRIED_CLOSE_S = 0.5


@dataclass(frozen=True)
class RefusedLines:
    """Where refused lines go: the file, and the quarantine if there is one. ``source`` names the input there.

    ``lines_before`` tells how many lines of the input come before the one that is counted as the first.
    """

    file: RefusedFile
    quarantine: QuarantineSink | None = None
    source: str = "stdin"
    limit: RefusalLimit = field(default_factory=RefusalLimit)
    lines_before: Callable[[], int] = int

    def take(self, line: Line, number: int, refusals: Sequence[Refusal]) -> None:
        """Keep a refused line, the ``number``-th that was checked. Raises RefusalLimitError if it is one too many."""
        self.file.write(line, refusals)
        if self.quarantine is not None:
            position = Position(self.source, self.lines_before() + line.number)
            self.quarantine.put(
                rejected_json(
                    line.data,
                    refusals,
                    stage=Stage.PRODUCER,
                    position=position,
                    seen_ms=wall_clock_ms(),
                    size=None if line.whole else line.size,
                )
            )
        self.limit.note_refused(number, refusals[0].label)

    def close(self, timeout: float) -> None:
        """Close the file and the quarantine; raises DeliveryError if that did not keep everything."""
        self.file.close()
        if self.quarantine is not None:
            self.quarantine.close(timeout)


class Interrupted(BaseException):
    """Reading was stopped from outside. Like KeyboardInterrupt it passes every ``except Exception``."""


@dataclass
class Tally:
    """What was read: ``lines`` in all, of which ``blank`` and ``refused`` ones; the others were handed in.

    ``refused`` counts by first reason. ``interrupted`` is true when reading stopped before the end of the input.
    """

    lines: int = 0
    blank: int = 0
    read_bytes: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    interrupted: bool = False


@dataclass(frozen=True)
class Summary:
    """The end of a run: what was read, what became of it, how long it took, and the failure if there was one."""

    tally: Tally
    stats: ProducerStats
    elapsed_s: float
    failure: IngestError | None

    @property
    def refused(self) -> int:
        """How many lines were refused."""
        return self.tally.refused.total()

    @property
    def per_second(self) -> float:
        """Acknowledged events per second."""
        return self.stats.acknowledged / self.elapsed_s if self.elapsed_s > 0 else 0.0


def produce_lines(
    lines: Iterable[Line],
    producer: EventProducer,
    refused: RefusedLines,
    *,
    tally: Tally,
    should_stop: Callable[[], bool],
    max_line_bytes: int,
    close_timeout: float,
    ledger: Ledger | None = None,
) -> Summary:
    """Send every line's event and close the producer; never raises for what is wrong with lines or with Kafka.

    A refused line goes to the refused file, and to the quarantine if there is one, and the run goes on, unless too
    much is refused. A failure of Kafka, or of the refused file, ends the run: the summary holds it. After an
    interruption (``should_stop``, or Interrupted out of ``lines``) what was handed in is still delivered;
    KeyboardInterrupt cuts that short. ``tally`` is filled on the way, to be watched. ``ledger`` is closed at the end.
    """
    started = time.monotonic()
    failure: IngestError | None = None
    try:
        _send_all(lines, producer, refused, tally, should_stop, max_line_bytes)
    except Interrupted:
        tally.interrupted = True
    except KeyboardInterrupt:
        tally.interrupted = True
        close_timeout = min(close_timeout, HURRIED_CLOSE_S)
    except (OSError, IngestError) as error:
        failure = error if isinstance(error, IngestError) else IngestError(f"the input cannot be read: {error}")
    try:
        producer.close(close_timeout)
    except DeliveryError as error:
        failure = failure or error
    except KeyboardInterrupt:
        tally.interrupted = True
        failure = failure or DeliveryError("stopped before Kafka had acknowledged every event: send the rest again")
    finally:
        for close in (refused.close, *([ledger.close] if ledger is not None else [])):
            try:
                close(close_timeout)
            except DeliveryError as error:
                failure = failure or error
    return Summary(tally, producer.stats, time.monotonic() - started, failure)


def _send_all(
    lines: Iterable[Line],
    producer: EventProducer,
    refused: RefusedLines,
    tally: Tally,
    should_stop: Callable[[], bool],
    max_line_bytes: int,
) -> None:
    send_line = producer.send_line
    for line in lines:
        if should_stop():
            raise Interrupted
        tally.lines += 1
        tally.read_bytes += line.size + 1
        if line.whole and (not line.data or line.data.isspace()):
            tally.blank += 1
            continue
        try:
            if not line.whole:
                too_large = [_too_large(line.size, max_line_bytes)]
                producer.note_refused(too_large, line.size)
                raise EventRefusedError(too_large)
            send_line(line.data)
        except EventRefusedError as error:
            tally.refused[error.refusals[0].label] += 1
            refused.take(line, tally.lines - tally.blank, error.refusals)


def _too_large(size: int, limit: int) -> Refusal:
    return Refusal("", "too_large", f"has {size} bytes; a line may have {limit} (--max-line-bytes)")
