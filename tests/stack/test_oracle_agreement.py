"""The client's answers from real Druid against the oracle's, for the same events, every metric and dimension."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontrow import Client, Interval
from frontrow._transport import Transport
from frontrow_ingest.druid import Supervisors, ensure_topic
from frontrow_ingest.producer import EventProducer
from frontrow_ingest.simulate import Simulation
from frontrow_specs import rollup
from oracle.metrics import DISTINCT, EXACT, QUANTILES
from support.agreement import CASES, GROUPED, SPECS, check_minutes, check_top, check_total, interval_of
from support.viewing_events import valid_events

from .conftest import StackUrls

pytestmark = [pytest.mark.stack, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@dataclass
class Line:
    """Events in Kafka, datasources that read them, and a client that asks those."""

    client: Client
    producer: EventProducer
    events: list[dict[str, Any]]

    def send(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            self.producer.send(event)
        self.producer.flush()
        self.events += events
        self._await_all()

    def _await_all(self) -> None:
        deadline = time.monotonic() + 120
        whole = Interval(datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
        for spec in SPECS:
            while True:
                answer = self.client.timeseries(
                    "events", interval=whole, granularity="all", spec=spec, allow_large=True
                )
                found = answer[0]["events"]
                if found == len(self.events):
                    break
                assert time.monotonic() < deadline, f"{spec} holds {found} of {len(self.events)} events"
                time.sleep(0.1)


@pytest.fixture(scope="module")
def line(stack: StackUrls, fresh_name: Callable[[str], str]) -> Iterator[Line]:
    topic = fresh_name("oracle")
    ensure_topic(stack.bootstrap, topic)
    names = {spec: f"{topic}_{spec}" for spec in SPECS}
    with Transport(stack.router_url) as transport:
        supervisors = Supervisors(transport)
        for spec, datasource in names.items():
            supervisors.submit(rollup(spec).supervisor(bootstrap=stack.bootstrap, topic=topic, datasource=datasource))
        try:
            for datasource in names.values():
                supervisors.await_ingesting(datasource)
            with (
                Client(stack.router_url, datasources=names, freshness=False) as client,
                EventProducer(stack.bootstrap, topic=topic) as producer,
            ):
                yield Line(client, producer, [])
        finally:
            for datasource in names.values():
                supervisors.terminate(datasource)


@pytest.fixture(scope="module")
def evening(line: Line) -> Line:
    """A line that holds some minutes of a simulated live event."""
    start = int(datetime(2026, 3, 1, 20, 0, tzinfo=UTC).timestamp() * 1000)
    simulation = Simulation(seed=7, viewers=2500, start_ms=start, duration_s=240, end_open=True)
    line.send(list(simulation.events()))
    return Line(
        line.client, line.producer, [event for event in line.events if start <= event["ts"] < start + 3_600_000]
    )


def test_the_oracle_knows_every_metric() -> None:
    assert {metric for _, metric in CASES} == {*EXACT, *DISTINCT, *QUANTILES}


@pytest.mark.parametrize("spec", SPECS)
def test_all_time(evening: Line, spec: str) -> None:
    check_total(evening.client, spec, evening.events)


@pytest.mark.parametrize("spec", SPECS)
def test_by_minute(evening: Line, spec: str) -> None:
    check_minutes(evening.client, spec, evening.events)


@pytest.mark.parametrize(("spec", "dimension"), GROUPED)
def test_by_dimension(evening: Line, spec: str, dimension: str) -> None:
    check_top(evening.client, spec, dimension, evening.events)


@pytest.mark.parametrize("metric", ["plays", "rebuffer_ratio", "peak_concurrent_viewers", "startup_time_p90"])
def test_the_first_metric_ranks(evening: Line, metric: str) -> None:
    spec = "quality"
    interval = interval_of(evening.events)
    answer = evening.client.top_n("cdn", metric, interval=interval, spec=spec)
    values = [row[metric] for row in answer]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=True)
    assert values == known + [None] * (len(values) - len(known))


def test_a_filter_is_the_oracles_selection(evening: Line) -> None:
    interval = interval_of(evening.events)
    where = {"country": "DE", "device_type": ["tv", "mobile"]}
    chosen = [e for e in evening.events if e["country"] == "DE" and e["device_type"] in ("tv", "mobile")]
    answer = evening.client.timeseries(["events", "play_ms"], interval=interval, granularity="all", where=where)
    assert chosen
    assert dict(answer[0]) == {
        "time": interval.start,
        "events": len(chosen),
        "play_ms": sum(event["play_ms"] for event in chosen),
    }


_days = iter(range(1000))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(valid_events(), min_size=1, max_size=40))
def test_odd_events(line: Line, drawn: list[dict[str, Any]]) -> None:
    # Each example has a day of its own in the same datasources; its events keep their place within some hours.
    day = int(datetime(2026, 5, 1, tzinfo=UTC).timestamp() * 1000) + next(_days) * 86_400_000
    events = [{**event, "ts": day + event["ts"] % 7_200_000} for event in drawn]
    line.send(events)
    for spec in SPECS:
        check_total(line.client, spec, events)
        for dimension in ("country", "event_id"):
            check_top(line.client, spec, dimension, events)
