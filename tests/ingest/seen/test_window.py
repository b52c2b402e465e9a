"""The window against a plain set."""

from __future__ import annotations

import random
import tempfile
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from frontrow_ingest.seen import MAX_RANGES, SeenStore, SeenWindow
from frontrow_ingest.seen.ranges import add, contains, remove

numbers = st.one_of(st.integers(0, 90), st.integers(2**31 - 20, 2**31 - 1))


@given(st.lists(st.tuples(st.sampled_from(["add", "remove"]), numbers), max_size=200))
def test_ranges_are_a_set(steps: list[tuple[str, int]]) -> None:
    ranges: array[int] = array("I")
    expected: set[int] = set()
    for what, number in steps:
        if what == "add":
            assert add(ranges, number) == (number not in expected)
            expected.add(number)
        else:
            remove(ranges, number)
            expected.discard(number)
        assert list(ranges) == sorted(set(ranges))
    assert {number for number in expected if contains(ranges, number)} == expected
    assert sum(ranges[1::2]) - sum(ranges[::2]) == len(expected)


@given(st.permutations(range(400)))
@settings(max_examples=20, deadline=None)
def test_any_order_is_new_once_and_bounded(order: list[int]) -> None:
    """However the numbers come: none is taken for seen before it was, and the ranges stay within their bound."""
    window = SeenWindow()
    assert all(window.is_new("s", number) for number in order)
    assert len(window._unsaved["s"]) <= 2 * MAX_RANGES


def test_gaps_are_kept_up_to_the_bound() -> None:
    window = SeenWindow()
    apart = [3 * number for number in range(MAX_RANGES)]
    assert all(window.is_new("s", number) for number in apart)
    assert not any(window.is_new("s", number) for number in apart)
    assert window.is_new("s", 3 * MAX_RANGES)
    assert window.is_new("s", 0), "the lowest range is outside of the window now"


class WindowMachine(RuleBasedStateMachine):
    """Against a plain set; saved, crashed and opened again at any time. The memory is tiny, the store is not."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.expected: set[tuple[str, int]] = set()
        self.saved: set[tuple[str, int]] = set()
        self.open()

    def open(self) -> None:
        self.store = SeenStore(Path(self.directory.name))
        self.window = SeenWindow(self.store, max_sessions=4)

    @rule(session=st.sampled_from("abcdefghij"), seq=st.integers(0, 30))
    def see(self, session: str, seq: int) -> None:
        assert self.window.is_new(session, seq) == ((session, seq) not in self.expected)
        self.expected.add((session, seq))

    @rule(session=st.sampled_from("abcdefghij"), seq=st.integers(0, 30))
    def forget(self, session: str, seq: int) -> None:
        self.window.forget(session, seq)
        self.expected.discard((session, seq))

    @rule()
    def save(self) -> None:
        self.window.save({"progress": {"events": len(self.expected)}})
        self.saved = set(self.expected)

    @rule()
    def die(self) -> None:
        """What was not saved is lost, all of it."""
        self.store.close()
        self.expected = set(self.saved)
        self.open()
        fact = self.store.fact("progress")
        assert fact is None or fact["events"] == len(self.saved)

    @invariant()
    def memory_is_bounded(self) -> None:
        assert self.window.sessions_in_memory <= 4 + len(self.window._unsaved)

    def teardown(self) -> None:
        self.store.close()
        self.directory.cleanup()


WindowMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestWindow: Any = WindowMachine.TestCase


def test_over_the_bound_of_the_store_the_oldest_go(tmp_path: Path) -> None:
    with SeenStore(tmp_path, max_sessions=100) as store:
        window = SeenWindow(store, max_sessions=10)
        for number in range(400):
            assert window.is_new(f"s-{number}", 0)
            if number % 5 == 4:
                window.save()
                assert store.sessions <= 110
        assert not window.is_new("s-399", 0)
        assert not window.is_new("s-310", 0)
        assert window.is_new("s-0", 0), "outside of the window, and so taken for new"


def test_a_session_in_use_stays(tmp_path: Path) -> None:
    with SeenStore(tmp_path, max_sessions=20) as store:
        window = SeenWindow(store, max_sessions=4)
        for number in range(200):
            window.is_new("old", number)
            window.is_new(f"s-{number}", 0)
            window.save()
        assert not window.is_new("old", 0)


def test_memory_without_a_store_is_bounded() -> None:
    window = SeenWindow(max_sessions=100)
    for number in range(5_000):
        assert window.is_new(f"s-{number}", 0)
    assert window.sessions_in_memory <= 100
    assert not window.crowded


def test_unsaved_sessions_are_kept_over_the_bound_and_say_so(tmp_path: Path) -> None:
    with SeenStore(tmp_path) as store:
        window = SeenWindow(store, max_sessions=10)
        assert not window.crowded
        for number in range(50):
            window.is_new(f"s-{number}", 0)
        assert window.crowded
        assert not any(window.is_new(f"s-{number}", 0) for number in range(50))
        window.save()
        assert not window.crowded
        for number in range(50):
            assert not window.is_new(f"s-{number}", 0)
        assert window.sessions_in_memory <= 10


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_long_session_costs_little(tmp_path: Path, shuffled: bool) -> None:
    order = list(range(100_000))
    if shuffled:  # as several connections would: within a few neighbours
        chance = random.Random(1)
        order.sort(key=lambda number: number + chance.random() * 20)
    with SeenStore(tmp_path) as store:
        window = SeenWindow(store)
        assert all(window.is_new("s", number) for number in order)
        window.save()
        assert list(store.load("s")) == [0, 100_000]
