"""``frontrow quarantine`` over records in memory; on Kafka it is tested in ``stack``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from click.testing import CliRunner, Result

from frontrow import AskError
from frontrow_ingest.cli import quarantine as command
from frontrow_ingest.contract import Refusal
from frontrow_ingest.contract.event import wall_clock_ms
from frontrow_ingest.errors import QuarantineError
from frontrow_ingest.quarantine import (
    MemoryQuarantine,
    Position,
    QuarantineRecord,
    Rejected,
    Stage,
    rejected_json,
    transactions,
)
from frontrow_ingest.quarantine.replay import Outgoing
from support.viewing_events import a_line

Run = Callable[..., Result]
REFUSED = [Refusal("country", "bad_format", "must be two upper-case letters")]


class Target:
    """Keeps what is replayed in the same quarantine."""

    def __init__(self, quarantine: MemoryQuarantine) -> None:
        self.sent: list[bytes] = []
        self._quarantine = quarantine

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def commit(self, batch: Sequence[Outgoing]) -> None:
        self.sent += [each.event for each in batch if each.event is not None]
        self._quarantine.values += [each.note for each in batch]


@pytest.fixture
def quarantine() -> MemoryQuarantine:
    kept = MemoryQuarantine(producer="[press]")
    now = wall_clock_ms()
    for number, line in enumerate([a_line(country="de", ts=now), a_line(viewer_id="alice", ts=now), b"nonsense"], 1):
        seen = now - (4 - number) * 60_000
        kept.put(rejected_json(line, REFUSED, stage=Stage.PRODUCER, position=Position("in", number), seen_ms=seen))
    late = [Refusal("ts", "late", "is more than 6 hours ago")]
    kept.put(
        Rejected(
            a_line(ts=now - 8 * 3_600_000, seq=9), late, Stage.COLLECTOR, Position("/v1"), now, delay_ms=8 * 3_600_000,
            event_ms=now - 8 * 3_600_000,
        )
    )  # fmt: skip
    return kept


@pytest.fixture
def target(quarantine: MemoryQuarantine, monkeypatch: pytest.MonkeyPatch) -> Target:
    made = Target(quarantine)
    monkeypatch.setattr(transactions, "TransactionalTarget", lambda *_, **__: made)
    return made


@pytest.fixture
def run(quarantine: MemoryQuarantine, target: Target, monkeypatch: pytest.MonkeyPatch) -> Run:
    def records(_bootstrap: str, _topic: str) -> Iterator[QuarantineRecord]:
        yield from quarantine.records

    monkeypatch.setattr(command, "read_quarantine", records)

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(command.command, list(arguments), standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result

    return invoke


def numbers(result: Result) -> list[Any]:
    return [each["number"] for each in json.loads(result.stdout)]


def test_the_list_as_a_table(run: Run) -> None:
    shown = run("list").stdout
    assert "[press]" in shown
    assert "in:2" in shown
    assert "masked" in shown
    assert "4 refused events\n" in shown
    assert "4 refused events, the newest 2 shown" in run("list", "--limit", "2").stdout


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], [1, 2, 3, None]),
        (["--reason", "late"], [None]),
        (["--stage", "producer"], [1, 2, 3]),
        (["--producer", "x"], []),
        (["--since", "150s"], [2, 3, None]),
        (["--since", "2000-01-01"], [1, 2, 3, None]),
        (["--since", "2099-01-01T00:00:00+02:00"], []),
        (["--limit", "1"], [None]),
    ],
)
def test_choosing(run: Run, options: list[str], found: list[int | None]) -> None:
    assert numbers(run("list", "--json", *options)) == found


def test_a_time_that_is_none(run: Run) -> None:
    with pytest.raises(AskError):
        run("list", "--since", "yesterday")


def test_show(run: Run, quarantine: MemoryQuarantine) -> None:
    first, masked, withheld, late = (record.id for record in quarantine.records)
    shown = run("show", first).stdout
    assert "bad_format  country must be two upper-case letters" in shown
    assert '"country": "de"' in shown
    assert 'masked as "***"' in run("show", masked).stdout
    assert "withheld" in run("show", withheld).stdout
    assert "28,800 s after its own time" in run("show", late).stdout
    assert json.loads(run("show", first, "--json").stdout)["source"] == "in"
    with pytest.raises(QuarantineError, match="there is no 'nothing'"):
        run("show", "nothing")


def test_replay(run: Run, target: Target) -> None:
    fix = ("--set", 'country="DE"', "--max-late", "6")
    dry = run("replay", "--dry-run", *fix)
    assert dry.return_value == 3
    assert "1 would be sent" in dry.stdout
    assert "1 still refused: late ts" in dry.stdout
    assert "1 without their whole original (masked), which is only in the refused file" in dry.stdout
    assert target.sent == []
    assert "1 sent and acknowledged" in run("replay", *fix).stdout
    assert json.loads(run("replay", *fix, "--json").stdout)["sent"] == 0
    assert len(target.sent) == 1
    assert numbers(run("list", "--json", "--open")) == [2, 3, None]
    assert run("replay", "--reason", "late").return_value == 0
    assert len(target.sent) == 2


def test_a_replay_of_one(run: Run, target: Target, quarantine: MemoryQuarantine) -> None:
    chosen = quarantine.records[0].id
    report = json.loads(run("replay", chosen, "--drop", "country", "--set", 'country="AT"', "--json").stdout)
    assert (report["chosen"], report["sent"], len(target.sent)) == (1, 1, 1)


@pytest.mark.parametrize("setting", ["country", "country=", "country=DE"])
def test_a_setting_that_is_no_json(run: Run, setting: str) -> None:
    with pytest.raises(Exception, match="is not FIELD=JSON"):
        run("replay", "--set", setting)
