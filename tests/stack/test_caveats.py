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
from support.counted_records import a_delta, a_refusal
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
LOST, UNREADABLE = 7, 3
# Of two minutes the day before, what was sent and what came: by the hour, one would make up for half of the other.
EARLIER = START - timedelta(days=1)
SENT_EARLIER, CAME_EARLIER = (5, 5), (3, 6)
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
    topics = {"audience": "events", "ledger": "ledger", "quarantine": "quarantine"}
    names = {spec: prefix + spec for spec in topics}
    events = make_events()
    minute = int(START.timestamp() * 1000)
    told = [a_delta(ts=minute, sent=sum(event["ts"] < minute + 60_000 for event in events) + LOST)]
    earlier = []
    for number, (sent, came) in enumerate(zip(SENT_EARLIER, CAME_EARLIER, strict=True)):
        ts = int(EARLIER.timestamp() * 1000) + number * 60_000
        told.append(a_delta(ts=ts, sent=sent))
        earlier += [an_event(ts=ts, session_id=f"earlier-{number}", seq=seq) for seq in range(came)]
    unreadable = [a_refusal(ts=minute, stage="topic", time_is="refusal", reason="not_avro")] * UNREADABLE
    with (
        supervised_specs(
            stack.router_url, stack.bootstrap, names, {spec: prefix + topic for spec, topic in topics.items()}
        ),
        a_client(stack.router_url, datasources=names) as showing,
        Client(stack.router_url, datasources=names) as hiding,
    ):
        producer = KafkaProducer(bootstrap_servers=stack.bootstrap, acks="all", linger_ms=20)
        for event in [*events, *earlier]:
            producer.send(prefix + "events", encode(ViewingEvent(**event)))
        for topic, records in (("ledger", told), ("quarantine", unreadable)):
            for message in encoded_as(topic, records):
                producer.send(prefix + topic, message)
        producer.flush(60)
        producer.close(10)
        deadline = time.monotonic() + DEADLINE_S
        all_of_it = (EARLIER, INTERVAL[1])
        for metric, expected in (
            ("events", len(events) + len(earlier)),
            ("sent", sum(each["sent"] for each in told)),
            ("quarantined", UNREADABLE),
        ):
            while (found := showing.timeseries(metric, interval=all_of_it, granularity="all")[0][metric]) != expected:
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
    assert (result.completeness.missing, result.completeness.quarantined) == (LOST - UNREADABLE, UNREADABLE)
    assert result.completeness.share == report.completeness
    assert result.completeness.covered_from == START
    again = world.hiding.top_n("country", "events", interval=INTERVAL)
    assert again.completeness == result.completeness


def test_completeness_of_more_than_a_day_is_by_the_minute(world: World) -> None:
    longer = world.hiding.timeseries("events", interval=(EARLIER, INTERVAL[1]), granularity="1h").completeness
    lacks = sum(max(0, sent - came) for sent, came in zip(SENT_EARLIER, CAME_EARLIER, strict=True))
    assert (longer.missing, longer.quarantined, longer.by) == (LOST + lacks - UNREADABLE, UNREADABLE, "minute")
    weeks = (START - timedelta(days=14), INTERVAL[1])
    by_hour = world.hiding.timeseries("events", interval=weeks, granularity="1d").completeness
    # One of the earlier hour, which is taken for unreadable; in the later one more came than the ledger tells of.
    assert (by_hour.missing, by_hour.quarantined, by_hour.by) == (0, sum(SENT_EARLIER) - sum(CAME_EARLIER), "hour")
    assert "complete by the hour" in str(by_hour)


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
