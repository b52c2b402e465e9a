"""The sizes of sketches are those of Apache DataSketches' own compact forms."""

from __future__ import annotations

import datasketches
import pytest

from frontrow_ingest.preview.counting import Entries, Held
from frontrow_ingest.preview.sketches import (
    HLL_SET,
    LG_K,
    QUANTILES_K,
    THETA_SIZE,
    hll_bytes,
    quantiles_bytes,
    theta_bytes,
)

COUNTS = [0, 1, 2, 7, 8, 9, 100, HLL_SET, HLL_SET + 1, 385, 400, 511, 512, 1_000, 5_000, 16_384, 20_000]


@pytest.mark.parametrize("count", COUNTS)
def test_hll(count: int) -> None:
    sketch = datasketches.hll_sketch(LG_K, datasketches.tgt_hll_type.HLL_4)
    for number in range(count):
        sketch.update(f"viewer-{number}")
    # A register that is far above the others has four bytes more; there are few.
    assert hll_bytes(count) == pytest.approx(len(sketch.serialize_compact()), abs=24)


@pytest.mark.parametrize("count", COUNTS)
def test_theta(count: int) -> None:
    union = datasketches.theta_union(THETA_SIZE.bit_length() - 1)
    sketch = datasketches.update_theta_sketch(THETA_SIZE.bit_length() - 1)
    for number in range(count):
        sketch.update(f"viewer-{number}")
    union.update(sketch)
    stored = union.get_result().serialize()
    assert theta_bytes(count) == (len(stored) if count else 0)  # Druid stores nothing of an empty one


@pytest.mark.parametrize("count", COUNTS)
def test_quantiles(count: int) -> None:
    sketch = datasketches.quantiles_doubles_sketch(QUANTILES_K)
    for number in range(count):
        sketch.update(float(number))
    # The library for Python writes its buffer with room to spare; Druid's form holds what is retained.
    assert quantiles_bytes(count) == (32 + 8 * sketch.num_retained if count else 0)


@pytest.mark.parametrize("values", [[], ["a"], ["a", "a"], ["a", "b", "a", "c"], [f"v{n % 12}" for n in range(90)]])
def test_a_small_state_counts_as_a_set_does_until_it_is_full(values: list[str]) -> None:
    held = Held()
    aggregator = Entries("x", "who", 5, held)
    state = aggregator.empty()
    for value in values:
        state = aggregator.add(state, {"who": value})
    distinct = len(set(values))
    assert aggregator.final(state) == min(distinct, 6)
    assert held.entries == (distinct if distinct <= 5 else 0)


def test_null_is_no_entry_and_a_list_is_several() -> None:
    aggregator = Entries("x", "who", 5, Held())
    assert aggregator.final(aggregator.add(aggregator.empty(), {"who": None})) == 0
    assert aggregator.final(aggregator.add(aggregator.empty(), {"who": ["a", None, "b", "a"]})) == 2
