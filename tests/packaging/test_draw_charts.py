"""The pictures of the documentation can be drawn anew, and those that are kept are all of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "client" / "docs" / "charts"
MOST_BYTES = 120_000


def test_the_script_draws_every_kept_picture(tmp_path: Path) -> None:
    script = ROOT / "tests" / "packaging" / "draw_charts.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {path.name for path in KEPT.iterdir()}
    assert "timeseries.svg" in drawn
    for path in tmp_path.iterdir():
        assert path.stat().st_size < MOST_BYTES
        # The same audience and the same chart: anything else means that the kept picture is old.
        assert _texts(path) == _texts(KEPT / path.name)


def _texts(path: Path) -> list[str]:
    root = ElementTree.fromstring(path.read_text())  # noqa: S314 - drawn by ourselves
    return [text.strip() for text in root.itertext() if text.strip()]
