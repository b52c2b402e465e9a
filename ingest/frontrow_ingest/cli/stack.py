"""``frontrow stack``: Kafka and Druid on this machine."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table

from frontrow_ingest.cli.interrupting import as_interrupt
from frontrow_ingest.cli.progress import StackProgress
from frontrow_ingest.errors import StackError
from frontrow_ingest.stack import LocalStack, Ports, ServiceStatus, StackSettings, automatic_ports
from frontrow_ingest.stack.cache import Cache
from frontrow_ingest.stack.logs import last_lines, log_files
from frontrow_ingest.stack.render import SERVICES
from frontrow_ingest.stack.report import Reporter
from frontrow_ingest.stack.settings import cache_directory, stack_directory

directory_option = click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the stack keeps its data and logs. [default: FRONTROW_STACK_DIR, or .frontrow/stack here]",
)
ports_option = click.option(
    "--ports",
    "which",
    type=click.Choice(["default", "auto"]),
    default="default",
    show_default=True,
    help="auto: the ones this stack had last, or free ones.",
)


@click.group(short_help="Run Kafka and Druid on this machine.")
def command() -> None:
    """Run Kafka, ZooKeeper and Druid on this machine, from locked packages, on the loopback address only."""


@command.command()
@directory_option
@click.option(
    "--ports",
    "which",
    type=click.Choice(["default", "auto"]),
    default="default",
    help="auto: its last ones, or free ones.",
)
@click.option("--port", "chosen", multiple=True, metavar="SERVICE=NUMBER", help="Another port for one service.")
@click.option("--heap", "heaps", multiple=True, metavar="SERVICE=MIB", help="Another Java heap for one service.")
@click.option(
    "--deadline", default=300.0, show_default=True, help="Seconds until it must be usable, after the download."
)
@click.option("--class-archives/--no-class-archives", default=True, help="Start from archives of loaded classes.")
@click.option("--download-only", is_flag=True, help="Fill the cache and start nothing.")
def up(
    directory: Path | None,
    which: str,
    chosen: tuple[str, ...],
    heaps: tuple[str, ...],
    deadline: float,
    class_archives: bool,
    download_only: bool,
) -> None:
    """Start the stack and return when Kafka takes a record and Druid answers a query."""
    signal.signal(signal.SIGTERM, as_interrupt)
    where = stack_directory(directory)
    ports = (automatic_ports(where) if which == "auto" else Ports()).changed(_numbers(chosen, "--port"))
    settings = StackSettings(where, ports=ports, heap_mb=_numbers(heaps, "--heap"), class_archives=class_archives)
    if which == "auto" or not chosen:
        settings = _as_it_runs(settings)
    began = time.monotonic()
    with StackProgress() as progress:
        stack = LocalStack(settings, report=progress)
        started = stack.up(deadline_s=deadline, download_only=download_only)
    if download_only:
        click.echo(f"everything is in {cache_directory()}")
        return
    click.echo(f"usable after {time.monotonic() - began:.1f} s" if started else "the stack runs already")
    click.echo(f"  Druid  {stack.router_url}\n  Kafka  {stack.bootstrap}")


@command.command()
@directory_option
def down(directory: Path | None) -> None:
    """End every process of the stack; its data stay."""
    with StackProgress() as progress:
        ended = _stack(directory, progress).down()
    click.echo(f"ended {', '.join(ended)}" if ended else "nothing ran")


@command.command()
@directory_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(directory: Path | None, as_json: bool) -> None:
    """Show every service. Exits 1 unless all of them run."""
    found = _stack(directory).status()
    if as_json:
        click.echo(orjson.dumps([vars(service) for service in found], option=orjson.OPT_INDENT_2).decode())
    else:
        Console().print(_table(found))
    if any(service.state != "running" for service in found):
        raise click.exceptions.Exit(1)


@command.command()
@directory_option
@click.argument("service", type=click.Choice(SERVICES), required=False)
@click.option("-n", "lines", default=20, show_default=True, help="Lines of each log.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now, until Ctrl-C.")
def logs(directory: Path | None, service: str | None, lines: int, follow: bool) -> None:
    """Print the end of the services' logs."""
    root = stack_directory(directory).absolute()
    paths = [path for name in ([service] if service else SERVICES) for path in log_files(root, name)]
    for path in paths:
        for line in last_lines(path, lines):
            click.echo(f"{path.name}: {line}")
    if not any(path.exists() for path in paths):
        raise StackError(f"there are no logs in {root / 'logs'}: start the stack first (frontrow stack up).")
    places = {path: path.stat().st_size for path in paths if path.exists()}
    while follow:
        time.sleep(0.5)
        for path in (path for path in paths if path.exists()):
            places[path] = _print_from(path, places.get(path, 0))


