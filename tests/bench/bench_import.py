"""What an import costs: seconds of the clock and of the processor, and modules, each in a new interpreter.

``cold`` is after the files that the import reads were dropped from the file cache, as after a start of the machine;
``no bytecode`` is the first import after an installation that compiled nothing. What is not installed is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

WAYS = {
    "frontrow": "import frontrow",
    "frontrow, a client made": "import frontrow; frontrow.Client()",
    "pydruid": "import pydruid.client",
    "pydruid, its DB-API": "import pydruid.db",
    "polars": "import polars",
    "pandas": "import pandas",
}
CHILD = """
import sys, time
before, clock, cpu = set(sys.modules), time.perf_counter(), time.process_time()
{statement}
clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
new = set(sys.modules) - before
import json
files = [path for name in new for path in (getattr(sys.modules[name], "__file__", None),
         getattr(sys.modules[name], "__cached__", None)) if path]
print(json.dumps([clock * 1000, cpu * 1000, len(new), files]))
"""
LIMIT_S = 120


def once(statement: str, **variables: str) -> tuple[float, float, int, list[str]]:
    """Milliseconds of the clock, of the processor, modules, and the files they came from."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | variables
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(statement=statement)],
        env=env, capture_output=True, text=True, timeout=LIMIT_S, check=True,
    )  # fmt: skip
    clock, cpu, modules, files = json.loads(done.stdout)
    return clock, cpu, modules, files


def forget(files: list[str]) -> None:
    """Drop files from the file cache; the kernel may keep what another process has mapped."""
    for file in files:
        if Path(file).is_file():
            opened = os.open(file, os.O_RDONLY)
            try:
                os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(opened)


def measured(statement: str, rounds: int) -> list[str]:
    """The cells of a row."""
    files = once(statement)[3]
    warm = [once(statement) for _ in range(rounds)]
    cold = []
    for _ in range(rounds):
        forget(files)
        cold.append(once(statement)[0])
    fresh = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="frontrow-bench-") as empty:
            fresh.append(once(statement, PYTHONPYCACHEPREFIX=empty)[0])
    clocks, cpus = [row[0] for row in warm], [row[1] for row in warm]
    numbers = (statistics.median(clocks), min(clocks), statistics.median(cpus), min(cpus))
    numbers += (statistics.median(cold), statistics.median(fresh))
    return [*(f"{number:,.0f}" for number in numbers), f"{warm[0][2]:,}"]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    table = Table(
        title=f"milliseconds of an import; {args.rounds} rounds, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    columns = (
        "",
        "warm, median",
        "best",
        "processor, median",
        "best",
        "cold, median",
        "no bytecode, median",
        "modules",
    )
    for column in columns:
        table.add_column(column, justify="right" if column else "left")
    for name, statement in WAYS.items():
        if importlib.util.find_spec(name.partition(",")[0]) is not None:
            table.add_row(name, *measured(statement, args.rounds))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
