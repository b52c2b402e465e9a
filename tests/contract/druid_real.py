"""A real Druid and Kafka for the suite in ``druid.py``, wherever they run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from frontrow._http.transport import Transport
from frontrow_specs import rollup, rollup_names, topic_names
from frontrow_specs.avro_schemas import EVENTS
from support.supervised_topic import SupervisedTopic, supervised_topic


class RealHarness:
    """A topic for each kind of record, and a datasource of its own for each spec."""

    def __init__(self, transport: Transport, topics: Mapping[str, SupervisedTopic], inner_bootstrap: str) -> None:
        self.transport = transport
        self._topics = topics
        self._inner_bootstrap = inner_bootstrap

    def datasource(self, spec: str) -> str:
        return f"{self._topics[EVENTS].name}_{spec}"

    def supervisor(self, spec: str, name: str) -> dict[str, Any]:
        topic = self._topics[rollup(spec).topic].name
        return rollup(spec).supervisor(bootstrap=self._inner_bootstrap, topic=topic, datasource=name)

    def produce(self, messages: Sequence[bytes | None], topic: str = EVENTS) -> None:
        self._topics[topic].send(messages)


@contextmanager
def real_druid(
    router_url: str, bootstrap: str, name: str, *, inner_bootstrap: str | None = None
) -> Iterator[RealHarness]:
    """Make the topics; at the end take them away again, with supervisors, tasks and datasources.

    Args:
        name: of the topic of events, and how the others begin; nobody may have used it
        inner_bootstrap: Kafka's address as Druid reaches it, where it is another
    """
    with Transport(router_url) as transport, ExitStack() as opened:
        named = {kind: name if kind == EVENTS else f"{name}_{kind}" for kind in topic_names()}
        topics = {
            kind: opened.enter_context(supervised_topic(router_url, bootstrap, each)) for kind, each in named.items()
        }
        harness = RealHarness(transport, topics, inner_bootstrap or bootstrap)
        try:
            yield harness
        finally:
            # So that the next test finds tasks free.
            for spec in rollup_names():
                topics[EVENTS].end(harness.datasource(spec))
