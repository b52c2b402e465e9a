"""Refused events as records: their time, their reasons, and what a topic of them comes to."""

from __future__ import annotations

import hashlib

import pytest

from frontrow_ingest.contract import EventRefusedError, Refusal, Validator, WireError, decode
from frontrow_ingest.contract.codec import topic_encoder
from frontrow_ingest.quarantine import (
    MemoryQuarantine,
    Position,
    QuarantineRecord,
    RefusalLimit,
    RefusalLimitError,
    Rejected,
    Stage,
    rejected_json,
    rejected_message,
)
from frontrow_ingest.quarantine.holdings import Selection, gather
from frontrow_ingest.quarantine.record import LARGEST_ORIGINAL, event_key, read_record, replay_values
from support.viewing_events import DAY_MS, a_line, an_event

SEEN_MS = an_event()["ts"] + 2_000
HERE = Position("in.jsonl", 3)


def kept(*rejections: Rejected) -> list[QuarantineRecord]:
    quarantine = MemoryQuarantine(producer="p")
    for rejection in rejections:
        quarantine.put(rejection)
    return quarantine.records


def refused(line: bytes, *, seen_ms: int = SEEN_MS, size: int | None = None) -> QuarantineRecord:
    try:
        Validator().line(line)
    except EventRefusedError as error:
        refusals = error.refusals
    else:
        refusals = (Refusal("ts", "late", "is too old"),)
    rejected = rejected_json(line, refusals, stage=Stage.PRODUCER, position=HERE, seen_ms=seen_ms, size=size)
    (record,) = kept(rejected)
    return record


@pytest.mark.parametrize(
    ("ts", "own"),
    [
        (SEEN_MS - 1_000, True),
        (SEEN_MS - 30 * DAY_MS, True),
        (SEEN_MS + 60_000, True),
        (SEEN_MS + DAY_MS, False),
        (12, False),
        (SEEN_MS // 1000, False),
        ("2026-01-01", False),
        (True, False),
        (10**40, False),
    ],
)
def test_whose_time_it_is(ts: object, own: bool) -> None:
    record = refused(a_line(ts=ts, country="de"))
    assert (record.time_is, record.ts) == (("event", ts) if own else ("refusal", SEEN_MS))


@pytest.mark.parametrize(
    ("line", "reason", "field"),
    [
        (b"nonsense", "not_json", None),
        (b"[]", "not_an_object", None),
        (b'{"a": "\xff"}', "not_utf8", None),
        (a_line(country=...), "missing", "country"),
        (a_line(contry="DE"), "unknown_field", None),
        (a_line(play_ms="9"), "wrong_type", "play_ms"),
        (a_line(play_ms=-1), "out_of_range", "play_ms"),
        (a_line(kind="play"), "not_allowed", "kind"),
    ],
)
def test_the_reason_is_the_first_and_all_are_kept(line: bytes, reason: str, field: str | None) -> None:
    record = refused(line)
    assert (record.reason, record.field) == (reason, field)
    assert record.errors[0]["reason"] == reason
    assert refused(a_line(country="de", kind="play", seq=-1)).errors[2]["field"] == "country"


def test_of_a_line_that_is_too_long_only_its_size_is_known() -> None:
    record = refused(a_line()[:100], size=500_000)
    assert (record.size, record.original, record.sha256, record.redacted) == (500_000, None, None, "withheld")


def test_an_original_too_large_for_a_message_is_withheld() -> None:
    line = a_line(segments=["x" * LARGEST_ORIGINAL])
    record = refused(line)
    assert (record.original, record.redacted) == (None, "withheld")
    assert record.sha256 == hashlib.sha256(line).hexdigest()


def test_a_masked_original_has_no_digest_to_try_ids_against() -> None:
    record = refused(a_line(viewer_id="alice"))
    assert (record.redacted, record.sha256) == ("masked", None)


def test_a_late_event_tells_its_delay() -> None:
    assert refused(a_line()).delay_ms == 2_000
    assert refused(a_line(country="de")).delay_ms is None


@pytest.mark.parametrize(
    ("message", "reason", "schema_id"),
    [
        (b"", "not_framed", None),
        (b"\x01\x00\x00\x00\x63abc", "unknown_schema_id", 99),
        (b"\x01\xff\xff\xff\xffabc", "unknown_schema_id", None),
        (b"\x01\x00\x00\x00\x01abc", "not_avro", 1),
    ],
)
def test_a_message_of_the_topic(message: bytes, reason: str, schema_id: int | None) -> None:
    with pytest.raises(WireError) as caught:
        decode(message)
    (record,) = kept(rejected_message(message, caught.value, position=Position("events-1", 9), seen_ms=SEEN_MS))
    assert (record.id, record.reason, record.schema_id, record.stage) == ("events-1-9", reason, schema_id, "topic")
    assert record.sha256 == hashlib.sha256(message).hexdigest()


def test_what_a_topic_comes_to() -> None:
    first, second = refused(a_line(country="de")), refused(b"x", seen_ms=SEEN_MS - 1)
    note = read_record(topic_encoder("quarantine")(replay_values(first, event_key("s", 1))))
    holdings = gather([first, second, first, note])
    assert [record.id for record in holdings.select(Selection())] == [second.id, first.id]
    assert holdings.select(Selection(open_only=True)) == [second]
    assert holdings.select(Selection(reason="not_json")) == [second]
    assert holdings.select(Selection(since_ms=SEEN_MS)) == [first]
    assert holdings.select(Selection(stage="topic")) == holdings.select(Selection(producer="q")) == []
    assert holdings.select(Selection(ids=frozenset([first.id]))) == [first]
    assert holdings.keys == {event_key("s", 1)}
    # In Druid a refusal and its replay meet in one row.
    assert (note.ts, note.reason, note.producer, note.size) == (first.ts, first.reason, "p", 0)


def test_a_limit_in_a_row() -> None:
    limit = RefusalLimit(in_a_row=3)
    for number in (1, 2, 4, 5):
        limit.note_refused(number, "not_json")
    with pytest.raises(RefusalLimitError, match="3 events in a row were refused, the last one as not_json"):
        limit.note_refused(6, "not_json")


def test_a_limit_of_the_share() -> None:
    limit = RefusalLimit(in_a_row=0, share=0.1)
    for number in range(10, 1_000, 9):
        limit.note_refused(number, "empty cdn")
    with pytest.raises(RefusalLimitError, match="of 1,000 events were refused, more than 10%"):
        limit.note_refused(1_000, "empty cdn")


def test_no_limit() -> None:
    limit = RefusalLimit(in_a_row=0)
    for number in range(1, 5_000):
        limit.note_refused(number, "x")
