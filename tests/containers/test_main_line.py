"""Events through Kafka and Druid in containers: the client's answers are the oracle's, before and after a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from kafka import KafkaProducer

from frontrow import Client, FrontrowError
from frontrow._http.transport import Transport
from frontrow_ingest.druid import Supervisors, ensure_topic
from frontrow_ingest.producer import EventProducer
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.testing import RunningStack
from frontrow_specs import rollup
from support.agreement import check_datasource, interval_of
from support.clients import a_client
from support.waiting import until

pytestmark = [
    pytest.mark.containers,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

START_MS = int(datetime(2026, 3, 1, 20, 0, tzinfo=UTC).timestamp() * 1000)
# The others are held to the oracle on the local stack; here the containers are to be seen working.
SPECS = ("audience", "quality")
BAD = b"this is no viewing event"


@dataclass
class Line:
    """Events in Kafka, two datasources that read them, and a client."""

    stack: RunningStack
    supervisors: Supervisors
    client: Client
    names: dict[str, str]
    events: list[dict[str, Any]]

    def await_all(self) -> None:
        for spec in SPECS:
            until(f"{len(self.events)} events in {spec}", lambda spec=spec: self.count(spec) == len(self.events))

    def count(self, spec: str) -> int | None:
        try:
            answer = self.client.timeseries("events", interval=interval_of(self.events), granularity="all", spec=spec)
        except FrontrowError:
            return None  # Druid is only starting
        return answer[0]["events"]


@pytest.fixture(scope="module")
def line(stack: RunningStack, fresh_name: Callable[[str], str]) -> Iterator[Line]:
    topic = fresh_name("line")
    ensure_topic(stack.bootstrap, topic)
    names = {spec: f"{topic}_{spec}" for spec in SPECS}
    events = list(Simulation(seed=3, viewers=800, start_ms=START_MS, duration_s=180, end_open=True).events())
    with (
        Transport(stack.router_url) as transport,
        a_client(stack.router_url, datasources=names, freshness=False) as client,
    ):
        supervisors = Supervisors(transport)
        for spec, name in names.items():
            supervisors.submit(rollup(spec).supervisor(bootstrap=stack.druid_bootstrap, topic=topic, datasource=name))
        with EventProducer(stack.bootstrap, topic=topic) as producer:
            for event in events:
                producer.send(event)
        bad = KafkaProducer(bootstrap_servers=stack.bootstrap)
        bad.send(topic, BAD).get(120)
        bad.close()
        line = Line(stack, supervisors, client, names, events)
        line.await_all()
        yield line


def assert_agrees(line: Line) -> None:
    """Timeseries by minute and top lists of every dimension, all metrics of both specs, against the oracle."""
    for spec in SPECS:
        check_datasource(line.client, spec, line.events)


def test_answers_are_the_oracles(line: Line) -> None:
    assert_agrees(line)


def test_a_bad_message_is_counted_and_stops_nothing(line: Line) -> None:
    for name in line.names.values():
        until("the bad message to be counted", lambda name=name: line.supervisors.status(name).unparseable == 1)
        status = line.supervisors.status(name)
        assert (status.processed, status.state) == (len(line.events), "RUNNING")


def test_a_restart_keeps_the_data(line: Line) -> None:
    """One datasource lies in segments by then, the other one is read from Kafka again."""
    line.supervisors.terminate(line.names["audience"])
    with Transport(line.stack.router_url) as transport:
        until("segments to be loaded", lambda: _handed_off(transport, line.names["audience"]))
    line.stack.restart_druid()
    line.await_all()
    assert_agrees(line)
    line.supervisors.await_ingesting(line.names["quality"])
    assert line.names["audience"] not in line.supervisors.names()


def _handed_off(transport: Transport, datasource: str) -> bool:
    """Whether Historicals have all segments of a datasource, there is one, and its task has seen that and ended."""
    missing = transport.request_json("GET", "/druid/coordinator/v1/loadstatus?simple")
    running = transport.request_json("GET", f"/druid/indexer/v1/tasks?state=running&datasource={datasource}")
    return missing.get(datasource) == 0 and not running
