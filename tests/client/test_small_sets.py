"""Small audiences in overlap, reach, comparisons, bounds and sketches: hidden, and not to be had by subtraction."""

from __future__ import annotations

from typing import Any

import pytest

import frontrow
from frontrow import Client
from frontrow._asking.overlap import combinations_of, hidden
from frontrow_ingest.testing import MemoryDruid

START_MS = 1_790_000_000_000 // 60_000 * 60_000
HOUR = "2026-09-21T14:00/2026-09-21T15:00"
DAY_MS = 86_400_000


def client_of(*events: dict[str, Any]) -> Client:
    druid = MemoryDruid()
    druid.apply("audience", "quality", "ledger")
    druid.send("events", events)
    return Client(transport=druid, freshness=False)


def came(viewers: range, minute: int = 0, days: int = 0, **fields: Any) -> list[dict[str, Any]]:
    ts = START_MS + minute * 60_000 + days * DAY_MS
    common = {"ts": ts, "kind": "first_frame", "country": "DE", "content_id": "a", **fields}
    return [{"viewer_id": f"v{number}", "session_id": f"s{number}", **common} for number in viewers]


A, B = {"content_id": "a"}, {"content_id": "b"}


def test_an_overlap_that_is_large_everywhere_is_shown() -> None:
    client = client_of(*came(range(50)), *came(range(20, 80), content_id="b"))
    result = client.overlap({"A": A, "B": B}, interval=HOUR)
    assert list(result.columns["viewers"]) == [50, 60, 30, 20, 30, 80]
    assert result.suppression.hidden == 0


@pytest.mark.parametrize("first", [3, 47])
def test_a_small_part_hides_all_that_would_give_it_away(first: int) -> None:
    # Either three are in both, or three are in A only: A less one of them is the other.
    client = client_of(*came(range(50)), *came(range(50 - first, 110), content_id="b"))
    result = client.overlap({"A": A, "B": B}, interval=HOUR)
    assert list(result.columns["viewers"]) == [50, 60 + first, None, None, None, None]
    assert list(result.columns["viewers_high"])[2:] == [None] * 4
    assert list(result.columns["share_of_smallest"])[2:] == [None] * 4
    assert list(result.columns["audiences"])[2] == "A & B"
    assert (result.suppression.hidden, result.suppression.protecting) == (4, 3)


def test_a_small_audience_is_hidden_itself() -> None:
    client = client_of(*came(range(50)), *came(range(200, 204), content_id="b"))
    result = client.overlap({"A": A, "B": B, "nobody": {"content_id": "x"}}, interval=HOUR)
    assert list(result.columns["viewers"])[:3] == [50, None, 0]
    assert set(list(result.columns["viewers"])[3:]) == {None}


def test_the_difference_of_two_combinations_is_told_too() -> None:
    # 40 are in A & B, 38 of them in C as well: two are in A and B and not in C.
    found = combinations_of(3)
    viewers = [100, 100, 100, 40, 40, 40, 38, 58, 58, 58, 218]
    marks = hidden(found, viewers, 10)
    assert [bool(mark) for mark in marks] == [False] * 3 + [True] * 8
    assert not any(hidden(found, [100, 100, 100, 40, 40, 40, 20, 40, 40, 40, 200], 10))


def test_reach_grows_in_steps_that_may_be_shown() -> None:
    steps = [12, 2, 3, 0, 6, 30]
    events, total = [], 0
    for minute, step in enumerate(steps):
        events += came(range(total, total + step), minute)
        total += step
    start = "2026-09-21T14:13"
    result = client_of(*events).reach(interval=f"{start}/PT6M")
    assert list(result.columns["reach"]) == [12, None, None, None, 23, 53]
    # The 6 that are new in the fifth minute would tell of the minutes before it.
    assert list(result.columns["new"]) == [12, None, None, None, None, 30]
    assert result.suppression.rows == (False, True, True, True, False, False)
    assert list(result.columns["new_low"])[4] is None


def test_reach_that_nobody_new_comes_to() -> None:
    result = client_of(*came(range(12)), *came(range(5), 1)).reach(interval="2026-09-21T14:13/PT3M")
    assert list(result.columns["reach"]) == [12, 12, 12]
    assert list(result.columns["new"]) == [12, 0, 0]


def test_what_is_small_in_one_time_is_hidden_in_both() -> None:
    now = [*came(range(30)), *came(range(40), country="FR"), *came(range(40), country="AT")]
    before = [
        *came(range(30), days=-1),
        *came(range(3), days=-1, country="FR"),
        *came(range(20), days=-1, country="AT"),
    ]
    client = client_of(*now, *before)
    question = frontrow.top_n("country", "plays", interval=HOUR)
    rows = {row["country"]: row for row in client.compare(question, against="1d")}
    assert (rows["DE"]["plays"], rows["DE"]["plays_before"]) in ((30, 30), (None, None))
    assert {rows["FR"][f"plays{suffix}"] for suffix in ("", "_before", "_change", "_change_share")} == {None}
    # Another one of the line is hidden to protect it; the largest is not.
    assert rows["DE"]["plays"] == 30
    assert rows["AT"]["plays_before"] is None
    french = frontrow.timeseries("plays", interval=HOUR, granularity="1h", where={"country": "FR"})
    series = client.compare(french, against="1d")
    assert [dict(row)["plays"] for row in series] == [None]
    assert series.suppression.hidden == 1
    assert series[0]["elapsed"] == 0


def test_bounds_of_what_is_hidden_are_hidden() -> None:
    client = client_of(*came(range(3), startup_ms=100))
    asked: Any = {"interval": HOUR, "granularity": "all", "bounds": True}
    (row,) = client.timeseries(["unique_viewers", "startup_time_p50"], **asked)
    assert {value for name, value in row.items() if name != "time"} == {None}


def test_sketches_of_small_audiences_are_not_given() -> None:
    events = [*came(range(30)), *came(range(3), 1), *came(range(30, 60), 2, startup_ms=5)]
    client = client_of(*events, *came(range(60, 64), 2, country="FR", startup_ms=7))
    for metric in ("reach", "unique_viewers", "active_sessions", "startup_time_p50"):
        by_time = client.sketches(metric, interval="2026-09-21T14:13/PT3M", granularity="1m")
        assert [sketch is None for sketch in by_time.columns[metric]] == [False, True, False]
        by_country = client.sketches(metric, by="country", interval=HOUR)
        assert list(by_country.columns[metric]) == [None, None]
        assert by_country.suppression.protecting == 1
    assert [row["reach"].estimate for row in client.sketches("reach", interval=HOUR)] == [64]
