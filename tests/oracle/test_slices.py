"""The oracle of slices itself, on cases small enough to be computed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from oracle.metrics import EXACT, MINUTE_MS
from oracle.slices import PARTS, by_values, histogram, impact


def event(**fields: Any) -> dict[str, Any]:
    return {"kind": "heartbeat", "started": True, "end_reason": None, "ts": 0, "received_ts": 0} | fields


EVENTS = [
    event(cdn="a", isp="x", play_ms=90, rebuffer_ms=10, segments=["s", "t"]),
    event(cdn="a", isp="y", play_ms=100, segments=["t"]),
    event(cdn="b", isp="y", play_ms=196, rebuffer_ms=4, segments=[]),
]


def test_groups_of_several_dimensions() -> None:
    groups = {key: len(found) for key, found in by_values(EVENTS, ["cdn", "segments"]).items()}
    assert groups == {("a", "s"): 1, ("a", "t"): 2, ("b", None): 1}


def test_excess_is_more_than_the_rate_of_the_others_gives() -> None:
    found = impact("rebuffer_ratio", EVENTS, ["cdn", "isp"], pairs=True)
    assert {place: round(row["excess"], 9) for place, row in found.items()} == {
        (("cdn", "a"),): 10 - 0.02 * 200,
        (("cdn", "b"),): 4 - 0.05 * 200,
        (("isp", "x"),): round(10 - 4 / 300 * 100, 9),
        (("isp", "y"),): 4 - 0.1 * 300,
        (("cdn", "a"), ("isp", "x")): round(10 - 4 / 300 * 100, 9),
        (("cdn", "a"), ("isp", "y")): round(0 - 14 / 300 * 100, 9),
        (("cdn", "b"), ("isp", "y")): 4 - 0.05 * 200,
    }
    assert found[("cdn", "a"),]["excess_share"] == pytest.approx(6 / 14)
    (whole,) = impact("rebuffer_ratio", EVENTS[:1], ["cdn"], pairs=False).values()
    assert (whole["excess"], whole["rebuffer_ratio_elsewhere"]) == (None, None)


@pytest.mark.parametrize("metric", PARTS)
def test_parts_are_those_of_the_metric(metric: str) -> None:
    found = [
        event(kind="attempt"),
        event(kind="end", started=False, end_reason="fatal_error", received_ts=20_000),
        event(kind="end", started=False, end_reason="viewer", received_ts=700_000),
        event(kind="end", end_reason="fatal_error", play_ms=50, rebuffer_ms=20, seek_rebuffer_ms=5),
    ]
    part, whole = PARTS[metric]
    assert part(found) / whole(found) == EXACT[metric](found, MINUTE_MS)


def test_a_split_ends_its_bin() -> None:
    assert histogram([1, 2, 2, 3, 9], [2, 4]) == [3, 1, 1]
    assert histogram([], [2]) == [0, 0]
