"""A real Druid and Kafka for the suite in ``druid.py``, wherever they run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from frontrow._transport import Transport
from frontrow_specs import rollup
from support.agreement import SPECS
from support.supervised_topic import SupervisedTopic, supervised_topic


class RealHarness:
    """One topic, and a datasource of its own for each spec."""

    def __init__(self, transport: Transport, topic: SupervisedTopic, inner_bootstrap: str) -> None:
        self.transport = transport
        self._topic = topic
        self._inner_bootstrap = inner_bootstrap

    def datasource(self, spec: str) -> str:
        return f"{self._topic.name}_{spec}"

    def supervisor(self, spec: str, name: str) -> dict[str, Any]:
        return rollup(spec).supervisor(bootstrap=self._inner_bootstrap, topic=self._topic.name, datasource=name)

    def produce(self, messages: Sequence[bytes | None]) -> None:
        self._topic.send(messages)


@contextmanager
def real_druid(
    router_url: str, bootstrap: str, name: str, *, inner_bootstrap: str | None = None
) -> Iterator[RealHarness]:
    """Make the topic; at the end take it away again, with supervisors, tasks and datasources.

    Args:
        name: of the topic; nobody may have used it
        inner_bootstrap: Kafka's address as Druid reaches it, where it is another
    """
    with (
        Transport(router_url) as transport,
        supervised_topic(router_url, bootstrap, name) as topic,
    ):
        harness = RealHarness(transport, topic, inner_bootstrap or bootstrap)
        try:
            yield harness
        finally:
            # So that the next test finds tasks free.
            for spec in SPECS:
                topic.end(harness.datasource(spec))
