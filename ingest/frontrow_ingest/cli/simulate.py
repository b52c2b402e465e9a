"""``frontrow simulate``: a believable audience, to Kafka or to a file."""

from __future__ import annotations

import gc
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson
from pydantic import TypeAdapter, ValidationError

from frontrow_ingest.cli.options import bootstrap_option, ledger_options, producer_option
from frontrow_ingest.contract.fields import ContentId
from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.ledger import Ledger
from frontrow_ingest.producer.beside import ledger_of
from frontrow_ingest.producer.events import DEFAULT_TOPIC
from frontrow_ingest.producer.interrupts import Interrupts
from frontrow_ingest.simulate.audience import LIVE_EVENT
from frontrow_ingest.simulate.outputs import FileOutput, Output, StreamOutput
from frontrow_ingest.simulate.report import progress, summary_object, summary_text
from frontrow_ingest.simulate.run import play
from frontrow_ingest.simulate.simulation import EARLIEST_MS, LATEST_MS, MAX_DURATION_S, MAX_VIEWERS, Simulation, now_ms
from frontrow_ingest.simulate.tally import Tally
from frontrow_ingest.simulate.titles import write_titles
from frontrow_ingest.simulate.world import MAX_TITLES

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
CLOSE_MARGIN_S = 5.0  # over the delivery deadline, so that every event's fate is known
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_OBJECTS_PER_COLLECTION = 200_000


