"""The cache before a running Druid: holes are filled to the letter, late events and new segments are heard of."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from frontrow import Cache, Client, Interval, Result
from frontrow_ingest.contract import ViewingEvent, encode
from frontrow_ingest.ledger import kafka_ledger
from support.supervised_topic import supervised_specs
from support.viewing_events import an_event
from support.waiting import until

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaProducer

pytestmark = [
    pytest.mark.stack,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
MINUTE = timedelta(minutes=1)
METRICS = ["events", "plays", "unique_viewers", "reach", "concurrent_viewers"]
OPTIONS: dict[str, Any] = {"min_audience": 0, "completeness": False, "key_epochs": False}


@dataclass
class Line:
    """Topics and datasources of one prefix; ``now`` is that of the cache's clock, which is ahead of the real one."""

    stack: Any
    prefix: str
    ahead_s: float = 60.0
    sent: int = 0
    # Its last bucket is so old that the cache keeps it for an hour. Five minutes old, it would be kept for 80 s, and a
    # busy machine may need longer for a test.
    hour: datetime = field(default_factory=lambda: whole_hour(datetime.now(UTC) - 15 * MINUTE))

    @property
    def names(self) -> dict[str, str]:
        return {"audience": self.prefix + "audience", "ledger": self.prefix + "ledger"}

    def cache(self) -> Cache:
        cache = Cache()
        cache._shared = replace(cache._shared, clock=lambda: time.time_ns() // 1_000_000 + int(self.ahead_s * 1000))
        return cache

    def send(self, moments: Sequence[datetime], *, told: bool = True) -> None:
        """Events, told of in the ledger, and awaited in Druid."""
        producer = KafkaProducer(bootstrap_servers=self.stack.bootstrap, acks="all")
        ledger = kafka_ledger(self.stack.bootstrap, producer="p", topic=self.prefix + "ledger", every_s=0)
        for moment in moments:
            ts, self.sent = round(moment.timestamp() * 1000), self.sent + 1
            event = an_event(ts=ts, seq=self.sent, kind="first_frame", viewer_id=f"viewer{self.sent:016d}")
            producer.send(self.prefix + "events", value=encode(ViewingEvent(**event)), key=b"k")
            if told:
                ledger.counts.sent(ts, 100)
        producer.flush(60)
        producer.close(10)
        ledger.close(60)
        with Client(self.stack.router_url, datasources=self.names, **OPTIONS) as client:
            day = (self.hour - timedelta(days=1), self.hour + timedelta(days=1))
            count = {"interval": day, "granularity": "all"}
            until("the events", lambda: client.timeseries("events", **count).columns["events"] == (self.sent,))
            if told:
                until("the ledger", lambda: sum(client.ledger(interval=day).minutes.columns["sent"]) == self.sent)


def whole_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def line(stack: Any, fresh_name: Callable[[str], str]) -> Iterator[Line]:
    line = Line(stack, fresh_name("cache") + "_")
    topics = {"audience": line.prefix + "events", "ledger": line.prefix + "ledger"}
    with supervised_specs(stack.router_url, stack.bootstrap, line.names, topics):
        # All of the last hour, but one of its minutes; the newest event is of now.
        minutes = [line.hour - minute * MINUTE for minute in range(1, 60) if minute != 30]
        line.send([*minutes, datetime.now(UTC)])
        yield line


def same(kept: Result, plain: Result) -> None:
    assert dict(kept.columns) == dict(plain.columns)
    assert kept.interval == plain.interval


def test_late_events_are_heard_of_by_the_ledger_and_holes_filled_to_the_letter(line: Line) -> None:
    hour = Interval(line.hour - 60 * MINUTE, line.hour)
    middle = Interval(line.hour - 40 * MINUTE, line.hour - 20 * MINUTE)
    with (
        Client(line.stack.router_url, datasources=line.names, **OPTIONS) as plain,
        Client(line.stack.router_url, datasources=line.names, cache=line.cache(), **OPTIONS) as client,
    ):
        same(client.timeseries(METRICS, interval=middle), plain.timeseries(METRICS, interval=middle))
        around = client.timeseries(METRICS, interval=hour)
        same(around, plain.timeseries(METRICS, interval=hour))
        assert around.cache is not None
        assert (around.cache.buckets, around.cache.from_cache) == (60, 20)
        same(client.top_n("country", METRICS, interval=hour), plain.top_n("country", METRICS, interval=hour))

        line.ahead_s += 10
        again = client.timeseries(METRICS, interval=hour)
        same(again, around)
        assert again.cache is not None
        # Nothing but the two looks at the ledger and the segments, which all questions of a step share.
        assert (again.cache.from_cache, again.cache.guard, again.cache.queries_sent) == (60, "ledger", 2)

        line.send([line.hour - 17 * MINUTE, line.hour - 30 * MINUTE])
        line.ahead_s += 5
        late = client.timeseries(METRICS, interval=hour)
        same(late, plain.timeseries(METRICS, interval=hour))
        assert late.columns["events"] != again.columns["events"]
        assert late.cache is not None
        assert late.cache.from_cache == 58
        top = client.top_n("country", METRICS, interval=hour)
        same(top, plain.top_n("country", METRICS, interval=hour))
        assert top.columns["events"] == (60,)


def test_without_a_ledger_a_new_segment_is_heard_of(line: Line) -> None:
    names = {**line.names, "ledger": line.prefix + "none"}
    hours = Interval(line.hour - 5 * 60 * MINUTE, line.hour)
    with (
        Client(line.stack.router_url, datasources=names, **OPTIONS) as plain,
        Client(line.stack.router_url, datasources=names, cache=line.cache(), **OPTIONS) as client,
    ):
        before = client.timeseries(METRICS, interval=hours, granularity="5m")
        line.ahead_s += 10
        again = client.timeseries(METRICS, interval=hours, granularity="5m")
        assert again.cache is not None
        assert (again.cache.from_cache, again.cache.guard) == (60, "segments")

        line.send([line.hour - 4 * 60 * MINUTE + 12 * MINUTE], told=False)
        line.ahead_s += 5
        late = client.timeseries(METRICS, interval=hours, granularity="5m")
        same(late, plain.timeseries(METRICS, interval=hours, granularity="5m"))
        assert late.columns["events"] != before.columns["events"]
        assert late.cache is not None
        # The twelve buckets of the hour that has got a segment.
        assert late.cache.from_cache == 48
