"""What a run of ``frontrow produce`` opens, and lets go of at its end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import click

from frontrow_ingest.contract import ViewerKeys
from frontrow_ingest.errors import IngestError
from frontrow_ingest.ledger import Ledger
from frontrow_ingest.producer import EventProducer, KafkaSettings, SeenEvents
from frontrow_ingest.producer.beside import let_go
from frontrow_ingest.producer.port import ProducerStats
from frontrow_ingest.producer.refused import RefusedFile, beside
from frontrow_ingest.producer.run import Tally
from frontrow_ingest.producer.worker import Job
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


@contextmanager
def connected(
    job: Job, seen: SeenEvents | None, keys: ViewerKeys | None, ledger: Ledger | None
) -> Iterator[EventProducer]:
    """A producer that is let go of at the end; a run closes it itself."""
    producer = EventProducer(
        job.bootstrap,
        topic=job.topic,
        settings=job.settings,
        seen=seen,
        counter=None if ledger is None else ledger.counts,
        window=job.window,
        viewer_keys=keys,
    )
    with let_go(producer):
        yield producer


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
