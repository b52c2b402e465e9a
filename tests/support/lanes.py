"""Tests side by side: what shares a stack runs in one worker, in order, while another runs the rest.

Ctrl-C and SIGTERM end the workers before the session does: each gets the time to end what its fixtures started, which
pytest-xdist alone would cut off after ten seconds.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Any

import psutil
import pytest
from xdist.scheduler import LoadScopeScheduling

WORKERS = 2
# The tests of these two share a stack each, those of the third start one of their own each.
STACK, CONTAINERS, APART = "tests/stack", "tests/containers", "tests/lifecycle"
_PATIENCE_S = 180.0


def _folder_of(nodeid: str) -> str:
    folder = "/".join(nodeid.split("/")[:2])
    return folder if folder in (STACK, CONTAINERS, APART) else ""


def lane_of(nodeid: str) -> str:
    """What of the suite one worker runs in one go: a folder with its shared stack, a test with its own, else a file."""
    folder = _folder_of(nodeid)
    return nodeid if folder == APART else folder or nodeid.partition("::")[0]


def ranked(items: list[pytest.Item], *, side_by_side: bool) -> list[pytest.Item]:
    """Tests in the order in which they begin: the quick ones first, but side by side the longest lane before them."""
    order = (STACK, "", CONTAINERS, APART) if side_by_side else ("", CONTAINERS, APART, STACK)
    return sorted(items, key=lambda item: order.index(_folder_of(item.nodeid)))


class Lanes(LoadScopeScheduling):
    """Hands out lanes in the order of the tests, one after another."""

    def _split_scope(self, nodeid: str) -> str:
        return lane_of(nodeid)


class Workers:
    """In the session that the user sees: the workers, to be ended in order."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []

    def pytest_configure_node(self, node: Any) -> None:
        self._nodes.append(node)

    def pytest_keyboard_interrupt(self) -> None:
        """Pass the signal on, once for each time it came, and wait until all fixtures have ended."""
        deadline = time.monotonic() + _PATIENCE_S
        _interrupt()
        for node in self._nodes:
            ended = False
            while not ended:
                try:
                    # Closed when the worker's session is over, or the worker is dead.
                    with contextlib.suppress(EOFError, node.channel.RemoteError, node.channel.TimeoutError):
                        node.channel.waitclose(max(0.0, deadline - time.monotonic()))
                    ended = True
                except KeyboardInterrupt:
                    _interrupt()


def _interrupt() -> None:
    """Ctrl-C for every worker and what it runs: each leads a group of processes."""
    for child in psutil.Process().children():
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(child.pid) == child.pid:
                os.killpg(child.pid, signal.SIGINT)


def wanted_workers(config: pytest.Config) -> int:
    """Two for the whole suite; none for a part of it, which is sooner through in this process."""
    chosen = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    options = ("keyword", "markexpr", "lf", "failedfirst", "stepwise", "collectonly", "deselect")
    return 0 if chosen or any(config.getoption(name, None) for name in options) else WORKERS
