"""When a top list says that it is exact: over segments that leave out all but their largest values, as Druid's do."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow import Result, Timeouts
from frontrow._asking import topn
from support.clients import a_client

HOUR = "2026-03-01T12:00/2026-03-01T13:00"
KEPT = 4
"""Values that a segment of these tests keeps at least; Druid's own keep 1,000."""


class Segments:
    """Answers topN over segments of counts by title, merged from what each of them keeps."""

    url = "memory://segments"
    timeouts = Timeouts()

    def __init__(self, *segments: dict[str, int]) -> None:
        self._segments = segments
        self.asked = 0

    def request_json(self, _method: str, _path: str, body: Any = None, *, timeout: float | None = None) -> Any:
        del timeout
        self.asked += 1
        assert body["queryType"] == "topN"
        wanted = body.get("filter", {}).get("values")
        found: Counter[str] = Counter()
        for segment in self._segments:
            rows = {title: count for title, count in segment.items() if wanted is None or title in wanted}
            found.update(dict(_largest(rows, max(body["threshold"], KEPT))))
        rows = [
            {"content_id": title, "count": count, "viewers_hll": float(count)}
            for title, count in _largest(found, body["threshold"])
        ]
        return [{"timestamp": "2026-03-01T12:00:00.000Z", "result": rows}]

    def close(self) -> None:
        """Nothing is held."""


def _largest(counts: dict[str, int], most: int) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:most]


def top(druid: Segments, n: int, least: int) -> Result:
    client = a_client(transport=druid, freshness=False, min_audience=least)
    return client.top_n("content_id", "events", n=n, interval=HOUR)


segments = st.lists(
    st.dictionaries(st.sampled_from("abcdefghijk"), st.integers(1, 30), max_size=11), min_size=1, max_size=4
)


@given(segments, st.integers(1, 8), st.sampled_from([0, 12]))
def test_exact_is_said_only_of_what_is_exact(counts: list[dict[str, int]], n: int, least: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topn, "THRESHOLD", KEPT)
        result = top(Segments(*counts), n, least)
    whole: Counter[str] = Counter()
    for segment in counts:
        whole.update(segment)
    shown = [(row["content_id"], row["events"]) for row in result if row["events"] is not None]
    # Also where the choice is approximate, the numbers shown are whole.
    assert all(whole[title] == count for title, count in shown)
    assert all(count >= least for _, count in shown)
    if "top list exact" in result.exactness and not least:
        assert shown == _largest(whole, n)
    if max(map(len, counts)) > max(n, KEPT):
        assert "the choice among" in result.exactness


def test_a_value_that_every_segment_left_out_may_be_missing_and_that_is_said() -> None:
    """``z`` is fifth in both segments, and the largest of all."""
    first = {"a": 20, "b": 19, "c": 18, "d": 17, "z": 16}
    second = {"e": 20, "f": 19, "g": 18, "h": 17, "z": 16}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topn, "THRESHOLD", KEPT)
        druid = Segments(first, second)
        result = top(druid, 1, 0)
        assert (result.columns["content_id"], druid.asked) == (("a",), 2)
        assert "the choice among 4 values or more is approximate" in result.exactness
        # A list long enough for all of them is exact, and needs no second query.
        druid = Segments(first, second)
        result = top(druid, 10, 0)
        assert (result[0]["content_id"], result[0]["events"], druid.asked) == ("z", 32, 1)
        assert "top list exact" in result.exactness


def test_a_value_that_one_segment_left_out_is_made_whole() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topn, "THRESHOLD", KEPT)
        result = top(Segments({"a": 20, "b": 19, "c": 18, "d": 17, "z": 1}, {"z": 40}), 1, 0)
    assert (result[0]["content_id"], result[0]["events"]) == ("z", 41)
