"""``frontrow produce``: JSON Lines to Kafka."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

import click
import orjson

from frontrow_ingest.cli.remembering import (
    Remembering,
    key_options,
    reread_on_hangup,
    state_options,
    tell_start,
    told,
    viewer_keys,
)
from frontrow_ingest.contract import ViewerKeys
from frontrow_ingest.errors import DeliveryError, IngestError
from frontrow_ingest.producer import EventProducer, KafkaSettings, SeenEvents
from frontrow_ingest.producer.events import DEFAULT_BOOTSTRAP, DEFAULT_TOPIC
from frontrow_ingest.producer.interrupts import Interrupts
from frontrow_ingest.producer.lines import DEFAULT_MAX_LINE_BYTES, read_lines
from frontrow_ingest.producer.refused import RefusedFile, beside
from frontrow_ingest.producer.report import progress, summary_object, summary_text
from frontrow_ingest.producer.run import Summary, Tally, produce_lines
from frontrow_ingest.resume import InputFile, TopicLog
from frontrow_ingest.resume.input_file import Place
from frontrow_ingest.resume.session import ResumableRun

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
@state_options
@key_options
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
    resume: bool,
    state: Path | None,
    learn: bool,
    raw_viewer_ids: bool,
    viewer_key_file: Path | None,
    compression: str,
    max_in_flight: int,
    max_line_bytes: int,
    timeout: float,
    as_json: bool,
    show: bool,
) -> int:
    """Send viewing events (JSON Lines, UTF-8, one event per line) to Kafka.

    Every line is checked against the contract. A refused line goes to a file beside the input, with its number and
    every reason; that file holds the original lines: protect it like the input. Blank lines are skipped. Ctrl-C (or
    SIGTERM) stops reading, delivers what was read and prints the summary; a second one stops at once.

    With --state or --resume, an event that was sent before (by its session_id and seq) is not sent again. --resume goes
    on where an earlier run stopped, even by kill -9: what that run had sent last is read back from the topic. A line
    refused after the last checkpoint is refused, and written, again.

    With --raw-viewer-ids, viewer_id is a raw id and becomes a keyed pseudonym before anything else; the key comes from
    --viewer-key-file or FRONTROW_VIEWER_KEY (EPOCH:HEX). A changed file is read again at once, without a restart.

    Exit status: 0 every event was acknowledged; 3 so was every event, but some lines were refused; 1 Kafka did not
    acknowledge every event, or the input could not be read; 2 wrong usage; 130 interrupted.
    """
    # kafka-python logs each attempt to reach a broker; what matters of it is in our own errors
    logging.getLogger("kafka").addHandler(logging.NullHandler())
    path = None if str(source) == "-" else source
    refused = _refused_file(path, refused_path)
    remembering = Remembering.of(path, state, resume=resume, learn=learn)
    keys = viewer_keys(raw_viewer_ids, viewer_key_file)
    settings = KafkaSettings(
        compression=compression,  # type: ignore[arg-type]  # click has checked the choice
        max_in_flight_bytes=max_in_flight,
        create_topic=create_topic,
        delivery_timeout_s=timeout,
        block_timeout_s=timeout,
        connect_timeout_s=min(timeout, DEFAULTS.connect_timeout_s),
    )
    interrupts = Interrupts()
    tally = Tally()
    place = Place(1, 0)
    with (
        _input(path) as stream,
        remembering.opened() as run,
        _connected(bootstrap, topic, settings, run.window if run else None, keys) as producer,
        reread_on_hangup(keys),
        interrupts.handled(),
        progress(_size(path), tally, producer, shown=show) as watched,
    ):
        read: Callable[[int], bytes] = stream.read1
        if run is not None:
            file = InputFile(path, stream) if path is not None and path.is_file() else None
            place = run.begin(
                _topic_log(bootstrap, topic, settings),
                lambda: producer.flush(timeout + CLOSE_MARGIN_S),
                source=file,
                go_on=resume,
                learn=learn,
                key_epochs=lambda: dict(keys.used) if keys else {},
            )
            tell_start(run, place)
            read = file.reader(read) if file else read
        lines = read_lines(
            watched(interrupts.reader(read)), max_bytes=max_line_bytes, number=place.line, offset=place.offset
        )
        summary = produce_lines(
            run.watched(lines) if run else lines,
            producer,
            refused,
            tally=tally,
            should_stop=lambda: interrupts.requested,
            max_line_bytes=max_line_bytes,
            close_timeout=timeout + CLOSE_MARGIN_S,
        )
        if run is not None and summary.failure is None:
            summary = _finished(run, summary)
    refused_to = refused.path if refused.written else None
    if as_json:
        found = {**summary_object(summary, refused_to), **told(run, place, keys)}
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
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


def _finished(run: ResumableRun, summary: Summary) -> Summary:
    try:
        run.finish()
    except IngestError as error:  # everything is sent; the next run will find it in the topic
        return replace(summary, failure=error)
    return summary


def _topic_log(bootstrap: str, topic: str, settings: KafkaSettings) -> TopicLog:
    from frontrow_ingest.resume.kafka_log import KafkaLog  # kafka-python is only needed here

    return KafkaLog(bootstrap, topic, settings)


@contextmanager
def _connected(
    bootstrap: str, topic: str, settings: KafkaSettings, seen: SeenEvents | None, keys: ViewerKeys | None
) -> Iterator[EventProducer]:
    """A producer that is let go of at the end, whatever happened; a run closes it, and hears of failures, itself."""
    producer = EventProducer(bootstrap, topic=topic, settings=settings, seen=seen, viewer_keys=keys)
    try:
        yield producer
    finally:
        with suppress(DeliveryError):
            producer.close(0)


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
