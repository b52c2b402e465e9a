"""Bins of a distribution that hold few are merged: by hand, and against an attacker who subtracts what is shown."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from frontrow import Client, Result
from frontrow._asking.merging import merged, nested_bins
from frontrow_ingest.testing import MemoryDruid
from support.few_in_bins import counted, given_away, shown_in
from support.viewing_events import an_event

NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)
HOUR = "2026-03-01T12:00/2026-03-01T13:00"
LEAST = 10


def client_of(starts: dict[str, Sequence[float]], **options: Any) -> Client:
    """Each start is of a viewer of its own, in the country that it is listed under."""
    druid = MemoryDruid()
    druid.apply("quality")
    druid.send(
        "events",
        [
            an_event(
                ts=NOON, country=country, viewer_id=f"{country}{number:020d}", session_id=f"{country}-{number}",
                kind="first_frame", startup_ms=startup,
            )
            for country, found in starts.items()
            for number, startup in enumerate(found)
        ],
    )  # fmt: skip
    return Client(transport=druid, freshness=False, completeness=False, **options)


def starts_of(counts: Sequence[int]) -> list[int]:
    """As many start-up times in each bin of 100 ms."""
    return [100 * place + 50 for place, count in enumerate(counts) for _ in range(count)]


def bins_of(result: Result, country: str | None = None) -> list[tuple[Any, ...]]:
    return [
        (row["from_ms"], row["to_ms"], row["plays"]) for row in result if country is None or row["country"] == country
    ]


class TestByHand:
    @pytest.mark.parametrize(
        ("counts", "expected"),
        [
            ([20, 30, 10, 10], [(None, 100, 20), (100, 200, 30), (200, 300, 10), (300, None, 10)]),
            ([3, 30, 10, 10], [(None, 200, 33), (200, 300, 10), (300, None, 10)]),
            ([3, 4, 5, 10], [(None, 300, 12), (300, None, 10)]),
            ([20, 30, 9, 1], [(None, 100, 20), (100, 200, 30), (200, None, 10)]),
            ([20, 30, 10, 1], [(None, 100, 20), (100, 200, 30), (200, None, 11)]),
            ([20, 1, 0, 0], [(None, None, 21)]),
            # An empty bin tells of nobody, and is no help to one that holds few.
            ([20, 0, 0, 10], [(None, 100, 20), (100, 200, 0), (200, 300, 0), (300, None, 10)]),
            ([20, 0, 0, 9], [(None, None, 29)]),
            ([0, 9, 0, 9], [(None, 100, 0), (100, None, 18)]),
            ([3, 3, 3, 3], [(None, None, 12)]),
        ],
    )
    def test_bins_end_where_enough_have_come_together(self, counts: list[int], expected: list[tuple[Any, ...]]) -> None:
        result = client_of({"DE": starts_of(counts)}).distribution(bins=[100, 200, 300], interval=HOUR)
        assert bins_of(result) == expected
        total = sum(counts)
        assert [row["share"] for row in result] == [count / total for *_, count in expected]
        assert result[-1]["share_up_to"] == 1.0
        lost = 4 - len(expected)
        said = f"{lost} fewer bins than asked for: those with fewer than 10 plays are merged"
        assert (said in result.exactness) is bool(lost)
        assert result.suppressed == 0

    def test_too_few_plays_in_all_are_one_row_without_numbers(self) -> None:
        druid = MemoryDruid()
        druid.apply("quality")
        # Many are there, but few of them have just started.
        events = [
            an_event(ts=NOON, viewer_id=f"v{number:021d}", session_id=f"s{number}", kind="heartbeat", startup_ms=None)
            for number in range(50)
        ]
        started = [{**event, "kind": "first_frame", "startup_ms": 300} for event in events[:9]]
        druid.send("events", [*events, *started])
        result = Client(transport=druid, freshness=False).distribution(bins=[100], interval=HOUR)
        assert bins_of(result) == [(None, None, None)]
        assert result.suppressed == 1

    def test_who_shows_every_audience_merges_nothing(self) -> None:
        client = client_of({"DE": starts_of([20, 3])}, min_audience=0)
        result = client.distribution(bins=[100], interval=HOUR)
        assert bins_of(result) == [(None, 100, 20), (100, None, 3)]
        assert "merged" not in result.exactness

    def test_a_smaller_group_has_bins_of_a_larger_one(self) -> None:
        counts = {"DE": [40, 40, 40, 40], "FR": [20, 3, 20, 20], "AT": [12, 0, 0, 12]}
        client = client_of({country: starts_of(each) for country, each in counts.items()})
        result = client.distribution(bins=[100, 200, 300], by="country", interval=HOUR)
        # The second bin of France would be had from all, less Germany and Austria; so Germany lacks its end, too.
        assert bins_of(result, "DE") == [(None, 100, 40), (100, 300, 80), (300, None, 40)]
        assert bins_of(result, "FR") == [(None, 100, 20), (100, 300, 23), (300, None, 20)]
        assert bins_of(result, "AT") == [(None, 100, 12), (100, 300, 0), (300, None, 12)]
        assert "3 fewer bins" in result.exactness

    def test_the_caveat_is_wherever_the_answer_is(self) -> None:
        said = "2 fewer bins than asked for: those with fewer than 10 plays are merged"
        client = client_of({"DE": starts_of([30, 3, 30, 2])})
        result = client.distribution(bins=[100, 200, 300], interval=HOUR)
        assert said in str(result)
        assert said in result._repr_html_()
        assert said in result.to_dict()["exactness"]
        assert said in str(result.to_pandas().attrs["frontrow"])
        lines = result.plot().to_dict()["title"]["subtitle"]
        assert said in " ".join(lines)

    def test_one_bin_of_all_is_drawn_as_wide_as_the_others(self) -> None:
        counts = {"DE": [40, 40, 40], "AT": [20, 20, 20], "FR": [9, 5, 9]}
        client = client_of({country: starts_of(each) for country, each in counts.items()})
        chart = client.distribution(bins=[100, 200], by="country", interval=HOUR).plot().to_dict()
        # A panel for each country and each of two numbers.
        drawn = [panel["data"]["values"] for panel in chart["vconcat"]][:3]
        assert [[(each["from"], each["to"], each["bin"]) for each in panel] for panel in drawn] == [
            [(0, 100, "up to 100 ms"), (100, 200, "100 to 200 ms"), (200, 300, "above 200 ms")],
            [(0, 200, "all")],
            [(0, 200, "all")],
        ]


@pytest.mark.parametrize("n", [1, 2])
def test_a_short_answer_has_the_bins_of_a_long_one(n: int) -> None:
    counts = {"DE": [40, 40, 40, 40], "FR": [20, 3, 20, 20], "AT": [12, 0, 0, 12]}
    client = client_of({country: starts_of(each) for country, each in counts.items()})
    whole = client.distribution(bins=[100, 200, 300], by="country", interval=HOUR)
    short = client.distribution(bins=[100, 200, 300], by="country", n=n, interval=HOUR)
    assert list(short) == [row for row in whole if row["country"] in ("DE", "FR")[:n]]


class TestAttack:
    def test_it_finds_what_is_not_guarded(self) -> None:
        counts = {"DE": [40, 40, 40], "FR": [20, 3, 20]}
        careless = [(("DE",), 0, 1), (("DE",), 1, 2), (("DE",), 2, 3), (("FR",), 0, 2), (("FR",), 2, 3)]
        everybody = [(("DE", "FR"), place, place + 1) for place in range(3)]
        assert given_away(counts, careless, LEAST) == []
        assert given_away(counts, [*careless, *everybody], LEAST) == [((("FR",), 1, 2), 3)]
        assert given_away({"DE": [40, 3]}, [(("DE",), 1, 2)], LEAST) == [((("DE",), 1, 2), 3)]

    @pytest.mark.parametrize("seed", range(25))
    def test_it_finds_nothing_in_an_answer_and_its_total(self, seed: int) -> None:
        chance = random.Random(seed)
        splits = [100.0 * place for place in range(1, chance.randrange(3, 8))]
        sizes = [0, 0, 1, 2, 5, 9, 10, 14, 40]
        starts = {
            country: starts_of([chance.choice(sizes) for _ in range(len(splits) + 1)])
            for country in ("DE", "FR", "AT", "LI")[: chance.randrange(1, 5)]
        }
        starts = {country: found for country, found in starts.items() if found}
        client, counts = client_of({**starts}), counted(starts, splits)
        each = client.distribution(bins=splits, by="country", interval=HOUR)
        everybody = client.distribution(bins=splits, interval=HOUR)
        shown = shown_in(list(each), splits, [*starts], "country")
        both = [*shown, *shown_in(list(everybody), splits, [*starts], "country")]
        for (groups, start, end), row in zip(shown, (row for row in each if row["share"] is not None), strict=True):
            assert row["plays"] == sum(counts[groups[0]][start:end])
        assert given_away(counts, both, LEAST) == []


class TestNestedBins:
    @pytest.mark.parametrize("seed", range(50))
    def test_every_bin_of_any_group_and_of_the_rest_holds_enough(self, seed: int) -> None:
        chance = random.Random(seed)
        bins, least = chance.randrange(1, 12), chance.choice([2, 5, 10])
        sizes = [0, 0, 1, 3, 9, 10, 50]
        groups = [[chance.choice(sizes) for _ in range(bins)] for _ in range(chance.randrange(1, 6))]
        groups = [each for each in groups if sum(each) >= least]
        rest = chance.choice([[0] * bins, [chance.choice(sizes) for _ in range(bins)]])
        rest = rest if sum(rest) >= least else [0] * bins
        ends = nested_bins(groups, rest, least)
        order = sorted(range(len(groups)), key=lambda group: sum(groups[group]))
        for group in order:
            assert all(not 0 < count < least for count in merged(groups[group], ends[group]))
            assert sum(merged(groups[group], ends[group])) == sum(groups[group])
        for smaller, larger in pairwise(order):
            assert set(ends[smaller]) <= set(ends[larger])
        for place, group in enumerate(order):
            left = [sum(each) for each in zip(rest, *(groups[other] for other in order[:place]), strict=True)]
            assert all(not 0 < count < least for count in merged(left, ends[group]))

    def test_nothing_to_merge(self) -> None:
        assert nested_bins([], [], 10) == []
        assert nested_bins([[5]], [0], 0) == [[]]
        assert nested_bins([[1, 2, 3]], [0, 0, 0], 0) == [[1, 2]]
