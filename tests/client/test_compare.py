"""Two times side by side: by hand, against two questions asked apart, across clock changes, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import frontrow
from frontrow import AskError, Client, Interval
from frontrow._asking.compare import change_columns, compared, parse_shift
from frontrow_ingest.testing import MemoryDruid
from support.clients import BARE

MINUTE = timedelta(minutes=1)
THIS = datetime(2026, 9, 21, 18, 3, tzinfo=UTC)
LAST = datetime(2026, 9, 14, 17, 31, tzinfo=UTC)


def client_of(*events: dict[str, Any]) -> Client:
    druid = MemoryDruid()
    druid.apply("audience", "quality")
    druid.send("events", events)
    return Client(transport=druid, **BARE)


def played(at: datetime, minute: float, kind: str = "first_frame", **fields: Any) -> dict[str, Any]:
    ts = int((at + minute * MINUTE).timestamp() * 1000)
    return {"ts": ts, "kind": kind, "country": "DE", "play_ms": 0, **fields}


def matches() -> list[dict[str, Any]]:
    return [
        played(THIS, -20, "attempt", event_id="this"),
        *(played(THIS, minute, event_id="this") for minute in (0, 0, 1, 6, 6, 6)),
        *(played(LAST, minute, event_id="last") for minute in (0, 1, 1, 4.9, 5, 12, 12)),
    ]


def test_an_event_against_the_last_one() -> None:
    question = frontrow.timeseries("plays", granularity="5m").during(frontrow.event("this")).where(event_id="this")
    result = client_of(*matches()).compare(
        frontrow.timeseries("plays", interval=frontrow.event("this"), granularity="5m"), against=frontrow.event("last")
    )
    assert list(result.columns) == [
        "elapsed", "time", "time_before", "plays", "plays_before", "plays_change", "plays_change_share",
    ]  # fmt: skip
    assert [tuple(row.values()) for row in result] == [
        (0.0, THIS, LAST, 3, 4, -1, -0.25),
        (5.0, THIS + 5 * MINUTE, LAST + 5 * MINUTE, 3, 1, 2, 2.0),
    ]
    assert "compared with 2026-09-14T17:31:00.000Z/2026-09-14T17:38:00.000Z" in result.exactness
    assert dict(result.types) == {
        "elapsed": "number", "time": "time", "time_before": "time", "plays": "integer", "plays_before": "integer",
        "plays_change": "integer", "plays_change_share": "number",
    }  # fmt: skip
    assert result.units["plays_change_share"] == "share"
    # The filter is the question's own, and holds of both.
    filtered = client_of(*matches()).compare(question, against=frontrow.event("last"))
    assert list(filtered.columns["plays_before"]) == [0, 0]


def test_what_was_shorter_has_nulls() -> None:
    client = client_of(*matches())
    question = frontrow.timeseries(
        "plays", interval=(frontrow.event("this").start, frontrow.event("this").start + "15m"), granularity="5m"
    )
    result = client.compare(question, against=frontrow.event("last"))
    assert list(result.columns["plays_before"]) == [4, 1, 2]
    twenty = question.during((frontrow.event("this").start, THIS + 20 * MINUTE))
    longer = client.compare(twenty, against=frontrow.event("last"))
    assert list(longer.columns["plays_before"]) == [4, 1, 2, None]
    assert list(longer.columns["plays_change"])[-1] is None
    assert list(longer.columns["time_before"])[-1] is None
    assert "which ends 7 minutes sooner" in longer.exactness


def test_this_week_against_the_last_by_the_day() -> None:
    monday = datetime(2026, 9, 14, tzinfo=UTC)
    events = [played(monday, day * 1440 + 60) for day in range(14) for _ in range(day + 1)]
    question = frontrow.timeseries(["plays", "rebuffer_ratio"], interval="2026-09-21/2026-09-28").every("1d")
    result = client_of(*events).compare(question, against="1w")
    assert list(result.columns["elapsed"]) == [1440.0 * day for day in range(7)]
    assert list(result.columns["plays"]) == [*range(8, 15)]
    assert list(result.columns["plays_before"]) == [*range(1, 8)]
    assert set(result.columns["plays_change"]) == {7}
    assert set(result.columns["rebuffer_ratio_change"]) == {None}


def test_a_week_before_by_the_clock_of_a_time_zone() -> None:
    # The clock went forward in Berlin on the 29th of March: eight in the evening is 18:00 and 19:00 UTC.
    berlin = ZoneInfo("Europe/Berlin")
    evenings = [datetime(2026, month, day, 20, 30, tzinfo=berlin) for month, day in ((3, 24), (3, 31), (3, 31))]
    client = client_of(*(played(evening.astimezone(UTC), 0) for evening in evenings))
    question = frontrow.timeseries(
        "plays", interval="2026-03-30T00:00+02:00/2026-04-06T00:00+02:00", granularity="1h", time_zone="Europe/Berlin"
    )
    rows = client.compare(question, against="1w")
    assert [(row["plays"], row["plays_before"], row["elapsed"]) for row in rows if row["plays"]] == [(2, 1, 44 * 60.0)]
    in_utc = client.compare(question.every("1h", "UTC"), against="1w")
    assert [(row["plays"], row["plays_before"]) for row in in_utc if row["plays"] or row["plays_before"]] == [
        (2, 0),
        (0, 1),
    ]


def test_across_the_change_of_the_clock_itself() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    evenings = [datetime(2026, month, day, 20, 30, tzinfo=berlin) for month, day in ((3, 22), (3, 29))]
    client = client_of(*(played(evening.astimezone(UTC), 0) for evening in evenings))
    sunday: Any = {"interval": "2026-03-29T00:00+01:00/2026-03-30T00:00+02:00", "time_zone": "Europe/Berlin"}
    rows = client.compare(frontrow.timeseries("plays", granularity="1h", **sunday), against="1w")
    assert len(rows) == 23
    assert [(row["plays"], row["plays_before"]) for row in rows if row["plays"]] == [(1, 1)]
    with pytest.raises(AskError, match="do not lie side by side"):
        client.compare(frontrow.timeseries("plays", granularity="6h", **sunday), against="1w")


def test_one_bucket_of_all() -> None:
    client = client_of(*matches())
    question = frontrow.timeseries("plays", interval=frontrow.event("this"), granularity="all")
    (row,) = client.compare(question, against=(frontrow.event("last").start, frontrow.event("last").end))
    assert (row["elapsed"], row["plays"], row["plays_before"]) == (0, 6, 5)


def test_a_top_list() -> None:
    before, now = THIS - timedelta(days=1), THIS
    events = [played(now, 0, country=country) for country in ("DE", "DE", "DE", "FR", "FR", "AT")]
    events += [played(before, 0, country=country) for country in ("DE", "DE", "AT", "CH", "CH", "CH")]
    interval = f"{THIS.isoformat()}/PT1H"
    question = frontrow.top_n("country", ["plays", "exits", "exit_before_start_rate"], interval=interval)
    result = client_of(*events).compare(question, against="1d")
    assert list(result.columns["country"]) == ["DE", "FR", "AT"]
    assert list(result.columns["plays_before"]) == [2, 0, 1]
    assert list(result.columns["plays_change"]) == [1, 2, 0]
    assert list(result.columns["plays_change_share"]) == [0.5, None, 0.0]
    assert set(result.columns["exit_before_start_rate_before"]) == {None}
    assert len(client_of().compare(question, against="1d")) == 0


def test_a_breakdown() -> None:
    now = [("DE", "tv"), ("DE", "tv"), ("FR", "tv"), ("DE", "mobile")]
    before = [("DE", "tv"), ("FR", "mobile"), ("AT", "tv"), ("DE", "mobile"), ("DE", "mobile")]
    events = [played(THIS, 0, country=country, device_type=device) for country, device in now]
    events += [played(THIS - timedelta(days=7), 0, country=country, device_type=device) for country, device in before]
    question = frontrow.breakdown(["country", "device_type"], "plays", interval=f"{THIS.isoformat()}/PT1H")
    rows = client_of(*events).compare(question, against="1w")
    assert [tuple(row.values()) for row in rows] == [
        ("DE", "tv", 2, 1, 1, 1.0),
        ("DE", "mobile", 1, 2, -1, -0.5),
        ("FR", "tv", 1, 0, 1, None),
    ]
    assert len(client_of().compare(question, against="1w")) == 0


def test_a_top_list_of_labels() -> None:
    events = [played(THIS, 0, segments=["a", "b"]), played(THIS, 0, segments=["a"])]
    events += [played(THIS - timedelta(days=1), 0, segments=["b", "c"])] * 3
    question = frontrow.top_n("segments", "plays", n=2, interval=f"{THIS.isoformat()}/PT1H")
    where = {"segments": ["a", "b", "c"]}
    for each in (question, question.where(where)):
        rows = client_of(*events).compare(each, against="1d")
        assert [(row["segments"], row["plays"], row["plays_before"]) for row in rows] == [("a", 2, 0), ("b", 1, 3)]


_minutes = st.lists(st.floats(0, 44.9), max_size=30)


@settings(max_examples=30, deadline=None)
@given(now=_minutes, before=_minutes, size=st.sampled_from([1, 5, 7, 15]), length=st.integers(1, 40))
def test_random_events(now: list[float], before: list[float], size: int, length: int) -> None:
    events = [played(THIS, minute) for minute in now] + [played(LAST, minute) for minute in before]
    question = frontrow.timeseries("plays", interval=(THIS, THIS + length * MINUTE), granularity=f"{size}m")
    rows = client_of(*events).compare(question, against=(LAST, LAST + 45 * MINUTE))
    assert [row["elapsed"] for row in rows] == [float(start) for start in range(0, length, size)]
    for row in rows:
        start, end = row["elapsed"], min(row["elapsed"] + size, length)
        # As the clock of an event has whole milliseconds.
        counts = [sum(start * 60_000 <= int(m * 60_000) < end * 60_000 for m in found) for found in (now, before)]
        assert [row["plays"], row["plays_before"]] == counts
        assert row["plays_change"] == counts[0] - counts[1]


def test_the_row_that_is_not_full_is_left_out() -> None:
    grain, start = MINUTE, THIS
    pair = compared(Interval(start, start + 5.5 * MINUTE), Interval(LAST, LAST + 60 * MINUTE), grain, open_end=True)
    assert pair.interval == Interval(start, start + 5 * MINUTE)
    assert pair.before == Interval(LAST, LAST + 5 * MINUTE)
    with pytest.raises(AskError, match="no full row"):
        compared(Interval(start, start + 0.5 * MINUTE), pair.before, grain, open_end=True)
    with pytest.raises(AskError, match="with itself"):
        compared(pair.interval, pair.interval, grain, open_end=False)


@pytest.mark.parametrize(
    ("shift", "zone", "moment", "before"),
    [
        ("1w", "Europe/Berlin", "2026-04-01T20:00+02:00", "2026-03-25T20:00+01:00"),
        ("1d", "UTC", "2026-03-01T00:00+00:00", "2026-02-28T00:00+00:00"),
        ("24h", "Europe/Berlin", "2026-03-29T20:00+02:00", "2026-03-28T19:00+01:00"),
        ("1mo", "UTC", "2026-03-31T12:00+00:00", "2026-02-28T12:00+00:00"),
        ("1y", "UTC", "2028-02-29T12:00+00:00", "2027-02-28T12:00+00:00"),
        ("1w", "Europe/Berlin", "2026-04-05T02:30+02:00", "2026-03-29T03:30+02:00"),
    ],
)
def test_so_long_before(shift: str, zone: str, moment: str, before: str) -> None:
    found = parse_shift(shift, zone).before(datetime.fromisoformat(moment))
    assert found == datetime.fromisoformat(before)
    assert found.tzinfo is UTC


def test_changes() -> None:
    assert change_columns("m", [3, 0, None, 1.5, 2], [2, 4, 1, None, 0]) == {
        "m": [3, 0, None, 1.5, 2],
        "m_before": [2, 4, 1, None, 0],
        "m_change": [1, -4, None, None, 2],
        "m_change_share": [0.5, -1.0, None, None, None],
    }


def test_what_cannot_be_compared_is_refused() -> None:
    client = client_of(*matches())
    plays = frontrow.timeseries("plays", interval=frontrow.event("this"), granularity="1d")
    week = frontrow.timeseries("plays", interval="2026-09-21/2026-09-28", granularity="1w")
    hour: Any = {"interval": "2026-04-05T02:00+02:00/2026-04-05T03:00+02:00", "time_zone": "Europe/Berlin"}
    missing = frontrow.timeseries("plays", granularity="1m", **hour)
    sevens = frontrow.timeseries("plays", granularity="7m", last="1h")
    labelled = frontrow.top_n("content_id", "plays", label="title")
    by_time = frontrow.breakdown("country", "plays", granularity="1h", last="1d")
    refused: list[tuple[Any, Any, str]] = [
        (by_time, "1w", "a breakdown by time"),
        (frontrow.retention("a"), "1w", "a Retention cannot be compared"),
        (plays, "all", "no length of time"),
        (plays, "soon", "not a granularity"),
        (labelled, "1w", "the label"),
        (plays, frontrow.event("last"), "the calendar's"),
        (week, "1d", "do not lie side by side"),
        (missing, "1w", "no time so long before"),
        (sevens, "1d", "side by side"),
        (frontrow.timeseries("plays"), "1d", "give one of interval"),
        (plays, frontrow.event("never"), "no row of an event"),
    ]
    for question, against, said in refused:
        with pytest.raises(AskError, match=said):
            client.compare(question, against=against)
