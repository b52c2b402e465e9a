"""For all tests: shared helpers tell what they compared; sockets that kafka-python forgets are not ours; lanes."""

from __future__ import annotations

import gc
import os
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# Before anything imports them.
pytest.register_assert_rewrite("contract.druid", "contract.druid_world", "contract.record_sink", "support.agreement")

# kafka-python leaves the socket of a failed connection attempt to the garbage collector.
_FORGOTTEN = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    from support.installed import build

    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(autouse=True, scope="session")
def _patience() -> Iterator[None]:
    """Seconds that are enough for whoever waits can be too few on a busy machine: a client gives a ledger two of them,
    and one to Druid to end a query; a compiler, or a JVM that writes its classes, has a few minutes.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("frontrow._session.COMPLETENESS_S", 60.0)
        patched.setattr("frontrow._http.transport._CANCEL_S", 60.0)
        patched.setattr("frontrow_ingest.stack.archives._BASE_LIMIT_S", 800.0)
        patched.setattr("frontrow_ingest.stack.extension.build._COMPILE_LIMIT_S", 800.0)
        yield


# An example may take as long as it takes.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


def pytest_sessionstart() -> None:
    """SIGTERM ends a run as Ctrl-C does: nothing that fixtures started stays."""
    # A shell that starts something in the background has it ignore Ctrl-C; tests send that to themselves.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """A worker of pytest-xdist leads a group of its own: it is interrupted by the session that started it."""
    if hasattr(config, "workerinput"):
        os.setpgrp()
    elif config.getoption("tx", None):
        from support.lanes import Workers

        config.pluginmanager.register(Workers())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    from support.lanes import wanted_workers

    return wanted_workers(config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from support.lanes import Lanes

    config.option.loadscopereorder = False
    return Lanes(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the lanes, and let no test with a real Kafka fail for a socket that is forgotten."""
    from support.lanes import ranked

    items[:] = ranked(items, side_by_side=hasattr(config, "workerinput"))
    for item in items:
        if _with_kafka(item):
            item.add_marker(_FORGOTTEN)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Collect forgotten sockets at the end of a module with Kafka, where they are expected, not in a later test.

    Not in a fixture: at the end of the last one, what the last test used is still held.
    """
    result = yield
    if _with_kafka(item) and (nextitem is None or nextitem.path != item.path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    return result  # type: ignore[return-value]


def _with_kafka(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("stack", "containers"))
