"""The one running stack that all stack tests share, and names of their own for each."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class StackUrls:
    """Where the services of the running stack answer."""

    router_url: str
    broker_url: str
    coordinator_url: str
    indexer_url: str
    bootstrap: str


def _given(text: str) -> StackUrls:
    parts = dict(item.split("=", 1) for item in text.split(","))
    return StackUrls(
        router_url=parts["router"],
        broker_url=parts["broker"],
        coordinator_url=parts["coordinator"],
        indexer_url=parts["indexer"],
        bootstrap=parts["bootstrap"],
    )


@pytest.fixture(scope="session")
def stack() -> Iterator[StackUrls]:
    """The running stack: the one named in FRONTROW_TEST_STACK."""
    yield _given(os.environ["FRONTROW_TEST_STACK"])


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def fresh_name() -> Callable[[str], str]:
    """Make a topic or datasource name that no other test, and no earlier run, has used."""
    run = f"{time.time_ns() // 1_000_000:x}"

    def make(prefix: str) -> str:
        return f"{prefix}_{run}_{next(_numbers)}"

    return make
