"""Intervals that are worked out when they are asked: up to now, since a moment, the time of a live event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import frontrow
from frontrow import AskError, Client
from frontrow._timeline import EventBounds, Moment, event_bounds, resolve
from frontrow_ingest.testing import MemoryDruid
from oracle.sets import event_times
from support.clients import BARE

AT = datetime(2026, 9, 21, 20, 30, 7, tzinfo=UTC)
START_MS = 1_790_000_000_000 // 60_000 * 60_000
EVENTS = {
    name: EventBounds(*(datetime(2026, 9, 21, *time, tzinfo=UTC) for time in times))
    for name, times in {"final": ((17, 50), (18, 0), (20, 0)), "now": ((20, 0), (20, 10), (20, 31))}.items()
}


def written(when: Any, **more: Any) -> tuple[str, bool]:
    found = resolve(when, EVENTS.__getitem__, at=AT, **more)
    return str(found.interval).replace(":00.000Z", "").replace("2026-09-21T", "").replace(".000Z", ""), found.open_end


@pytest.mark.parametrize(
    ("when", "interval", "open_end"),
    [
        (frontrow.last("30m"), "20:00:07/20:30:07", True),
        (frontrow.last("30m", until=frontrow.now() - "10m"), "19:50:07/20:20:07", False),
        (frontrow.last(timedelta(hours=1), until="2026-09-21T12:00"), "11:00/12:00", False),
        (frontrow.last("1h", until="2026-09-21T12:00+02:00"), "09:00/10:00", False),
        (frontrow.since("2026-09-21T20:00"), "20:00/20:30:07", True),
        (frontrow.since(datetime(2026, 9, 21, 20, tzinfo=UTC)), "20:00/20:30:07", True),
        (frontrow.since(frontrow.now() - "5m" + "1m"), "20:26:07/20:30:07", True),
        (frontrow.since(frontrow.event("final").start), "18:00/20:30:07", True),
        (frontrow.event("final"), "17:50/20:00", False),
        (frontrow.event("final", first="30m"), "18:00/18:30", False),
        (frontrow.event("now"), "20:00/20:30:07", True),
        (frontrow.event("now", first="5m"), "20:10/20:15", False),
        (frontrow.event("now", first="1h"), "20:10/20:30:07", True),
        ((frontrow.event("final").end - "10m", frontrow.event("final").end), "19:50/20:00", False),
        ((frontrow.event("final").start, "2026-09-21T19:00"), "18:00/19:00", False),
        ((frontrow.now() - "1h", frontrow.now()), "19:30:07/20:30:07", True),
        ("2026-09-21T18:00/2026-09-21T19:00", "18:00/19:00", False),
    ],
)
def test_what_is_meant(when: Any, interval: str, open_end: bool) -> None:
    assert written(when) == (interval, open_end)


def test_what_is_compared_begins_with_the_first_play() -> None:
    assert written(frontrow.event("final"), from_start=True) == ("18:00/20:00", False)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: frontrow.last("nonsense"), "not a granularity"),
        (lambda: frontrow.last(timedelta(0)), "no length"),
        (lambda: frontrow.last("1mo"), "not a fixed length"),
        (lambda: frontrow.since(datetime(2026, 9, 21)), "without a time zone"),  # noqa: DTZ001
        (lambda: frontrow.since("noon"), "not a moment"),
        (lambda: frontrow.since(frontrow.event("final")), "is no moment"),  # type: ignore[arg-type]
        (lambda: frontrow.since(12), "is not a moment"),  # type: ignore[arg-type]
        (lambda: frontrow.event(""), "name its event_id"),
        (lambda: frontrow.event("final", first="-1h"), "not a granularity"),
        (lambda: written(frontrow.since(frontrow.now() + "1h")), "ends before it begins"),
        (lambda: written((frontrow.event("final").end, frontrow.event("final").start)), "ends before it begins"),
        (lambda: written(frontrow.last(timedelta(days=999_999))), "leaves the calendar"),
        (lambda: written(None), "give one of interval"),
        (lambda: written(frontrow.now()), "is not an interval"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, said: str) -> None:
    with pytest.raises(AskError, match=said):
        make()


def test_values_do_not_change() -> None:
    moment = frontrow.now()
    assert (moment - "1h", moment) == (Moment("now", None, -timedelta(hours=1)), Moment("now"))
    assert hash(frontrow.event("final", first="30m")) == hash(frontrow.event("final", first=timedelta(minutes=30)))


def played(minute: float, kind: str = "heartbeat", event_id: str | None = "final", **fields: Any) -> dict[str, Any]:
    ts = START_MS + int(minute * 60_000)
    return {"ts": ts, "kind": kind, "event_id": event_id, "content_id": "arena", "play_ms": 1000, **fields}


def druid_of(*events: dict[str, Any]) -> MemoryDruid:
    druid = MemoryDruid()
    druid.apply("audience", "quality")
    druid.send("events", events)
    return druid


MATCH = [played(-9.5, "attempt"), played(0.2, "first_frame"), played(3), played(11.5, "end"), played(30, event_id="x")]


def test_an_event_is_as_long_as_its_rows() -> None:
    client = Client(transport=druid_of(*MATCH), **BARE)
    result = client.timeseries("events", interval=frontrow.event("final"), granularity="all")
    begun = datetime.fromtimestamp(START_MS / 1000, UTC)
    assert result.interval == frontrow.Interval(begun - timedelta(minutes=10), begun + timedelta(minutes=12))
    assert result[0]["events"] == 4
    first = client.ask(frontrow.top_n("content_id", "events").during(frontrow.event("final", first="3m")))
    assert first.interval == frontrow.Interval(begun, begun + timedelta(minutes=3))
    assert first[0]["events"] == 1
    ledger = client.ledger(interval=(frontrow.event("final").start, frontrow.event("final").end))
    assert ledger.minutes.interval == frontrow.Interval(begun, begun + timedelta(minutes=12))


def test_an_event_that_nobody_has_seen() -> None:
    client = Client(transport=druid_of(*MATCH), **BARE)
    with pytest.raises(AskError, match="no row of an event 'fnal'"):
        client.timeseries("plays", interval=frontrow.event("fnal"))
    with pytest.raises(AskError, match="only Druid knows"):
        frontrow.timeseries("plays", interval=frontrow.event("final")).to_druid()


def test_a_question_can_be_asked_again_later() -> None:
    question = frontrow.timeseries("events", interval=frontrow.last("30m"), granularity="all")
    client = Client(transport=druid_of(), **BARE)
    first, second = client.ask(question), client.ask(question)
    assert first.interval is not None
    assert second.interval is not None
    assert first.interval.end < second.interval.end


@settings(max_examples=30, deadline=None)
@given(
    events=st.lists(
        st.builds(
            played,
            minute=st.floats(-3000, 3000),
            kind=st.sampled_from(["attempt", "first_frame", "heartbeat"]),
            event_id=st.sampled_from(["final", "semi", None]),
        ),
        max_size=20,
    )
)
def test_random_events(events: list[dict[str, Any]]) -> None:
    druid = druid_of(*events)

    def run(query: dict[str, Any]) -> Any:
        return druid.request_json("POST", "/druid/v2", query)

    truth = event_times(events, "final")
    if truth is None:
        with pytest.raises(AskError, match="no row"):
            event_bounds("final", "audience", run)
    else:
        found = event_bounds("final", "audience", run)
        assert [int(each.timestamp() * 1000) for each in (found.first, found.start, found.end)] == list(truth)
