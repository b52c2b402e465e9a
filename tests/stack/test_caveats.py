"""Caveats on real Kafka and Druid: small audiences, top lists of many values, completeness, settled buckets."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kafka import KafkaProducer

from frontrow import Client
from frontrow_ingest.contract import ViewingEvent, encode
from support.clients import a_client
from support.other_records import encoded_as
from support.supervised_topic import supervised_specs
from support.viewing_events import an_event

pytestmark = [
    pytest.mark.stack,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
DEADLINE_S = 300
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
INTERVAL = (START, START + timedelta(hours=2))
TITLES = 2_500
LOST = 7
Event = dict[str, Any]


def make_events() -> list[Event]:
    """2,500 titles over two hours, each hour a segment; every event has a viewer of its own.

    ``spread`` has one event in the first hour, where 2,479 titles have two, and 60 in the second.
    """
    events: list[Event] = []

    def add(title: str, count: int, hour: int, country: str = "DE") -> None:
        for number in range(count):
            at = START + timedelta(hours=hour, seconds=number * 7 % 3_600)
            viewer = len(events)
            events.append(
                an_event(
                    ts=int(at.timestamp() * 1000),
                    content_id=title,
                    country=country,
                    viewer_id=f"viewer-{viewer:015d}",
                    session_id=f"session-{viewer}",
                    seq=0,
                )
            )

    add("spread", 1, 0)
    add("spread", 60, 1)
    for number in range(20):
        add(f"large-{number:02d}", 20, 0)
        add(f"large-{number:02d}", 20 + number, 1)
    for number in range(TITLES - 21):
        add(f"small-{number:04d}", 2, 0)
    add("large-00", 12, 1, "AT")
    add("large-00", 3, 1, "LI")
    add("large-00", 30, 1, "FR")
    return events


@dataclass(frozen=True)
class World:
    events: list[Event]
    showing: Client
    hiding: Client


@pytest.fixture(scope="module")
def world(stack: Any, fresh_name: Callable[[str], str]) -> Iterator[World]:
    prefix = fresh_name("caveats") + "_"
    topics = {"audience": "events", "ledger": "ledger"}
    names = {spec: prefix + spec for spec in topics}
    events = make_events()
    minute = int(START.timestamp() * 1000)
    told = [
        {"ts": minute, "emitted_ts": minute, "producer": "p", "run": "r", "schema_id": 1,
         "sent": sum(event["ts"] < minute + 60_000 for event in events) + LOST,
         "refused": 0, "duplicates": 0, "bytes": 0, "refused_bytes": 0, "viewer_key_epoch": None}
    ]  # fmt: skip
    with (
        supervised_specs(
            stack.router_url, stack.bootstrap, names, {spec: prefix + topic for spec, topic in topics.items()}
        ),
        a_client(stack.router_url, datasources=names) as showing,
        Client(stack.router_url, datasources=names) as hiding,
    ):
        producer = KafkaProducer(bootstrap_servers=stack.bootstrap, acks="all", linger_ms=20)
        for event in events:
            producer.send(prefix + "events", encode(ViewingEvent(**event)))
        for message in encoded_as("ledger", told):
            producer.send(prefix + "ledger", message)
        producer.flush(60)
        producer.close(10)
        deadline = time.monotonic() + DEADLINE_S
        for metric, expected in (("events", len(events)), ("sent", told[0]["sent"])):
            while (found := showing.timeseries(metric, interval=INTERVAL, granularity="all")[0][metric]) != expected:
                assert time.monotonic() < deadline, f"waited for {expected} {metric}, where there are {found}"
                time.sleep(0.2)
        yield World(events, showing, hiding)


def counts(events: list[Event], dimension: str) -> dict[Any, int]:
    return Counter(event[dimension] for event in events)


def test_a_short_list_of_many_values_has_whole_numbers_and_says_what_it_is(world: World) -> None:
    result = world.showing.top_n("content_id", "events", n=10, interval=INTERVAL)
    expected = sorted(counts(world.events, "content_id").items(), key=lambda row: (-row[1], row[0]))[:10]
    assert [tuple(row.values()) for row in result] == expected
    assert ("spread", 61) in expected
    assert "the choice among 1,000 values or more is approximate" in result.exactness
    assert len(result.queries) == 2


def test_a_list_longer_than_there_are_values_is_exact(world: World) -> None:
    result = world.showing.top_n("content_id", "events", n=10_000, interval=INTERVAL)
    assert {row["content_id"]: row["events"] for row in result} == counts(world.events, "content_id")
    assert len(result) == TITLES
    assert "top list exact" in result.exactness
    assert len(result.queries) == 1


def test_many_values_of_few_viewers_are_not_ranked(world: World) -> None:
    """Every event has a viewer of its own, so that events are viewers."""
    result = world.hiding.top_n("content_id", ["events", "unique_viewers"], n=10, interval=INTERVAL)
    expected = sorted(counts(world.events, "content_id").items(), key=lambda row: (-row[1], row[0]))[:10]
    assert [(row["content_id"], row["events"]) for row in result] == expected
    assert "at least 979 values with fewer than 10 viewers not ranked" in result.exactness
    whole = world.hiding.top_n("content_id", "events", n=10_000, interval=INTERVAL)
    assert whole.suppressed == TITLES - 21
    assert sum(value is not None for value in whole.columns["events"]) == 21


def test_a_small_group_is_hidden_with_one_to_protect_it(world: World) -> None:
    result = world.hiding.top_n("country", "events", interval=INTERVAL)
    of_country = counts(world.events, "country")
    assert [tuple(row.values()) for row in result] == [
        ("DE", of_country["DE"]), ("FR", 30), ("AT", None), ("LI", None),
    ]  # fmt: skip
    assert "2 rows with fewer than 10 viewers are hidden (1 of them to protect another)" in str(result)


def test_buckets_of_few_viewers_are_hidden(world: World) -> None:
    where = {"country": ["AT", "LI"]}
    result = world.hiding.timeseries("events", interval=INTERVAL, granularity="1m", where=where)
    viewers: dict[datetime, set[str]] = defaultdict(set)
    for event in world.events:
        if event["country"] in where["country"]:
            viewers[datetime.fromtimestamp(event["ts"] // 60_000 * 60, UTC)].add(event["viewer_id"])
    assert {len(found) for found in viewers.values()} >= {12, 3}
    for row in result:
        found = len(viewers.get(row["time"], ()))
        assert row["events"] == (None if 0 < found < 10 else found)


def test_completeness_is_of_the_ledger(world: World) -> None:
    result = world.hiding.timeseries("events", interval=INTERVAL)
    report = world.hiding.ledger(interval=INTERVAL)
    assert result.completeness.missing == LOST
    assert result.completeness.share == report.completeness
    assert result.completeness.covered_from == START
    again = world.hiding.top_n("country", "events", interval=INTERVAL)
    assert again.completeness == result.completeness


def test_settled_buckets(world: World) -> None:
    newest = datetime.fromtimestamp(max(event["ts"] for event in world.events) / 1000, UTC)
    asked: dict[str, Any] = {"interval": (START, START + timedelta(hours=3)), "granularity": "10m"}
    result = world.showing.timeseries("events", **asked)
    assert result.settled == tuple(time + timedelta(minutes=10) <= newest for time in result.columns["time"])
    cut = world.showing.timeseries("events", settled=True, **asked)
    assert len(cut) == sum(result.settled or ())
    assert list(cut.columns["events"]) == list(result.columns["events"][: len(cut)])
    assert cut.interval is not None
    assert cut.interval.end == cut.columns["time"][-1] + timedelta(minutes=10)
