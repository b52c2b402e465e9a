"""Tests side by side: what shares a stack runs in one worker, in order, while others run the rest.

Two workers: with three on two cores as much gets done, but every test is slower.
Ctrl-C and SIGTERM end the workers before the session does: each gets the time to end what its fixtures started, which
pytest-xdist alone would cut off after ten seconds. What is left of a worker's processes after that is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from xdist.scheduler import LoadScopeScheduling

WORKERS = 2
# The tests of these two share a stack each, those of the third start one of their own each.
STACK, CONTAINERS, APART = "tests/stack", "tests/containers", "tests/lifecycle"
# Taken out of the longest lane: the worker that is free first runs them, on a stack of its own if it has none.
SECOND = "tests/stack, the second lane"
SECOND_FILES = frozenset(f"{STACK}/test_{name}.py" for name in ("evolution", "killed_producer", "notebooks"))
_PATIENCE_S = 180.0


def _part_of(nodeid: str) -> str:
    if nodeid.partition("::")[0] in SECOND_FILES:
        return SECOND
    folder = "/".join(nodeid.split("/")[:2])
    return folder if folder in (STACK, CONTAINERS, APART) else ""


def lane_of(nodeid: str) -> str:
    """What of the suite one worker runs in one go: tests that share a stack, a test with its own, else a file."""
    part = _part_of(nodeid)
    return nodeid if part == APART else part or nodeid.partition("::")[0]


def ranked(items: list[pytest.Item], *, side_by_side: bool) -> list[pytest.Item]:
    """Tests in the order in which they begin: the quick ones first, but side by side the longest lanes before them."""
    if side_by_side:
        ranks = {STACK: 0, CONTAINERS: 1, "": 2, SECOND: 3, APART: 4}
    else:
        ranks = {"": 0, CONTAINERS: 1, APART: 2, STACK: 3, SECOND: 3}
    return sorted(items, key=lambda item: ranks[_part_of(item.nodeid)])


class Lanes(LoadScopeScheduling):
    """Hands out lanes in the order of the tests, one after another."""

    def _split_scope(self, nodeid: str) -> str:
        return lane_of(nodeid)


class Workers:
    """In the session that the user sees: the workers, to be ended in order, with all that they started."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._groups: set[int] = set()

    def pytest_configure_node(self, node: Any) -> None:
        self._nodes.append(node)

    def pytest_testnodeready(self) -> None:
        """Each worker leads a group of processes, by now."""
        children = (child.pid for child in psutil.Process().children())
        self._groups |= {pid for pid in children if psutil.pid_exists(pid) and os.getpgid(pid) == pid}

    def pytest_keyboard_interrupt(self) -> None:
        """Pass the signal on, once for each time it came, and wait until all fixtures have ended."""
        deadline = time.monotonic() + _PATIENCE_S
        self._signal(signal.SIGINT)
        for node in self._nodes:
            ended = False
            while not ended:
                try:
                    # Closed when the worker's session is over, or the worker is dead.
                    with contextlib.suppress(EOFError, node.channel.RemoteError, node.channel.TimeoutError):
                        node.channel.waitclose(max(0.0, deadline - time.monotonic()))
                    ended = True
                except KeyboardInterrupt:
                    self._signal(signal.SIGINT)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Iterator[None]:
        """After pytest-xdist has ended the workers, whatever the reason: what a test left running goes, too."""
        result = yield
        self._signal(signal.SIGKILL)
        return result

    def _signal(self, number: signal.Signals) -> None:
        for group in self._groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, number)


def wanted_workers(config: pytest.Config) -> int:
    """Two for the whole suite; none for a part of it, which is sooner through in this process."""
    chosen = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    options = ("keyword", "markexpr", "lf", "failedfirst", "stepwise", "collectonly", "deselect")
    return 0 if chosen or any(config.getoption(name, None) for name in options) else WORKERS
