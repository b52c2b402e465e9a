"""What a run of ``frontrow produce`` opens, and lets go of at its end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Protocol

import click

from frontrow_ingest.contract import KeyEpoch, ViewerKeys
from frontrow_ingest.errors import DeliveryError, IngestError
from frontrow_ingest.ledger import Ledger, kafka_ledger
from frontrow_ingest.producer import EventProducer, KafkaSettings, SeenEvents, TimeWindow
from frontrow_ingest.producer.port import ProducerStats
from frontrow_ingest.producer.refused import RefusedFile, beside
from frontrow_ingest.producer.run import Tally
from frontrow_ingest.producer.worker import Job
from frontrow_ingest.quarantine import TopicQuarantine, kafka_quarantine
from frontrow_ingest.resume import TopicLog

_NOT_TEXT = {
    b"\x1f\x8b": "is gzip: unpack it on the way (gunzip -c FILE | frontrow produce -)",
    b"\xff\xfe": "is UTF-16: convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)",
    b"\xfe\xff": "is UTF-16: convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)",
}


def topic_log(bootstrap: str, topic: str, settings: KafkaSettings) -> TopicLog:
    from frontrow_ingest.resume.kafka_log import KafkaLog  # kafka-python is only needed here

    return KafkaLog(bootstrap, topic, settings)


@contextmanager
def metrics_page(port: int | None, read: Callable[[], tuple[Tally, ProducerStats]], limit: int) -> Iterator[None]:
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
def input_stream(path: Path | None) -> Iterator[BufferedReader]:
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


class Closable(Protocol):
    """What delivers the rest when it is closed, or raises DeliveryError after so many seconds."""

    def close(self, timeout: float) -> None: ...


@contextmanager
def let_go(opened: Closable) -> Iterator[None]:
    """Closes what was opened at the end, whatever happened. A run delivers the rest, and hears of failures, before."""
    try:
        yield
    finally:
        with suppress(DeliveryError):
            opened.close(0)


@contextmanager
def ledger_of(
    bootstrap: str,
    topic: str | None,
    producer: str,
    settings: KafkaSettings | None = None,
    keys: ViewerKeys | KeyEpoch | None = None,
) -> Iterator[Ledger | None]:
    """A producer's ledger, None without a topic; let go of at the end. ``keys`` tell the epoch of viewer ids."""
    if topic is None:
        yield None
        return
    ledger = kafka_ledger(bootstrap, producer=producer, topic=topic, settings=settings, viewer_keys=keys)
    with let_go(ledger):
        yield ledger


@contextmanager
def connected(
    job: Job, seen: SeenEvents | None, keys: ViewerKeys | None, ledger: Ledger | None, window: TimeWindow | None
) -> Iterator[EventProducer]:
    """A producer that is let go of at the end; a run closes it itself."""
    producer = EventProducer(
        job.bootstrap,
        topic=job.topic,
        settings=job.settings,
        seen=seen,
        counter=None if ledger is None else ledger.counts,
        window=window,
        viewer_keys=keys,
    )
    with let_go(producer):
        yield producer


@contextmanager
def quarantine_of(
    bootstrap: str, topic: str | None, name: str, settings: KafkaSettings, keys: ViewerKeys | None = None
) -> Iterator[TopicQuarantine | None]:
    """The quarantine if it is asked for, let go of at the end. ``keys`` where viewer ids come raw."""
    if topic is None:
        yield None
        return
    kept = kafka_quarantine(bootstrap, topic=topic, producer=name, settings=settings, viewer_keys=keys)
    with let_go(kept):
        yield kept


def refused_file(source: Path | None, wanted: Path | None) -> RefusedFile:
    if source is not None and source.is_dir():
        raise IngestError(f"{source} cannot be read: it is a directory")
    if wanted is None:
        return RefusedFile(beside(source), numbered=True)
    if source is not None and wanted.exists() and source.exists() and wanted.samefile(source):
        raise click.UsageError("--refused names the input itself: refused lines would be read again")
    return RefusedFile(wanted, numbered=False)


def size_of(path: Path | None) -> int | None:
    return path.stat().st_size if path is not None and path.is_file() else None
