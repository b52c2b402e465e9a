"""What every QuarantineSink does; run by the double in memory and by Kafka."""

from __future__ import annotations

from typing import Protocol

import pytest

from frontrow_ingest.contract import Refusal
from frontrow_ingest.producer import ProducerClosedError
from frontrow_ingest.quarantine import Position, QuarantineRecord, QuarantineSink, Rejected, Stage
from support.viewing_events import a_line

TIMEOUT_S = 60.0
SEEN_MS = 1_790_000_005_000
RAW = "alice@example.com"
REFUSALS = [Refusal("country", "bad_format", "must be two letters"), Refusal("who", "unknown_field", "is not a field")]


class Harness(Protocol):
    """Where the suite's refused events go."""

    def sink(self) -> QuarantineSink:
        """A new sink of the producer ``suite``."""
        ...

    def records(self) -> list[QuarantineRecord]:
        """What is kept by now."""
        ...

    def raw(self) -> bytes:
        """The bytes of all of it."""
        ...


def rejected(original: bytes, number: int = 1, stage: Stage = Stage.PRODUCER) -> Rejected:
    return Rejected(original, REFUSALS, stage, Position("in.jsonl", number), SEEN_MS, event_ms=SEEN_MS - 5_000)


class QuarantineSinkBehaviour:
    """The suite. Where it is run, a fixture ``harness`` says where to put."""

    def test_everything_put_in_is_kept_whole(self, harness: Harness) -> None:
        sink = harness.sink()
        lines = [a_line(seq=number, country="de") for number in range(50)]
        for number, line in enumerate(lines):
            sink.put(rejected(line, number))
        sink.flush(TIMEOUT_S)
        records = {record.number: record for record in harness.records()}
        assert [records[number].original for number in range(50)] == lines
        assert len({record.id for record in records.values()}) == 50
        record = records[7]
        assert (record.action, record.reason, record.field, record.stage) == (
            "refused", "bad_format", "country", "producer",
        )  # fmt: skip
        assert (record.source, record.producer, record.redacted, record.size) == (
            "in.jsonl", "suite", "no", len(lines[7]),
        )  # fmt: skip
        assert (record.seen_ts, record.ts, record.time_is) == (SEEN_MS, SEEN_MS - 5_000, "event")
        assert [tuple(error.values()) for error in record.errors] == [tuple(refusal) for refusal in REFUSALS]
        sink.close(TIMEOUT_S)

    def test_close_keeps_what_was_not_flushed(self, harness: Harness) -> None:
        sink = harness.sink()
        sink.put(rejected(b"no event"))
        sink.close(TIMEOUT_S)
        sink.close(TIMEOUT_S)
        (record,) = harness.records()
        assert (record.original, record.redacted, record.size) == (None, "withheld", 8)

    def test_a_closed_one_takes_nothing(self, harness: Harness) -> None:
        sink = harness.sink()
        sink.close(TIMEOUT_S)
        with pytest.raises(ProducerClosedError):
            sink.put(rejected(b"{}"))

    def test_no_raw_viewer_id_is_kept(self, harness: Harness) -> None:
        sink = harness.sink()
        sink.put(rejected(a_line(viewer_id=RAW)))
        sink.put(rejected(b'{"viewer_id": "' + RAW.encode()))
        sink.flush(TIMEOUT_S)
        assert RAW.encode() not in harness.raw()
        assert sorted(record.redacted for record in harness.records()) == ["masked", "withheld"]
        sink.close(TIMEOUT_S)

    def test_what_came_out_of_a_topic_is_named_by_its_place(self, harness: Harness) -> None:
        sink = harness.sink()
        sink.put(Rejected(b"junk", REFUSALS, Stage.TOPIC, Position("events-0", 17), SEEN_MS, schema_id=99))
        sink.close(TIMEOUT_S)
        (record,) = harness.records()
        assert (record.id, record.schema_id, record.time_is, record.ts) == ("events-0-17", 99, "refusal", SEEN_MS)
