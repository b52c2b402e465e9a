"""How fast ``frontrow specs preview`` is: events a second, every dimension left out once, bytes of all columns.

Lines are read from a file as the command reads them. Beside it stands the rollup engine with the states of the Druid in
memory, which keeps whole sets, and the memory that each takes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

from memory import with_peak

from frontrow_ingest.preview import Sample, preview
from frontrow_ingest.rollup import Rollup, parse_schema
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.simulate.outputs import FileOutput
from frontrow_specs import rollup, rollup_names
from frontrow_specs.avro_schemas import EVENTS


def write(path: Path, viewers: int) -> int:
    """An hour of a simulated evening as JSON Lines; how many."""
    output, count = FileOutput(path), 0
    for event in Simulation(seed=1, viewers=viewers, start_ms=1_772_395_200_000, duration_s=3_600).events():
        output.send(event)
        count += 1
    output.close()
    return count


def measured(how: str, name: str, path: Path, pipe: Any) -> None:
    """In a process of its own, so that its memory is its own: seconds, rows, MiB."""
    sample = Sample.of_file(path, EVENTS)

    def timed() -> tuple[float, int]:
        began = time.perf_counter()
        if how == "preview":
            rows = preview(rollup(name), sample).count.rows
        else:
            made = Rollup(parse_schema(rollup(name).supervisor(bootstrap="none:9092")["spec"]["dataSchema"]))
            for event in sample:
                made.add(event)
            rows = made.count.rows
        return time.perf_counter() - began, rows

    (seconds, rows), peak = with_peak(timed)
    pipe.send((seconds, rows, peak))


def run(how: str, name: str, path: Path) -> tuple[float, int, float]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=measured, args=(how, name, path, theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(300):
            raise RuntimeError(f"waited 300 s for {how} of {name}")
        seconds, rows, mib = ours.recv()
        return seconds, rows, mib
    finally:
        process.kill()
        process.join(10)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=1_500)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="frontrow-bench-") as directory:
        path = Path(directory) / "evening.jsonl"
        count = write(path, args.viewers)
        print(
            f"{count:,} events, {path.stat().st_size / 1e6:,.0f} MB of JSON Lines; {os.cpu_count()} cores, "
            f"{platform.machine()}, load {os.getloadavg()[0]:.1f}"
        )
        print(f"{'':12}{'dimensions':>12}{'rows':>10}{'preview/s':>12}{'MiB':>8}{'engine/s':>12}{'MiB':>8}")
        for name in rollup_names():
            if rollup(name).topic != EVENTS:
                continue
            seconds, rows, mib = run("preview", name, path)
            whole_s, whole_rows, whole_mib = run("engine", name, path)
            assert rows == whole_rows
            print(
                f"{name:12}{len(rollup(name).dimensions):>12}{rows:>10,}{count / seconds:>12,.0f}{mib:>8,.0f}"
                f"{count / whole_s:>12,.0f}{whole_mib:>8,.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
