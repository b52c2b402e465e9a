"""The options that only ``frontrow produce`` has, and how its help groups all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from frontrow_ingest.cli.options import bootstrap_option
from frontrow_ingest.producer import KafkaSettings
from frontrow_ingest.producer.events import DEFAULT_TOPIC
from frontrow_ingest.producer.lines import DEFAULT_MAX_LINE_BYTES
from frontrow_ingest.quarantine.limit import DEFAULT_IN_A_ROW

DEFAULTS = KafkaSettings()
GROUPS = {
    "Input": ("workers", "resume", "state", "learn", "max_line_bytes"),
    "Kafka": ("bootstrap", "topic", "create_topic", "backend", "compression", "max_in_flight", "when_full", "timeout"),
    "Viewer ids": ("raw_viewer_ids", "viewer_key_file", "viewer_key_epoch"),
    "Refused events": ("refused_path", "quarantine", "quarantine_topic", "max_refused", "max_refused_share"),
    "Late and early events": ("max_late", "max_early"),
    "Accounting": ("ledger", "ledger_topic", "producer_name", "metrics_port"),
    "Output": ("as_json", "show"),
}
_Command = TypeVar("_Command", bound=Callable[..., Any])

epoch_option = click.option(
    "--viewer-key-epoch",
    metavar="NAME",
    help="With --ledger: the epoch of the key that made the viewer ids, where they come as pseudonyms.",
)


def kafka_options(command: _Command) -> _Command:
    """Where events go, and through what."""
    for option in (
        click.option(
            "--timeout",
            type=click.FloatRange(min=0.1, max=3_600),
            default=DEFAULTS.delivery_timeout_s,
            show_default=True,
            help="Seconds Kafka has to acknowledge an event.",
        ),
        click.option(
            "--when-full",
            type=click.Choice(["block", "shed", "raise"]),
            default=DEFAULTS.when_full,
            show_default=True,
            help="What to do with an event while --max-in-flight is reached: wait, drop and count it, or fail.",
        ),
        click.option(
            "--max-in-flight",
            type=click.IntRange(min=1_024),
            default=DEFAULTS.max_in_flight_bytes,
            show_default=True,
            help="Bytes handed to Kafka and not yet acknowledged, of each worker.",
        ),
        click.option(
            "--compression",
            type=click.Choice(["lz4", "zstd", "gzip", "none"]),
            default=DEFAULTS.compression,
            show_default=True,
        ),
        click.option(
            "--backend",
            type=click.Choice(["kafka-python", "confluent"]),
            default=DEFAULTS.backend,
            show_default=True,
            help="Kafka's client; confluent is faster and needs the extra 'fast'.",
        ),
        click.option("--create-topic", is_flag=True, help="Create the topic if it does not exist."),
        click.option("--topic", default=DEFAULT_TOPIC, show_default=True),
        bootstrap_option,
    ):
        command = option(command)
    return command


def input_options(command: _Command) -> _Command:
    """How lines are read."""
    for option in (
        click.option(
            "--max-line-bytes",
            type=click.IntRange(min=1),
            default=DEFAULT_MAX_LINE_BYTES,
            show_default=True,
            help="A longer line is refused.",
        ),
        click.option(
            "--workers",
            type=click.IntRange(1, 64),
            default=1,
            show_default=True,
            help="Processes that share the lines; with more than one, events of a session may be stored in another "
            "order.",
        ),
    ):
        command = option(command)
    return command


def refusal_options(command: _Command) -> _Command:
    """What becomes of refused lines, beside the quarantine."""
    for option in (
        click.option(
            "--max-refused-share",
            type=click.FloatRange(0, 1),
            default=1.0,
            show_default=True,
            help="Stop when more than this share of the events was refused, from the 1,000th event on.",
        ),
        click.option(
            "--max-refused",
            type=click.IntRange(min=0),
            default=DEFAULT_IN_A_ROW,
            show_default=True,
            help="Stop when so many events in a row were refused; 0 never does. Each worker judges its own.",
        ),
        click.option(
            "--refused",
            "refused_path",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Append refused lines to this file.  [default: a new FILE.refused.jsonl, or stdin.refused.jsonl]",
        ),
    ):
        command = option(command)
    return command


def output_options(command: _Command) -> _Command:
    """What is shown, and where."""
    for option in (
        click.option("--progress/--no-progress", "show", default=True, help="Show progress on standard error."),
        click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON."),
        click.option(
            "--metrics-port",
            type=click.IntRange(0, 65_535),
            help="Show Prometheus metrics on this port of 127.0.0.1 while running; 0 takes a free one.",
        ),
    ):
        command = option(command)
    return command
