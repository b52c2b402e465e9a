"""Executing the notebooks in ``client/notebooks``, each in a kernel of its own, against a Druid that is named.

As a program it takes the Router's address, the datasources' names as JSON, and the folder for the executed copies: so a
test runs it apart, and warnings of Jupyter's packages are not the test's.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "client" / "notebooks"
CONNECTS = "connect"
"""Tag of the cell that makes the client, in whose place a run has its own."""

_CELL_S = 400
# JupyterLab draws Vega-Lite also where it does not trust a notebook, but no SVG; other viewers know only SVG.
_KEPT = ("text/plain", "text/html", "image/svg+xml", "application/vnd.vegalite.v5+json")


def executed(path: Path, url: str, names: Mapping[str, str]) -> Any:
    """The notebook with the output of this run, its cells as they are stored.

    Raises:
        CellExecutionError: a cell failed; has its traceback
    """
    notebook = nbformat.read(path, as_version=4)
    own = {}
    for cell in notebook.cells:
        if CONNECTS in cell.metadata.get("tags", []):
            own[cell.id] = cell.source
            cell.source = f"import frontrow\n\nclient = frontrow.Client({url!r}, datasources={dict(names)!r})"
    with tempfile.TemporaryDirectory(prefix="frontrow-kernel-") as sockets:
        # By files instead of ports: nothing else of this machine can talk to the kernel.
        kernel = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/kernel")
        # A busy machine may show what a cell printed long after the cell has ended; what is late would be lost.
        client = NotebookClient(notebook, km=kernel, timeout=_CELL_S, startup_timeout=_CELL_S, iopub_timeout=_CELL_S)
        client.execute()
    for cell in notebook.cells:
        cell.source = own.get(cell.id, cell.source)
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            _trim(output)
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return notebook


def _trim(output: Any) -> None:
    """Keep of an output what some viewer shows."""
    data = output.get("data")
    if data is not None:
        for kind in [kind for kind in data if kind not in _KEPT]:
            del data[kind]


def run_all(url: str, names: Mapping[str, str], folder: Path) -> None:
    """Execute every notebook and write it into a folder."""
    with tempfile.TemporaryDirectory(prefix="frontrow-jupyter-") as scratch:
        # Nothing of the user's own settings, and nothing left in the home directory.
        for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
            os.environ[name] = scratch
        for path in sorted(NOTEBOOKS.glob("*.ipynb")):
            print(path.name, flush=True)
            nbformat.write(executed(path, url, names), folder / path.name)


if __name__ == "__main__":
    run_all(sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3]))
