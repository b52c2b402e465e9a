"""Every notebook runs from its first cell to its last against real Kafka and Druid, and finds what there is to find."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from support import notebook_run
from support.evening import Told, told_evening

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1_000)]

VIEWERS = 800


@pytest.fixture(scope="module")
def told(stack: Any, fresh_name: Callable[[str], str]) -> Iterator[Told]:
    with told_evening(stack.router_url, stack.bootstrap, fresh_name("notebooks"), VIEWERS) as told:
        yield told


@pytest.fixture(scope="module")
def run(stack: Any, told: Told, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The executed notebooks by name."""
    folder = tmp_path_factory.mktemp("notebooks")
    command = [sys.executable, notebook_run.__file__, stack.router_url, json.dumps(told.names), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=700, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-6000:]
    return {path.stem: nbformat.read(path, as_version=4) for path in folder.glob("*.ipynb")}


def text_of(notebook: Any) -> str:
    """Everything that a notebook printed or showed, as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs)


def test_every_notebook_ran(run: dict[str, Any]) -> None:
    assert sorted(run) == sorted(path.stem for path in notebook_run.NOTEBOOKS.glob("*.ipynb"))
    for name, notebook in run.items():
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in cells), name
        assert not [out for cell in cells for out in cell.outputs if out.output_type in ("error", "stream")
                    and out.get("name") == "stderr"], name  # fmt: skip


def test_a_newcomer_sees_a_chart_in_the_fifth_cell_at_the_latest(run: dict[str, Any]) -> None:
    first = run["1_quick_start"].cells[:5]
    assert any("image/svg+xml" in out.get("data", {}) for cell in first for out in cell.get("outputs", []))


def test_the_investigation_finds_what_the_simulator_hides(run: dict[str, Any], told: Told) -> None:
    cdn, isp = told.evening.fault
    assert f"the pair to look at: {cdn} towards {isp}" in text_of(run["3_quality_investigation"])


def test_every_event_is_there(told: Told, stack: Any) -> None:
    import frontrow

    with frontrow.Client(stack.router_url, datasources=told.names, min_audience=0) as client:
        for spec in ("audience", "quality", "live", "retention"):
            answer = client.timeseries("events", last="5h", granularity="all", spec=spec)
            assert answer[0]["events"] == told.evening.events, spec
        assert client.ledger(last="5h").completeness == 1


def test_stored_notebooks_have_their_output_and_nothing_of_the_machine_that_made_it() -> None:
    for path in notebook_run.NOTEBOOKS.glob("*.ipynb"):
        text = Path(path).read_text()
        notebook = nbformat.reads(text, as_version=4)
        assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code"), path.name
        assert str(Path.home()) not in text
        assert "site-packages" not in text
        assert len(text) < 1_500_000, path.name
