"""The ledger of a producer: what it counts, when it tells, and that nothing is told twice."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow_ingest.contract import EventRefusedError, ViewerKeys, decode
from frontrow_ingest.contract.codec import topic_reader
from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.ledger import Ledger, LedgerCounts
from frontrow_ingest.ledger.counts import MINUTE_MS, Added
from frontrow_ingest.producer import EventProducer, KafkaSettings, MemorySink, ProducerClosedError
from support.viewing_events import an_event

NOW = 1_790_000_300_500
TS = an_event()["ts"]
MINUTE = TS // MINUTE_MS * MINUTE_MS
REFUSED_IN = NOW // MINUTE_MS * MINUTE_MS


def told(sink: MemorySink) -> list[dict[str, Any]]:
    return [topic_reader("ledger")(value) for _, value in sink.records]


def a_ledger(sink: MemorySink, every_s: float = 0) -> Ledger:
    return Ledger(sink, producer="press", every_s=every_s, clock=lambda: NOW)


def test_what_a_producer_does_is_told_at_the_end() -> None:
    events, sink = MemorySink(), MemorySink()
    ledger = a_ledger(sink)

    class Seen:
        def is_new(self, session_id: str, seq: int) -> bool:
            return bool(session_id) and seq != 99

    producer = EventProducer(sink=events, counter=ledger.counts, seen=Seen())
    for seq, ts in ((1, TS), (2, TS), (3, TS + MINUTE_MS), (99, TS)):
        producer.send(an_event(seq=seq, ts=ts))
    with pytest.raises(EventRefusedError):
        producer.send_line(b"nonsense")
    ledger.close(60)
    ledger.close(60)
    common = {"emitted_ts": NOW, "producer": "press", "viewer_key_epoch": None}
    size = len(events.records[0][1])
    nothing = {"sent": 0, "bytes": 0, "duplicates": 0, "refused": 0, "refused_bytes": 0}
    found = told(sink)
    assert len({delta.pop("run") for delta in found}) == 1
    assert sorted(found, key=lambda delta: delta["ts"]) == [
        {**common, **nothing, "ts": MINUTE, "schema_id": 1, "sent": 2, "bytes": 2 * size, "duplicates": 1},
        {**common, **nothing, "ts": MINUTE + MINUTE_MS, "schema_id": 1, "sent": 1, "bytes": size},
        {**common, **nothing, "ts": REFUSED_IN, "schema_id": None, "refused": 1, "refused_bytes": 8},
    ]


def test_what_was_sent_is_told_apart_by_the_epoch_of_the_viewer_key(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.touch(0o600)
    file.write_text("a:" + bytes(range(32)).hex())
    keys, events, sink = ViewerKeys.from_file(file), MemorySink(), MemorySink()
    ledger = Ledger(sink, producer="press", every_s=0, clock=lambda: NOW, viewer_keys=keys)
    producer = EventProducer(sink=events, counter=ledger.counts, viewer_keys=keys)
    producer.send(an_event(seq=1, viewer_id="anna"))
    with file.open("a") as more:
        more.write("\nb:" + bytes(range(1, 33)).hex())
    keys.look_again()
    producer.send(an_event(seq=2, viewer_id="anna"))
    producer.send(an_event(seq=3, viewer_id="anna"))
    with pytest.raises(EventRefusedError):
        producer.send_line(b"nonsense")
    ledger.counts.sent_of("a", TS, 7)  # a replay of what was refused before
    ledger.close(60)
    found = {(delta["viewer_key_epoch"], delta["sent"], delta["refused"]) for delta in told(sink)}
    assert found == {("a", 2, 0), ("b", 2, 0), (None, 0, 1)}
    assert decode(events.records[0][1])["viewer_id"] == keys.pseudonym_of("anna", "a")


def test_it_tells_by_itself_while_the_producer_waits() -> None:
    sink = MemorySink()
    ledger = a_ledger(sink, every_s=0.01)
    ledger.counts.sent(TS, 100)
    deadline = time.monotonic() + 60
    while not sink.records:
        assert time.monotonic() < deadline, "waited for the first delta"
        time.sleep(0.005)
    ledger.counts.sent(TS, 50)
    ledger.close(60)
    assert [(delta["sent"], delta["bytes"]) for delta in told(sink)] == [(1, 100), (1, 50)]
    assert not [thread for thread in threading.enumerate() if thread.name == "frontrow-ledger"]


def test_what_kafka_did_not_take_is_told_later_and_once() -> None:
    sink = MemorySink(KafkaSettings(max_in_flight_bytes=150, block_timeout_s=0.01))
    ledger = a_ledger(sink)
    ledger.counts.sent(TS, 1)
    ledger.counts.refused(2)
    ledger.counts.sent(TS + 10 * MINUTE_MS, 3)
    sink.hold()
    with pytest.raises(DeliveryError):
        ledger._tell()
    sink.release()
    ledger.close(60)
    assert sum(delta["sent"] for delta in told(sink)) == 2
    assert sum(delta["bytes"] for delta in told(sink)) == 4
    assert sum(delta["refused"] for delta in told(sink)) == 1


def test_a_ledger_that_cannot_be_kept_says_so() -> None:
    sink = MemorySink()
    ledger = a_ledger(sink)
    ledger.counts.sent(TS, 1)
    sink.close(60)
    with pytest.raises(ProducerClosedError):
        ledger.close(60)


_steps = st.tuples(st.sampled_from(["sent", "refused", "duplicate", "take"]), st.integers(0, 5), st.integers(1, 99))


@given(st.lists(_steps))
@settings(max_examples=100, deadline=None)
def test_deltas_add_up(steps: list[tuple[str, int, int]]) -> None:
    counts = LedgerCounts(clock=lambda: 3 * MINUTE_MS)
    expected, found = Added(), Added()
    for step, minute, size in steps:
        if step == "sent":
            counts.sent(minute * MINUTE_MS + 59_999, size)
            expected = expected.plus(Added(sent=1, bytes=size))
        elif step == "refused":
            counts.refused(size)
            expected = expected.plus(Added(refused=1, refused_bytes=size))
        elif step == "duplicate":
            counts.duplicate(minute * MINUTE_MS)
            expected = expected.plus(Added(duplicates=1))
        else:
            taken = counts.take()
            for each, added in taken.items():
                assert each.minute % MINUTE_MS == 0
                if size % 3:
                    found = found.plus(added)
                else:
                    counts.give_back(each, added)
    for added in counts.take().values():
        found = found.plus(added)
    assert found == expected


def test_two_threads_lose_nothing() -> None:
    counts, total, done = LedgerCounts(), [0], threading.Event()

    def take() -> None:
        while not done.is_set():
            total[0] += sum(added.sent for added in counts.take().values())

    thread = threading.Thread(target=take)
    thread.start()
    try:
        for number in range(20_000):
            counts.sent(number, 1)
    finally:
        done.set()
        thread.join(60)
    total[0] += sum(added.sent for added in counts.take().values())
    assert total == [20_000]
