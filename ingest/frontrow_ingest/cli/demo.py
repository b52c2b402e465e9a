"""``frontrow demo``: the main job, shown in a minute."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from frontrow import Client, Interval
from frontrow._http.transport import Transport
from frontrow_ingest.cli.interrupting import as_interrupt
from frontrow_ingest.cli.options import druid_bootstrap_option
from frontrow_ingest.cli.progress import StackProgress
from frontrow_ingest.cli.sparkline import sparkline
from frontrow_ingest.cli.stack import directory_option, ports_option
from frontrow_ingest.demo import Account, Comparison, Feed, Snapshot, Watcher, name_titles, send_evening
from frontrow_ingest.druid import Supervisors, ensure_topic, event_ends
from frontrow_ingest.errors import IngestError
from frontrow_ingest.ledger.writer import LEDGER_TOPIC
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.stack import LocalStack, Ports, StackSettings, automatic_ports
from frontrow_ingest.stack.settings import stack_directory
from frontrow_specs import rollup, rollup_names
from frontrow_specs.avro_schemas import EVENTS


@click.command(short_help="Play a simulated live event through the real line and watch the answers.")
@click.option("--keep", is_flag=True, help="Leave the stack up, and say what to try next.")
@click.option("--seconds", default=60.0, show_default=True, help="Length of the event.")
@click.option("--viewers", default=3000, show_default=True, help="People who come.")
@click.option(
    "--evening", is_flag=True, help="Before it, send two events of the last hours, for the notebooks; implies --keep."
)
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same audience.")
@ports_option
@click.option("--url", help="Use this Druid (its Router) instead of starting a stack; needs --bootstrap.")
@click.option("--bootstrap", help="Use this Kafka, as this program reaches it.")
@druid_bootstrap_option
@directory_option
def command(
    keep: bool,
    seconds: float,
    viewers: int,
    evening: bool,
    seed: int,
    which: str,
    url: str | None,
    bootstrap: str | None,
    druid_bootstrap: str | None,
    directory: Path | None,
) -> None:
    """Start Kafka and Druid, apply the rollup specs, play a simulated live event and watch it.

    Then compare Druid's totals with the simulator's own count of the same events. Exits 1 if an event is missing.
    """
    if (url is None) != (bootstrap is None):
        raise click.UsageError("--url and --bootstrap go together")
    signal.signal(signal.SIGTERM, as_interrupt)
    began = time.monotonic()
    keep = keep or evening
    console = Console()
    with contextlib.ExitStack() as cleanup:
        if url is None or bootstrap is None:
            url, bootstrap = cleanup.enter_context(_own_stack(directory, which, keep=keep))
            druid_bootstrap = bootstrap
        line = _Line(url, bootstrap, druid_bootstrap or bootstrap)
        found = _play(console, line, began, seconds=seconds, viewers=viewers, evening=evening, seed=seed)
        console.print(_account_table(found))
        missing = [comparison for comparison in found if not comparison.equal]
        if missing:
            raise IngestError(
                f"{len(missing)} totals differ: an event was lost or counted twice. Look at: frontrow specs status."
            )
        console.print("[green]every event is accounted for[/]: Druid's totals are the simulator's own.")
        if keep:
            console.print(_NEXT, highlight=False)


_NEXT = """
The stack stays up. What to try next:
  frontrow query timeseries concurrent_viewers plays --last 10m
  frontrow query top cdn rebuffer_ratio average_bitrate --last 10m
  frontrow query top content_id viewer_hours unique_viewers --label title --last 10m --where country=DE
  frontrow query timeseries concurrent_viewers --granularity 10s --last 5m
  frontrow query retention arena-one --by minute --last 2h
  frontrow simulate --viewers 20000 --duration 300        another audience, in real time
  jupyter lab client/notebooks                            with an evening to look back on: frontrow demo --evening
  frontrow specs status
  frontrow stack down"""


_FIRST_WITHIN_S = 60.0


@contextlib.contextmanager
def _own_stack(directory: Path | None, which: str, *, keep: bool) -> Iterator[tuple[str, str]]:
    where = stack_directory(directory)
    settings = StackSettings(where, ports=automatic_ports(where) if which == "auto" else Ports())
    running = LocalStack(settings)
    if any(service.state == "running" for service in running.status()):
        settings = running.settings
    kept = False
    with StackProgress() as progress:
        stack = LocalStack(settings, report=progress)
        started = stack.up()
    try:
        yield stack.router_url, stack.bootstrap
        kept = keep
    finally:
        # A stack that ran before the demo is not the demo's to end.
        if started and not kept:
            with StackProgress() as progress:
                LocalStack(settings, report=progress).down()


@dataclass(frozen=True)
class _Line:
    """Druid's Router, and Kafka as this program and as Druid reach it."""

    url: str
    bootstrap: str
    druid_bootstrap: str


