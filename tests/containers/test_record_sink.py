"""Kafka in a container does what every RecordSink does."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator

import pytest

from support.kafka_harness import KafkaHarness

pytest.register_assert_rewrite("contract.record_sink")

from contract.record_sink import RecordSinkBehaviour  # noqa: E402
from frontrow_ingest.testing import RunningStack  # noqa: E402

pytestmark = [
    pytest.mark.containers,
    # kafka-python leaves the socket of a failed connection attempt to the garbage collector
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture(autouse=True, scope="module")
def collect_sockets() -> Iterator[None]:
    """Collect the sockets left over here, where they are expected, not in a test that comes later."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def harness(stack: RunningStack, fresh_name: Callable[[str], str]) -> Iterator[KafkaHarness]:
    harness = KafkaHarness(stack.bootstrap, fresh_name("producer"))
    yield harness
    harness.close()


class TestKafkaInAContainer(RecordSinkBehaviour):
    """The suite, with the module's harness."""
