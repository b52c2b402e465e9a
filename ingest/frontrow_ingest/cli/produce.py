"""``frontrow produce``: JSON Lines to Kafka."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

import click
import orjson

from frontrow_ingest.cli.ledger import ledger_of
from frontrow_ingest.cli.options import ledger_options, producer_option, quarantine_options, window_options
from frontrow_ingest.errors import DeliveryError, IngestError
from frontrow_ingest.ledger import Ledger
from frontrow_ingest.producer import EventProducer, KafkaSettings, TimeWindow
from frontrow_ingest.producer.events import DEFAULT_BOOTSTRAP, DEFAULT_TOPIC
from frontrow_ingest.producer.interrupts import Interrupts
from frontrow_ingest.producer.lines import DEFAULT_MAX_LINE_BYTES, read_lines
from frontrow_ingest.producer.refused import RefusedFile, beside
from frontrow_ingest.producer.report import progress, summary_object, summary_text
from frontrow_ingest.producer.run import RefusedLines, Summary, Tally, produce_lines
from frontrow_ingest.quarantine import RefusalLimit, TopicQuarantine, kafka_quarantine
from frontrow_ingest.quarantine.limit import DEFAULT_IN_A_ROW

EXIT_FAILED = 1
EXIT_REFUSED = 3
EXIT_INTERRUPTED = 130
CLOSE_MARGIN_S = 5.0  # over the delivery deadline, so that every event's fate is known
DEFAULTS = KafkaSettings()
_NOT_TEXT = {
    b"\x1f\x8b": "is gzip: unpack it on the way (gunzip -c FILE | frontrow produce -)",
    b"\xff\xfe": "is UTF-16: convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)",
    b"\xfe\xff": "is UTF-16: convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)",
}


@click.command()
@click.argument("source", metavar="FILE|-", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--bootstrap", envvar="FRONTROW_BOOTSTRAP", default=DEFAULT_BOOTSTRAP, show_default=True, help="Kafka.")
@click.option("--topic", default=DEFAULT_TOPIC, show_default=True)
@click.option("--create-topic", is_flag=True, help="Create the topic if it does not exist.")
@click.option(
    "--refused",
    "refused_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append refused lines to this file.  [default: a new FILE.refused.jsonl, or stdin.refused.jsonl]",
)
@quarantine_options
@ledger_options
@producer_option
@window_options
@click.option(
    "--max-refused",
    type=click.IntRange(min=0),
    default=DEFAULT_IN_A_ROW,
    show_default=True,
    help="Stop when so many events in a row were refused; 0 never does.",
)
@click.option(
    "--max-refused-share",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="Stop when more than this share of the events was refused, from the 1,000th event on.",
)
@click.option(
    "--compression",
    type=click.Choice(["lz4", "zstd", "gzip", "none"]),
    default=DEFAULTS.compression,
    show_default=True,
)
@click.option(
    "--max-in-flight",
    type=click.IntRange(min=1_024),
    default=DEFAULTS.max_in_flight_bytes,
    show_default=True,
    help="Bytes handed to Kafka and not yet acknowledged.",
)
@click.option(
    "--max-line-bytes",
    type=click.IntRange(min=1),
    default=DEFAULT_MAX_LINE_BYTES,
    show_default=True,
    help="A longer line is refused.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1, max=3_600),
    default=DEFAULTS.delivery_timeout_s,
    show_default=True,
    help="Seconds Kafka has to acknowledge an event.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--progress/--no-progress", "show", default=True, help="Show progress on standard error.")
def command(
    source: Path,
    bootstrap: str,
    topic: str,
    create_topic: bool,
    refused_path: Path | None,
    quarantine: bool,
    quarantine_topic: str,
    ledger: bool,
    ledger_topic: str,
    producer_name: str,
    max_late: float | None,
    max_early: float | None,
    max_refused: int,
    max_refused_share: float,
    compression: str,
    max_in_flight: int,
    max_line_bytes: int,
    timeout: float,
    as_json: bool,
    show: bool,
) -> int:
    """Send viewing events (JSON Lines, UTF-8, one event per line) to Kafka.

    Every line is checked against the contract. A refused line goes to a file beside the input, with its number and
    every reason; that file holds the original lines: protect it like the input. With --quarantine it goes to the
    quarantine topic, too, with raw viewer ids masked. Blank lines are skipped. Ctrl-C (or
    SIGTERM) stops reading, delivers what was read and prints the summary; a second one stops at once.

    Exit status: 0 every event was acknowledged; 3 so was every event, but some lines were refused; 1 Kafka did not
    acknowledge every event, or the input could not be read; 2 wrong usage; 130 interrupted.
    """
    # kafka-python logs each attempt to reach a broker; what matters of it is in our own errors
    logging.getLogger("kafka").addHandler(logging.NullHandler())
    path = None if str(source) == "-" else source
    refused = _refused_file(path, refused_path)
    settings = KafkaSettings(
        compression=compression,  # type: ignore[arg-type]  # click has checked the choice
        max_in_flight_bytes=max_in_flight,
        create_topic=create_topic,
        delivery_timeout_s=timeout,
        block_timeout_s=timeout,
        connect_timeout_s=min(timeout, DEFAULTS.connect_timeout_s),
    )
    window = None if max_late is None and max_early is None else TimeWindow(max_late, max_early)
    interrupts = Interrupts()
    tally = Tally()
    with (
        _input(path) as stream,
        ledger_of(bootstrap, ledger_topic if ledger else None, producer_name, settings) as told,
        _connected(bootstrap, topic, settings, told, window) as producer,
        _quarantine(bootstrap, quarantine_topic if quarantine else None, producer_name, settings) as kept,
        interrupts.handled(),
        progress(_size(path), tally, producer, shown=show) as watched,
    ):
        summary = produce_lines(
            read_lines(watched(interrupts.reader(stream.read1)), max_bytes=max_line_bytes),
            producer,
            RefusedLines(refused, kept, str(source) if path else "stdin", RefusalLimit(max_refused, max_refused_share)),
            tally=tally,
            should_stop=lambda: interrupts.requested,
            max_line_bytes=max_line_bytes,
            close_timeout=timeout + CLOSE_MARGIN_S,
            ledger=told,
        )
    refused_to = refused.path if refused.written else None
    if as_json:
        click.echo(orjson.dumps(summary_object(summary, refused_to), option=orjson.OPT_INDENT_2))
    else:
        click.echo(summary_text(summary, refused_to, bootstrap=bootstrap, topic=topic))
    if summary.failure is not None:
        click.echo(f"error: {summary.failure}", err=True)
    return _exit_code(summary)


def _exit_code(summary: Summary) -> int:
    if summary.failure is not None:
        return EXIT_FAILED
    if summary.tally.interrupted:
        return EXIT_INTERRUPTED
    return EXIT_REFUSED if summary.refused else 0


@contextmanager
def _input(path: Path | None) -> Iterator[BufferedReader]:
    """The bytes of a file or of standard input. A file that cannot be JSON Lines is refused as a whole."""
    if path is None:
        yield sys.stdin.buffer  # type: ignore[misc]  # a BufferedReader on a real standard input
        return
    try:
        stream = path.open("rb")
    except OSError as error:
        raise IngestError(f"{path} cannot be read: {error.strerror}") from error
    with stream:
        if path.is_file() and (what := _NOT_TEXT.get(stream.peek(2)[:2])):
            raise IngestError(f"{path} {what}")
        yield stream


@contextmanager
def _connected(
    bootstrap: str, topic: str, settings: KafkaSettings, ledger: Ledger | None, window: TimeWindow | None
) -> Iterator[EventProducer]:
    """A producer that is let go of at the end, whatever happened; a run closes it, and hears of failures, itself."""
    counter = None if ledger is None else ledger.counts
    producer = EventProducer(bootstrap, topic=topic, settings=settings, counter=counter, window=window)
    try:
        yield producer
    finally:
        with suppress(DeliveryError):
            producer.close(0)


@contextmanager
def _quarantine(
    bootstrap: str, topic: str | None, name: str, settings: KafkaSettings
) -> Iterator[TopicQuarantine | None]:
    """The quarantine if it is asked for, let go of at the end."""
    if topic is None:
        yield None
        return
    kept = kafka_quarantine(bootstrap, topic=topic, producer=name, settings=settings)
    try:
        yield kept
    finally:
        with suppress(DeliveryError):
            kept.close(0)


def _refused_file(source: Path | None, wanted: Path | None) -> RefusedFile:
    if source is not None and source.is_dir():
        raise IngestError(f"{source} cannot be read: it is a directory")
    if wanted is None:
        return RefusedFile(beside(source), numbered=True)
    if source is not None and wanted.exists() and source.exists() and wanted.samefile(source):
        raise click.UsageError("--refused names the input itself: refused lines would be read again")
    return RefusedFile(wanted, numbered=False)


def _size(path: Path | None) -> int | None:
    return path.stat().st_size if path is not None and path.is_file() else None
