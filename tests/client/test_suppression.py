"""Suppression: small cells are hidden, and no hidden value can be had by subtraction along a line."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow import AskError
from frontrow._asking.suppression import (
    Suppression,
    audience_of,
    check_least,
    hidden_cells,
    lines_of,
    listed,
    marks_of,
    taken_out,
    without_hidden,
)

TEN = 10


def one_line(*audiences: float | None) -> tuple[set[int], set[int]]:
    return hidden_cells(audiences, [range(len(audiences))], TEN)


class TestOneLine:
    def test_small_cells_are_hidden_and_empty_ones_are_not(self) -> None:
        assert hidden_cells([0, 1, 9, 10, 500, 0.0], [], TEN) == ({1, 2}, set())

    def test_estimates_are_rounded_half_up(self) -> None:
        assert hidden_cells([9.4999, 9.5, 0.2], [], TEN) == ({0, 2}, set())

    def test_an_unknown_audience_is_too_small(self) -> None:
        assert hidden_cells([None, 10], [], TEN) == ({0}, set())

    def test_one_alone_takes_the_smallest_other_with_it(self) -> None:
        assert one_line(100, 3, 40, 60) == ({1}, {2})

    def test_an_empty_cell_protects_nothing(self) -> None:
        assert one_line(100, 3, 0, 60) == ({1}, {3})

    def test_two_that_are_many_enough_together_need_no_other(self) -> None:
        assert one_line(100, 6, 5, 60) == ({1, 2}, set())

    def test_two_that_are_few_together_take_another(self) -> None:
        assert one_line(100, 2, 1, 60) == ({1, 2}, {3})

    def test_a_line_without_others_is_left_as_it_is(self) -> None:
        """Its total is as small as itself, and hidden where that is the answer."""
        assert one_line(3, 0) == ({0}, set())
        assert one_line(3, 4) == ({0, 1}, set())

    def test_nothing_small_hides_nothing(self) -> None:
        assert one_line(10, 0, 11) == (set(), set())
        assert one_line() == (set(), set())

    def test_no_least_hides_nothing(self) -> None:
        assert hidden_cells([1, 2, 3], [[0, 1, 2]], 0) == (set(), set())
        assert hidden_cells([1, 2, 3], [[0, 1, 2]], 1) == (set(), set())


class TestTwoDimensions:
    KEYS = (("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2), ("b", 3), ("c", 1), ("c", 2), ("c", 3))

    def test_lines_are_rows_and_columns(self) -> None:
        assert lines_of([("a", 1), ("a", 2), ("b", 1)], (0, 1)) == [[0, 2], [0, 1], [1], [2]]

    def test_of_time_and_a_dimension_the_groups_of_a_bucket_are_a_line(self) -> None:
        assert lines_of([("20:00", "x"), ("20:00", "y"), ("20:01", "x")], (1,)) == [[0, 1], [2]]

    def test_hiding_goes_on_until_every_line_is_safe(self) -> None:
        audiences = [3, 20, 90, 50, 60, 90, 90, 90, 90]
        small, protecting = hidden_cells(audiences, lines_of(self.KEYS, (0, 1)), TEN)
        assert (small, protecting) == ({0}, {1, 3, 4})

    def test_one_that_is_alone_in_its_column_does_not_protect(self) -> None:
        keys = (("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 3))
        _, protecting = hidden_cells([3, 15, 20, 90, 90], lines_of(keys, (0, 1)), TEN)
        assert protecting == {2, 3, 4}


def attacked(values: dict[tuple[int, ...], int], hidden: set[tuple[int, ...]], least: int) -> set[tuple[int, ...]]:
    """What an attacker gets who knows every shown value, and the total of each line of several cells that is shown.

    Written from the definition of a line; shares nothing with what is tested. A cell's value is its audience, so that a
    remainder of fewer than ``least`` that is not nothing is a find.
    """
    known = {key: value for key, value in values.items() if key not in hidden or value == 0}
    found: set[tuple[int, ...]] = set()
    while True:
        before = len(known)
        for key in values:
            for place in range(len(key)):
                line = [
                    other
                    for other in values
                    if all(a == b for n, (a, b) in enumerate(zip(key, other, strict=True)) if n != place)
                ]
                total = sum(values[cell] for cell in line)
                if total < least or sum(values[cell] > 0 for cell in line) < 2:
                    continue
                missing = [cell for cell in line if cell not in known]
                rest = total - sum(known[cell] for cell in line if cell in known)
                if missing and (len(missing) == 1 or rest < least):
                    found.update(missing)
                if len(missing) == 1:
                    known[missing[0]] = rest
        if len(known) == before:
            return found


sizes = st.one_of(st.integers(0, 15), st.integers(0, 300))


@given(st.lists(sizes, max_size=12), st.integers(0, 20))
def test_no_hidden_value_of_a_list_can_be_had(audiences: list[int], least: int) -> None:
    small, protecting = hidden_cells(audiences, lines_of([(n,) for n in range(len(audiences))], (0,)), least)
    values = {(n,): size for n, size in enumerate(audiences)}
    assert small == {n for n, size in enumerate(audiences) if 0 < size < least}
    assert attacked(values, {(n,) for n in small | protecting}, least) == set()


@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_no_hidden_value_of_a_table_can_be_had(rows: int, columns: int, data: st.DataObject) -> None:
    """Also where combinations do not occur."""
    every = [(row, column) for row in range(rows) for column in range(columns)]
    keys = data.draw(st.lists(st.sampled_from(every), unique=True, min_size=1))
    audiences = data.draw(st.lists(sizes, min_size=len(keys), max_size=len(keys)))
    small, protecting = hidden_cells(audiences, lines_of(keys, (0, 1)), TEN)
    values = dict(zip(keys, audiences, strict=True))
    assert attacked(values, {keys[n] for n in small | protecting}, TEN) == set()


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abcd")), unique=True, min_size=1), st.data())
def test_no_hidden_value_of_groups_over_time_can_be_had(keys: list[tuple[int, str]], data: st.DataObject) -> None:
    audiences = data.draw(st.lists(sizes, min_size=len(keys), max_size=len(keys)))
    small, protecting = hidden_cells(audiences, lines_of(keys, (1,)), TEN)
    for moment in {time for time, _ in keys}:
        values = {(ord(name),): size for (time, name), size in zip(keys, audiences, strict=True) if time == moment}
        hidden = {(ord(keys[n][1]),) for n in small | protecting if keys[n][0] == moment}
        assert attacked(values, hidden, TEN) == set()


def test_the_attacker_finds_what_is_hidden_badly() -> None:
    values = {(0, 0): 3, (0, 1): 20, (1, 0): 50, (1, 1): 60}
    assert attacked(values, {(0, 0)}, TEN) == {(0, 0)}
    assert attacked(values, {(0, 0), (0, 1)}, TEN) == {(0, 0), (0, 1)}
    assert attacked(values, set(values), TEN) == set()
    assert attacked({(0,): 1, (1,): 2, (2,): 30}, {(0,), (1,)}, TEN) == {(0,), (1,)}


class TestAnswers:
    def test_all_metrics_of_a_hidden_row_are_null(self) -> None:
        columns: dict[str, list[Any]] = {"country": ["DE", "AT", "CH"], "plays": [5, 6, 70], "ratio": [0.5, None, 1.0]}
        marks = marks_of([3, 12, 70], [range(3)], TEN)
        found = without_hidden(columns, ["country"], marks)
        assert found["country"] == ["DE", "AT", "CH"]
        assert (found["plays"], found["ratio"]) == ([None, None, 70], [None, None, 1.0])
        rest, said = taken_out(found, TEN, audience_of("audience"))
        assert list(rest) == ["country", "plays", "ratio"]
        assert said == Suppression(TEN, "viewers", (True, True, False), 1)

    def test_an_answer_that_hides_nothing_says_nothing(self) -> None:
        assert taken_out({"plays": [1]}, TEN, audience_of("audience")) == ({"plays": [1]}, Suppression())

    def test_hidden_rows_of_a_list_come_last_by_name(self) -> None:
        names, marks = ["z", None, "b", "a"], ["small", "small", "", "protecting"]
        assert listed([2, 0, 1, 3], marks, names, 10) == [2, 1, 3, 0]
        assert listed([2, 0, 1, 3], marks, names, 2) == [2, 1]
        assert listed([3, 2, 1, 0], ["", "", "", ""], names, 2) == [3, 2]

    @given(st.permutations(range(6)), st.lists(st.booleans(), min_size=6, max_size=6), st.integers(1, 8))
    def test_the_list_does_not_tell_where_a_hidden_row_would_rank(
        self, order: Sequence[int], hidden: list[bool], most: int
    ) -> None:
        names, marks = list("fedcba"), ["small" if each else "" for each in hidden]
        moved = [*(row for row in order if hidden[row]), *(row for row in order if not hidden[row])]
        assert listed(order, marks, names, most) == listed(moved, marks, names, most)

    def test_in_words(self) -> None:
        assert str(Suppression(10, "viewers", (True, False))) == "1 row with fewer than 10 viewers is hidden"
        said = Suppression(10, "viewers", (True, True, True), protecting=1)
        assert str(said) == "3 rows with fewer than 10 viewers are hidden (1 of them to protect another)"
        assert str(Suppression(10, "sessions", (False,))) == str(Suppression()) == ""

    def test_whom_a_datasource_counts(self) -> None:
        found = {
            spec: audience_of(spec) for spec in ("audience", "quality", "live", "retention", "ledger", "quarantine")
        }
        assert {
            spec: each and (each.aggregate.kind, each.aggregate.column, each.of) for spec, each in found.items()
        } == {
            "audience": ("hll", "viewers_hll", "viewers"),
            "quality": ("hll", "viewers_hll", "viewers"),
            "live": ("hll", "sessions_hll", "sessions"),
            "retention": ("theta", "sessions_theta", "sessions"),
            "ledger": None,
            "quarantine": None,
        }

    @pytest.mark.parametrize("least", [-1, 2.5, "10", True, None, Fraction(10)])
    def test_what_is_no_number_of_viewers_is_refused(self, least: object) -> None:
        with pytest.raises(AskError, match="min_audience"):
            check_least(least)
        assert check_least(0) == 0
