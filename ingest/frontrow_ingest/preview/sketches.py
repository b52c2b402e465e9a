"""How many bytes Druid stores of a sketch that has seen so many distinct values, or so many numbers.

The sizes are those of DataSketches' compact forms; a test holds them to the library's own.
"""

from __future__ import annotations

from frontrow_specs.druid_json import SKETCHES

LG_K: int = SKETCHES["HLLSketchBuild"]["lgK"]
THETA_SIZE: int = SKETCHES["thetaSketch"]["size"]
QUANTILES_K: int = SKETCHES["quantilesDoublesSketch"]["k"]

_HLL_LIST = 7  # so many entries are a list, then a hash set, then the registers of four bits
HLL_SET = 3 * (1 << (LG_K - 3)) // 4


def hll_bytes(distinct: float) -> float:
    """A HyperLogLog sketch, HLL_4."""
    if distinct <= _HLL_LIST:
        return 8 + 4 * distinct
    return 12 + 4 * distinct if distinct <= HLL_SET else 40 + (1 << (LG_K - 1))


def theta_bytes(distinct: float) -> float:
    """A theta sketch; nothing of none."""
    if not distinct:
        return 0
    if distinct <= 1:
        return 16
    return 16 + 8 * distinct if distinct <= THETA_SIZE else 24 + 8 * THETA_SIZE


def quantiles_bytes(numbers: int) -> int:
    """A quantiles sketch of doubles; nothing of none."""
    if not numbers:
        return 0
    rounds, rest = divmod(numbers, 2 * QUANTILES_K)
    return 32 + 8 * (rest + rounds.bit_count() * QUANTILES_K)