def _play(
    console: Console, line: _Line, began: float, *, seconds: float, viewers: int, evening: bool, seed: int
) -> list[Comparison]:
    specs = [rollup(name) for name in rollup_names()]
    for topic in {spec.topic for spec in specs}:
        ensure_topic(line.bootstrap, topic)
    read_now = {spec.name for spec in specs if spec.topic == EVENTS}
    with Transport(line.url) as transport:
        supervisors = Supervisors(transport)
        supervisors.await_answering()
        name_titles(transport)
        # Those of quarantine and ledger are not waited for: nothing is refused here, and the ledger may come later.
        submitted = [supervisors.submit(spec.supervisor(bootstrap=line.druid_bootstrap)) for spec in specs]
        for name in read_now.intersection(submitted):
            supervisors.await_ingesting(name)
            # A task that was ended reads again what it had not handed off; that must not count as the event's.
            supervisors.await_read(name, event_ends(line.bootstrap, EVENTS))
        if evening:
            sent = send_evening(
                line.bootstrap, topic=EVENTS, ledger_topic=LEDGER_TOPIC, viewers=max(1, viewers // 2), seed=seed
            )
            console.print(f"{sent.events:,} events of an evening sent: {sent.interval}", highlight=False)
            for name in read_now:
                supervisors.await_read(name, event_ends(line.bootstrap, EVENTS))
    console.print(f"rollup specs applied after {time.monotonic() - began:.0f} s; the event begins", highlight=False)
    # The audience is made up: there is nobody to protect, and every event is to be counted.
    with Client(line.url, min_audience=0) as client:
        start = datetime.now(UTC)
        # Its minutes, and some around them for a clock that is a little off.
        account = Account(client, Interval(start - timedelta(minutes=2), start + timedelta(seconds=seconds, minutes=3)))
        simulation = Simulation(seed=seed, viewers=viewers, start_ms=int(start.timestamp() * 1000), duration_s=seconds)
        feed = Feed(simulation, line.bootstrap, topic=EVENTS, ledger_topic=LEDGER_TOPIC)
        feed.start()
        try:
            _watch(console, feed, Watcher(client, start.replace(second=0, microsecond=0)), began)
        finally:
            feed.stop()
        return account.settle(feed.totals())


def _watch(console: Console, feed: Feed, watcher: Watcher, began: float) -> None:
    """Show the newest answers until the feed is done: live on a terminal, a line now and then elsewhere.

    A short event on a busy machine may be over before Druid has answered once; then the first answer is waited for.
    """
    first = True
    told = 0.0
    with Live(console=console, refresh_per_second=4, transient=False) if console.is_terminal else _Plain() as live:
        while not feed.done or (first and _may_still_come(feed)):
            snapshot = watcher.look()
            if snapshot is not None:
                if first:
                    first = False
                    live.console.print(f"first answer after {time.monotonic() - began:.0f} s", highlight=False)
                if console.is_terminal:
                    live.update(_screen(snapshot, feed))
                elif time.monotonic() - told > 5:
                    told = time.monotonic()
                    console.print(_line(snapshot), highlight=False, soft_wrap=True)
            time.sleep(0.5)


def _may_still_come(feed: Feed) -> bool:
    """Whether a first answer is to be waited for behind the end: events were sent, and the last not long ago."""
    return bool(feed.stats.acknowledged) and time.monotonic() < feed.ended + _FIRST_WITHIN_S


class _Plain:
    """Stands in for the live view where the output is no terminal."""

    console = Console()

    def __enter__(self) -> _Plain:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def update(self, _: object) -> None:
        return


def _screen(snapshot: Snapshot, feed: Feed) -> Group:
    numbers = snapshot.numbers
    titles = Table("top titles", "plays", box=None, padding=(0, 3, 0, 0))
    for title, plays in snapshot.titles:
        titles.add_row(title, f"{plays:,}")
    viewers = "…" if snapshot.viewers is None else f"{snapshot.viewers:,.0f}"
    return Group(
        Text.assemble(
            ("concurrent viewers ", "bold"), (viewers, "bold green"), "  ", sparkline(snapshot.history[-60:])
        ),
        f"events {numbers['events']:,} of {feed.stats.acknowledged:,} acknowledged · plays {numbers['plays']:,} · "
        f"viewers about {numbers['unique_viewers']:,.0f}",
        f"start-up p50 {_ms(numbers['startup_time_p50'])}, p95 {_ms(numbers['startup_time_p95'])} · "
        f"rebuffer ratio {_percent(numbers['rebuffer_ratio'])} · {_kbits(numbers['average_bitrate'])} · "
        f"{numbers['playback_failures']} playback failures",
        f"{snapshot.freshness or 'freshness unknown'} · {_complete(snapshot)} · asked in {snapshot.elapsed_ms:.0f} ms",
        titles,
    )


def _line(snapshot: Snapshot) -> str:
    numbers = snapshot.numbers
    viewers = "–" if snapshot.viewers is None else f"{snapshot.viewers:,.0f}"
    top = snapshot.titles[0][0] if snapshot.titles else "–"
    return (
        f"viewers {viewers} {sparkline(snapshot.history[-24:])} · plays {numbers['plays']:,} · top title {top} · "
        f"start-up p50 {_ms(numbers['startup_time_p50'])} · rebuffer ratio {_percent(numbers['rebuffer_ratio'])} · "
        f"{snapshot.freshness} · {_complete(snapshot)}"
    )


def _complete(snapshot: Snapshot) -> str:
    # Why it is unknown may be a whole sentence, too long for this place.
    return "completeness unknown" if snapshot.completeness.share is None else str(snapshot.completeness)


def _account_table(found: list[Comparison]) -> Table:
    table = Table("datasource", "metric", title="simulator and Druid", title_justify="left")
    for heading in ("simulated", "in Druid", ""):
        table.add_column(heading, justify="right")
    for one in found:
        mark = "[green]equal[/]" if one.equal else "[red]differs[/]"
        table.add_row(one.datasource, one.metric, f"{one.simulated:,}", f"{one.druid:,}", mark)
    return table


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} ms"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.2%}"


def _kbits(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} kbit/s"
