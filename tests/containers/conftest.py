"""Docker, the images, and the one stack in containers that the tests here share."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator

import pytest

from frontrow_ingest import testing
from frontrow_ingest.images import Images, build_images
from frontrow_ingest.images.docker import docker, engine_problem
from support.engine import Leftovers

# Its image cannot be pulled everywhere; nothing here leans on it.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
_STACKS: list[testing.RunningStack] = []


@pytest.fixture(scope="session")
def engine() -> None:
    """Skips where Docker does not run; in CI its absence is a failure."""
    problem = engine_problem()
    if problem is None:
        return
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(f"CI has to test the containers. {problem}", pytrace=False)
    pytest.skip(f"{problem} `.ci/run` shows how to get it on Debian.")


@pytest.fixture(scope="session")
def images(engine: None) -> Images:
    """Built where the engine does not hold them by their content."""
    return build_images()


@pytest.fixture(scope="package")
def stack(images: Images) -> Iterator[testing.RunningStack]:
    """A stack of this folder's own, ended before other tests begin; after it, Docker is as it was."""
    before = Leftovers.now()
    with testing.stack("containers", images=images, deadline_s=400) as running:
        _STACKS.append(running)
        ports = [int(each.rpartition(":")[2]) for each in (running.router_url, running.bootstrap)]
        yield running
        _STACKS.clear()
    Leftovers.now().assert_none_since(before, ports=ports)


@pytest.fixture(scope="session")
def fresh_name() -> Callable[[str], str]:
    """Make a topic or datasource name that no other test has used."""
    numbers = itertools.count(1)
    run = f"{time.time_ns() // 1_000_000:x}"
    return lambda prefix: f"{prefix}_{run}_{next(numbers)}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test shows what the services said."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.failed and "stack" in getattr(item, "fixturenames", ()):
        for running in _STACKS:
            for service in ("coordinator", "indexer", "broker", "router", "kafka"):
                report.sections.append((f"log of {service}", running.log(service, 30)))


@pytest.fixture(scope="session")
def ask_docker(engine: None) -> Callable[..., str]:
    """Runs ``docker`` with some words and returns what it prints."""
    return lambda *words: docker(words).strip()
