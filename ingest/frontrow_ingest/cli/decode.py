"""``frontrow schema decode``: framed bytes as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import orjson

from frontrow_ingest.cli.options import bootstrap_option
from frontrow_ingest.errors import ContractError, DeliveryError

READ_DEADLINE_S = 20


@click.command("decode")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--hex", "digits", help="The bytes in hexadecimal, spaces allowed.")
@click.option("--topic", help="The last events of this topic's partitions.")
@click.option(
    "--last", default=1, show_default=True, type=click.IntRange(1, 10_000), help="How many of each partition."
)
@bootstrap_option
def command(file: Path | None, digits: str | None, topic: str | None, last: int, bootstrap: str) -> int:
    """Decode framed Avro events: the bytes of FILE (- for standard input), of --hex, or of a topic.

    Prints one JSON object a line; viewer ids are pseudonyms, as written. Exits 1 if something is no
    event, and says why.
    """
    if sum(given is not None for given in (file, digits, topic)) != 1:
        raise click.UsageError("give one of: FILE, --hex, --topic")
    if topic is not None:
        messages = _last_of(bootstrap, topic, last)
    else:
        messages = iter([(str(file or "--hex"), _bytes(file, digits))])
    from frontrow_ingest.contract import decode

    wrong = 0
    for where, value in messages:
        try:
            click.echo(orjson.dumps(decode(value)))
        except ContractError as error:
            wrong += 1
            click.echo(f"{where}: {error}", err=True)
    return 1 if wrong else 0


def _bytes(file: Path | None, digits: str | None) -> bytes:
    if digits is not None:
        try:
            return bytes.fromhex(digits)
        except ValueError:
            raise click.BadParameter("these are not pairs of hexadecimal digits", param_hint="--hex") from None
    return sys.stdin.buffer.read() if str(file) == "-" else Path(str(file)).read_bytes()


def _last_of(bootstrap: str, topic: str, last: int) -> Iterator[tuple[str, bytes]]:
    """The last messages of each partition, with their places."""
    from kafka import KafkaConsumer
    from kafka.errors import KafkaError
    from kafka.structs import TopicPartition

    try:
        consumer: Any = KafkaConsumer(
            bootstrap_servers=bootstrap,
            enable_auto_commit=False,
            group_id=None,
            consumer_timeout_ms=READ_DEADLINE_S * 1000,
        )
    except (KafkaError, ValueError) as error:
        raise DeliveryError(
            f"no Kafka broker at {bootstrap} ({type(error).__name__}): give it by --bootstrap"
        ) from error
    try:
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        if not partitions:
            raise DeliveryError(f"topic {topic} does not exist at {bootstrap}, or has no partitions: look at its name")
        consumer.assign(partitions)
        begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        for partition in partitions:
            consumer.seek(partition, max(begins[partition], ends[partition] - last))
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            record = next(consumer, None)
            if record is None:
                raise DeliveryError(
                    f"waited {READ_DEADLINE_S} s for the end of topic {topic} at {bootstrap}: try again"
                )
            yield f"{topic}-{record.partition} offset {record.offset}", record.value or b""
    finally:
        consumer.close(autocommit=False)