@command.command()
@directory_option
def doctor(directory: Path | None) -> None:
    """Look at everything that a start needs, and say what to mend. Exits 1 if something is wrong."""
    from frontrow_ingest.stack.doctor import examine

    wrong = False
    for finding in examine(_stack(directory), Cache.at(cache_directory())):
        wrong |= not finding.good
        click.echo(f"{'ok   ' if finding.good else 'WRONG'} {finding.what}: {finding.text}")
    if wrong:
        raise click.exceptions.Exit(1)


@command.command()
@directory_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(directory: Path | None, yes: bool) -> None:
    """End the stack and delete its data: topics, datasources, logs."""
    root = stack_directory(directory).absolute()
    if not root.exists():
        click.echo(f"there is nothing at {root}")
        return
    if not ((root / ".lock").exists() or (root / "conf").is_dir()):
        raise StackError(f"{root} does not look like a stack's directory; nothing was deleted.")
    if not yes:
        click.confirm(f"Delete all data of the stack in {root}?", abort=True)
    with StackProgress() as progress:
        _stack(directory, progress).down()
    shutil.rmtree(root)
    click.echo(f"deleted {root}")


@command.command()
def lock() -> None:
    """Resolve the jars anew with Maven and write the lock. For whoever changes the stack's versions."""
    from frontrow_ingest.stack.lock import LOCK_FILE, write_lock
    from frontrow_ingest.stack.resolve import resolve

    jars = resolve()
    write_lock(jars)
    click.echo(f"{len(jars)} jars, {sum(jar.size for jar in jars) / 1e6:.0f} MB, locked in {LOCK_FILE}")


def _stack(directory: Path | None, report: Reporter | None = None) -> LocalStack:
    return LocalStack(StackSettings(stack_directory(directory)), report=report)


def _as_it_runs(settings: StackSettings) -> StackSettings:
    """The ports of the stack that runs in the directory already, if one does: a second ``up`` is the same stack."""
    if all(service.state == "stopped" for service in LocalStack(settings).status()):
        return settings
    return LocalStack(settings).settings


def _numbers(given: tuple[str, ...], option: str) -> Mapping[str, int]:
    numbers = {}
    for item in given:
        name, _, number = item.partition("=")
        if not number.isdecimal():
            raise click.BadParameter(f"{item!r} is not SERVICE=NUMBER", param_hint=option)
        numbers[name] = int(number)
    return numbers


def _table(found: list[ServiceStatus]) -> Table:
    table = Table("service", "state", "pid", "port", "resident MB", "up")
    for service in found:
        colour = {"running": "green", "dead": "red"}.get(service.state, "dim")
        table.add_row(
            service.service,
            f"[{colour}]{service.state}[/]",
            str(service.pid or ""),
            str(service.port),
            f"{service.resident_bytes / 1e6:.0f}" if service.resident_bytes else "",
            f"{service.uptime_s:.0f} s" if service.uptime_s else "",
        )
    table.add_section()
    table.add_row("all", "", "", "", f"{sum(service.resident_bytes for service in found) / 1e6:.0f}", "")
    return table


def _print_from(path: Path, place: int) -> int:
    """Print what was written to a log since ``place``; a log that was rolled is read from its start."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(place if place <= size else 0)
        text = file.read().decode("utf-8", "replace")
        for line in text.splitlines():
            click.echo(f"{path.name}: {line}")
        return file.tell()
