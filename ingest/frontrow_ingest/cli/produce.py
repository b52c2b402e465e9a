"""``frontrow produce``: JSON Lines to Kafka."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

import click
import orjson

from frontrow_ingest.cli.logs import complain
from frontrow_ingest.errors import DeliveryError, IngestError
from frontrow_ingest.producer import EventProducer, KafkaSettings
from frontrow_ingest.producer.events import DEFAULT_BOOTSTRAP, DEFAULT_TOPIC
from frontrow_ingest.producer.interrupts import Interrupts
from frontrow_ingest.producer.lines import DEFAULT_MAX_LINE_BYTES, read_lines
from frontrow_ingest.producer.port import ProducerStats
from frontrow_ingest.producer.refused import RefusedFile, beside
from frontrow_ingest.producer.report import progress, summary_object, summary_text, watched_workers
from frontrow_ingest.producer.run import Summary, Tally, produce_lines
from frontrow_ingest.producer.worker import Job
from frontrow_ingest.producer.workers import Workers

_LOG = logging.getLogger(__name__)
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
@click.option(
    "--compression",
    type=click.Choice(["lz4", "zstd", "gzip", "none"]),
    default=DEFAULTS.compression,
    show_default=True,
)
@click.option(
    "--backend",
    type=click.Choice(["kafka-python", "confluent"]),
    default=DEFAULTS.backend,
    show_default=True,
    help="Kafka's client; confluent is faster and needs the extra 'fast'.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that share the lines; with more than one, events of a session may be stored in another order.",
)
@click.option(
    "--when-full",
    type=click.Choice(["block", "shed", "raise"]),
    default=DEFAULTS.when_full,
    show_default=True,
    help="What to do with an event while --max-in-flight is reached: wait, drop and count it, or fail.",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65_535),
    help="Show Prometheus metrics on this port of 127.0.0.1 while running; 0 takes a free one.",
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
    compression: str,
    backend: str,
    workers: int,
    when_full: str,
    metrics_port: int | None,
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

    Exit status: 0 every event was acknowledged; 3 so was every event, but some lines were refused; 1 Kafka did not
    acknowledge every event, some were shed, or the input could not be read; 2 wrong usage; 130 interrupted.
    """
    # kafka-python logs each attempt to reach a broker; what matters of it is in our own errors
    logging.getLogger("kafka").addHandler(logging.NullHandler())
    path = None if str(source) == "-" else source
    refused = _refused_file(path, refused_path)
    settings = KafkaSettings(
        backend=backend,  # type: ignore[arg-type]
        when_full=when_full,  # type: ignore[arg-type]
        compression=compression,  # type: ignore[arg-type]  # click has checked the choice
        max_in_flight_bytes=max_in_flight,
        create_topic=create_topic,
        delivery_timeout_s=timeout,
        block_timeout_s=timeout,
        connect_timeout_s=min(timeout, DEFAULTS.connect_timeout_s),
    )
    interrupts = Interrupts()
    tally = Tally()
    job = Job(bootstrap, topic, settings, max_line_bytes, timeout + CLOSE_MARGIN_S)
    if workers > 1:
        summary = _by_workers(job, workers, path, refused, interrupts, show=show, metrics_port=metrics_port)
    else:
        with (
            _input(path) as stream,
            _connected(bootstrap, topic, settings) as producer,
            _metrics(metrics_port, lambda: (tally, producer.stats), max_in_flight),
            interrupts.handled(),
            progress(_size(path), tally, producer, shown=show) as watched,
        ):
            summary = produce_lines(
                read_lines(watched(interrupts.reader(stream.read1)), max_bytes=max_line_bytes),
                producer,
                refused,
                tally=tally,
                should_stop=lambda: interrupts.requested,
                max_line_bytes=max_line_bytes,
                close_timeout=job.close_timeout_s,
            )
    refused_to = refused.path if refused.written else None
    _LOG.info("run ended", extra=summary_object(summary, refused_to))
    if as_json:
        click.echo(orjson.dumps(summary_object(summary, refused_to), option=orjson.OPT_INDENT_2))
    else:
        click.echo(summary_text(summary, refused_to, bootstrap=bootstrap, topic=topic))
    if summary.failure is not None:
        complain(str(summary.failure))
    return _exit_code(summary)


def _exit_code(summary: Summary) -> int:
    if summary.failure is not None or summary.stats.shed:
        return EXIT_FAILED
    if summary.tally.interrupted:
        return EXIT_INTERRUPTED
    return EXIT_REFUSED if summary.refused else 0


def _by_workers(
    job: Job,
    count: int,
    path: Path | None,
    refused: RefusedFile,
    interrupts: Interrupts,
    *,
    show: bool,
    metrics_port: int | None,
) -> Summary:
    run = Workers(job, refused, interrupts)
    with (
        _input(path) as stream,
        _metrics(metrics_port, lambda: (run.state.tally, run.state.stats), job.settings.max_in_flight_bytes * count),
        interrupts.handled(),
        watched_workers(_size(path), lambda: run.state, shown=show),
    ):
        if path is not None and path.is_file():
            return run.run_file(path, count)
        return run.run_stream(stream.read1, count)


@contextmanager
def _metrics(port: int | None, read: Callable[[], tuple[Tally, ProducerStats]], limit: int) -> Iterator[None]:
    """Prometheus' page for the time of a run, if it is wanted."""
    if port is None:
        yield
        return
    from frontrow_ingest.metrics import Metrics, serve
    from frontrow_ingest.producer.metrics import samples

    metrics = Metrics()
    metrics.watch(lambda: samples(*read(), limit))
    with serve(metrics, port) as url:
        click.echo(f"metrics at {url}", err=True)
        yield


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
def _connected(bootstrap: str, topic: str, settings: KafkaSettings) -> Iterator[EventProducer]:
    """A producer that is let go of at the end, whatever happened; a run closes it, and hears of failures, itself."""
    producer = EventProducer(bootstrap, topic=topic, settings=settings)
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
