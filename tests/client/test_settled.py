"""Settled buckets: whole, and no newer than the newest event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from frontrow import Freshness, Interval, Result
from frontrow._asking.settled import bucket_ends, buckets_of, is_settled, settled_buckets
from frontrow._time import parse_granularity

AT = datetime(2026, 11, 23, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = Interval(AT, AT + 60 * MINUTE)


def fresh(newest: datetime, age: timedelta = timedelta(seconds=1)) -> Freshness:
    return Freshness(newest, age)


def minutes(*numbers: float) -> list[datetime]:
    return [AT + number * MINUTE for number in numbers]


class TestOneBucket:
    def test_ends_with_the_newest_event_or_before(self) -> None:
        start, end = AT, AT + MINUTE
        assert is_settled(start, end, HOUR, fresh(end))
        assert is_settled(start, end, HOUR, fresh(end + MINUTE))
        assert not is_settled(start, end, HOUR, fresh(end - timedelta(milliseconds=1)))

    def test_lies_inside_the_interval(self) -> None:
        newest = fresh(AT + 100 * MINUTE)
        assert not is_settled(AT - MINUTE, AT + MINUTE, HOUR, newest)
        assert not is_settled(AT + 59 * MINUTE, AT + 61 * MINUTE, HOUR, newest)
        assert is_settled(AT + 59 * MINUTE, AT + 60 * MINUTE, HOUR, newest)

    def test_a_players_clock_that_is_ahead_settles_nothing_that_is_yet_to_come(self) -> None:
        """It is 20:10, and some player's clock says 20:50."""
        ahead = fresh(AT + 50 * MINUTE, -40 * MINUTE)
        assert is_settled(AT + 9 * MINUTE, AT + 10 * MINUTE, HOUR, ahead)
        assert not is_settled(AT + 10 * MINUTE, AT + 11 * MINUTE, HOUR, ahead)

    def test_without_freshness_the_interval_decides(self) -> None:
        assert is_settled(AT, AT + MINUTE, HOUR, None)
        assert not is_settled(AT, AT + 61 * MINUTE, HOUR, None)


class TestEnds:
    @pytest.mark.parametrize(
        ("asked", "zone", "starts", "end"),
        [
            ("1m", "UTC", minutes(0, 1), AT + 2 * MINUTE),
            ("1m", "UTC", minutes(3), AT + 4 * MINUTE),
            ("all", "UTC", minutes(0), HOUR.end),
            (None, "UTC", minutes(0, 5, 10), AT + 15 * MINUTE),
            (None, "UTC", minutes(0), HOUR.end),
            ("1mo", "UTC", [datetime(2026, 2, 1, tzinfo=UTC)], datetime(2026, 3, 1, tzinfo=UTC)),
            # The day on which the clock goes back has 25 hours.
            (
                "1d",
                "Europe/Berlin",
                [datetime(2026, 10, 24, 22, tzinfo=UTC)],
                datetime(2026, 10, 25, 23, tzinfo=UTC),
            ),
        ],
    )
    def test_of_the_last_bucket(self, asked: str | None, zone: str, starts: list[datetime], end: datetime) -> None:
        buckets = None if asked is None else parse_granularity(asked, zone)
        assert bucket_ends(starts, HOUR, buckets) == [*starts[1:], end]

    def test_of_no_bucket(self) -> None:
        assert bucket_ends([], HOUR, None) == []

    def test_buckets_are_found_in_the_queries(self) -> None:
        def query(period: str) -> dict[str, Any]:
            return {"granularity": {"type": "period", "period": period, "timeZone": "UTC"}}

        assert buckets_of([{"granularity": "all"}, query("PT5M")], minutes(0, 5)) == parse_granularity("PT5M")
        # Maxima look at every minute, which the answer's buckets are not.
        assert buckets_of([query("PT1M")], minutes(0, 5)) is None
        assert buckets_of([query("PT5M")], []) is None


def test_rows_of_groups_share_their_buckets() -> None:
    times: Sequence[datetime | None] = [*minutes(1, 0, 1, 0), None]
    found = settled_buckets(times, HOUR, fresh(AT + 1.5 * MINUTE), parse_granularity("1m"))
    assert found == (False, True, False, True, True)


def a_result(columns: dict[str, list[Any]], interval: Interval | None, freshness: Freshness | None) -> Result:
    types: Any = {name: "time" if name == "time" else "integer" for name in columns}
    return Result(columns, types, interval, "exact", freshness, 0.1, "id", ({"granularity": "all"},))


def test_of_an_answer() -> None:
    columns: dict[str, list[Any]] = {"time": minutes(0, 1, 2), "plays": [1, 2, 3]}
    assert a_result(columns, HOUR, fresh(AT + 2.5 * MINUTE)).settled == (True, True, False)
    assert a_result(columns, HOUR, None).settled == (True, True, True)
    assert a_result(columns, None, None).settled is None
    assert a_result({"plays": [1]}, HOUR, None).settled is None
    assert a_result({"time": [], "plays": []}, HOUR, None).settled == ()


def test_one_bucket_of_all_that_maxima_were_asked_for() -> None:
    """The queries are of minutes, the answer is not."""
    asked = parse_granularity("all")
    found = settled_buckets([AT], HOUR, fresh(AT + 30 * MINUTE), asked)
    assert found == (False,)
