"""The local stack: how long until it is usable, and the memory its processes hold, with class archives and without.

Every start is in an empty directory on free ports, from jars that are in the cache already. A first start, not
counted, fills the file cache and makes the archives if there are none yet; it is shown apart. Then the ways take turns.
Run: ``python tests/bench/bench_stack.py [--rounds N]``, about half a minute a start.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from frontrow_ingest.stack import LocalStack, StackSettings, free_ports

SETTLE_S = 3.0
DEADLINE_S = 180.0
MIB = 1 << 20


@dataclass(frozen=True)
class Start:
    """One start: seconds until usable, CPU seconds of all services by then, resident MiB of each a little later."""

    seconds: float
    cpu_s: float
    resident: dict[str, float]
    down_s: float


def start(*, class_archives: bool) -> Start:
    """Up and down again."""
    with tempfile.TemporaryDirectory(prefix="frontrow-bench-") as directory:
        settings = StackSettings(Path(directory), ports=free_ports(), class_archives=class_archives)
        stack = LocalStack(settings)
        began = time.perf_counter()
        try:
            stack.up(deadline_s=DEADLINE_S)
            seconds = time.perf_counter() - began
            cpu_s = sum(cpu_seconds(status.pid) for status in stack.status() if status.pid)
            time.sleep(SETTLE_S)
            resident = {status.service: status.resident_bytes / MIB for status in stack.status()}
        finally:
            ended = time.perf_counter()
            stack.down()
        return Start(seconds, cpu_s, resident, time.perf_counter() - ended)


def cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def summary(first: Start, starts: dict[str, list[Start]], rounds: int) -> Table:
    machine = f"{os.cpu_count()} cores, machine load {os.getloadavg()[0]:.1f}"
    shown = Table(title=f"Local stack, {rounds} starts each in turns: median; {machine}")
    for column in ("way", "usable after s", "CPU s", "resident MiB", "down s"):
        shown.add_column(column, justify="left" if column == "way" else "right")
    for way, made in [("the first, not counted", [first]), *starts.items()]:
        shown.add_row(
            way,
            f"{statistics.median(each.seconds for each in made):.1f}",
            f"{statistics.median(each.cpu_s for each in made):.1f}",
            f"{statistics.median(sum(each.resident.values()) for each in made):,.0f}",
            f"{statistics.median(each.down_s for each in made):.1f}",
        )
    return shown


def by_service(starts: dict[str, list[Start]]) -> Table:
    shown = Table(title=f"Resident memory by service, idle, {SETTLE_S:.0f} s after the start, MiB: median")
    shown.add_column("service")
    for way in starts:
        shown.add_column(way, justify="right")
    for service in next(iter(starts.values()))[0].resident:
        medians = [statistics.median(each.resident[service] for each in made) for made in starts.values()]
        shown.add_row(service, *(f"{value:,.0f}" for value in medians))
    return shown


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1, help="starts of each way, 1 to 5")
    args = parser.parse_args()
    if not 1 <= args.rounds <= 5:
        parser.error("--rounds is 1 to 5")
    ways = {"with class archives": True, "without class archives": False}
    first = start(class_archives=True)
    starts: dict[str, list[Start]] = {way: [] for way in ways}
    for _ in range(args.rounds):
        for way, class_archives in ways.items():
            starts[way].append(start(class_archives=class_archives))
            print(f"  {way}: {starts[way][-1].seconds:.1f} s", flush=True)
    console = Console()
    console.print(summary(first, starts, args.rounds))
    console.print(by_service(starts))


if __name__ == "__main__":
    main()
