"""Replays: each event once, whatever is run again or broken off."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from frontrow_ingest.contract import EventRefusedError, Refusal, ViewingEvent, decode
from frontrow_ingest.errors import DeliveryError, QuarantineError
from frontrow_ingest.producer import MemorySink
from frontrow_ingest.quarantine import MemoryQuarantine, Position, Rejected, Stage
from frontrow_ingest.quarantine.holdings import Selection, gather
from frontrow_ingest.quarantine.originals import Originals, read_refused_file
from frontrow_ingest.quarantine.reading import Message
from frontrow_ingest.quarantine.record import read_record
from frontrow_ingest.quarantine.replay import Fix, Outgoing, ReplayReport, replay
from frontrow_ingest.quarantine.scan import scan
from support.bad_messages import varint
from support.viewing_events import a_line, an_event

SEEN_MS = 1_790_000_001_000


class Kept:
    """A quarantine and an event topic in memory; a batch is kept whole or, while it fails, not at all."""

    def __init__(self) -> None:
        self.quarantine = MemoryQuarantine(producer="p")
        self.events: list[dict[str, Any]] = []
        self.failing = False

    def put(self, *originals: bytes) -> None:
        refusals = [Refusal("country", "bad_format", "no")]
        for number, original in enumerate(originals, 1):
            self.quarantine.put(Rejected(original, refusals, Stage.PRODUCER, Position("f", number), SEEN_MS))

    def commit(self, batch: Sequence[Outgoing]) -> None:
        if self.failing:
            raise DeliveryError("no")
        self.events += [decode(each.event) for each in batch if each.event is not None]
        self.quarantine.values += [each.note for each in batch]

    def replay(self, *, dry: bool = False, **options: Any) -> ReplayReport:
        holdings = gather(self.quarantine.records)
        return replay(holdings.select(Selection(open_only=True)), holdings, None if dry else self, **options)


def test_each_is_sent_once() -> None:
    kept = Kept()
    kept.put(a_line(seq=1), a_line(seq=2), b"still bad", a_line(seq=3, country="de"))
    dry = kept.replay(dry=True)
    assert (dry.chosen, dry.sent, kept.events) == (4, 2, [])
    report = kept.replay()
    assert (report.sent, dict(report.still_refused), report.without_original) == (
        2,
        {"bad_format country": 1},
        {"withheld": 1},
    )
    assert [event["seq"] for event in kept.events] == [1, 2]
    again = kept.replay()
    assert (again.chosen, again.sent) == (2, 0)
    assert len(kept.events) == 2


def test_a_replay_that_failed_is_no_replay() -> None:
    kept = Kept()
    kept.put(a_line(seq=1))
    kept.failing = True
    with pytest.raises(DeliveryError):
        kept.replay()
    kept.failing = False
    assert kept.replay().sent == 1
    assert kept.replay().sent == 0


def test_the_same_event_refused_twice_counts_once() -> None:
    kept = Kept()
    kept.put(a_line(seq=1, country="de"), a_line(seq=1, country="xx"), a_line(seq=2, country="de"))
    report = kept.replay(fix=Fix(set={"country": "DE"}))
    assert (report.sent, report.already) == (2, 1)
    kept.put(a_line(seq=2, country=None))
    assert kept.replay(fix=Fix(set={"country": "DE"})).already == 1
    assert [event["seq"] for event in kept.events] == [1, 2]


def test_a_fix_drops_and_sets() -> None:
    kept = Kept()
    kept.put(a_line(country="de", battery=3), b"[1]", b"no json")
    report = kept.replay(fix=Fix(frozenset(["battery"]), {"country": "AT"}), fetch=lambda _: b"{broken")
    assert [event["country"] for event in kept.events] == ["AT"]
    assert dict(report.still_refused) == {"not_json": 2}


def test_many_go_in_batches_and_are_told() -> None:
    kept, told = Kept(), []
    kept.put(*(a_line(seq=number) for number in range(1_203)))
    report = kept.replay(told=told.append)
    assert report.sent == len(kept.events) == len(told) == 1_203
    assert {each.ts for each in told} == {an_event()["ts"]}


def test_a_further_check() -> None:
    def no_first(event: ViewingEvent) -> None:
        if event.seq == 1:
            raise EventRefusedError([Refusal("ts", "late", "is too old")])

    kept = Kept()
    kept.put(a_line(seq=1), a_line(seq=2))
    report = kept.replay(check=no_first)
    assert (report.sent, dict(report.still_refused)) == (1, {"late ts": 1})


def test_masked_originals_come_from_the_refused_file(tmp_path: Path) -> None:
    kept = Kept()
    line = a_line(viewer_id="alice@example.com", seq=7)
    kept.put(line)
    report = kept.replay()
    assert dict(report.without_original) == {"masked": 1}
    assert "f:1: the original was masked here" in next(iter(report.unavailable.values()))
    file = tmp_path / "f.refused.jsonl"
    file.write_text(
        json.dumps({"line": 1, "offset": 0, "size": len(line), "reasons": [], "text": line.decode()}) + "\n"
    )
    fetch = Originals("nowhere", dict(read_refused_file(file)))
    pseudonym = Fix(set={"viewer_id": "A" * 22})
    assert kept.replay(fetch=fetch, fix=pseudonym).sent == 1
    assert kept.events[0]["seq"] == 7


def test_an_original_of_another_run_is_not_taken() -> None:
    kept = Kept()
    line, withheld = a_line(viewer_id="alice@example.com", seq=7), b"[1, 2"
    kept.put(line, withheld)
    others = {(1, len(line)): line.replace(b"title-17", b"title-18"), (2, len(withheld)): b"[1, 3"}
    assert sum(kept.replay(fetch=Originals("nowhere", others), dry=True).without_original.values()) == 2
    own = {(1, len(line)): line, (2, len(withheld)): withheld}
    report = kept.replay(fetch=Originals("nowhere", own), dry=True)
    assert dict(report.still_refused) == {"bad_format viewer_id": 1, "not_json": 1}


def test_a_file_that_is_no_refused_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("{}\n")
    with pytest.raises(QuarantineError, match="is no refused file"):
        list(read_refused_file(tmp_path / "f"))


def messages(*values: bytes | None) -> list[Message]:
    return [Message(0, offset, SEEN_MS + offset, value) for offset, value in enumerate(values)]


def encoded(**changes: Any) -> bytes:
    from frontrow_ingest.producer import EventProducer

    sink = MemorySink()
    EventProducer(sink=sink).send(an_event(**changes))
    return sink.records[0][1]


def test_a_scan_finds_what_druid_could_not_read_once() -> None:
    good = encoded()
    beyond = good.replace(varint(an_event()["ts"]), varint(1 << 62), 1)
    topic = messages(good, None, b"junk", good + b"\x00", good[:-1], b"\x01\x00\x00\x00\x09x", beyond)
    quarantine = MemoryQuarantine()
    report = scan(topic, "events", quarantine, known=set(), now_ms=SEEN_MS + 3)
    assert (report.read, report.unreadable, report.added) == (6, 5, 5)
    found = quarantine.records
    assert [record.reason for record in found] == [
        "not_framed", "trailing_bytes", "not_avro", "unknown_schema_id", "out_of_range",
    ]  # fmt: skip
    assert [record.id for record in found] == [f"events-0-{offset}" for offset in (2, 3, 4, 5, 6)]
    assert [record.seen_ts - SEEN_MS for record in found] == [2, 3, 3, 3, 3]
    assert found[-1].original == beyond
    again = scan(topic, "events", quarantine, known={record.id for record in found}, now_ms=SEEN_MS)
    assert (again.unreadable, again.known, again.added) == (5, 5, 0)
    assert len(quarantine.records) == 5


def test_what_is_read_from_the_topic_again_can_be_replayed() -> None:
    kept = Kept()
    quarantine = kept.quarantine
    scan(messages(encoded() + b"\x00"), "events", quarantine, known=set(), now_ms=SEEN_MS)
    assert read_record(quarantine.values[0]).original is None
    gone = kept.replay()
    assert "no more in the topic" in next(iter(gone.unavailable.values()))
    assert dict(kept.replay(fetch=lambda _: encoded() + b"\x00").still_refused) == {"not_avro": 1}
    assert kept.replay(fetch=lambda _: encoded()).sent == 1
