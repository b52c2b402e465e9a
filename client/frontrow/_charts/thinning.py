"""Fewer points where a chart cannot show them all, without losing a peak or a gap."""

from __future__ import annotations

from collections.abc import Sequence

MOST_ROWS = 4_000
"""Rows in one panel. Altair refuses more than 5,000, and a screen has no more columns of pixels."""


def kept(values: Sequence[float | None], most: int) -> list[int]:
    """Indices to draw, in order: of each stretch its lowest and highest value, and one null if it has any."""
    if len(values) <= most:
        return list(range(len(values)))
    stretches = max(most // 3, 1)
    found: list[int] = []
    for number in range(stretches):
        stretch = range(number * len(values) // stretches, (number + 1) * len(values) // stretches)
        known = {index: value for index in stretch if (value := values[index]) is not None}
        chosen = {min(known, key=known.__getitem__), max(known, key=known.__getitem__)} if known else set()
        if len(known) < len(stretch):
            chosen.add(next(index for index in stretch if values[index] is None))
        found += sorted(chosen)
    return found
