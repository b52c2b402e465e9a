"""For all tests: shared helpers tell what they compared; sockets that kafka-python forgets are not ours."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator, Sequence

import pytest

# Before anything imports them.
pytest.register_assert_rewrite("contract.druid", "contract.druid_world", "contract.record_sink", "support.agreement")

# kafka-python leaves the socket of a failed connection attempt to the garbage collector.
_WITH_KAFKA = ("stack", "containers")
_FORGOTTEN = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Let no test with a real Kafka fail for a socket that is forgotten."""
    for item in items:
        if any(item.get_closest_marker(name) for name in _WITH_KAFKA):
            item.add_marker(_FORGOTTEN)


@pytest.fixture(autouse=True, scope="module")
def forgotten_sockets(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collect them at the end of a module that uses Kafka, where they are expected, not in a test that comes later."""
    yield
    if any(request.node.get_closest_marker(name) for name in _WITH_KAFKA):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
