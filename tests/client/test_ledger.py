"""Completeness: every case of an account that does not add up, over a Druid in memory."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from frontrow import Client, LedgerReport
from frontrow_ingest.cli import ledger as command
from frontrow_ingest.testing import MemoryDruid
from support.viewing_events import an_event

MINUTE_MS = 60_000
NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)
INTERVAL = "2026-03-01T12:00/2026-03-01T12:10"
LONG_AGO = NOON


@pytest.fixture
def druid() -> MemoryDruid:
    druid = MemoryDruid()
    druid.apply("audience", "ledger", "quarantine")
    return druid


def told(minute: int, sent: int, *, emitted: int = LONG_AGO, **more: Any) -> dict[str, Any]:
    delta = {"ts": NOON + minute * MINUTE_MS, "emitted_ts": emitted, "producer": "p", "run": "r", "schema_id": 1}
    return {**delta, "sent": sent, **more}


def events(minute: int, count: int) -> list[dict[str, Any]]:
    return [an_event(ts=NOON + minute * MINUTE_MS + number, seq=number) for number in range(count)]


def held(minute: int, stage: str = "producer", action: str = "refused") -> dict[str, Any]:
    times = {"ts": NOON + minute * MINUTE_MS, "seen_ts": NOON}
    return {**times, "id": "i", "action": action, "time_is": "event", "reason": "late", "stage": stage}


def account(druid: MemoryDruid, **how: Any) -> LedgerReport:
    return Client(transport=druid).ledger(interval=INTERVAL, **how)


def now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def test_everything_is_there(druid: MemoryDruid) -> None:
    druid.send("ledger", [told(1, 2), told(1, 3), told(2, 1)])
    druid.send("events", [*events(1, 5), *events(2, 1)])
    report = account(druid)
    assert report.completeness == 1.0
    assert [(row["sent"], row["queryable"], row["missing"]) for row in report.minutes] == [(5, 5, 0), (1, 1, 0)]
    assert report.minutes[0]["time"] == datetime(2026, 3, 1, 12, 1, tzinfo=UTC)
    assert report.totals["sent"] == 6
    assert "completeness 100.0000%" in str(report)
    assert report.freshness is not None
    assert "kill -9" in str(report)


def test_what_is_gone_is_missing_and_another_minute_does_not_make_up_for_it(druid: MemoryDruid) -> None:
    druid.send("ledger", [told(1, 5), told(2, 5)])
    druid.send("events", [*events(1, 3), *events(2, 8)])
    report = account(druid)
    assert report.totals == {
        "sent": 10, "queryable": 11, "quarantined": 0, "unparseable": 0, "in_flight": 0, "missing": 2,
        "beyond_ledger": 3,
    }  # fmt: skip
    assert report.completeness == 0.8


def test_what_was_told_just_now_is_in_flight(druid: MemoryDruid) -> None:
    druid.send("ledger", [told(1, 5, emitted=now_ms()), told(2, 2)])
    druid.send("events", [*events(1, 3), *events(2, 1)])
    report = account(druid)
    assert (report.totals["in_flight"], report.totals["missing"]) == (2, 1)
    assert report.completeness == 0.8
    druid.send("ledger", [told(1, 0, emitted=now_ms() - 60_000)])
    assert account(druid).totals["in_flight"] == 2  # the latest word counts
    assert account(druid, settled_after=timedelta(0)).totals == {**report.totals, "in_flight": 0, "missing": 3}


def test_quarantined_and_unparseable_until_they_are_replayed(druid: MemoryDruid) -> None:
    druid.send("quarantine", [held(1), held(1), held(1, "collector"), held(1, "topic"), held(3, "topic")])
    report = account(druid)
    assert [(row["quarantined"], row["unparseable"]) for row in report.minutes] == [(3, 1), (0, 1)]
    druid.send("quarantine", [held(1, action="replayed"), held(3, "topic", "replayed")])
    assert [(row["quarantined"], row["unparseable"]) for row in account(druid).minutes] == [(2, 1)]


def test_without_a_ledger_completeness_is_unknown(druid: MemoryDruid) -> None:
    druid.send("events", events(1, 3))
    report = account(druid)
    assert report.completeness is None
    assert report.totals["beyond_ledger"] == 3
    assert any("no producer has told" in said for said in report.unknown)
    assert len(account(MemoryDruid()).minutes) == 0


def test_what_the_ledger_only_lags_behind_is_said(druid: MemoryDruid) -> None:
    ts = now_ms()
    druid.send("events", [an_event(ts=ts)])
    report = Client(transport=druid).ledger(last="5m")
    assert report.totals["beyond_ledger"] == 1
    assert any("1 of those beyond the ledger" in said for said in report.unknown)


@pytest.fixture
def run(druid: MemoryDruid, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(command, "Client", lambda _url, datasources: Client(transport=druid, datasources=datasources))

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(command.command, ["--interval", INTERVAL, *arguments], standalone_mode=False)

    return invoke


def test_the_command(druid: MemoryDruid, run: Any) -> None:
    druid.send("ledger", [told(1, 1_000)])
    druid.send("events", events(1, 999))
    found = run()
    assert found.return_value == 1
    assert "2026-03-01 12:01" in found.stdout
    assert "completeness 99.9000%" in found.stdout
    assert "below 100.0000%: 1 missing" in found.stderr
    assert run("--min-completeness", "0.999").return_value == 0
    aged = run("--min-completeness", "0.9", "--max-age", "60", "--json")
    assert aged.return_value == 1
    document = json.loads(aged.stdout)
    assert (document["totals"]["missing"], document["completeness"]) == (1, 0.999)
    assert "the objective is 60 s" in document["broken"][0]
    rows = run("--csv").stdout.splitlines()
    assert rows[0] == "time,sent,queryable,quarantined,unparseable,in_flight,missing,beyond_ledger"
    assert rows[1] == "2026-03-01T12:01:00Z,1000,999,0,0,0,1,0"


def test_the_command_without_a_ledger(run: Any) -> None:
    found = run()
    assert found.return_value == 1
    assert "no ledger covers the interval" in found.stderr
    assert "no event can be asked for" in run("--max-age", "5").stderr
