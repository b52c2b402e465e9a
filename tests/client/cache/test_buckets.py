"""Which buckets there are, and which stretches are asked for."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from frontrow._cache.buckets import EMPTY, Bucket, IrregularAnswerError, buckets_of, runs_of, values_of
from frontrow._cache.keys import asked
from support.cached_world import HOUR_MS, MINUTE_MS, NOON, counting


def buckets(query: dict[str, Any]) -> list[Bucket] | None:
    found = asked(query, "here")
    assert found is not None
    return buckets_of(found)


def test_a_part_of_a_bucket_is_something_of_its_own() -> None:
    found = buckets(counting(NOON - 90_000, NOON + 15_000))
    assert found is not None
    assert [(each.start - NOON, each.first - NOON, each.last - NOON) for each in found] == [
        (-120_000, -90_000, -60_000),
        (-60_000, -60_000, 0),
        (0, 0, 15_000),
    ]
    whole = buckets(counting(NOON - 120_000, NOON + 60_000))
    assert whole is not None
    assert [a.key == b.key for a, b in zip(found, whole, strict=True)] == [False, True, False]


def test_days_of_another_zone() -> None:
    zone = {"granularity": {"type": "period", "period": "P1D", "timeZone": "Europe/Berlin"}}
    # Around the change to summer time, on 2026-03-29.
    start = 1_774_652_400_000
    found = buckets(counting(start, start + 71 * HOUR_MS, **zone))
    assert found is not None
    assert [(each.last - each.first) // HOUR_MS for each in found] == [24, 23, 24]


@pytest.mark.parametrize(
    "query",
    [
        # A midnight that a clock change left out: Druid's later days begin at one o'clock.
        counting(
            1_541_214_000_000,
            1_541_473_200_000,
            granularity={"type": "period", "period": "P1D", "timeZone": "America/Sao_Paulo"},
        ),
        counting(NOON - 5_001 * MINUTE_MS, NOON),
        {**counting(0, 1), "intervals": ["9998-01-01/9999-12-31"], "granularity": {"type": "period", "period": "P1Y"}},
    ],
    ids=["no midnight", "too many", "the end of the calendar"],
)
def test_kept_whole(query: dict[str, Any]) -> None:
    assert buckets(query) is None


@pytest.mark.parametrize(
    ("missing", "runs"),
    [
        ("", []),
        ("....", []),
        ("x", [(0, 1)]),
        ("..xx", [(2, 4)]),
        ("xx..x.x", [(0, 2), (4, 5), (6, 7)]),
        # Nine holes are one too many: the nearest are asked for as one.
        ("x...x...x...x.x...x...x...x...x", [(0, 1), (4, 5), (8, 9), (12, 15), (18, 19), (22, 23), (26, 27), (30, 31)]),
    ],
)
def test_as_few_stretches_as_is_sensible(missing: str, runs: list[tuple[int, int]]) -> None:
    assert [(run.start, run.stop) for run in runs_of([mark == "x" for mark in missing])] == runs


def test_what_was_answered_for_each() -> None:
    found = buckets(counting(NOON, NOON + 3 * MINUTE_MS))
    assert found is not None
    entry = {"timestamp": "2026-03-02T12:01:00.000Z", "result": {"events": 3, "share": "NaN"}}
    values = values_of([entry], found)
    assert [values[each.key] for each in found] == [EMPTY, orjson.dumps(entry), EMPTY]


@pytest.mark.parametrize("times", [["2026-03-02T12:01:30.000Z"], ["2026-03-02T13:00:00.000Z"], ["x"], [None]])
def test_another_calendar_than_ours(times: list[Any]) -> None:
    found = buckets(counting(NOON, NOON + 3 * MINUTE_MS))
    assert found is not None
    with pytest.raises(IrregularAnswerError):
        values_of([{"timestamp": time, "result": {}} for time in times], found)
    with pytest.raises(IrregularAnswerError):
        values_of([{"timestamp": "2026-03-02T12:01:00.000Z", "result": {}}] * 2, found)