def _duration(_ctx: click.Context, _param: click.Parameter, text: str) -> float:
    """Seconds in 90, 90s, 5m, 2h."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip())
    if not found:
        raise click.BadParameter(f"{text!r} is not a duration; write 90s, 5m or 2h")
    seconds = float(found[1]) * _UNITS[found[2]]
    if not 1 <= seconds <= MAX_DURATION_S:
        raise click.BadParameter(f"{text} is not from 1 s to {MAX_DURATION_S // 86_400} d")
    return seconds


def _speed(_ctx: click.Context, _param: click.Parameter, text: str) -> float:
    """How many seconds of event time pass in one second; 0 for no waiting."""
    if text.strip().lower() == "max":
        return 0.0
    if not re.fullmatch(r"\d+(\.\d+)?", text.strip()):
        raise click.BadParameter(f"{text!r} is not a speed; write 1 for real time, 10 for ten times faster, or max")
    return float(text)


def _start(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | None:
    """A moment as ms since the epoch."""
    if text is None:
        return None
    if text.strip().lower() == "now":
        return now_ms()
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a time; write now, or like 2026-06-14T18:00:00+02:00") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    milliseconds = round(moment.timestamp() * 1_000)
    if not EARLIEST_MS <= milliseconds <= LATEST_MS:
        raise click.BadParameter(f"{text} is not in this century")
    return milliseconds


def _id(_ctx: click.Context, _param: click.Parameter, text: str) -> str:
    """An id as the contract has it."""
    try:
        return TypeAdapter(ContentId).validate_python(text)
    except ValidationError as error:
        raise click.BadParameter(f"{text[:40]!r} is no id: {error.errors()[0]['msg']}") from None


@click.command()
@click.option("--viewers", type=click.IntRange(1, MAX_VIEWERS), default=1_000, show_default=True, help="How many come.")
@click.option(
    "--duration", metavar="TIME", default="5m", callback=_duration, show_default=True, help="Event time: 90s, 5m, 2h."
)
@click.option(
    "--seed", type=click.IntRange(0, (1 << 63) - 1), default=1, show_default=True, help="Same seed, same events."
)
@click.option(
    "--speed",
    metavar="FACTOR",
    default="1",
    callback=_speed,
    show_default=True,
    help="1 is real time; 0 or max: no waiting.",
)
@click.option(
    "--start",
    metavar="TIME",
    callback=_start,
    help="Event time begins then: ISO 8601 (UTC without an offset) or now.  [default: see above]",
)
@click.option(
    "--live-share", type=click.FloatRange(0, 1), default=0.65, show_default=True, help="Who come for the live event."
)
@click.option(
    "--event",
    "event_id",
    metavar="ID",
    default=LIVE_EVENT,
    callback=_id,
    show_default=True,
    help="The live event's event_id.",
)
@click.option("--titles", type=click.IntRange(1, MAX_TITLES), default=200, show_default=True, help="Titles on demand.")
@click.option(
    "--late", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Share of events that arrive late."
)
@click.option("--end-open", is_flag=True, help="End the sessions that would go on after the end.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write JSON Lines to this file, or to - , instead of Kafka.",
)
@click.option(
    "--titles-out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the titles' names as CSV to this file, for frontrow lookups load.",
)
@bootstrap_option
@click.option("--topic", default=DEFAULT_TOPIC, show_default=True)
@click.option("--create-topic", is_flag=True, help="Create the topic if it does not exist.")
@ledger_options
@producer_option
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 3_600),
    default=30.0,
    show_default=True,
    help="Seconds Kafka has to acknowledge an event.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, with counts by minute.")
@click.option("--progress/--no-progress", "shown", default=True, help="Show progress on standard error.")
def command(
    viewers: int,
    duration: float,
    seed: int,
    speed: float,
    start: int | None,
    live_share: float,
    event_id: str,
    titles: int,
    late: float,
    end_open: bool,
    out: Path | None,
    titles_out: Path | None,
    bootstrap: str,
    topic: str,
    create_topic: bool,
    ledger: bool,
    ledger_topic: str,
    producer_name: str,
    timeout: float,
    as_json: bool,
    shown: bool,
) -> int:
    """Make a believable audience of a video service: one live event and titles on demand.

    Viewers join, wait for the first frame, play, stall, seek, pause, fail and leave; the live event has a rush at its
    start, a dip at half-time and a spike at a goal, and is stretched over the duration. The same options and --start
    give the same events, byte for byte.

    Event time begins now in real time. At another speed it begins earlier, so that it meets the clock at the end and
    nothing lies in the future. Ctrl-C stops, keeps what was made, and prints the summary.

    Exit status: 0 all well; 1 Kafka or the file did not take every event; 2 wrong usage; 130 interrupted.
    """
    simulation = Simulation(
        seed=seed,
        viewers=viewers,
        start_ms=start if start is not None else _meeting_the_clock(duration, speed),
        duration_s=duration,
        live_share=live_share,
        titles=titles,
        late_share=late,
        end_open=end_open,
        event_id=event_id,
    )
    if titles_out is not None:
        try:
            write_titles(titles_out, titles)
        except OSError as error:
            raise click.FileError(str(titles_out), error.strerror) from error
    interrupts = Interrupts()
    tally = Tally()
    with (
        ledger_of(bootstrap, ledger_topic if ledger and out is None else None, producer_name) as told,
        _output(out, bootstrap, topic, create_topic=create_topic, timeout_s=timeout, ledger=told) as output,
        interrupts.handled(),
        _rare_collections(),
        progress(tally, simulation.start_ms, duration, shown=shown) as watch,
    ):
        summary = play(
            simulation, output, speed=speed, tally=tally, should_stop=lambda: interrupts.requested, watch=watch
        )
    to_stdout = out is not None and str(out) == "-"
    if as_json:
        text = orjson.dumps(summary_object(summary), option=orjson.OPT_INDENT_2).decode()
    else:
        text = summary_text(summary, f"to {'standard output' if to_stdout else out or f'topic {topic} at {bootstrap}'}")
    click.echo(text, err=to_stdout)
    if summary.failure is not None:
        click.echo(f"error: {summary.failure}", err=True)
        return EXIT_FAILED
    return EXIT_INTERRUPTED if summary.interrupted else 0


def _meeting_the_clock(duration_s: float, speed: float) -> int:
    """Where event time must begin to be the present when the run ends."""
    takes_s = duration_s / speed if speed else 0.0
    return now_ms() - round((duration_s - takes_s) * 1_000)


class _KafkaOutput:
    """The producer as an output: every event is acknowledged when ``close`` returns."""

    def __init__(
        self, bootstrap: str, topic: str, *, create_topic: bool, timeout_s: float, ledger: Ledger | None
    ) -> None:
        from frontrow_ingest.producer import EventProducer, KafkaSettings

        # kafka-python logs each attempt to reach a broker; what matters of it is in our own errors
        logging.getLogger("kafka").addHandler(logging.NullHandler())
        settings = KafkaSettings(
            create_topic=create_topic,
            connect_timeout_s=min(timeout_s, KafkaSettings.connect_timeout_s),
            delivery_timeout_s=timeout_s,
            block_timeout_s=timeout_s,
        )
        counter = None if ledger is None else ledger.counts
        self._ledger = ledger
        self._producer = EventProducer(bootstrap, topic=topic, settings=settings, counter=counter)
        self._close_within_s = timeout_s + CLOSE_MARGIN_S
        self.send = self._producer.send_unchecked

    def flush(self) -> None:
        """Nothing: what waits leaves within milliseconds by itself."""

    def close(self) -> None:
        try:
            self._producer.close(self._close_within_s)
        finally:
            if self._ledger is not None:
                self._ledger.close(self._close_within_s)

    def abandon(self) -> None:
        with suppress(DeliveryError):
            self._producer.close(0)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Sessions hold no cycles: to look through a hundred thousand of them for garbage costs a fifth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS_PER_COLLECTION, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _output(
    out: Path | None, bootstrap: str, topic: str, *, create_topic: bool, timeout_s: float, ledger: Ledger | None
) -> Iterator[Output]:
    output: Output
    if out is None:
        output = _KafkaOutput(bootstrap, topic, create_topic=create_topic, timeout_s=timeout_s, ledger=ledger)
    elif str(out) == "-":
        output = StreamOutput(sys.stdout.buffer)
    else:
        output = FileOutput(out)
    try:
        yield output
    finally:
        output.abandon()
