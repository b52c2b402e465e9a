"""For how long an answer is good."""

from __future__ import annotations

import pytest

from frontrow._cache.ages import age_of, good_for, step_of

MINUTE = 60_000


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        (-10 * MINUTE, 5),
        (0, 5),
        (2 * MINUTE - 1, 5),
        (2 * MINUTE, 10),
        (3 * MINUTE, 20),
        (4 * MINUTE, 40),
        (7 * MINUTE, 320),
        (10 * MINUTE, 2560),
        (11 * MINUTE, 3600),
        (10_000 * MINUTE, 3600),
    ],
)
def test_five_seconds_then_twice_as_long_with_every_minute(age: int, seconds: int) -> None:
    assert good_for(age) == seconds * 1000


@pytest.mark.parametrize(
    ("newest", "age"),
    [(None, 0), (1_000_000, 400_000), (900_000, 300_000), (500_000, -100_000), (9_000_000, 400_000)],
)
def test_time_is_no_older_than_the_newest_event_makes_it(newest: int | None, age: int) -> None:
    assert age_of(600_000, 1_000_000, newest) == age


def test_a_step_begins_with_whole_five_seconds() -> None:
    assert [step_of(moment) for moment in (0, 4_999, 5_000, 12_345)] == [0, 0, 5_000, 10_000]
