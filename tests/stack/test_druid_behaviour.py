"""The real Druid of the stack does what every Druid does for frontrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from contract.druid import DruidBehaviour
from frontrow._transport import Transport
from frontrow_specs import rollup
from support.agreement import SPECS
from support.supervised_topic import SupervisedTopic, supervised_topic

pytestmark = [pytest.mark.stack, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


class StackHarness:
    def __init__(self, transport: Transport, topic: SupervisedTopic) -> None:
        self.transport = transport
        self._topic = topic

    def datasource(self, spec: str) -> str:
        return f"{self._topic.name}_{spec}"

    def supervisor(self, spec: str, name: str) -> dict[str, Any]:
        topic = self._topic
        return rollup(spec).supervisor(bootstrap=topic.bootstrap, topic=topic.name, datasource=name)

    def produce(self, messages: Sequence[bytes | None]) -> None:
        self._topic.send(messages)

    def close(self) -> None:
        """End supervisors and tasks, so that the next test finds tasks free."""
        for spec in SPECS:
            self._topic.end(self.datasource(spec))


@pytest.fixture(scope="module")
def harness(stack: Any, fresh_name: Callable[[str], str]) -> Iterator[StackHarness]:
    with (
        Transport(stack.router_url) as transport,
        supervised_topic(stack.router_url, stack.bootstrap, fresh_name("behaviour")) as topic,
    ):
        harness = StackHarness(transport, topic)
        try:
            yield harness
        finally:
            harness.close()


class TestStackDruid(DruidBehaviour):
    """The suite, with the module's harness."""
