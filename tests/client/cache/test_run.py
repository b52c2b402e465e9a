"""Asking with the cache: what is sent to Druid, what is kept, and what the answer says of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from frontrow import Cache, CacheUse, ServerError
from frontrow_ingest.testing.memory.replies import failed
from support.cached_world import HOUR_MS, MINUTE_MS, NOON, World, counting

OLD = counting(NOON - 40 * MINUTE_MS, NOON - 20 * MINUTE_MS)
TOP = {
    "queryType": "topN",
    "dataSource": "audience",
    "intervals": ["2026-03-02T10:00/2026-03-02T11:00"],
    "granularity": "all",
    "dimension": "country",
    "metric": "events",
    "threshold": 5,
    "aggregations": OLD["aggregations"],
}


@pytest.fixture
def world() -> World:
    """An event in every minute of the last hour, told of long ago."""
    world = World()
    for minute in range(60, 0, -1):
        world.now = NOON - minute * MINUTE_MS
        world.ingest(world.now - 1)
    world.now = NOON + 40_000
    world.ingest(world.now - 10)
    return world


def use_of(world: World, query: dict[str, Any]) -> CacheUse:
    run = world.run()
    assert run(query) == world.plain(query)
    return run.use()


def intervals(world: World) -> list[list[str]]:
    return [query["intervals"] for query in world.druid.asked()]


class TestBuckets:
    def test_only_what_is_missing_is_asked_in_one_query(self, world: World) -> None:
        world.ask(counting(NOON - 30 * MINUTE_MS, NOON - 28 * MINUTE_MS))
        world.ask(counting(NOON - 25 * MINUTE_MS, NOON - 22 * MINUTE_MS))
        world.druid.queries.clear()
        run = world.run()
        run(OLD)
        assert intervals(world) == [
            [
                "2026-03-02T11:20:00.000Z/2026-03-02T11:30:00.000Z",
                "2026-03-02T11:32:00.000Z/2026-03-02T11:35:00.000Z",
                "2026-03-02T11:38:00.000Z/2026-03-02T11:40:00.000Z",
            ]
        ]
        assert (run.use().buckets, run.use().from_cache) == (20, 5)
        world.druid.queries.clear()
        assert use_of(world, OLD).from_cache == 20

    def test_a_kept_answer_needs_no_query(self, world: World) -> None:
        world.ask(OLD)
        world.druid.queries.clear()
        assert world.ask(OLD)
        assert world.druid.queries == []

    def test_after_five_seconds_the_ledger_is_looked_at_once_for_all_questions(self, world: World) -> None:
        other = {**OLD, "filter": {"type": "selector", "dimension": "country", "value": "DE"}}
        world.ask(OLD)
        world.ask(other)
        world.now += 5_000
        world.druid.queries.clear()
        assert use_of(world, OLD).guard == "ledger"
        assert use_of(world, other).from_cache == 20
        assert len(world.druid.asked(datasource="ledger")) == 1

    def test_a_late_event_drops_its_bucket_only(self, world: World) -> None:
        world.ask(OLD)
        world.now += 5_000
        world.ingest(NOON - 30 * MINUTE_MS + 7)
        world.now += 5_000
        assert use_of(world, OLD).from_cache == 19

    def test_without_a_ledger_a_late_event_is_there_when_its_time_is_over(self) -> None:
        world = World(with_ledger=False)
        world.ingest(NOON - 2 * HOUR_MS)
        world.ingest(world.now)
        query = counting(NOON - 2 * HOUR_MS, NOON - HOUR_MS)
        before = world.ask(query)
        world.ingest(NOON - 2 * HOUR_MS)
        world.now += HOUR_MS - 10_000
        run = world.run()
        assert run(query) == before
        assert run.use().guard == "time"
        world.now += 10_000
        assert world.ask(query) == world.plain(query) != before

    def test_what_was_told_of_shortly_before_is_not_kept_for_long(self, world: World) -> None:
        """Its events may not have been queryable yet."""
        world.tell(NOON - 30 * MINUTE_MS)
        world.now += 29_000
        world.ask(OLD)
        world.ingest(NOON - 30 * MINUTE_MS, told=False)
        world.now += 5_000
        assert use_of(world, OLD).from_cache == 19

    def test_where_druid_lags_behind_what_looks_old_is_young(self) -> None:
        world = World()
        world.ingest(NOON - 21 * MINUTE_MS)
        world.now += 31_000
        world.ask(OLD)
        # Of the minutes before the newest event, and its own, more may come any moment, told of or not.
        world.ingest(NOON - 21 * MINUTE_MS, told=False)
        world.now += 5_000
        assert use_of(world, OLD).from_cache == 17

    def test_empty_buckets_are_kept_before_the_newest_data_only(self) -> None:
        world = World()
        for minute in (38, 30):
            world.ingest(NOON - minute * MINUTE_MS)
        world.ingest(world.now)
        world.now += 31_000
        world.ask(OLD)
        world.druid.queries.clear()
        assert use_of(world, OLD).from_cache == 11
        assert intervals(world)[0] == ["2026-03-02T11:31:00.000Z/2026-03-02T11:40:00.000Z"]

    def test_a_part_of_a_bucket_is_never_taken_for_the_whole(self, world: World) -> None:
        hour = counting(NOON - HOUR_MS, NOON, "PT1H")
        assert use_of(world, counting(NOON - 40 * MINUTE_MS, NOON - 10 * MINUTE_MS, "PT1H")).from_cache == 0
        assert use_of(world, hour).from_cache == 0
        assert use_of(world, counting(NOON - 40 * MINUTE_MS, NOON - 10 * MINUTE_MS, "PT1H")).from_cache == 1

    def test_who_changes_an_answer_changes_nobody_elses(self, world: World) -> None:
        for answer in (world.ask(OLD), world.ask(OLD)):
            answer[0]["result"]["events"] = -1
            answer.pop()
        assert world.ask(OLD) == world.plain(OLD)

    def test_a_clock_that_was_put_back_makes_nothing_good(self, world: World) -> None:
        world.ask(OLD)
        world.now -= MINUTE_MS
        assert use_of(world, OLD).from_cache == 0

    @pytest.mark.parametrize(("context", "from_cache"), [({"useCache": False}, 0), ({"populateCache": False}, 20)])
    def test_the_context_may_leave_it_out(self, world: World, context: dict[str, Any], from_cache: int) -> None:
        without = {**OLD, "context": {**OLD["context"], **context}}
        world.ask(without)
        assert use_of(world, OLD).from_cache == 20 - from_cache
        assert use_of(world, without).from_cache == from_cache

    def test_another_asker_is_not_answered_from_it(self, world: World) -> None:
        world.run("one")(OLD)
        run = world.run("other")
        run(OLD)
        assert run.use().from_cache == 0


class TestWhole:
    def test_for_as_long_as_its_end_is_old(self, world: World) -> None:
        query = {**TOP, "intervals": OLD["intervals"]}
        assert use_of(world, query).from_cache == 0
        world.now += 30 * MINUTE_MS
        assert use_of(world, query) == CacheUse(1, 1, 2, datetime(2026, 3, 2, 12, 0, 40, 1_000, UTC), "ledger")
        other_time = {**TOP, "intervals": ["2026-03-02T11:20/2026-03-02T11:39"]}
        assert use_of(world, other_time).from_cache == 0
        world.ingest(NOON - 21 * MINUTE_MS)
        world.now += 5_000
        assert use_of(world, query).from_cache == 0

    def test_an_empty_one_for_a_step_only(self, world: World) -> None:
        query = {**TOP, "intervals": ["2026-03-02T08:00/2026-03-02T09:00"]}
        assert [use_of(world, query).from_cache for _ in range(2)] == [0, 1]
        world.now += 5_000
        assert use_of(world, query).from_cache == 0

    def test_other_kinds_go_to_druid_each_time(self, world: World) -> None:
        boundary = {"queryType": "timeBoundary", "dataSource": "audience"}
        assert [use_of(world, boundary).from_cache for _ in range(2)] == [0, 0]

    def test_another_calendar_than_ours_is_kept_whole(self, world: World) -> None:
        answer = [{"timestamp": "2026-03-02T11:20:30.000Z", "result": {"events": 1}}]
        run = world.run()
        run._send = lambda _: answer  # type: ignore[method-assign,assignment]
        run._send.context = {}  # type: ignore[attr-defined]
        run._send.left = lambda: 10.0  # type: ignore[attr-defined]
        assert run(OLD) == answer
        again = world.run()
        assert again(OLD) != answer


class TestFreshness:
    def test_that_of_the_oldest_part_that_is_not_settled(self, world: World) -> None:
        recent = counting(NOON - 40 * MINUTE_MS, NOON + MINUTE_MS)
        world.ask(counting(NOON - 40 * MINUTE_MS, NOON - 20 * MINUTE_MS))
        first = max(ts for ts, _ in world.arrived)
        world.ask(counting(NOON - 2 * MINUTE_MS, NOON - MINUTE_MS))
        world.now += 2_000
        world.ingest(world.now)
        world.now += 500
        run = world.run()
        run(recent)
        # One of the last minutes was fetched when the last event was not there; what is settled does not matter.
        assert run.newest() == datetime.fromtimestamp(first / 1000, UTC)
        world.now += 3_000
        run = world.run()
        run(recent)
        assert run.newest() == datetime.fromtimestamp(max(ts for ts, _ in world.arrived) / 1000, UTC)

    def test_of_what_is_settled_all_through_that_of_the_oldest_part(self, world: World) -> None:
        world.ask(OLD)
        first = max(ts for ts, _ in world.arrived)
        world.now += 60_000
        world.ingest(world.now)
        run = world.run()
        run(OLD)
        assert run.newest() == datetime.fromtimestamp(first / 1000, UTC)
        assert run.use().oldest is not None

    def test_of_nothing_there_is_none(self) -> None:
        world = World()
        run = world.run()
        run(OLD)
        assert run.newest() is None

    def test_the_newest_event_is_looked_up_before_the_question(self, world: World) -> None:
        world.ask(OLD)
        kinds = [query["queryType"] for query in world.druid.queries if query["dataSource"] == "audience"]
        assert kinds[-2:] == ["dataSourceMetadata", "timeseries"]

    def test_what_is_not_kept_has_one_too(self, world: World) -> None:
        run = world.run()
        run({"queryType": "timeBoundary", "dataSource": "audience"})
        assert run.newest() == datetime.fromtimestamp(max(ts for ts, _ in world.arrived) / 1000, UTC)


class TestFailures:
    def test_a_failure_is_not_kept(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(world.druid, "request_json", lambda *_, **__: (_ for _ in ()).throw(failed("x", "broken")))
            with pytest.raises(ServerError):
                world.ask(OLD)
        assert use_of(world, OLD).from_cache == 0

    @pytest.mark.parametrize("status", [500, 403])
    def test_a_ledger_that_cannot_be_asked_stops_nobody(
        self, world: World, monkeypatch: pytest.MonkeyPatch, status: int
    ) -> None:
        from frontrow._errors import druid_error

        world.ask(OLD)
        asked = world.druid.request_json

        def without_ledger(method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
            if body["dataSource"] == "ledger":
                raise druid_error(status, None, "no", url="memory://druid")
            return asked(method, path, body, timeout=timeout)

        monkeypatch.setattr(world.druid, "request_json", without_ledger)
        world.now += 5_000
        # What it protected is asked for again, and from then on it is good by time.
        assert use_of(world, OLD).from_cache == 0
        world.now += 5_000
        use = use_of(world, OLD)
        assert (use.from_cache, use.guard) == (20, "time")

    def test_many_at_once_ask_once(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        asked, ready = world.druid.request_json, threading.Barrier(8)
        inside = threading.Event()

        def slow(method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
            if body["dataSource"] == "audience" and body["queryType"] == "timeseries":
                inside.wait(0.3)  # as long as a slow Druid, so that all of them come meanwhile
            return asked(method, path, body, timeout=timeout)

        monkeypatch.setattr(world.druid, "request_json", slow)

        def one(_: int) -> list[Any]:
            ready.wait(60)
            return world.ask(OLD)

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(one, range(8)))
        assert len(world.druid.asked()) == 1
        assert all(answer == answers[0] for answer in answers)
        assert len({id(answer) for answer in answers}) == 8


def test_little_room_is_kept_for_what_was_used_last(world: World) -> None:
    small = World(cache=Cache(size=1 << 20), druid=world.druid, arrived=world.arrived)
    small.now = world.now
    for number in range(200):
        small.ask(
            {**OLD, "filter": {"type": "not", "field": {"type": "selector", "dimension": "isp", "value": number}}}
        )
    store: Any = small.cache._shared.store
    assert store._entries.currsize <= 1 << 20
    assert len(store._entries) < 4_000
