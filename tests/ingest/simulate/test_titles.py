"""The simulated titles have names that can be loaded, and no event names another one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from frontrow_ingest.lookups import read_table
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.simulate.titles import title_entries, write_titles
from frontrow_specs import lookup_table

TITLE = lookup_table("title")


def test_every_title_of_an_event_has_a_name() -> None:
    simulation = Simulation(seed=3, viewers=200, start_ms=1_772_395_200_000, duration_s=60, titles=50)
    entries = title_entries(50)
    assert len(entries) == 51
    assert {event["content_id"] for event in simulation.events()} <= set(entries)


def test_the_file_is_what_load_takes(tmp_path: Path) -> None:
    write_titles(tmp_path / "titles.csv", 400)
    assert read_table(tmp_path / "titles.csv", TITLE) == title_entries(400)


def test_the_command_writes_it(tmp_path: Path) -> None:
    out, titles = tmp_path / "events.jsonl", tmp_path / "titles.csv"
    program = [sys.executable, "-c", "from frontrow_ingest.cli import main; main()", "simulate", "--no-progress"]
    options = ["--viewers", "5", "--duration", "5s", "--speed", "max", "--titles", "9", "--out", str(out)]
    subprocess.run([*program, *options, "--titles-out", str(titles)], check=True, capture_output=True, timeout=600)
    assert len(read_table(titles, TITLE)) == 10
    absent = [*program, *options, "--titles-out", str(tmp_path / "absent" / "titles.csv")]
    found = subprocess.run(absent, check=False, capture_output=True, text=True, timeout=600)
    assert found.returncode == 1
    assert "titles.csv" in found.stderr
