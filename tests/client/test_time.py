"""Intervals and granularities: what is understood, what is refused, and how long a bucket really is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow import AskError, Interval
from frontrow._time import check_buckets, parse_duration, parse_granularity, parse_interval

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "Pacific/Apia")
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - just what is to be refused
moments = st.integers(31_536_000_000, 3_786_912_000_000).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


class TestInterval:
    @pytest.mark.parametrize(
        ("given_as", "start", "end"),
        [
            ("2026-11-23T20:00/2026-11-23T22:00", "2026-11-23T20:00Z", "2026-11-23T22:00Z"),
            ("2026-11-23/2026-11-24", "2026-11-23T00:00Z", "2026-11-24T00:00Z"),
            ("2026-11-23T20:00+02:00/2026-11-23T22:00Z", "2026-11-23T18:00Z", "2026-11-23T22:00Z"),
            ("2026-11-23T20:00Z/PT90M", "2026-11-23T20:00Z", "2026-11-23T21:30Z"),
            ("P7D/2026-11-23", "2026-11-16T00:00Z", "2026-11-23T00:00Z"),
            ("2026-11-23T20:00:31/2026-11-23T20:02:01", "2026-11-23T20:00Z", "2026-11-23T20:03Z"),
        ],
    )
    def test_text(self, given_as: str, start: str, end: str) -> None:
        assert parse_interval(given_as, None) == Interval(utc(start), utc(end))

    def test_aware_datetimes_of_any_zone(self) -> None:
        berlin = ZoneInfo("Europe/Berlin")
        found = parse_interval((datetime(2026, 7, 1, tzinfo=berlin), datetime(2026, 7, 2, tzinfo=berlin)), None)
        assert str(found) == "2026-06-30T22:00:00.000Z/2026-07-01T22:00:00.000Z"

    def test_last_ends_now_and_begins_with_a_whole_minute(self) -> None:
        now = utc("2026-11-23T20:00:31.5Z")
        assert parse_interval(None, "30m", now=now) == Interval(utc("2026-11-23T19:30Z"), now)
        assert parse_interval(None, timedelta(hours=2), now=now).start == utc("2026-11-23T18:00Z")

    @pytest.mark.parametrize(
        "given_as",
        [
            "2026-11-23",
            "",
            "a/b",
            "2026-11-23/2026-11-23",
            "2026-11-24/2026-11-23",
            "2026-11-23/2026-11-24/2026-11-25",
            "P1D/P1D",
            "2026-01-01/P1M",
            "0001-01-01/0001-01-01T00:00+23:00",
            "0001-01-01T00:00+10:00/2026-01-01",
            "9999-12-31/P9D",
            "P9999999D/2026-01-01",
            ("2026-11-23", "2026-11-24"),
            (datetime(2026, 1, 1, tzinfo=UTC), NAIVE),
            (NAIVE, NAIVE),
            5,
        ],
    )
    def test_refused(self, given_as: object) -> None:
        with pytest.raises(AskError):
            parse_interval(given_as, None)  # type: ignore[arg-type]

    def test_a_naive_datetime_is_refused_with_the_fix(self) -> None:
        with pytest.raises(AskError, match="tzinfo=UTC"):
            Interval(NAIVE, NAIVE)

    @pytest.mark.parametrize(
        "last", ["", "30", "m", "-5m", "0m", "1mo", "all", "٣m", "9" * 30 + "d", 30, timedelta(0), "400000d", "999999d"]
    )
    def test_last_refused(self, last: object) -> None:
        with pytest.raises(AskError):
            parse_interval(None, last, now=utc("2026-01-01"))  # type: ignore[arg-type]

    def test_one_of_interval_and_last(self) -> None:
        for both in ((None, None), ("2026-01-01/2026-01-02", "1h")):
            with pytest.raises(AskError, match="one of"):
                parse_interval(*both)

    @given(moments, st.timedeltas(timedelta(microseconds=1), timedelta(days=400)))
    def test_is_widened_to_whole_minutes_and_by_less_than_one(self, start: datetime, length: timedelta) -> None:
        found = parse_interval((start, start + length), None)
        minute = timedelta(minutes=1)
        assert timedelta(0) <= start - found.start < minute
        assert timedelta(0) <= found.end - (start + length) < minute
        assert not (found.start - utc("1970-01-01T00:00Z")) % minute
        assert not (found.end - utc("1970-01-01T00:00Z")) % minute

    @given(moments, st.integers(1, 10_000), st.integers(-14, 14))
    def test_reads_its_own_text_again(self, start: datetime, minutes: int, offset: int) -> None:
        zone = timezone(timedelta(hours=offset))
        found = parse_interval((start.astimezone(zone), start + timedelta(minutes=minutes)), None)
        assert parse_interval(str(found), None) == found


class TestGranularity:
    @pytest.mark.parametrize(
        ("text", "period"),
        [
            ("10s", "PT10S"),
            ("1m", "PT1M"),
            ("5m", "PT5M"),
            ("1h", "PT1H"),
            ("1d", "P1D"),
            ("1w", "P1W"),
            ("1mo", "P1M"),
            ("1y", "P1Y"),
            ("PT15M", "PT15M"),
            ("P3M", "P3M"),
        ],
    )
    def test_to_druid(self, text: str, period: str) -> None:
        found = parse_granularity(text, "Europe/Berlin").to_druid()
        assert found == {"type": "period", "period": period, "timeZone": "Europe/Berlin"}

    def test_all(self) -> None:
        assert parse_granularity("all").to_druid() == "all"

    @pytest.mark.parametrize("text", ["", "m", "0m", "P0D", "P", "PT", "P1DT1H", "1.5h", "1M", "Infinity", "-1h", 5])
    def test_refused(self, text: object) -> None:
        with pytest.raises(AskError):
            parse_granularity(text)  # type: ignore[arg-type]

    @pytest.mark.parametrize("zone", ["Nowhere/Land", "", "../etc/passwd", "/etc/passwd", None])
    def test_no_such_zone(self, zone: object) -> None:
        with pytest.raises(AskError, match="time zone"):
            parse_granularity("1d", zone)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("text", "zone", "moment", "start", "hours"),
        [
            ("1mo", "UTC", "2028-02-10T00:00Z", "2028-02-01T00:00Z", 29 * 24),
            ("1mo", "Europe/Berlin", "2026-03-10T00:00Z", "2026-02-28T23:00Z", 31 * 24 - 1),
            ("1d", "Europe/Berlin", "2026-03-29T12:00Z", "2026-03-28T23:00Z", 23),
            ("1d", "Europe/Berlin", "2026-10-25T12:00Z", "2026-10-24T22:00Z", 25),
            ("1d", "UTC", "2026-03-29T12:00Z", "2026-03-29T00:00Z", 24),
            ("1w", "UTC", "2026-11-25T12:00Z", "2026-11-23T00:00Z", 7 * 24),
            ("7d", "UTC", "2026-11-25T12:00Z", "2026-11-19T00:00Z", 7 * 24),  # from a Thursday, as Druid counts
            ("P3M", "UTC", "2026-11-25T12:00Z", "2026-10-01T00:00Z", 92 * 24),
            ("1y", "UTC", "2026-11-25T12:00Z", "2026-01-01T00:00Z", 365 * 24),
            ("1h", "Asia/Kolkata", "2026-11-25T12:00Z", "2026-11-25T11:30Z", 1),
            ("6h", "Europe/Berlin", "2026-07-01T12:00Z", "2026-07-01T11:00Z", 6),  # elapsed, not wall clock
        ],
    )
    def test_bucket(self, text: str, zone: str, moment: str, start: str, hours: int) -> None:
        granularity = parse_granularity(text, zone)
        assert granularity.floor(utc(moment)) == utc(start)
        everything = Interval(utc("2000-01-01T00:00Z"), utc("2100-01-01T00:00Z"))
        assert granularity.bucket_ms(utc(start), everything) == hours * 3_600_000

    def test_a_bucket_is_as_long_as_its_part_inside_the_interval(self) -> None:
        hour = parse_granularity("1h")
        interval = Interval(utc("2026-01-01T10:20Z"), utc("2026-01-01T12:15Z"))
        lengths = [hour.bucket_ms(start, interval) / 60_000 for start in hour.starts(interval)]
        assert lengths == [40, 60, 15]

    @given(
        moments,
        st.sampled_from(["1m", "5m", "7m", "1h", "5h", "1d", "2d", "1w", "3w", "1mo", "5mo", "1y", "2y"]),
        st.sampled_from(ZONES),
    )
    def test_buckets_cover_the_interval_without_gap(self, start: datetime, text: str, zone: str) -> None:
        granularity = parse_granularity(text, zone)
        interval = Interval(start, start + 7.3 * granularity.shortest)
        starts = list(granularity.starts(interval))
        assert starts[0] <= interval.start < granularity.after(starts[0])
        assert starts[-1] < interval.end <= granularity.after(starts[-1])
        for first, second in pairwise(starts):
            assert granularity.after(first) == second
        total = sum(granularity.bucket_ms(each, interval) for each in starts)
        assert total == pytest.approx(interval.length_ms)

    @given(moments, st.sampled_from(["1m", "1h", "7h", "1d", "3d", "1w", "1mo", "1y"]), st.sampled_from(ZONES))
    def test_a_floor_is_its_own_floor(self, moment: datetime, text: str, zone: str) -> None:
        granularity = parse_granularity(text, zone)
        assert granularity.floor(granularity.floor(moment)) == granularity.floor(moment) <= moment

    def test_too_many_buckets(self) -> None:
        interval = parse_interval("2020-01-01/2026-01-01", None)
        check_buckets(parse_granularity("1h"), interval)
        check_buckets(parse_granularity("all"), interval)
        with pytest.raises(AskError, match="coarser"):
            check_buckets(parse_granularity("1m"), interval)

    def test_the_edge_of_the_calendar(self) -> None:
        interval = Interval(utc("9999-12-01T00:00Z"), datetime.max.replace(tzinfo=UTC))
        with pytest.raises(AskError, match="calendar"):
            list(parse_granularity("1mo").starts(interval))


def test_durations() -> None:
    assert parse_duration("90m") == parse_duration("PT90M") == timedelta(minutes=90)
    assert parse_duration("2w") == timedelta(weeks=2)
