"""What tells of late and replaced data."""

from __future__ import annotations

from typing import Any

import pytest

from frontrow._cache.guard import LEVELS, Guard, Looks, Segments, Told
from support.cached_world import HOUR_MS, MINUTE_MS, NOON

MINUTES, HOURS, DAYS = LEVELS


def told(*rows: tuple[str, int, int]) -> list[dict[str, Any]]:
    return [{"timestamp": f"2026-03-02T{at}Z", "result": {"sent": sent, "told": last}} for at, sent, last in rows]


def segment(start: str, end: str, version: str = "v1", part: str = "", name: str = "a_b") -> dict[str, Any]:
    return {"id": f"{name}_2026-03-02T{start}:00:00.000Z_2026-03-02T{end}:00:00.000Z_{version}{part}"}


class TestTold:
    def test_of_all_counts_that_reach_into_the_time(self) -> None:
        look = Told(MINUTES, told(("11:00:00", 5, 100), ("11:01:00", 7, 300), ("11:03:00", 1, 200)))
        eleven = NOON - HOUR_MS
        assert look.within(eleven, eleven + MINUTE_MS) == (5, 100)
        assert look.within(eleven, eleven + 5 * MINUTE_MS) == (13, 300)
        assert look.within(eleven + 90_000, eleven + 91_000) == (7, 300)
        assert look.within(eleven + 2 * MINUTE_MS, eleven + 3 * MINUTE_MS) == (0, None)

    def test_of_no_ledger_nothing_is_known(self) -> None:
        assert Told(MINUTES, []).within(NOON, NOON + 1) is None


class TestSegments:
    def test_only_where_a_segment_is_another_one(self) -> None:
        before = Segments("a_b", [segment("10", "11"), segment("11", "12"), segment("11", "12", part="_1")])
        compacted = Segments("a_b", [segment("10", "11"), segment("11", "12", "v2")])
        ten, eleven = NOON - 2 * HOUR_MS, NOON - HOUR_MS
        assert before.within(ten, eleven) == compacted.within(ten, eleven)
        assert before.within(ten + 1, ten + 2) == before.within(ten, eleven)
        assert before.within(eleven, eleven + 1) != compacted.within(eleven, eleven + 1)
        assert before.within(ten, NOON) != compacted.within(ten, NOON)

    @pytest.mark.parametrize("more", [segment("08", "09"), segment("11", "12", part="_2"), segment("08", "12", "v9")])
    def test_a_further_segment_changes_its_time(self, more: dict[str, Any]) -> None:
        segments = [segment("10", "11"), segment("11", "12")]
        before, after = Segments("a_b", segments), Segments("a_b", [*segments, more])
        hours = [(NOON - back * HOUR_MS, NOON - (back - 1) * HOUR_MS) for back in (5, 4, 3, 2, 1, 0)]
        changed = [before.within(*hour) != after.within(*hour) for hour in hours]
        first, last = int(more["id"].split("T")[1][:2]), int(more["id"].split("T")[2][:2])
        assert changed == [first <= 12 - back < last for back in (5, 4, 3, 2, 1, 0)]

    def test_no_matter_in_which_order_and_how_often_they_are_told(self) -> None:
        segments = [segment("10", "11"), segment("11", "12"), segment("11", "12", part="_1")]
        one, other = Segments("a_b", segments), Segments("a_b", [*reversed(segments), segments[0]])
        assert one.within(NOON - 2 * HOUR_MS, NOON) == other.within(NOON - 2 * HOUR_MS, NOON)

    def test_none(self) -> None:
        assert Segments("a_b", []).within(NOON, NOON + 1) == "0"


class Asked:
    def __init__(self) -> None:
        self.queries: list[dict[str, Any]] = []
        self.now = NOON

    def __call__(self, query: dict[str, Any]) -> list[Any]:
        self.queries.append(query)
        return (
            told(("11:00:00", 5, 100)) if query["queryType"] == "timeseries" else [segment("11", "12", name="audience")]
        )

    def guard(self, looks: Looks, scope: str = "here") -> Guard:
        def share(_: Any, ask: Any) -> Any:
            return ask()

        return Guard(self, share, looks, scope, "ledger", frozenset({"audience"}), lambda: self.now)


@pytest.mark.parametrize(
    ("back", "level", "seconds"), [(HOUR_MS, "minute", 5), (7 * HOUR_MS, "hour", 30), (15 * 24 * HOUR_MS, "day", 300)]
)
def test_what_is_long_ago_is_watched_less_closely(back: int, level: str, seconds: int) -> None:
    asked, looks = Asked(), Looks()
    for ahead, queries in ((0, 2), (seconds * 1000 - 1, 2), (seconds * 1000, 4)):
        asked.now = NOON + ahead
        marks = asked.guard(looks).marks(["audience"], NOON - back, NOON - back + MINUTE_MS)
        assert len(asked.queries) == queries
        assert str(marks.ledger).startswith(f"{level}:")
        assert str(marks.segments).startswith(f"{level}:")


def test_a_question_has_one_look_and_another_asker_another() -> None:
    asked, looks = Asked(), Looks()
    guard = asked.guard(looks)
    guard.marks(["audience"], NOON - HOUR_MS, NOON)
    asked.now += 10 * MINUTE_MS
    guard.marks(["audience"], NOON - HOUR_MS, NOON)
    assert len(asked.queries) == 2
    asked.guard(looks, "there").marks(["audience"], NOON - HOUR_MS, NOON)
    assert len(asked.queries) == 4


def test_the_ledger_tells_of_nothing_else_than_events() -> None:
    asked = Asked()
    marks = asked.guard(Looks()).marks(["quarantine"], NOON - HOUR_MS, NOON)
    assert (marks.ledger, marks.told) == (None, None)
    assert [query["queryType"] for query in asked.queries] == ["segmentMetadata"]


def test_looks_are_forgotten() -> None:
    looks = Looks()
    from frontrow._cache.guard import Look

    for number in range(3_000):
        looks.put(number, Look(None, number + 10), number)
    assert len(looks._looks) <= 1_001
    looks.clear()
    assert looks.get(2_999, 0) is None
