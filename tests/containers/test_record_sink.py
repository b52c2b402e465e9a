"""Kafka in a container does what every RecordSink does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from contract.record_sink import RecordSinkBehaviour
from frontrow_ingest.testing import RunningStack
from support.kafka_harness import KafkaHarness

pytestmark = [pytest.mark.containers, pytest.mark.timeout(600)]


@pytest.fixture
def harness(stack: RunningStack, fresh_name: Callable[[str], str]) -> Iterator[KafkaHarness]:
    harness = KafkaHarness(stack.bootstrap, fresh_name("producer"))
    yield harness
    harness.close()


class TestKafkaInAContainer(RecordSinkBehaviour):
    """The suite, with the module's harness."""
