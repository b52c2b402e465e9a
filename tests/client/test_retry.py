"""When a query is asked again and how long later: numbers only."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest

from frontrow import AskError, Retries
from frontrow._http.retry import Budget, retry_after

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def test_waits_grow_and_are_spread_from_nothing_on() -> None:
    retries = Retries(attempts=9, wait=0.2, longest_wait=1.0)
    longest = [retries.pause(attempt, None, lambda: 1.0) for attempt in range(5)]
    assert longest == [0.2, 0.4, 0.8, 1.0, 1.0]
    assert retries.pause(3, None, lambda: 0.0) == 0
    assert len({retries.pause(0, None) for _ in range(20)}) > 10


def test_what_druid_asks_for_is_waited_and_hardly_more() -> None:
    assert Retries().pause(0, 30.0, lambda: 0.0) == 30
    assert 30 < Retries().pause(5, 30.0, lambda: 1.0) <= 33
    assert Retries().pause(0, 0.0, lambda: 1.0) == 0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Tue, 24 Nov 2026 18:01:30 GMT", 90.0),
        ("Tue, 24 Nov 2026 17:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("", None),
        ("9" * 4000, 999_999_999.0),
    ],
)
def test_the_time_that_an_answer_names(said: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": said}, NOW) == seconds


def test_no_time_is_named() -> None:
    assert retry_after({}, NOW) is None


def test_a_budget_is_spent_and_earned_slowly() -> None:
    budget = Budget(2)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    for _ in range(10):
        budget.earn()
    assert [budget.spend(), budget.spend()] == [True, False]
    for _ in range(1000):
        budget.earn()
    assert [budget.spend() for _ in range(3)] == [True, True, False]


def test_a_budget_is_for_all_threads() -> None:
    budget = Budget(100)
    taken: list[bool] = []
    threads = [Thread(target=lambda: taken.extend(budget.spend() for _ in range(50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(True) == 100


@pytest.mark.parametrize(
    "values", [{"attempts": -1}, {"attempts": 1.5}, {"budget": -1}, {"wait": -1}, {"wait": 2, "longest_wait": 1}]
)
def test_what_makes_no_sense(values: dict[str, Any]) -> None:
    with pytest.raises(AskError, match="retries"):
        Retries(**values)
