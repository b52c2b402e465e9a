"""What several want at once is asked for once, and nobody waits for one who has gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from frontrow import BadQueryError, TimedOutError
from frontrow._cache.flights import Flights
from frontrow._errors import druid_error
from frontrow._http.deadline import Stop, Stopped
from support.waiting import until

DEADLINE_S = 90.0


class Asked:
    """Something slow: it answers when it is let go."""

    def __init__(self, *outcomes: object) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()
        self.times = 0
        self._outcomes = list(outcomes)

    def __call__(self) -> object:
        outcome = self._outcomes[min(self.times, len(self._outcomes) - 1)]
        self.times += 1
        self.begun.set()
        assert self.let_go.wait(DEADLINE_S)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def left() -> float:
    return DEADLINE_S


def fly(
    pool: ThreadPoolExecutor, flights: Flights, ask: Asked, count: int, left: Callable[[], float] = left
) -> list[Future[tuple[object, bool]]]:
    first = pool.submit(flights.share, "key", ask, left)
    assert ask.begun.wait(DEADLINE_S)
    others = [pool.submit(flights.share, "key", ask, left) for _ in range(count - 1)]
    # Whoever comes after it has landed would ask anew.
    over: Any = flights._flying["key"].over
    until("the others to wait", lambda: len(over._cond._waiters) == count - 1, DEADLINE_S)
    return [first, *others]


def test_one_asks_for_all(pool: ThreadPoolExecutor) -> None:
    flights, ask = Flights(), Asked("answer")
    found = fly(pool, flights, ask, 5)
    ask.let_go.set()
    assert [each.result(DEADLINE_S) for each in found] == [("answer", False), *[("answer", True)] * 4]
    assert ask.times == 1


def test_it_is_not_kept(pool: ThreadPoolExecutor) -> None:
    flights, ask = Flights(), Asked("first", "second")
    ask.let_go.set()
    assert [flights.share("key", ask, left) for _ in range(2)] == [("first", False), ("second", False)]


def test_a_failure_is_that_of_all_who_wait_and_of_nobody_later(pool: ThreadPoolExecutor) -> None:
    refused = druid_error(400, {"errorMessage": "no such column"}, "", url="http://druid")
    flights, ask = Flights(), Asked(refused, "answer")
    found = fly(pool, flights, ask, 3)
    ask.let_go.set()
    errors = [each.exception(DEADLINE_S) for each in found]
    assert all(isinstance(error, BadQueryError) for error in errors)
    assert len({id(error) for error in errors}) == 3
    assert [str(error) for error in errors] == [str(refused)] * 3
    assert flights.share("key", ask, left) == ("answer", False)


@pytest.mark.parametrize(
    "end", [KeyboardInterrupt(), Stopped(), TimedOutError("its own time was up", url="http://druid"), ValueError()]
)
def test_who_waits_for_one_that_was_interrupted_asks_itself(pool: ThreadPoolExecutor, end: BaseException) -> None:
    flights, ask = Flights(), Asked(end, "answer")
    found = fly(pool, flights, ask, 2)
    ask.let_go.set()
    assert found[0].exception(DEADLINE_S) is end
    assert found[1].result(DEADLINE_S) == ("answer", False)
    assert ask.times == 2


def test_who_waits_has_a_deadline_of_its_own(pool: ThreadPoolExecutor) -> None:
    flights, ask = Flights(), Asked("answer")
    ends = time.monotonic() + 0.2

    def little() -> float:
        if time.monotonic() >= ends:
            raise TimedOutError("no time left", url="http://druid")
        return ends - time.monotonic()

    first = pool.submit(flights.share, "key", ask, left)
    assert ask.begun.wait(DEADLINE_S)
    with pytest.raises(TimedOutError, match="no time left"):
        flights.share("key", ask, little)
    ask.let_go.set()
    assert first.result(DEADLINE_S) == ("answer", False)


def test_who_waits_can_be_stopped_by_another_thread(pool: ThreadPoolExecutor) -> None:
    flights, ask, stop = Flights(), Asked("answer"), Stop()
    first = pool.submit(flights.share, "key", ask, left)
    assert ask.begun.wait(DEADLINE_S)

    def stoppable() -> None:
        with stop:
            flights.share("key", ask, left)

    second = pool.submit(stoppable)
    stop.now()
    assert isinstance(second.exception(DEADLINE_S), Stopped)
    ask.let_go.set()
    assert first.result(DEADLINE_S) == ("answer", False)
