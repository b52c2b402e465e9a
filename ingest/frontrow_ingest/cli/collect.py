"""``frontrow collect``: players' events over HTTP to Kafka."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import click

from frontrow_ingest.cli.logs import complain, configure
from frontrow_ingest.cli.options import (
    bootstrap_option,
    ledger_options,
    producer_option,
    quarantine_options,
    window_options,
)
from frontrow_ingest.cli.remembering import key_options, reread_on_hangup, viewer_keys
from frontrow_ingest.collector import CollectorSettings, Context, Delivery, RecentEvents, collector_app
from frontrow_ingest.collector.budget import DEFAULT_RECORDS, BudgetedQuarantine
from frontrow_ingest.collector.cmcd import markdown_table
from frontrow_ingest.collector.context import FIELDS
from frontrow_ingest.collector.server import listen, serve
from frontrow_ingest.collector.sessions import StopList
from frontrow_ingest.collector.state import CollectorState
from frontrow_ingest.collector.watch import ACCESS
from frontrow_ingest.contract import ViewerKeys
from frontrow_ingest.errors import DeliveryError, IngestError
from frontrow_ingest.ledger import Ledger
from frontrow_ingest.metrics import Metric, Metrics, Sample
from frontrow_ingest.producer import KafkaSettings, TimeWindow
from frontrow_ingest.producer.events import DEFAULT_TOPIC
from frontrow_ingest.producer.port import RecordSink
from frontrow_ingest.producer.sinks import LateSink, open_sink
from frontrow_ingest.quarantine import QuarantineSink, TopicQuarantine
from frontrow_ingest.resume import TopicLog

DEFAULT_PORT = 8710
TOKEN_VARIABLE = "FRONTROW_COLLECTOR_TOKEN"  # noqa: S105  # the name of a variable, not a token
DEFAULTS = CollectorSettings()
# From handing an event to the Kafka client to giving it up. Long: what is given up may be stored all the same, and
# would be sent twice when the client repeats it. Requests do not wait for it: --ack-timeout is theirs.
DELIVERY_TIMEOUT_S = 300.0
LINGER_MS = 1  # events come in groups already: waiting for more only delays every answer
CONNECT_TIMEOUT_S = 3.0  # of one try; another follows, unless the collector stops
CLOSE_MARGIN_S = 5.0
_LOG = logging.getLogger("frontrow.collect")


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
@click.option(
    "--state",
    "state_directory",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep here what was seen and who is followed, for the next run.  [default: in memory]",
)
@quarantine_options
@click.option(
    "--quarantine-per-minute",
    type=click.IntRange(min=0),
    default=DEFAULT_RECORDS,
    show_default=True,
    help="Refused events to put into quarantine a minute, and half as many of one kind; the rest is only counted.",
)
@ledger_options
@producer_option
@window_options
@click.option(
    "--backend",
    type=click.Choice(["kafka-python", "confluent"]),
    default=KafkaSettings().backend,
    show_default=True,
    help="Kafka's client; confluent is faster and needs the extra 'fast'.",
)
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
    state_directory: Path | None,
    quarantine: bool,
    quarantine_topic: str,
    quarantine_per_minute: int,
    ledger: bool,
    ledger_topic: str,
    producer_name: str,
    max_late: float | None,
    max_early: float | None,
    backend: str,
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

    With --state that holds across restarts, also by kill -9, and CMCD's running totals and silent sessions are taken up
    where they were. The directory is one collector's; it is read back before the first event is taken.

    With --quarantine, refused events are kept as well, raw viewer ids masked or the whole original withheld. Over
    --quarantine-per-minute they are only counted: one broken player must not stop the others. A refused event whose
    request is repeated is kept again. The topics of --quarantine and --ledger must be there like that of the events;
    while one is not, /ready says so and nothing is taken. The ledger misses at most the last two seconds before a kill.

    Several collectors may serve one topic, if each session stays with one of them: let the load balancer hash the
    session's id consistently, which players send as the header X-Frontrow-Session for it. A session that moves all the
    same is not lost. But a request repeated at another collector is stored twice; CMCD's counters begin anew at the
    new one, so that the interval in between is not counted; and the old one ends the session as silent, which the
    player's own end then does once more.

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
    _set_up_logs(access_log=access_log)
    kafka = KafkaSettings(
        backend=backend,  # type: ignore[arg-type]  # click has checked the choice
        create_topic=create_topic,
        linger_ms=LINGER_MS,
        connect_timeout_s=CONNECT_TIMEOUT_S,
        delivery_timeout_s=DELIVERY_TIMEOUT_S,
        block_timeout_s=DELIVERY_TIMEOUT_S,
    )
    if backend == "confluent":
        importlib.import_module("frontrow_ingest.producer.confluent_producer")  # or it says which extra brings it
    to_quarantine, to_ledger = (
        LateSink(partial(open_sink, bootstrap, name, kafka)) if wanted else None
        for name, wanted in ((quarantine_topic, quarantine), (ledger_topic, ledger))
    )

    def prepare() -> None:
        for sink in (to_quarantine, to_ledger):
            if sink is not None:
                sink.connected()

    metrics = Metrics()
    close_s = ack_timeout + CLOSE_MARGIN_S
    with ExitStack() as stack:
        listener = stack.enter_context(closing(listen(host, port)))
        state = stack.enter_context(_state(state_directory, bootstrap, topic, kafka))
        counts = Ledger(to_ledger, producer=producer_name, viewer_keys=keys) if to_ledger else None
        kept = (
            _quarantine(to_quarantine, producer_name, quarantine_per_minute, metrics, keys) if to_quarantine else None
        )
        delivery = Delivery(
            partial(open_sink, bootstrap, topic, kafka),
            max_waiting=max_waiting,
            seen=state.window if state else RecentEvents(),
            counter=counts.counts if counts else None,
            quarantine=kept,
            keeper=state,
            prepare=prepare,
        )
        app = collector_app(
            delivery,
            settings=settings,
            context=context,
            metrics=metrics,
            stopped=stopped,
            state=state,
            window=None if max_late is None and max_early is None else TimeWindow(max_late, max_early),
        )
        stack.enter_context(reread_on_hangup(keys))
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{listener.getsockname()[1]}/events"
        delivery.start()
        undelivered, failure = 0, None
        try:
            serve(app, listener, metrics=metrics, drain_s=close_s, started=lambda: _LOG.info("collecting at %s", url))
        finally:
            undelivered = delivery.close(close_s)
            try:
                if counts is not None:
                    counts.close(close_s)
            except DeliveryError as error:
                failure = error
    if undelivered:
        complain(f"{undelivered} events were not acknowledged; their clients were told to send them again")
    if failure is not None:
        complain(f"the ledger was not told of everything: {failure}")
    return 1 if undelivered or failure is not None else 0


def _quarantine(
    sink: RecordSink, producer: str, per_minute: int, metrics: Metrics, keys: ViewerKeys | None
) -> QuarantineSink:
    kept = BudgetedQuarantine(TopicQuarantine(sink, producer=producer, viewer_keys=keys), records=per_minute)
    metrics.watch(lambda: [Sample(Metric.COLLECTOR_NOT_KEPT, kept.left_out)])
    return kept


@contextmanager
def _state(
    directory: Path | None, bootstrap: str, topic: str, settings: KafkaSettings
) -> Iterator[CollectorState | None]:
    """The state, held until the end of the block; None without a directory."""
    if directory is None:
        yield None
        return

    def log() -> TopicLog:
        from frontrow_ingest.resume.kafka_log import KafkaLog  # kafka-python is only needed here

        return KafkaLog(bootstrap, topic, settings)

    with closing(CollectorState(directory, log)) as state:
        yield state


def _set_up_logs(*, access_log: bool) -> None:
    """Lines on standard error, as text unless --log-format says otherwise."""
    if not logging.getLogger().handlers:
        configure("text", "info")
    logging.getLogger(ACCESS).setLevel(logging.NOTSET if access_log else logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # kafka-python logs each attempt to reach a broker; what matters of it is in our own words
    for name in ("kafka", "frontrow_ingest.producer.confluent_producer"):
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False


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
