"""The completeness of an answer, by hand and against the ledger's report over the same events."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from frontrow import Client, Interval, TimedOutError
from frontrow._asking.completeness import Completeness, Remembered, ask_completeness, asked_of, steps_of, unknown
from frontrow._asking.ledger import SETTLED_AFTER
from frontrow._time import MINUTE
from frontrow_ingest.testing import MemoryDruid
from oracle.completeness import completeness as oracle
from support.viewing_events import an_event

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEN_MINUTES = Interval(NOON, NOON + timedelta(minutes=10))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMES = {name: name for name in ("audience", "quality", "live", "retention", "ledger", "quarantine")}


@pytest.fixture
def druid() -> MemoryDruid:
    druid = MemoryDruid()
    druid.apply("audience", "quality", "live", "retention", "ledger", "quarantine")
    return druid


def told(minute: int, sent: int, *, emitted: datetime = NOON) -> dict[str, Any]:
    times = {"ts": _ms(NOON) + minute * 60_000, "emitted_ts": _ms(emitted)}
    return {**times, "producer": "p", "run": "r", "schema_id": 1, "sent": sent}


def events(minute: int, count: int) -> list[dict[str, Any]]:
    return [an_event(ts=_ms(NOON) + minute * 60_000 + number, seq=number) for number in range(count)]


def held(minute: int, stage: str = "topic", action: str = "refused") -> dict[str, Any]:
    times = {"ts": _ms(NOON) + minute * 60_000, "seen_ts": _ms(NOON)}
    return {**times, "id": "i", "action": action, "time_is": "refusal", "reason": "not_avro", "stage": stage}


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


class Counting:
    """Sends queries to a Druid in memory and remembers them."""

    def __init__(self, druid: MemoryDruid) -> None:
        self._druid = druid
        self.sent: list[dict[str, Any]] = []

    def __call__(self, query: dict[str, Any]) -> list[Any]:
        self.sent.append(query)
        answer: list[Any] = self._druid.request_json("POST", "/druid/v2", query)
        return answer


def account(
    druid: MemoryDruid,
    interval: Interval = TEN_MINUTES,
    *,
    spec: str = "audience",
    grain: timedelta = MINUTE,
    now: datetime | None = None,
) -> Completeness:
    # As a client does that is not in a hurry.
    return ask_completeness(
        NAMES, spec, steps_of(interval, grain)[0], interval, Counting(druid), now=now or datetime.now(UTC),
        settled_after=SETTLED_AFTER,
    )  # fmt: skip


class TestShare:
    def test_everything_is_counted(self, druid: MemoryDruid) -> None:
        druid.send("ledger", [told(1, 5), told(2, 1)])
        druid.send("events", [*events(1, 5), *events(2, 1)])
        found = account(druid)
        assert found == Completeness(1.0, sent=6, covered_from=NOON + MINUTE)
        assert str(found) == "100 % complete"

    def test_what_is_gone_is_missing_and_another_minute_does_not_make_up_for_it(self, druid: MemoryDruid) -> None:
        druid.send("ledger", [told(1, 5), told(2, 5)])
        druid.send("events", [*events(1, 3), *events(2, 8)])
        found = account(druid)
        assert (found.share, found.missing, found.beyond_ledger) == (0.8, 2, 3)
        assert str(found) == "80.00 % complete (2 missing, 3 beyond the ledger)"

    def test_what_was_told_just_now_is_in_flight(self, druid: MemoryDruid) -> None:
        now = NOON + HOUR
        druid.send("ledger", [told(1, 5, emitted=now - timedelta(seconds=29)), told(2, 2)])
        druid.send("events", [*events(1, 3), *events(2, 1)])
        found = account(druid, now=now)
        assert (found.share, found.missing, found.in_flight) == (0.8, 1, 2)
        assert "1 missing, 2 in flight" in str(found)
        assert account(druid, now=now + timedelta(seconds=2)).missing == 3

    def test_all_in_flight_is_unknown(self, druid: MemoryDruid) -> None:
        druid.send("ledger", [told(1, 5, emitted=NOON + HOUR)])
        found = account(druid, now=NOON + HOUR)
        assert (found.share, found.in_flight) == (None, 5)
        assert str(found) == "completeness unknown: all of it is in flight"

    def test_one_missing_of_many_does_not_round_to_complete(self) -> None:
        assert str(Completeness(1 - 1e-9, sent=10**9, missing=1)) == "99.99 % complete (1 missing)"

    def test_without_a_ledger_it_is_unknown_by_one_query(self, druid: MemoryDruid) -> None:
        druid.send("events", events(1, 3))
        run = Counting(druid)
        found = ask_completeness(NAMES, "audience", MINUTE, TEN_MINUTES, run, now=NOON, settled_after=SETTLED_AFTER)
        assert found == unknown("no ledger covers it")
        assert [query["dataSource"] for query in run.sent] == ["ledger"]
        assert account(MemoryDruid()).share is None

    def test_a_lagging_ledger_is_not_beyond_it(self, druid: MemoryDruid) -> None:
        now = NOON + timedelta(minutes=3, seconds=10)
        druid.send("ledger", [told(1, 1), told(2, 1, emitted=now)])
        druid.send("events", [*events(1, 2), *events(2, 4), *events(3, 5)])
        assert account(druid, now=now).beyond_ledger == 1

    @pytest.mark.parametrize("spec", ["audience", "quality", "live"])
    def test_each_datasource_is_held_against_its_own_count(self, druid: MemoryDruid, spec: str) -> None:
        druid.send("ledger", [told(1, 4)])
        druid.send("events", events(1, 3))
        assert account(druid, spec=spec).missing == 1

    def test_a_datasource_of_hours_is_by_hours(self, druid: MemoryDruid) -> None:
        druid.send("ledger", [told(1, 4), told(59, 4)])
        druid.send("events", [*events(1, 3), *events(59, 4)])
        assert account(druid, spec="retention", grain=HOUR).missing == 1

    def test_more_than_eight_days_are_by_hours_and_say_so(self, druid: MemoryDruid) -> None:
        druid.send("ledger", [told(1, 5), told(2, 5)])
        druid.send("events", [*events(1, 3), *events(2, 6)])
        for days in (1, 2, 8):
            found = account(druid, Interval(NOON, NOON + days * DAY))
            assert (found.missing, found.by) == (2, "minute")
            assert str(found) == "80.00 % complete (2 missing, 1 beyond the ledger)"
        longer = account(druid, Interval(NOON, NOON + 8 * DAY + MINUTE))
        assert (longer.missing, longer.by) == (1, "hour")
        assert str(longer) == "90.00 % complete by the hour (1 missing)"

    def test_minutes_that_take_too_long_are_asked_by_the_hour(self, druid: MemoryDruid) -> None:
        class Slow:
            """Has no time for minutes of more than a day."""

            url, timeouts = druid.url, druid.timeouts

            def request_json(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
                if isinstance(body, dict) and "PT1M" in str(body.get("granularity")):
                    raise TimedOutError("too long", url=self.url)
                return druid.request_json(method, path, body, timeout=timeout)

            def close(self) -> None:
                pass

        druid.send("ledger", [told(1, 5), told(2, 5)])
        druid.send("events", [*events(1, 3), *events(2, 6)])
        client = Client(transport=Slow())
        asked: dict[str, Any] = {"granularity": "all", "allow_large": True}
        found = client.timeseries("events", interval=Interval(NOON, NOON + 2 * DAY), **asked).completeness
        assert (found.missing, found.by) == (1, "hour")
        short = client.timeseries("events", interval=TEN_MINUTES, **asked).completeness
        assert (short.share, short.reason.partition(":")[0]) == (None, "TimedOutError")

    def test_what_is_unreadable_is_quarantined_and_not_missing(self, druid: MemoryDruid) -> None:
        druid.send("ledger", [told(1, 10)])
        druid.send("events", events(1, 5))
        # When it was written is all that is known of its time. What a producer refused was never sent.
        druid.send("quarantine", [held(2), held(3), held(3, "producer"), held(3, "collector"), held(30)])
        found = account(druid)
        assert (found.missing, found.quarantined, found.share) == (3, 2, 0.7)
        assert str(found) == "70.00 % complete (3 missing, 2 quarantined)"
        document = Client(transport=druid).timeseries("events", interval=TEN_MINUTES).to_dict()
        assert (document["completeness"]["quarantined"], document["completeness"]["by"]) == (2, "minute")

    def test_more_that_is_unreadable_than_is_missing(self, druid: MemoryDruid) -> None:
        druid.send("ledger", [told(1, 3)])
        druid.send("events", events(1, 2))
        druid.send("quarantine", [held(1)] * 9)
        found = account(druid)
        assert (found.missing, found.quarantined, found.share) == (0, 1, 1.0)
        assert str(found) == "100 % complete (1 quarantined)"

    def test_a_replay_makes_nothing_missing(self, druid: MemoryDruid) -> None:
        druid.send("ledger", [told(1, 3), told(1, 1)])
        druid.send("events", events(1, 3))
        druid.send("quarantine", [held(1), held(1, action="replayed")])
        assert str(account(druid)) == "100 % complete (1 quarantined)"

    def test_quarantine_is_asked_only_when_something_is_missing(self, druid: MemoryDruid) -> None:
        druid.send("ledger", [told(1, 3)])
        druid.send("events", events(1, 3))
        run = Counting(druid)
        ask_completeness(NAMES, "audience", MINUTE, TEN_MINUTES, run, now=NOON + HOUR, settled_after=SETTLED_AFTER)
        assert [query["dataSource"] for query in run.sent] == ["ledger", "audience"]

    @pytest.mark.parametrize("seed", range(12))
    @pytest.mark.parametrize("days", [1, 3, 9])
    def test_agrees_with_plain_counting(self, druid: MemoryDruid, seed: int, days: int) -> None:
        chance = random.Random(seed)
        now = NOON + 20 * DAY
        minutes = [chance.randrange(days * 1440) for _ in range(12)]
        # Neighbours, so that hours have several.
        minutes += [minute + 1 for minute in minutes[:6]]
        sent, seen, refused = [], [], []
        for minute in dict.fromkeys(minutes):
            count = chance.randrange(12)
            emitted = now - timedelta(seconds=chance.choice([1, 29, 31, 3_600]))
            sent += [told(minute, count, emitted=emitted)] if chance.random() < 0.9 else []
            seen += events(minute, max(0, count + chance.choice([0, 0, 0, 2, -1, -5])))
            kind = chance.choice([("topic", "refused"), ("topic", "replayed"), ("producer", "refused")])
            refused += [held(minute, *kind)] if chance.random() < 0.3 else []
        for topic, records in (("ledger", sent), ("events", seen), ("quarantine", refused)):
            druid.send(topic, records)
        interval = Interval(NOON, NOON + days * DAY)
        step = 60_000 if days <= 8 else 3_600_000
        found = account(druid, interval, now=now)
        expected = oracle(
            seen, sent, refused, start=_ms(interval.start), end=_ms(interval.end), step=step,
            settled=_ms(now - SETTLED_AFTER),
        )  # fmt: skip
        share = expected.pop("share")
        assert found.share == (None if share is None else pytest.approx(share, abs=1e-12))
        assert {name: getattr(found, name) for name in expected} == expected

    def test_agrees_with_the_report_of_the_ledger(self, druid: MemoryDruid) -> None:
        chance = random.Random(5)
        for minute in range(10):
            sent = chance.randrange(40)
            druid.send("ledger", [told(minute, sent)])
            druid.send("events", events(minute, max(0, sent - chance.choice([0, 0, 3, -2]))))
        druid.send("quarantine", [held(1), held(2), held(2, action="replayed"), held(3, "producer")])
        report, found = Client(transport=druid).ledger(interval=TEN_MINUTES), account(druid)
        assert found.share == report.completeness
        assert found.quarantined == 2
        assert (found.sent, found.missing + 2, found.in_flight, found.beyond_ledger) == tuple(
            report.totals[name] for name in ("sent", "missing", "in_flight", "beyond_ledger")
        )


class TestRemembered:
    def test_a_board_of_charts_asks_once(self) -> None:
        clock, asked = [0.0], []
        remembered = Remembered(2.0, lambda: clock[0])

        def ask() -> Completeness:
            asked.append(clock[0])
            return Completeness(1.0, sent=len(asked))

        assert [remembered.get("a", ask).sent for _ in range(20)] == [1] * 20
        assert remembered.get("b", ask).sent == 2
        clock[0] = 1.99
        assert remembered.get("a", ask).sent == 1
        clock[0] = 2.0
        assert remembered.get("a", ask).sent == 3

    def test_those_who_come_meanwhile_wait_for_the_same_answer(self) -> None:
        remembered, begun, go_on = Remembered(60), threading.Event(), threading.Event()
        asked: list[int] = []

        def ask() -> Completeness:
            asked.append(1)
            begun.set()
            assert go_on.wait(60)
            return Completeness(1.0)

        found: list[Completeness] = []
        threads = [threading.Thread(target=lambda: found.append(remembered.get("a", ask))) for _ in range(8)]
        for thread in threads:
            thread.start()
        assert begun.wait(60)
        go_on.set()
        for thread in threads:
            thread.join(60)
        assert (len(asked), len(found)) == (1, 8)

    def test_a_failure_is_not_remembered_and_holds_nobody_up(self) -> None:
        remembered = Remembered(60)

        def fail() -> Completeness:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            remembered.get("a", fail)
        assert remembered.get("a", lambda: Completeness(1.0)).share == 1.0

    def test_does_not_grow_for_ever(self) -> None:
        clock = [0.0]
        remembered = Remembered(2.0, lambda: clock[0])
        for number in range(5_000):
            clock[0] += 0.01
            remembered.get(number, lambda: Completeness(1.0))
        assert len(remembered._found) <= 1_000

    def test_charts_of_one_minute_share_an_answer(self) -> None:
        start = NOON + timedelta(seconds=12)
        first, second = (
            asked_of(Interval(start + timedelta(seconds=more), start + timedelta(minutes=30, seconds=more)))
            for more in (0, 20)
        )
        assert first == second == Interval(NOON, NOON + timedelta(minutes=31))
