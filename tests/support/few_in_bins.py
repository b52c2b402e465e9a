"""An attack on histograms: all that subtracting shown bins from one another can tell of a few values.

Shares no code with the client. Each bin that is shown is an equation over the cells that it is made of, a cell being
what one group has in one of the bins that were asked for. A sum of cells can be had if its row follows from the others.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

Counts = Mapping[str, Sequence[int]]
"""Of each group how many values lie in each bin."""
Shown = tuple[tuple[str, ...], int, int]
"""Groups, added up, and from which bin until before which."""


def counted(values: Mapping[str, Sequence[float]], splits: Sequence[float]) -> dict[str, list[int]]:
    """Of each group how many values lie in each bin; a value where a bin ends is inside."""
    found = {group: [0] * (len(splits) + 1) for group in values}
    for group, each in values.items():
        for value in each:
            found[group][bisect_left(splits, value)] += 1
    return found


def shown_in(rows: Sequence[Mapping[str, Any]], splits: Sequence[float], groups: Sequence[str], by: str) -> list[Shown]:
    """Which sums an answer shows; without ``by`` in its rows, of all groups together."""
    bounds = [None, *splits, None]
    found: list[Shown] = []
    for row in rows:
        if row["share"] is not None:
            start = 0 if row["from_ms"] is None else bounds.index(row["from_ms"])
            end = len(splits) + 1 if row["to_ms"] is None else bounds.index(row["to_ms"])
            found.append(((row[by],) if by in row else tuple(groups), start, end))
    return found


def given_away(counts: Counts, shown: Sequence[Shown], least: int) -> list[tuple[Shown, int]]:
    """Sums of 1 to ``least`` - 1 values, of neighbouring bins of any groups, that the shown ones tell."""
    groups = [*counts]
    bins = len(next(iter(counts.values())))

    def row(which: Shown) -> np.ndarray[Any, np.dtype[np.float64]]:
        found = np.zeros((len(groups), bins))
        for group in which[0]:
            found[groups.index(group), which[1] : which[2]] = 1
        return found.reshape(-1)

    known = np.array([row(each) for each in shown]).reshape(-1, len(groups) * bins)
    _, sizes, directions = np.linalg.svd(known, full_matrices=False)
    told = directions[sizes > 1e-9]
    found = []
    for which in _sums(groups, bins):
        size = sum(sum(counts[group][which[1] : which[2]]) for group in which[0])
        wanted = row(which)
        if 0 < size < least and np.linalg.norm(wanted - told.T @ (told @ wanted)) < 1e-9:
            found.append((which, size))
    return found


def _sums(groups: Sequence[str], bins: int) -> Iterator[Shown]:
    for several in range(1, len(groups) + 1):
        for chosen in combinations(groups, several):
            for start in range(bins):
                for end in range(start + 1, bins + 1):
                    yield chosen, start, end
