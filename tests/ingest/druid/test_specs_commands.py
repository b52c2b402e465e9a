"""``frontrow specs status``, ``upkeep`` and ``purge`` against the Druid in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from frontrow_ingest.cli.main import main
from frontrow_ingest.druid import Storage, Supervisors
from frontrow_ingest.druid.storage import rules_in_words
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import rollup, rollup_names
from support.memory_server import memory_server
from support.viewing_events import an_event

Run = Callable[..., int]


@pytest.fixture
def druid() -> MemoryDruid:
    druid = MemoryDruid()
    druid.apply("audience", "quality")
    druid.send("events", [an_event(), an_event(), an_event(country="FR")])
    return druid


@pytest.fixture
def run(druid: MemoryDruid) -> Iterator[Run]:
    with memory_server(druid) as server:

        def run(*arguments: str) -> int:
            with pytest.raises(SystemExit) as ended:
                main(["specs", *arguments, "--url", server.url])
            return int(ended.value.code or 0)

        yield run


def test_status_of_what_ingests(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status", "audience", "quality") == 0
    ingesting, _, stored = capsys.readouterr().out.partition("┘")
    assert "RUNNING" in ingesting
    assert "1.5" in stored  # 3 events in 2 rows
    assert "never" in stored
    assert "forever, by default" in stored


def test_status_as_json(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status", "audience", "ledger", "--json") == 1
    audience, ledger = json.loads(capsys.readouterr().out)
    assert (audience["name"], audience["state"], audience["tasks"], audience["lag"]) == ("audience", "RUNNING", 1, 0)
    assert audience["stored"] == {
        "events": 3,
        "rows": 2,
        "ratio": 1.5,
        "segments": 1,
        "bytes": 0,
        "compaction": "",
        "awaiting": None,
        "last_compaction": None,
        "retention": "forever, by default",
    }
    assert (ledger["name"], ledger["state"], ledger["stored"]["rows"]) == ("ledger", "not applied", 0)
    assert ledger["stored"]["ratio"] is None


def test_status_of_all_names_what_is_not_applied(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status") == 1
    out = capsys.readouterr().out
    assert "not applied" in out
    assert all(name in out for name in rollup_names())


def test_upkeep_is_applied_as_declared(run: Run, druid: MemoryDruid, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("upkeep") == 0
    out = capsys.readouterr().out.splitlines()
    assert "audience: compacted 2 h behind the newest event, kept for ever" in out
    assert "live: compacted 2 h behind the newest event, kept 1 d" in out
    assert len(out) == len(rollup_names())
    stored = Storage(druid).stored("live")
    assert (stored.compaction, stored.retention) == ("2 h behind", "1 d")
    assert run("upkeep", "live", "--replicas", "2") == 0
    assert Storage(druid).stored("live").retention == "1 d, 2 copies"


def test_upkeep_can_be_looked_at_first(run: Run, druid: MemoryDruid, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("upkeep", "audience", "--show", "--prefix", "x_", "--replicas", "3") == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert shown["compaction"] == rollup("audience").compaction(datasource="x_audience")
    assert shown["rules"] == [{"type": "loadForever", "tieredReplicants": {"_default_tier": 3}}]
    assert Storage(druid).stored("x_audience").compaction == ""


def test_upkeep_that_would_lose_columns_is_refused(
    run: Run, druid: MemoryDruid, capsys: pytest.CaptureFixture[str]
) -> None:
    grown = rollup("ledger").supervisor(bootstrap="memory:9092", datasource="ledger")
    grown["spec"]["dataSchema"]["dimensionsSpec"]["dimensions"].append({"type": "string", "name": "host"})
    Supervisors(druid).submit(grown)
    druid.send("ledger", [{"ts": an_event()["ts"], "producer": "p", "sent": 1, "host": "h"}])
    assert run("upkeep", "ledger") == 1
    assert "would drop host from older segments of ledger" in capsys.readouterr().err
    assert Storage(druid).stored("ledger").compaction == ""
    assert run("upkeep", "ledger", "--drop-columns") == 0
    assert Storage(druid).stored("ledger").compaction == "2 h behind"


def test_purge_where_nothing_is_out_of_use(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("purge") == 0
    assert capsys.readouterr().out == "nothing has been out of use for 1d\n"
    assert run("purge", "--unused-for", "soon") == 2
    assert "--unused-for" in capsys.readouterr().err


def test_rules_in_words() -> None:
    def load(period: str) -> list[dict[str, object]]:
        return [{"type": "loadByPeriod", "period": period, "tieredReplicants": {"a": 1, "b": 1}}]

    assert rules_in_words(load("PT24H")) == "1 d, 2 copies"
    assert rules_in_words(load("P1DT1H")) == "25 h, 2 copies"
    assert rules_in_words(load("P1M")) == "P1M, 2 copies"
    assert rules_in_words([{"type": "dropForever"}]) == "dropForever"
    assert rules_in_words([]) == "none"


def test_the_commands_are_in_their_group(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["specs", "--help"])
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in ("status", "upkeep", "purge", "apply"))
