"""Execute the notebooks in ``client/notebooks`` and store them with their output: ``make notebooks``.

Starts a stack of its own on free ports and sends an evening to it, as ``frontrow demo --evening`` does.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from frontrow_ingest.stack import LocalStack, StackSettings, free_ports
from support.evening import told_evening
from support.notebook_run import NOTEBOOKS, run_all

VIEWERS = 1500


def main() -> None:
    """Rewrites the notebooks."""
    with tempfile.TemporaryDirectory(prefix="frontrow-notebooks-") as directory:
        stack = LocalStack(StackSettings(Path(directory), ports=free_ports()))
        try:
            stack.up()
            with told_evening(stack.router_url, stack.bootstrap, "evening", VIEWERS) as told:
                run_all(stack.router_url, told.names, NOTEBOOKS)
        finally:
            stack.down()


if __name__ == "__main__":
    main()
