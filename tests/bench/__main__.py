"""Every benchmark, one after another: ``python -m tests.bench [NAME ...]``; without names all of them.

A stack of its own is started in a temporary directory on free ports and taken down again, whatever happens. With
``--url``, ``--indexer-url`` or ``--bootstrap`` a stack that runs already is used instead. The benchmarks of the stack
itself and of containers come last, when nothing else runs. ``--quick`` shows that each runs to its end; its numbers are
of too little to mean anything.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from frontrow_ingest.errors import IngestError
from frontrow_ingest.stack import LocalStack, StackSettings, free_ports

HERE = Path(__file__).parent
LET_END_S = 90.0  # what an interrupted benchmark may take to clean up


@dataclass(frozen=True)
class Target:
    """The stack that is measured."""

    url: str
    indexer_url: str
    bootstrap: str
    indexer_pid: int | None = None


@dataclass(frozen=True)
class Benchmark:
    """One script: its title, the seconds it may take, and its arguments for a stack; none if it needs no stack.

    ``quick`` are the arguments that make it short.
    """

    title: str
    limit_s: float
    arguments: Callable[[Target], list[str]] | None
    quick: str = ""


def on_druid(target: Target) -> list[str]:
    return ["--url", target.url, "--bootstrap", target.bootstrap]


def on_indexer(target: Target) -> list[str]:
    pid = ["--indexer-pid", str(target.indexer_pid)] if target.indexer_pid else []
    return [*on_druid(target), "--indexer-url", target.indexer_url, *pid]


def on_kafka(target: Target) -> list[str]:
    return ["--bootstrap", target.bootstrap]


BENCHMARKS = {
    "ingest": Benchmark("Druid's ingest: Avro against JSON", 700, on_indexer, "--rows 50000 --rounds 1"),
    "latency": Benchmark("From sent to queryable", 900, on_druid, "--seconds 2 --rates 0 20000"),
    "producer": Benchmark(
        "The producer against the straightforward way", 240, on_kafka, "--events 2000 --rounds 1 --file-events 20000"
    ),
    "dedup": Benchmark("Leaving duplicates out: cost, memory, size", 300, on_kafka, "--events 20000 --rounds 1"),
    "collector": Benchmark("The collector against the straightforward way", 240, on_kafka, "--seconds 1"),
    "client": Benchmark("The client against pydruid and bare HTTP", 300, on_druid, "--rounds 40"),
    "caveats": Benchmark(
        "What caveats cost: audiences of cells, completeness", 300, on_druid, "--events 5000 --rounds 3"
    ),
    "reach": Benchmark("Reach over time: united in Python or in Druid", 300, on_druid, "--events 5000 --rounds 1"),
    "board": Benchmark(
        "A board with thirty viewers, with and without the cache", 400, on_druid, "--viewers 3 --seconds 11"
    ),
    "failures": Benchmark("The same twenty failures: pydruid and frontrow", 300, None),
    "rollup": Benchmark("Rows, bytes and speed of each rollup spec", 600, on_indexer, "--viewers 100"),
    "preview": Benchmark("The rollup preview", 400, None, "--viewers 100"),
    "import": Benchmark("What an import costs", 600, None, "--rounds 1"),
    "stack": Benchmark("Start and memory of the local stack", 900, None),
    "containers": Benchmark("Local processes beside containers", 900, None),
}


@contextmanager
def own_stack(console: Console) -> Iterator[Target]:
    """A stack of this run's own."""
    with tempfile.TemporaryDirectory(prefix="frontrow-bench-") as directory:
        stack = LocalStack(StackSettings(Path(directory), ports=free_ports()))
        console.print("starting a stack ...")
        began = time.perf_counter()
        try:
            stack.up()
            pid = next((status.pid for status in stack.status() if status.service == "indexer"), None)
            console.print(f"usable after {time.perf_counter() - began:.1f} s")
            yield Target(stack.router_url, stack.url("indexer"), stack.bootstrap, pid)
        finally:
            stack.down()


def run(name: str, arguments: list[str], limit_s: float) -> bool:
    """Runs a script to its end; one that takes too long is interrupted. Tells whether it succeeded."""
    command = [sys.executable, str(HERE / f"bench_{name}.py"), *arguments]
    # A session of its own: the script's children end with it, and Ctrl-C reaches it once, from here.
    process = subprocess.Popen(command, start_new_session=True)
    try:
        return process.wait(limit_s) == 0
    except subprocess.TimeoutExpired:
        print(f"bench_{name}.py took more than {limit_s:.0f} s", flush=True)
        return False
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(LET_END_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def main() -> int:
    """Exit code 1 if a benchmark failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--url", help="Druid's Router of a running stack")
    parser.add_argument("--indexer-url", help="Druid's indexer of a running stack")
    parser.add_argument("--bootstrap", help="Kafka of a running stack")
    parser.add_argument("--quick", action="store_true", help="run each with little, to see that it works")
    args = parser.parse_args()
    if unknown := set(args.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    chosen = {name: each for name, each in BENCHMARKS.items() if name in (args.names or BENCHMARKS)}
    console = Console()
    failed: list[str] = []

    def run_all(benchmarks: dict[str, list[str]]) -> None:
        for name, arguments in benchmarks.items():
            console.rule(f"{name}: {BENCHMARKS[name].title}")
            quick = BENCHMARKS[name].quick.split() if args.quick else []
            if not run(name, [*arguments, *quick], BENCHMARKS[name].limit_s):
                failed.append(name)

    def for_stack(target: Target) -> dict[str, list[str]]:
        return {name: each.arguments(target) for name, each in chosen.items() if each.arguments}

    try:
        if not any(each.arguments for each in chosen.values()):
            pass
        elif args.url or args.indexer_url or args.bootstrap:
            run_all(
                for_stack(
                    Target(
                        args.url or "http://127.0.0.1:8888",
                        args.indexer_url or "http://127.0.0.1:8091",
                        args.bootstrap or "127.0.0.1:9092",
                    )
                )
            )
        else:
            with own_stack(console) as target:
                run_all(for_stack(target))
        run_all({name: [] for name, each in chosen.items() if not each.arguments})
    except IngestError as error:
        console.print(f"error: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("interrupted")
        return 130
    if failed:
        console.print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
