"""Local processes beside containers: how long until the stack is usable, and the memory it holds when idle.

The containers run the images that frontrow builds here, started as a test starts them. The official images are not
measured: they cannot be pulled everywhere. All ways start in the same run, in turns, each in an empty state. Containers
have no archives of the services' classes; local processes are shown without and with them.
Run: ``python tests/bench/bench_containers.py [--rounds N]``, about half a minute a start. Needs Docker.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from frontrow_ingest.errors import StackError
from frontrow_ingest.images import Images, build_images, image_size
from frontrow_ingest.stack import LocalStack, StackSettings, free_ports

SETTLE_S = 3.0
DEADLINE_S = 240.0
MIB = 1 << 20


@dataclass(frozen=True)
class Start:
    """One start: seconds until usable, resident MiB of the JVMs a little later, seconds until all is gone."""

    seconds: float
    resident: float
    down_s: float


def resident(pids: list[int]) -> float:
    """MiB that processes hold; containers' processes are seen from outside as any other."""
    return sum(psutil.Process(pid).memory_info().rss for pid in pids) / MIB


def start_local(*, class_archives: bool) -> Start:
    with tempfile.TemporaryDirectory(prefix="frontrow-bench-") as directory:
        stack = LocalStack(StackSettings(Path(directory), ports=free_ports(), class_archives=class_archives))
        began = time.perf_counter()
        try:
            stack.up(deadline_s=DEADLINE_S)
            seconds = time.perf_counter() - began
            time.sleep(SETTLE_S)
            held = resident([status.pid for status in stack.status() if status.pid])
        finally:
            ended = time.perf_counter()
            stack.down()
        return Start(seconds, held, time.perf_counter() - ended)


def start_containers(images: Images) -> Start:
    from frontrow_ingest.testing.container_stack import ContainerStack

    began = time.perf_counter()
    with ContainerStack(images) as stack:
        stack.up(DEADLINE_S)
        seconds = time.perf_counter() - began
        time.sleep(SETTLE_S)
        wrapped = [container.get_wrapped_container() for container in stack.containers]
        for container in wrapped:
            container.reload()
        held = resident([container.attrs["State"]["Pid"] for container in wrapped])
        ended = time.perf_counter()
    return Start(seconds, held, time.perf_counter() - ended)


def summary(starts: dict[str, list[Start]], rounds: int) -> Table:
    machine = f"{os.cpu_count()} cores, machine load {os.getloadavg()[0]:.1f}"
    shown = Table(title=f"Kafka and Druid, {rounds} starts each in turns: median; {machine}")
    for column in ("way", "usable after s", "resident MiB", "down s"):
        shown.add_column(column, justify="left" if column == "way" else "right")
    for way, made in starts.items():
        shown.add_row(
            way,
            f"{statistics.median(each.seconds for each in made):.1f}",
            f"{statistics.median(each.resident for each in made):,.0f}",
            f"{statistics.median(each.down_s for each in made):.1f}",
        )
    shown.add_row("containers, official images", *["not measured here"] * 3)
    return shown


def sizes(images: Images) -> Table:
    shown = Table("image", "MB, all layers", title="Images")
    for tag in (images.kafka, images.druid, images.zookeeper):
        shown.add_row(tag, f"{image_size(tag) / 1e6:.0f}")
    return shown


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1, help="starts of each way, 1 to 5")
    args = parser.parse_args()
    if not 1 <= args.rounds <= 5:
        parser.error("--rounds is 1 to 5")
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    try:
        images = build_images()
    except StackError as error:
        print(f"containers are not measured: {error}")
        sys.exit(0)
    ways: dict[str, Callable[[], Start]] = {
        "containers, frontrow's images": lambda: start_containers(images),
        "local processes": lambda: start_local(class_archives=False),
        "local processes with class archives": lambda: start_local(class_archives=True),
    }
    starts: dict[str, list[Start]] = {way: [] for way in ways}
    start_local(class_archives=True)  # fills the file cache, and makes the archives if there are none yet
    for _ in range(args.rounds):
        for way, make in ways.items():
            starts[way].append(make())
            print(f"  {way}: {starts[way][-1].seconds:.1f} s", flush=True)
    console = Console()
    console.print(sizes(images))
    console.print(summary(starts, args.rounds))


if __name__ == "__main__":
    main()
