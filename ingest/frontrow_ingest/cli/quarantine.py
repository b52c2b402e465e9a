"""``frontrow quarantine``: refused events, to look at and to replay."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson
from rich.markup import escape
from rich.table import Table

from frontrow._time import parse_duration
from frontrow_ingest.cli.options import bootstrap_option, ledger_options, producer_option, window_options
from frontrow_ingest.cli.remembering import key_file_option, viewer_keys
from frontrow_ingest.cli.tables import show_tables
from frontrow_ingest.contract import KEY_VARIABLE, ViewingEvent
from frontrow_ingest.contract.event import wall_clock_ms
from frontrow_ingest.errors import QuarantineError
from frontrow_ingest.producer import TimeWindow
from frontrow_ingest.producer.beside import ledger_of
from frontrow_ingest.quarantine import QUARANTINE_TOPIC, QuarantineRecord, kafka_quarantine
from frontrow_ingest.quarantine.holdings import Selection, gather
from frontrow_ingest.quarantine.originals import Originals, read_refused_file
from frontrow_ingest.quarantine.reading import read_quarantine, read_topic
from frontrow_ingest.quarantine.replay import Fix, Outgoing, ReplayReport, replay
from frontrow_ingest.quarantine.scan import scan
from frontrow_specs import topic_fields
from frontrow_specs.avro_schemas import EVENTS

_FIELDS = topic_fields(QUARANTINE_TOPIC)
_FLUSH_S = 35.0
_Command = TypeVar("_Command", bound=Callable[..., Any])

topic_option = click.option("--topic", default=QUARANTINE_TOPIC, show_default=True, help="The quarantine topic.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _choosing(function: _Command) -> _Command:
    """The options that choose refused events."""
    options = (
        click.option("--reason", type=click.Choice(_FIELDS["reason"].symbols), metavar="CODE", help="Refused for it."),
        click.option("--stage", type=click.Choice(_FIELDS["stage"].symbols), help="Refused there."),
        click.option("--producer", help="From this producer."),
        click.option("--since", metavar="TIME|LENGTH", help="Refused since then: ISO 8601 (UTC), or like 30m or 7d."),
        click.option("--limit", type=click.IntRange(min=1), help="So many at most, the newest ones."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.group(short_help="Look at refused events, and replay them after a fix.")
def command() -> None:
    """Refused events, with their reasons and originals, as they lie on the quarantine topic."""
    # kafka-python logs each attempt to reach a broker; what matters of it is in our own errors
    logging.getLogger("kafka").addHandler(logging.NullHandler())


@command.command("list")
@_choosing
@click.option("--open", "open_only", is_flag=True, help="Only those not replayed yet.")
@topic_option
@bootstrap_option
@json_option
def list_(
    reason: str | None,
    stage: str | None,
    producer: str | None,
    since: str | None,
    limit: int | None,
    open_only: bool,
    topic: str,
    bootstrap: str,
    as_json: bool,
) -> None:
    """List refused events, oldest first."""
    selection = Selection(frozenset(), reason, stage, producer, _moment(since), open_only)
    holdings = gather(read_quarantine(bootstrap, topic))
    found = holdings.select(selection)
    shown = found[-limit:] if limit else found
    if as_json:
        _json([_document(record, record.id in holdings.replayed) for record in shown])
        return
    table = Table("id", "refused", "reason", "field", "stage", "where", "producer", "original", "replayed")
    for record in shown:
        replayed = "yes" if record.id in holdings.replayed else ""
        original = "whole" if record.redacted == "no" else record.redacted
        cells = (record.id, _time(record.seen_ts), record.reason, record.field, record.stage, record.where)
        table.add_row(*(escape(cell or "") for cell in (*cells, record.producer, original, replayed)))
    show_tables(table)
    click.echo(f"{len(found):,} refused events" + (f", the newest {limit:,} shown" if len(shown) < len(found) else ""))


@command.command()
@click.argument("record_id", metavar="ID")
@topic_option
@bootstrap_option
@json_option
def show(record_id: str, topic: str, bootstrap: str, as_json: bool) -> None:
    """Show one refused event: every reason, where it came from, and its original."""
    holdings = gather(read_quarantine(bootstrap, topic))
    record = holdings.refused.get(record_id)
    if record is None:
        raise QuarantineError(f"there is no {record_id!r} in topic {topic}: frontrow quarantine list has the ids")
    if as_json:
        _json(_document(record, record.id in holdings.replayed))
        return
    delay = "" if record.delay_ms is None else f", {record.delay_ms / 1000:,.0f} s after its own time"
    whose = "the event's own time" if record.time_is == "event" else "of the refusal"
    click.echo(f"refused     {_time(record.seen_ts)} by the {record.stage} {record.producer or ''}{delay}".rstrip())
    click.echo(f"from        {record.where}")
    click.echo(f"counted in  {_time(record.ts)[:16]} ({whose})")
    for error in record.errors:
        click.echo(f"{error['reason']:<11} {error['field'] or 'event'} {error['message']}")
    click.echo(f"replayed    {'yes' if record.id in holdings.replayed else 'no'}")
    click.echo(f"original    {record.size:,} bytes, {_said(record)}")
    if record.original is not None:
        click.echo(_text(record.original))


@command.command("replay")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@_choosing
@click.option("--dry-run", is_flag=True, help="Say what would be sent; send nothing.")
@click.option("--set", "settings", multiple=True, metavar="FIELD=JSON", help="Set a field of every event before.")
@click.option("--drop", multiple=True, metavar="FIELD", help="Drop a field of every event before.")
@click.option(
    "--originals",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="A refused file with the whole originals of masked and withheld ones.",
)
@key_file_option
@click.option("--events", default=EVENTS, show_default=True, help="The topic of events.")
@window_options
@ledger_options
@topic_option
@bootstrap_option
@json_option
def replay_(
    ids: tuple[str, ...],
    reason: str | None,
    stage: str | None,
    producer: str | None,
    since: str | None,
    limit: int | None,
    dry_run: bool,
    settings: tuple[str, ...],
    drop: tuple[str, ...],
    originals: tuple[Path, ...],
    viewer_key_file: Path | None,
    events: str,
    max_late: float | None,
    max_early: float | None,
    ledger: bool,
    ledger_topic: str,
    topic: str,
    bootstrap: str,
    as_json: bool,
) -> int:
    """Check refused events again and send those that keep the contract now (all that were not replayed by default).

    Each is sent once, however often this is run: event and note of the replay go to Kafka in one transaction. An event
    that somebody has sent meanwhile by another way is not known here.

    Originals of a run with --raw-viewer-ids need the same keys, so that the viewer keeps its pseudonym: in
    --viewer-key-file or FRONTROW_VIEWER_KEY; without, they are left where they are.

    Exit status: 0 all that were chosen are sent; 3 some are still refused, or their originals are not here.
    """
    selection = Selection(frozenset(ids), reason, stage, producer, _moment(since), open_only=True)
    fix = Fix(frozenset(drop), dict(map(_setting, settings))) if drop or settings else None
    window = TimeWindow(max_late, max_early)

    def check(event: ViewingEvent) -> None:
        window.check(event.ts)

    wholes = dict(each for path in originals for each in read_refused_file(path))
    keys = viewer_keys(viewer_key_file is not None or bool(os.environ.get(KEY_VARIABLE)), viewer_key_file)
    with closing(Originals(bootstrap, wholes, keys)) as fetch:
        if dry_run:
            holdings = gather(read_quarantine(bootstrap, topic))
            chosen = holdings.select(selection)[-limit if limit else 0 :]
            report = replay(chosen, holdings, None, fix=fix, fetch=fetch, check=check)
        else:
            told_to = ledger_topic if ledger else None
            report = _replay(bootstrap, topic, events, told_to, selection, limit, fix, fetch, check)
    if as_json:
        _json({**vars(report), "dry_run": dry_run})
    else:
        _tell(report, dry_run)
    return 3 if report.still_refused or report.without_original else 0


@command.command("scan")
@click.option("--events", default=EVENTS, show_default=True, help="The topic of events.")
@click.option("--since", metavar="TIME|LENGTH", help="Written since then: ISO 8601 (UTC), or like 30m or 7d.")
@producer_option
@topic_option
@bootstrap_option
@json_option
def scan_(events: str, since: str | None, producer_name: str, topic: str, bootstrap: str, as_json: bool) -> None:
    """Find in the event topic what Druid could not read, and put it into quarantine, each message once."""
    holdings = gather(read_quarantine(bootstrap, topic))
    quarantine = kafka_quarantine(bootstrap, topic=topic, producer=producer_name)
    try:
        messages = read_topic(bootstrap, events, since_ms=_moment(since))
        report = scan(messages, events, quarantine, known=holdings.refused.keys(), now_ms=wall_clock_ms())
    finally:
        quarantine.close(_FLUSH_S)
    if as_json:
        _json({**vars(report), "added": report.added})
    else:
        click.echo(f"{report.read:,} messages read from {events}, {report.unreadable:,} of them unreadable")
        click.echo(f"{report.added:,} put into quarantine, {report.known:,} were there before")


def _replay(
    bootstrap: str,
    topic: str,
    events: str,
    ledger: str | None,
    selection: Selection,
    limit: int | None,
    fix: Fix | None,
    fetch: Originals,
    check: Callable[[ViewingEvent], None],
) -> ReplayReport:
    from frontrow_ingest.quarantine.transactions import TransactionalTarget

    # Read after the target is made: what another replay had under way is then either there or will never be.
    with (
        ledger_of(bootstrap, ledger, "replay") as told,
        TransactionalTarget(bootstrap, events=events, quarantine=topic) as target,
    ):

        def count(sent: Outgoing) -> None:
            if told is not None:
                told.counts.sent_of(sent.viewer_key_epoch, sent.ts, len(sent.event or b""))

        holdings = gather(read_quarantine(bootstrap, topic))
        chosen = holdings.select(selection)[-limit if limit else 0 :]
        report = replay(chosen, holdings, target, fix=fix, fetch=fetch, check=check, told=count)
        if told is not None:
            told.close(_FLUSH_S)
    return report


def _tell(report: ReplayReport, dry_run: bool) -> None:
    would = "would be sent" if dry_run else "sent and acknowledged"
    click.echo(f"{report.chosen:,} refused events chosen")
    click.echo(f"{report.sent:,} {would}")
    if report.already:
        click.echo(f"{report.already:,} not sent: an equal event (session and seq) was replayed before")
    for label, count in report.still_refused.most_common():
        click.echo(f"{count:,} still refused: {label}")
    for why, count in report.without_original.items():
        click.echo(f"{count:,} without their whole original ({why}), which is only in the refused file, for example:")
        click.echo(f"  {next(iter(report.unavailable.values()))}")


def _document(record: QuarantineRecord, replayed: bool) -> dict[str, Any]:
    shown = {**vars(record), "replayed": replayed, "original": record.original and _text(record.original)}
    del shown["action"], shown["event_key"]
    return {**shown, "seen": _time(record.seen_ts)}


def _said(record: QuarantineRecord) -> str:
    match record.redacted:
        case "no":
            return "whole" if record.viewer_key_epoch is None else "whole but for the viewer id, which is a pseudonym"
        case "masked":
            return 'what could be a raw viewer id is masked as "***"; the whole is only in the refused file'
        case _:
            return f"withheld, as it cannot be searched for raw viewer ids; SHA-256 {record.sha256 or 'unknown'}"


def _text(original: bytes) -> str:
    return original.decode("utf-8", "backslashreplace") if original[:1] != b"\x01" else original.hex()


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _moment(text: str | None) -> int | None:
    """ms since the Unix epoch of a time, or of a length before now."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return wall_clock_ms() - round(parse_duration(text).total_seconds() * 1000)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _setting(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    try:
        return name, orjson.loads(value if separator else "")
    except orjson.JSONDecodeError as error:
        raise click.BadParameter(f'{text!r} is not FIELD=JSON, like country="DE"', param_hint="--set") from error


def _json(document: Any) -> None:
    click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
