"""Answers of overlap, reach and sketches held against plain sets: exactly where sketches are exact, else in bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

# Of bounds that hold in 95 of 100 cases so many of a few dozen may miss the truth; none by as much again.
HELD = 0.8


def check_bounds(rows: Sequence[tuple[float, float, float, float]], *, exact: bool) -> None:
    """Estimate, lowest, highest and truth of some rows.

    Args:
        exact: the sketches still hold all that they have seen
    """
    assert rows
    held = 0
    for estimate, low, high, truth in rows:
        assert low <= estimate + 0.5
        assert estimate <= high + 0.5
        if exact:
            assert estimate == pytest.approx(truth, abs=0.5)
            assert (low, high) == (pytest.approx(truth, abs=1), pytest.approx(truth, abs=1))
        # Twice as wide is four standard deviations.
        assert low - (estimate - low) - 1 <= truth <= high + (high - estimate) + 1
        held += low - 0.5 <= truth <= high + 0.5
    assert held >= HELD * len(rows)


def check_overlap(columns: Mapping[str, Sequence[Any]], truth: Mapping[str, int], *, exact: bool) -> None:
    """Every combination, and its share of the smallest audience."""
    assert set(columns["audiences"]) == set(truth)
    assert len(columns["audiences"]) == len(truth)
    check_bounds(
        [
            (*values, truth[name])
            for name, *values in zip(
                *(columns[each] for each in ("audiences", "viewers", "viewers_low", "viewers_high")), strict=True
            )
        ],
        exact=exact,
    )
    for name, kind, viewers, share in zip(
        *(columns[each] for each in ("audiences", "kind", "viewers", "share_of_smallest")), strict=True
    ):
        members = name.removesuffix(" only").split(" & ")
        if kind == "any" or not (smallest := min(truth[member] for member in members)):
            assert share is None
        elif exact:
            assert share == pytest.approx(truth[name] / smallest, abs=1 / smallest)
        else:
            assert 0 <= share <= 1.1
            assert share * smallest == pytest.approx(viewers, rel=0.05)


def check_reach(columns: Mapping[str, Sequence[Any]], truth: Sequence[tuple[int, int]], *, exact: bool) -> None:
    """What came so far, and what is new, of every bucket."""
    for place, name in enumerate(("reach", "new")):
        values = zip(*(columns[f"{name}{suffix}"] for suffix in ("", "_low", "_high")), strict=True)
        check_bounds([(*each, pair[place]) for each, pair in zip(values, truth, strict=True)], exact=exact)
    assert list(columns["reach"]) == sorted(columns["reach"])
