"""Bars of numbers: what is twice as high is twice as much, and nothing known is nothing drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow_ingest.cli.sparkline import fits, sparkline

NUMBERS = st.one_of(st.none(), st.integers(-(10**20), 10**20), st.floats(-1e300, 1e300))


def test_bars_stand_on_zero() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8]) == "▁▁▂▃▄▅▆▇█"
    assert sparkline([800, 850]) == "██"


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ([], ""),
        ([0, 0.0], "▁▁"),
        ([5], "█"),
        ([None, None], "  "),
        ([-4, 0, 4], "▁▄█"),
        ([-4, -2], "▁▄"),
        ([10**30], "█"),
    ],
)
def test_what_is_no_usual_row(values: list[float | None], bars: str) -> None:
    assert sparkline(values) == bars


def test_what_is_not_known_is_a_gap() -> None:
    assert sparkline([8, None, 4]) == "█ ▄"


def test_what_may_change_stands_behind_a_mark() -> None:
    assert sparkline([8, 8, 1], unsettled=1) == "██┊▁"
    assert sparkline([8, 8, 1], unsettled=9) == "┊██▁"
    assert sparkline([8, 8, None], unsettled=1) == "██┊ "


def test_more_values_than_room_show_the_largest_of_several() -> None:
    assert sparkline([1, 8, 1, 1, None, 4, None, None], width=4) == "█▁▄ "
    assert sparkline([8, 8, 8, 8, 1], width=4, unsettled=1) == "██┊▁"


def test_without_the_characters() -> None:
    assert sparkline([1, 4, None, 8, 2], unsettled=1, ascii_only=True) == "_: #|."


@given(st.lists(NUMBERS, max_size=200), st.integers(-3, 100), st.integers(0, 250))
def test_it_fits_whatever_the_values(values: list[float | None], width: int, unsettled: int) -> None:
    bars = sparkline(values, width, unsettled=unsettled)
    assert len(bars) <= max(3, width)
    assert ("┊" in bars) == bool(values and unsettled)
    if all(value is not None for value in values):
        assert " " not in bars


@pytest.mark.parametrize(
    ("encoding", "expected"), [("utf-8", True), ("ascii", False), ("latin-1", False), ("no-such", False), (None, False)]
)
def test_which_encodings_have_them(encoding: str | None, expected: bool) -> None:
    assert fits(encoding) is expected
