"""Drawing from tables. Everything random goes through ``Random.random``, the one method whose sequence Python keeps."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate
from statistics import NormalDist
from typing import Generic, TypeVar

Draw = Callable[[], float]
"""A source of uniform numbers in [0, 1)."""

T_co = TypeVar("T_co", covariant=True)
_STEPS = 1_024


class Weighted(Generic[T_co]):
    """Items with weights (any positive scale); ``pick`` takes one by a uniform number."""

    def __init__(self, items: Iterable[tuple[T_co, float]]) -> None:
        pairs = list(items)
        if not pairs or any(weight < 0 for _, weight in pairs) or not any(weight for _, weight in pairs):
            raise ValueError("a weighted table needs items, no negative weight and one above 0")
        self.items = tuple(item for item, _ in pairs)
        total = math.fsum(weight for _, weight in pairs)
        self._limits = [limit / total for limit in accumulate(weight for _, weight in pairs)][:-1]

    def pick(self, uniform: float) -> T_co:
        """The item at ``uniform`` in [0, 1)."""
        return self.items[bisect_right(self._limits, uniform)]


def lognormal(sigma: float) -> tuple[float, ...]:
    """1,024 equally likely values with median 1 whose logarithms spread by ``sigma``."""
    normal = NormalDist()
    return tuple(math.exp(sigma * normal.inv_cdf((step + 0.5) / _STEPS)) for step in range(_STEPS))


def exponential(mean: float, uniform: float) -> float:
    """The waiting time with this mean at ``uniform`` in [0, 1)."""
    return -mean * math.log(1.0 - uniform)


def zipf(count: int, exponent: float = 1.0) -> list[float]:
    """Weights of ranks 1 to ``count``: rank to the power of minus ``exponent``."""
    return [rank**-exponent for rank in range(1, count + 1)]
