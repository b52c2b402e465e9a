"""Bins of a distribution that hold few values: merged with their neighbours until none tells of too few.

A bin of 1 to ``least`` - 1 values is not shown; it ends where enough have come together, and what is left over at the
far end goes to the bin before. An empty bin stays: it tells of nobody.

Distributions that are compared add up to that of all, bin by bin. So their bins nest: in the order of how many values
they have, each bin of a group is made of whole bins of every larger one. Who takes the larger groups from all is then
left with all smaller ones together, hidden ones among them, in bins of which none holds too few either; and no group is
the only one that lacks the end of a bin.

What this cannot do: values are counted, not viewers, of whom one may have several. And any bins can be asked for, so
that who asks twice, with other ends, can subtract the answers, as with buckets of time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise


def nested_bins(groups: Sequence[Sequence[int]], rest: Sequence[int], least: int) -> list[list[int]]:
    """Of each group the ends of its bins: after how many of the given ones a bin ends; the last one's is left out.

    Args:
        groups: how many values each bin has, of each group that is shown
        rest: the same of all groups that are hidden, together
        least: a bin of fewer values is not shown, but one of none is
    """
    order = sorted(range(len(groups)), key=lambda group: sum(groups[group]))
    # Before each group, those that are smaller, together.
    smaller = [*accumulate((groups[group] for group in order), _added, initial=rest)]
    ends = _enough([smaller[-1]], range(1, len(rest)), least)
    found: list[list[int]] = [[] for _ in groups]
    for place in reversed(range(len(order))):
        ends = found[order[place]] = _enough([groups[order[place]], smaller[place]], ends, least)
    return found


def merged(counts: Sequence[int], ends: Iterable[int]) -> list[int]:
    """How many values lie in the bins that end there."""
    return [sum(counts[start:end]) for start, end in pairwise([0, *ends, len(counts)])]


def _enough(counts: Sequence[Sequence[int]], ends: Iterable[int], least: int) -> list[int]:
    """Those of the ends between which none of the groups has too few."""
    sums = [[0, *accumulate(each)] for each in counts]

    def holds(start: int, end: int) -> bool:
        return not any(0 < upto[end] - upto[start] < least for upto in sums)

    kept = [0]
    for end in ends:
        if holds(kept[-1], end):
            kept.append(end)
    while len(kept) > 1 and not holds(kept[-1], len(counts[0])):
        kept.pop()
    return kept[1:]


def _added(left: Sequence[int], right: Sequence[int]) -> list[int]:
    return [first + second for first, second in zip(left, right, strict=True)]
