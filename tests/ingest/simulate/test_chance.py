"""Tables to draw from."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow_ingest.simulate.chance import Weighted, exponential, lognormal, zipf
from frontrow_ingest.simulate.schedule import live_arrivals, vod_arrivals


@given(
    weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=20).filter(lambda found: sum(found) > 1e-3),
    uniform=st.floats(0, 1, exclude_max=True),
)
def test_a_pick_is_where_the_weights_put_it(weights: list[float], uniform: float) -> None:
    picked = Weighted(enumerate(weights)).pick(uniform)
    total = sum(weights)
    assert sum(weights[:picked]) / total <= uniform + 1e-9
    assert uniform <= sum(weights[: picked + 1]) / total + 1e-9


def test_shares_come_out_as_the_weights() -> None:
    table = Weighted([("rare", 1.0), ("never", 0.0), ("often", 3.0)])
    draw = Random(1).random
    found = [table.pick(draw()) for _ in range(20_000)]
    assert 0.23 < found.count("rare") / len(found) < 0.27
    assert "never" not in found


@pytest.mark.parametrize("items", [[], [("a", 0.0)], [("a", 1.0), ("b", -1.0)]], ids=["empty", "nothing", "negative"])
def test_a_table_without_a_meaning_is_refused(items: list[tuple[str, float]]) -> None:
    with pytest.raises(ValueError, match="weighted table"):
        Weighted(items)


def test_the_lognormal_table_has_median_one_and_its_spread() -> None:
    table = lognormal(0.5)
    assert table == tuple(sorted(table))
    assert (table[511] + table[512]) / 2 == pytest.approx(1.0, rel=1e-3)
    assert table[860] == pytest.approx(1.649, rel=0.01)  # one sigma: e to the 0.5 at 84.1 %


def test_waiting_times_have_their_mean() -> None:
    draw = Random(2).random
    waits = [exponential(30.0, draw()) for _ in range(20_000)]
    assert min(waits) >= 0
    assert sum(waits) / len(waits) == pytest.approx(30.0, rel=0.05)


def test_zipf_weights_fall_as_the_rank_grows() -> None:
    assert zipf(4) == [1.0, 1 / 2, 1 / 3, 1 / 4]


@pytest.mark.parametrize("arrivals", [live_arrivals, vod_arrivals])
@pytest.mark.parametrize("count", [0, 1, 3, 5_000])
def test_everybody_arrives_once_in_order_within_the_time(arrivals: object, count: int) -> None:
    found = list(arrivals(count, 1_000_000, 60_000, Random(3).random))  # type: ignore[operator]
    assert len(found) == count
    assert found == sorted(found)
    assert all(1_000_000 <= when < 1_060_000 for when in found)


def test_arrivals_are_spread_over_the_parts_as_told() -> None:
    found = list(live_arrivals(20_000, 0, 1_000_000, Random(4).random))

    def share(start: float, end: float) -> float:
        return sum(start * 1_000_000 <= when < end * 1_000_000 for when in found) / len(found)

    assert share(0.08, 0.20) == pytest.approx(0.52, abs=0.02)
    assert share(0.44, 0.54) == pytest.approx(0.02, abs=0.01)
    assert share(0.70, 0.73) == pytest.approx(0.09, abs=0.01)
    assert share(0.93, 1.00) == 0
    assert all(before <= after for before, after in itertools.pairwise(found))
