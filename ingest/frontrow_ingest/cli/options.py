"""Options that several commands have."""

from __future__ import annotations

import click

from frontrow._client import DEFAULT_URL

DEFAULT_BOOTSTRAP = "127.0.0.1:9092"

url_option = click.option(
    "--url", envvar="FRONTROW_URL", show_envvar=True, default=DEFAULT_URL, show_default=True, help="Druid's Router."
)
bootstrap_option = click.option(
    "--bootstrap",
    envvar="FRONTROW_BOOTSTRAP",
    show_envvar=True,
    default=DEFAULT_BOOTSTRAP,
    show_default=True,
    help="Kafka, as this program reaches it.",
)
druid_bootstrap_option = click.option(
    "--druid-bootstrap",
    envvar="FRONTROW_DRUID_BOOTSTRAP",
    show_envvar=True,
    help="Kafka, as Druid reaches it: from within containers the name is another. [default: as this program]",
)
