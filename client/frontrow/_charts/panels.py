"""Lines, their values and what is to be told of them: what a chart over time or position is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from frontrow._charts.units import Measure


@dataclass(frozen=True)
class Line:
    """One line of a panel; all sequences are of one length, in the order of the axis.

    Attributes:
        xs: places on the axis; milliseconds since 1970, or positions
        said: each place in words
        settled: whether a value is final
        low, high: bounds of the values; None where there are none
    """

    name: str
    xs: Sequence[int]
    said: Sequence[str]
    values: Sequence[float | None]
    settled: Sequence[bool]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None


@dataclass(frozen=True)
class Panel:
    """Lines that share a unit, and therefore an axis."""

    title: str
    measure: Measure
    lines: tuple[Line, ...]
