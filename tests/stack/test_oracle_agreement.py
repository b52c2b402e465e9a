"""The client's answers from real Druid against the oracle's, for the same events, every metric and dimension."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydruid.utils.aggregators import longsum

from frontrow import Client
from frontrow._http.transport import Transport
from frontrow_ingest.druid import Supervisors, ensure_topic
from frontrow_ingest.producer import EventProducer
from frontrow_ingest.simulate import Simulation
from frontrow_specs import rollup
from frontrow_specs.console import console_queries
from oracle.metrics import DISTINCT, EXACT, QUANTILES, by_time
from support.agreement import CASES, GROUPED, SPECS, check_datasource, check_top, check_total, interval_of
from support.asked_sets import check_sets
from support.clients import a_client
from support.console import Console
from support.counted_records import a_delta, a_refusal, ledger_deltas, quarantine_records, send_records
from support.few_in_bins import counted, given_away, shown_in
from support.slices import check_slices
from support.viewing_events import valid_events

from .conftest import StackUrls

LONG_AGO_MS = int(datetime(2001, 1, 1, tzinfo=UTC).timestamp() * 1000)
pytestmark = [pytest.mark.stack, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@dataclass
class Line:
    """Events in Kafka, datasources that read them, and a client that asks those."""

    names: dict[str, str]
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
        for spec in SPECS:
            await_counted(self.client, spec, len(self.events))


def await_counted(client: Client, spec: str, count: int) -> None:
    """Until a datasource has taken so many records."""
    deadline = time.monotonic() + 300
    asked: dict[str, Any] = {"interval": "2000-01-01/2100-01-01", "granularity": "all", "spec": spec}
    asked["allow_large"] = True
    while True:
        found = client.timeseries([], aggregations={"records": longsum("count")}, **asked)[0]["records"] or 0
        if found == count:
            return
        assert time.monotonic() < deadline, f"{spec} holds {found} of {count}"
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
                supervisors.await_ingesting(datasource, deadline_s=300)
            with (
                a_client(stack.router_url, datasources=names, freshness=False) as client,
                EventProducer(stack.bootstrap, topic=topic) as producer,
            ):
                yield Line(names, client, producer, [])
        finally:
            for datasource in names.values():
                supervisors.terminate(datasource)


@pytest.fixture(scope="module")
def evening(line: Line) -> Line:
    """A line that holds some minutes of a simulated live event."""
    # Just over, so that questions about the last hour find it.
    start = (time.time_ns() // 1_000_000 // 60_000 - 6) * 60_000
    simulation = Simulation(seed=7, viewers=2500, start_ms=start, duration_s=240, end_open=True)
    line.send(list(simulation.events()))
    found = [event for event in line.events if start <= event["ts"] < start + 3_600_000]
    return Line(line.names, line.client, line.producer, found)


@pytest.fixture(scope="module")
def counting(stack: StackUrls, fresh_name: Callable[[str], str]) -> Iterator[tuple[Client, dict[str, str]]]:
    """A client, and the topic of each of quarantine and ledger; their datasources have the same names."""
    topics = {spec: fresh_name(spec) for spec in ("quarantine", "ledger")}
    with Transport(stack.router_url) as transport:
        supervisors = Supervisors(transport)
        try:
            for spec, topic in topics.items():
                ensure_topic(stack.bootstrap, topic, partitions=1)
                supervisors.submit(rollup(spec).supervisor(bootstrap=stack.bootstrap, topic=topic, datasource=topic))
            for topic in topics.values():
                supervisors.await_ingesting(topic, deadline_s=300)
            with a_client(stack.router_url, datasources=topics, freshness=False) as client:
                yield client, topics
        finally:
            for topic in topics.values():
                supervisors.terminate(topic)


_sent: Counter[str] = Counter()


def test_every_console_query(stack: StackUrls, evening: Line, counting: tuple[Client, dict[str, str]]) -> None:
    """First, since some of them ask about the last quarter of an hour, and the evening ends two minutes before now."""
    names = {**evening.names, **counting[1]}
    minutes = by_time(evening.events, 60_000)
    now = time.time_ns() // 1_000_000
    refusals = [a_refusal(ts=now, action=action) for action in ("refused", "refused", "replayed")]
    send_records(stack.bootstrap, names["quarantine"], "quarantine", refusals)
    deltas = [a_delta(ts=minute, sent=len(found)) for minute, found in minutes.items()]
    send_records(stack.bootstrap, names["ledger"], "ledger", deltas)
    _sent.update(quarantine=len(refusals), ledger=len(deltas))
    console = Console(stack.router_url, names, evening.events)
    console.await_rows("ledger_completeness", len(minutes))
    console.await_rows("quarantine_by_reason", 1)

    console.check_times("concurrency_now", "live", 10_000)
    console.check_times("exits_per_minute", "audience", 60_000)
    console.check_times("startup_percentiles", "quality", 300_000)
    console.check_top("top_titles", "audience", "content_id", by="viewer_hours")
    console.check_top("worst_cdns", "quality", "cdn", by="rebuffer_ratio")
    console.check_top("rebuffering_by_device", "quality", "device_type", by="rebuffer_ratio")
    on_demand = Counter(event["content_id"] for event in evening.events if event["content_length_ms"])
    console.check_retention("arena-one", "minute")
    console.check_retention(on_demand.most_common(1)[0][0], "percent")
    console.check_drop_off(on_demand.most_common(1)[0][0])
    console.check_top("viewers_by_title", "audience", "content_id", by="unique_viewers")
    completeness = {row["time"]: (row["sent"], row["completeness"]) for row in console.rows("ledger_completeness")}
    assert sorted(completeness.values()) == sorted((len(found), 1.0) for found in minutes.values())
    (late,) = console.rows("quarantine_by_reason")
    assert (late["reason"], late["quarantined"], late["replayed"], late["quarantine_open"]) == ("late", 2, 1, 1)
    assert console.newest_ms() == max(event["ts"] for event in evening.events)
    assert console.asked == {query.name for query in console_queries()}


def test_the_oracle_knows_every_metric() -> None:
    assert {metric for _, metric in CASES} == {*EXACT, *DISTINCT, *QUANTILES}


@pytest.mark.parametrize("spec", SPECS)
def test_every_metric_of_every_time_and_dimension(evening: Line, spec: str) -> None:
    check_datasource(evening.client, spec, evening.events)


def test_the_same_events_are_counted_in_every_minute(evening: Line) -> None:
    interval = interval_of(evening.events)
    counts = {
        spec: [*evening.client.timeseries("events", interval=interval, spec=spec).columns["events"]]
        for spec in ("audience", "quality", "live")
    }
    assert sum(counts["audience"]) == len(evening.events)
    assert counts["audience"] == counts["quality"] == counts["live"]


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


def test_breakdowns_impact_and_distributions(evening: Line) -> None:
    check_slices(evening.client, evening.events, rates=("rebuffer_ratio",))


def test_bins_of_few_plays_are_merged(stack: StackUrls, evening: Line) -> None:
    splits = [200, 400, 600, 800, 1_000, 1_500, 2_000, 3_000]
    starts: dict[str, list[int]] = {}
    for event in evening.events:
        if event["country"] == "GB" and event["startup_ms"] is not None:
            starts.setdefault(event["device_type"], []).append(event["startup_ms"])
    # So few that the sketch keeps every value.
    assert 200 < sum(map(len, starts.values())) < 512
    counts = counted(starts, splits)
    asked: dict[str, Any] = {"bins": splits, "where": {"country": "GB"}, "interval": interval_of(evening.events)}
    with Client(stack.router_url, datasources=evening.names, freshness=False, completeness=False) as hiding:
        each, everybody = hiding.distribution(by="device_type", n=100, **asked), hiding.distribution(**asked)
    shown = shown_in(list(each), splits, [*starts], "device_type")
    plays = [row["plays"] for row in each if row["plays"] is not None]
    assert plays == [sum(counts[groups[0]][start:end]) for groups, start, end in shown]
    assert all(not 0 < count < 10 for count in [*plays, *everybody.columns["plays"]])
    assert "fewer bins than asked for" in each.exactness
    assert given_away(counts, [*shown, *shown_in(list(everybody), splits, [*starts], "device_type")], 10) == []


def test_viewers_are_united_and_intersected_as_sets_are(evening: Line) -> None:
    (live,) = (name for name, _ in Counter(e["event_id"] for e in evening.events if e["event_id"]).most_common(1))
    check_sets(evening.client, evening.events, live)


_days = iter(range(1000))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(valid_events(), min_size=1, max_size=40))
def test_odd_events(line: Line, drawn: list[dict[str, Any]]) -> None:
    # Each example has a day of its own in the same datasources; its events keep their place within some hours.
    day = LONG_AGO_MS + next(_days) * 86_400_000
    events = [{**event, "ts": day + event["ts"] % 7_200_000} for event in drawn]
    line.send(events)
    for spec in SPECS:
        check_total(line.client, spec, events)
        for dimension in ("country", "event_id", "position"):
            if (spec, dimension) in GROUPED:
                check_top(line.client, spec, dimension, events)


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(valid_events(), min_size=5, max_size=40))
def test_slices_of_odd_events(line: Line, drawn: list[dict[str, Any]]) -> None:
    day = LONG_AGO_MS + next(_days) * 86_400_000
    events = [{**event, "ts": day + event["ts"] % 5_400_000} for event in drawn]
    line.send(events)
    check_slices(line.client, events)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    refused=st.lists(quarantine_records(), min_size=1, max_size=60),
    deltas=st.lists(ledger_deltas(), min_size=1, max_size=60),
)
def test_quarantine_and_ledger(
    stack: StackUrls,
    counting: tuple[Client, dict[str, str]],
    refused: list[dict[str, Any]],
    deltas: list[dict[str, Any]],
) -> None:
    client, topics = counting
    day = LONG_AGO_MS + next(_days) * 86_400_000
    for spec, drawn in (("quarantine", refused), ("ledger", deltas)):
        records = [{**record, "ts": day + record["ts"] % 7_200_000} for record in drawn]
        send_records(stack.bootstrap, topics[spec], spec, records)
        _sent[spec] += len(records)
        await_counted(client, spec, _sent[spec])
        check_datasource(client, spec, records)
