"""The one running stack that all stack tests share, and names of their own for each."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from frontrow_ingest.stack import LocalStack, StackSettings, free_ports


@dataclass(frozen=True)
class StackUrls:
    """Where the services of the running stack answer."""

    router_url: str
    broker_url: str
    coordinator_url: str
    indexer_url: str
    bootstrap: str


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack of the session's own on free ports. What a test kills of it, ``up`` heals."""
    if os.environ.get("FRONTROW_TEST_STACK"):
        pytest.skip("the stack that FRONTROW_TEST_STACK names is not ours to disturb")
    # Archives of classes are for stacks that start often; here writing them would only cost time.
    directory = tmp_path_factory.mktemp("stack")
    settings = StackSettings(Path(directory), ports=free_ports(), class_archives=False, short_lived=True)
    local = LocalStack(settings)
    try:
        local.up(deadline_s=600)
        yield local
    finally:
        local.down()


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> StackUrls:
    """The session's stack, or the running one that FRONTROW_TEST_STACK names.

    The variable is ``router=URL,broker=URL,coordinator=URL,indexer=URL,bootstrap=HOST:PORT``.
    """
    given = os.environ.get("FRONTROW_TEST_STACK")
    if given:
        parts = dict(item.split("=", 1) for item in given.split(","))
        return StackUrls(*(parts[name] for name in ("router", "broker", "coordinator", "indexer", "bootstrap")))
    local: LocalStack = request.getfixturevalue("local_stack")
    return StackUrls(
        router_url=local.router_url,
        broker_url=local.url("broker"),
        coordinator_url=local.url("coordinator"),
        indexer_url=local.url("indexer"),
        bootstrap=local.bootstrap,
    )


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def fresh_name() -> Callable[[str], str]:
    """Make a topic or datasource name that no other test, and no earlier run, has used."""
    run = f"{time.time_ns() // 1_000_000:x}"

    def make(prefix: str) -> str:
        return f"{prefix}_{run}_{next(_numbers)}"

    return make
