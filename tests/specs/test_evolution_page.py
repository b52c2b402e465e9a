"""specs/EVOLUTION.md as far as it goes without services: its changes fit the tree, its commands do what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from support.walkthrough import Command, Edit, steps

ROOT = Path(__file__).parents[2]
SOURCES = ("client", "ingest", "specs")
AGREE = """
from frontrow_ingest.contract import ViewingEvent, decode, encode_unchecked
from frontrow_ingest.simulate import Simulation
from frontrow_specs import current_schema_id, event_fields
assert current_schema_id() == 2
assert list(ViewingEvent.model_fields) == list(event_fields())
event = next(iter(Simulation(seed=1, viewers=5, start_ms=1_790_000_000_000, duration_s=60).events()))
assert decode(encode_unchecked(event)) == event
"""


def test_the_page_fits_the_tree(tmp_path: Path) -> None:
    for source in SOURCES:
        shutil.copytree(ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(tmp_path / source) for source in SOURCES)}
    code = "from frontrow_ingest.cli import main; main()"
    ran = []
    for step in steps(ROOT / "specs" / "EVOLUTION.md"):
        if isinstance(step, Edit):
            step.make(tmp_path)
        elif step.line.startswith(("frontrow schema", "frontrow specs validate")):
            ran.append(run(environment, code, step))
    assert len(ran) == 3
    assert "schema id 2 of events" in ran[1]
    subprocess.run([sys.executable, "-c", AGREE], env=environment, check=True, timeout=600)


def run(environment: dict[str, str], code: str, step: Command) -> str:
    arguments = [sys.executable, "-c", code, *step.line.split()[1:]]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == step.status, done.stderr
    return done.stdout
