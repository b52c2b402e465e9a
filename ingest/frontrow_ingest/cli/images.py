"""``frontrow images``: Kafka, Druid and ZooKeeper as container images."""

from __future__ import annotations

import signal

import click
from rich.console import Console
from rich.table import Table

from frontrow_ingest.cli.interrupting import as_interrupt
from frontrow_ingest.cli.progress import StackProgress
from frontrow_ingest.images import build_images, image_size


@click.group(short_help="Build container images of Kafka and Druid.")
def command() -> None:
    """Container images of Kafka, Druid and ZooKeeper, from the same locked packages as the local stack."""


@command.command()
def build() -> None:
    """Build frontrow/kafka, frontrow/druid and frontrow/zookeeper with Docker, where their content is new."""
    signal.signal(signal.SIGTERM, as_interrupt)
    with StackProgress() as progress:
        images = build_images(report=progress)
    table = Table("image", "also", "MB")
    for tag in (images.kafka, images.druid, images.zookeeper):
        table.add_row(f"{tag.partition(':')[0]}:latest", tag, f"{image_size(tag) / 1e6:.0f}")
    Console().print(table)
    click.echo("The Java runtime is one layer for all; zookeeper adds two scripts to druid.")
