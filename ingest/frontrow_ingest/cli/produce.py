"""``frontrow produce``: JSON Lines to Kafka."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import orjson

from frontrow_ingest.cli.grouped import GroupedCommand
from frontrow_ingest.cli.logs import complain
from frontrow_ingest.cli.opened import (
    connected,
    input_stream,
    metrics_page,
    refused_file,
    size_of,
    topic_log,
)
from frontrow_ingest.cli.options import ledger_options, producer_option, quarantine_options, window_options
from frontrow_ingest.cli.produce_options import (
    DEFAULTS,
    GROUPS,
    epoch_option,
    input_options,
    kafka_options,
    output_options,
    refusal_options,
)
from frontrow_ingest.cli.remembering import (
    Remembering,
    key_options,
    reread_on_hangup,
    state_options,
    tell_start,
    told,
    viewer_keys,
)
from frontrow_ingest.contract import KeyEpoch
from frontrow_ingest.errors import IngestError
from frontrow_ingest.producer import EventProducer, KafkaSettings, TimeWindow
from frontrow_ingest.producer.beside import Beside, ledger_of, quarantine_of
from frontrow_ingest.producer.interrupts import Interrupts
from frontrow_ingest.producer.lines import read_lines
from frontrow_ingest.producer.refused import RefusedFile
from frontrow_ingest.producer.report import progress, summary_object, summary_text, watched_workers
from frontrow_ingest.producer.run import RefusedLines, Summary, Tally, produce_lines
from frontrow_ingest.producer.worker import Job
from frontrow_ingest.producer.workers import Workers
from frontrow_ingest.quarantine import TopicQuarantine
from frontrow_ingest.resume import InputFile
from frontrow_ingest.resume.input_file import Place
from frontrow_ingest.resume.session import ResumableRun

_LOG = logging.getLogger(__name__)
EXIT_FAILED = 1
EXIT_REFUSED = 3
EXIT_INTERRUPTED = 130
CLOSE_MARGIN_S = 5.0  # over the delivery deadline, so that every event's fate is known


@click.command(cls=GroupedCommand, groups=GROUPS)
@click.argument("source", metavar="FILE|-", type=click.Path(path_type=Path, allow_dash=True))
@input_options
@state_options
@kafka_options
@key_options
@refusal_options
@quarantine_options
@window_options
@ledger_options
@epoch_option
@producer_option
@output_options
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
    quarantine: bool,
    quarantine_topic: str,
    ledger: bool,
    ledger_topic: str,
    viewer_key_epoch: str | None,
    producer_name: str,
    max_late: float | None,
    max_early: float | None,
    max_refused: int,
    max_refused_share: float,
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
    every reason; that file holds the original lines: protect it like the input. With --quarantine it goes to the
    quarantine topic, too, with raw viewer ids masked. Blank lines are skipped. Ctrl-C (or SIGTERM) stops reading,
    delivers what was read and prints the summary; a second one stops at once.

    With --state or --resume, an event that was sent before (by its session_id and seq) is not sent again. --resume goes
    on where an earlier run stopped, even by kill -9: what that run had sent last is read back from the topic. A line
    refused after the last checkpoint is refused, and written, again.

    With --raw-viewer-ids, viewer_id is a raw id and becomes a keyed pseudonym before anything else; the key comes from
    --viewer-key-file or FRONTROW_VIEWER_KEY (EPOCH:HEX). A changed file is read again at once, without a restart. The
    ledger tells the key's epoch, so that viewers of two keys are not added up as different ones.

    Exit status: 0 every event was acknowledged; 3 so was every event, but some lines were refused; 1 Kafka did not
    acknowledge every event, some were shed, or the input could not be read; 2 wrong usage; 130 interrupted.
    """
    # kafka-python logs each attempt to reach a broker; what matters of it is in our own errors
    logging.getLogger("kafka").addHandler(logging.NullHandler())
    path = None if str(source) == "-" else source
    remembering = Remembering.of(path, state, resume=resume, learn=learn)
    window = None if max_late is None and max_early is None else TimeWindow(max_late, max_early)
    if workers > 1 and (remembering.directory or raw_viewer_ids):
        raise click.UsageError(
            "--workers above 1 goes neither with --state or --resume, nor with --raw-viewer-ids: events of one session "
            "may be in any worker's part, and only one process can know which were sent, and which key was in use"
        )
    if when_full == "shed" and remembering.directory:
        raise click.UsageError("--when-full shed drops events, and --state and --resume are there to lose none")
    if viewer_key_epoch is not None and (raw_viewer_ids or not ledger):
        raise click.UsageError("--viewer-key-epoch goes with --ledger, and not with --raw-viewer-ids")
    named = None if viewer_key_epoch is None else KeyEpoch.named(viewer_key_epoch)
    refused = refused_file(path, refused_path)
    keys = viewer_keys(raw_viewer_ids, viewer_key_file)
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
    place = Place(1, 0)
    beside = Beside(
        producer_name,
        "stdin" if path is None else str(source),
        ledger_topic if ledger else None,
        quarantine_topic if quarantine else None,
        named,
        max_refused,
        max_refused_share,
    )
    job = Job(bootstrap, topic, settings, max_line_bytes, timeout + CLOSE_MARGIN_S, window, beside)
    if workers > 1:
        run = None
        summary = _by_workers(job, workers, path, refused, interrupts, show=show, metrics_port=metrics_port)
    else:
        with (
            input_stream(path) as stream,
            remembering.opened() as run,
            ledger_of(bootstrap, beside.ledger_topic, producer_name, settings, keys or named) as counts,
            connected(job, run.window if run else None, keys, counts) as producer,
            quarantine_of(bootstrap, beside.quarantine_topic, producer_name, settings, keys) as kept,
            metrics_page(metrics_port, lambda: (tally, producer.stats), max_in_flight),
            reread_on_hangup(keys),
            interrupts.handled(),
            progress(size_of(path), tally, producer, shown=show) as watched,
        ):
            read: Callable[[int], bytes] = stream.read1
            if run is not None:
                file = InputFile(path, stream) if path is not None and path.is_file() else None
                place = run.begin(
                    topic_log(bootstrap, topic, settings),
                    lambda: _flush(job.close_timeout_s, producer, kept),
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
                RefusedLines(refused, kept, beside.source, beside.limit()),
                tally=tally,
                should_stop=lambda: interrupts.requested,
                max_line_bytes=max_line_bytes,
                close_timeout=job.close_timeout_s,
                ledger=counts,
            )
            if run is not None and summary.failure is None:
                summary = _finished(run, summary)
    refused_to = refused.path if refused.written else None
    found = {**summary_object(summary, refused_to), **told(run, place, keys)}
    _LOG.info("run ended", extra=found)
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    else:
        click.echo(summary_text(summary, refused_to, bootstrap=bootstrap, topic=topic))
    if summary.failure is not None:
        complain(str(summary.failure))
    return _exit_code(summary)


def _flush(timeout: float, producer: EventProducer, kept: TopicQuarantine | None) -> None:
    """See that events and refused lines before a checkpoint are safe."""
    producer.flush(timeout)
    if kept is not None:
        kept.flush(timeout)


def _finished(run: ResumableRun, summary: Summary) -> Summary:
    try:
        run.finish()
    except IngestError as error:  # everything is sent; the next run will find it in the topic
        return replace(summary, failure=error)
    return summary


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
    bound = job.settings.max_in_flight_bytes * count
    with (
        input_stream(path) as stream,
        metrics_page(metrics_port, lambda: (run.state.tally, run.state.stats), bound),
        interrupts.handled(),
        watched_workers(size_of(path), lambda: run.state, shown=show),
    ):
        if path is not None and path.is_file():
            return run.run_file(path, count)
        return run.run_stream(stream.read1, count)
