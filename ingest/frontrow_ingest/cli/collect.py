"""``frontrow collect``: players' events over HTTP to Kafka."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click

from frontrow_ingest.cli.options import bootstrap_option
from frontrow_ingest.cli.remembering import key_options, reread_on_hangup, viewer_keys
from frontrow_ingest.collector import CollectorSettings, Context, Delivery, RecentEvents, collector_app
from frontrow_ingest.collector.cmcd import markdown_table
from frontrow_ingest.collector.context import FIELDS
from frontrow_ingest.collector.server import listen, serve
from frontrow_ingest.collector.sessions import StopList
from frontrow_ingest.collector.watch import ACCESS
from frontrow_ingest.errors import IngestError
from frontrow_ingest.metrics import Metrics
from frontrow_ingest.producer import KafkaSettings
from frontrow_ingest.producer.events import DEFAULT_TOPIC
from frontrow_ingest.producer.port import RecordSink

DEFAULT_PORT = 8710
TOKEN_VARIABLE = "FRONTROW_COLLECTOR_TOKEN"  # noqa: S105  # the name of a variable, not a token
DEFAULTS = CollectorSettings()
# From handing an event to the Kafka client to giving it up. Long: what is given up may be stored all the same, and
# would be sent twice when the client repeats it. Requests do not wait for it: --ack-timeout is theirs.
DELIVERY_TIMEOUT_S = 300.0
CONNECT_TIMEOUT_S = 3.0  # of one try; another follows, unless the collector stops
CLOSE_MARGIN_S = 5.0


@click.command()
@bootstrap_option
@click.option("--topic", default=DEFAULT_TOPIC, show_default=True)
@click.option("--create-topic", is_flag=True, help="Create the topic if it does not exist.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=DEFAULT_PORT, show_default=True, help="0: a free one.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"A file with the bearer token that clients must give.  [default: {TOKEN_VARIABLE}, or none is needed]",
)
@click.option("--trust-headers", is_flag=True, help="Take X-Frontrow-Country and so on, for CMCD: behind a proxy only.")
@click.option("--trust-query", is_flag=True, help="Take ?country= and so on, for CMCD.")
@click.option(
    "--default",
    "defaults",
    multiple=True,
    metavar="FIELD=VALUE",
    help=f"What CMCD cannot say, where nobody says it: {', '.join(FIELDS)}.",
)
@key_options
@click.option("--origin", "origins", multiple=True, help="A web origin whose pages may post; * for all (CORS).")
@click.option(
    "--silent-after",
    type=click.FloatRange(min=1),
    default=DEFAULTS.silent_after_s,
    show_default=True,
    help="Seconds without an event after which a session is ended.",
)
@click.option("--max-session-age", type=click.FloatRange(min=1), help="Seconds after which a session is told to stop.")
@click.option(
    "--stop-list",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with ids of sessions that are told to stop, one a line; read again when it changes.",
)
@click.option("--max-body-bytes", type=click.IntRange(min=1), default=DEFAULTS.max_body_bytes, show_default=True)
@click.option("--max-waiting", type=click.IntRange(min=1), default=DEFAULTS.max_waiting, show_default=True)
@click.option(
    "--ack-timeout",
    type=click.FloatRange(min=0.1),
    default=DEFAULTS.ack_timeout_s,
    show_default=True,
    help="Seconds a request waits for Kafka before it is answered 503.",
)
@click.option("--access-log/--no-access-log", default=True, show_default=True, help="One line per request.")
@click.option("--show-mapping", is_flag=True, help="Print what becomes of CMCD's keys, and end.")
def command(
    bootstrap: str,
    topic: str,
    create_topic: bool,
    host: str,
    port: int,
    token_file: Path | None,
    trust_headers: bool,
    trust_query: bool,
    defaults: tuple[str, ...],
    raw_viewer_ids: bool,
    viewer_key_file: Path | None,
    origins: tuple[str, ...],
    silent_after: float,
    max_session_age: float | None,
    stop_list: Path | None,
    max_body_bytes: int,
    max_waiting: int,
    ack_timeout: float,
    access_log: bool,
    show_mapping: bool,
) -> int:
    """Take viewing events from players: POST /events, as JSON, JSON Lines or CMCD version 2 (application/cmcd).

    An event that was answered for is safe: Kafka has acknowledged it. 204 all were taken, 207 some, 400 none; 401, 413,
    415 as usual; 410 the session has to stop; 429 and 503 send again later. A repeated request counts once. /health,
    /ready and /metrics tell how it goes.

    SIGTERM or Ctrl-C: takes no more, delivers what was taken, ends. Exit status: 0 everything was delivered; 1 not, or
    it could not begin; 2 wrong usage.
    """
    if show_mapping:
        click.echo(markdown_table(), nl=False)
        return 0
    keys = viewer_keys(raw_viewer_ids, viewer_key_file)
    settings = CollectorSettings(
        max_body_bytes=max_body_bytes,
        max_waiting=max_waiting,
        ack_timeout_s=ack_timeout,
        token=_secret(token_file, TOKEN_VARIABLE, "--token-file"),
        silent_after_s=silent_after,
        max_session_s=max_session_age,
        origins=origins,
    )
    context = Context(
        trust_headers=trust_headers,
        trust_query=trust_query,
        defaults=_pairs(defaults),
        pseudonymize=keys.pseudonym if keys else None,
    )
    stopped = StopList(stop_list)
    stopped.refresh()
    _log_to_stderr(access_log=access_log)
    delivery = Delivery(_opener(bootstrap, topic, create_topic), max_waiting=max_waiting, seen=RecentEvents())
    metrics = Metrics()
    app = collector_app(delivery, settings=settings, context=context, metrics=metrics, stopped=stopped)
    with closing(listen(host, port)) as listener, reread_on_hangup(keys):
        bound = listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        delivery.start()
        undelivered = 0
        try:
            serve(
                app,
                listener,
                metrics=metrics,
                drain_s=ack_timeout + CLOSE_MARGIN_S,
                started=lambda: click.echo(f"collecting at http://{shown}:{bound}/events", err=True),
            )
        finally:
            undelivered = delivery.close(ack_timeout + CLOSE_MARGIN_S)
    if undelivered:
        click.echo(
            f"error: {undelivered} events were not acknowledged; their clients were told to send them again", err=True
        )
        return 1
    return 0


def _opener(bootstrap: str, topic: str, create_topic: bool) -> Callable[[], RecordSink]:
    settings = KafkaSettings(
        create_topic=create_topic,
        connect_timeout_s=CONNECT_TIMEOUT_S,
        delivery_timeout_s=DELIVERY_TIMEOUT_S,
        block_timeout_s=DELIVERY_TIMEOUT_S,
    )

    def open_sink() -> RecordSink:
        from frontrow_ingest.producer.kafka_producer import KafkaSink  # kafka-python is only needed here

        return KafkaSink(bootstrap, topic=topic, settings=settings)

    return open_sink


def _log_to_stderr(*, access_log: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name in ("frontrow_ingest", ACCESS, "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO if access_log or name != ACCESS else logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # kafka-python logs each attempt to reach a broker; what matters of it is in our own words
    logging.getLogger("kafka").addHandler(logging.NullHandler())


def _secret(path: Path | None, variable: str, option: str) -> str | None:
    if path is None:
        return os.environ.get(variable) or None
    try:
        secret = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise IngestError(f"{path} cannot be read ({type(error).__name__}): give another file with {option}") from error
    if not secret:
        raise IngestError(f"{path} is empty: it must hold the secret for {option}")
    return secret


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not value or name not in FIELDS:
            raise click.UsageError(f"--default {name}: must be FIELD=VALUE with one of {', '.join(FIELDS)}")
        pairs[name] = value
    return pairs
