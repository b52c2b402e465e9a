"""The producer in front of a sink."""

from __future__ import annotations

import json

import pytest

from frontrow_ingest.contract import EventRefusedError, Validator, decode, encode
from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer import DeliveryFailedError, EventProducer, KafkaSettings, MemorySink, ProducerClosedError
from support.viewing_events import a_line, an_event

NOW = 1_790_000_000_555


def test_every_way_to_send_give_the_same_record() -> None:
    sink = MemorySink()
    with EventProducer(sink=sink) as producer:
        producer.send(an_event())
        producer.send(Validator().event(an_event()))
        producer.send_line(a_line())
        producer.send_unchecked(Validator().event(an_event()).model_dump(mode="json"))
        producer.send_encoded(b"key", b"value")
    wire = encode(Validator().event(an_event()))
    assert sink.records == [(an_event()["session_id"].encode(), wire)] * 4 + [(b"key", b"value")]
    assert producer.stats.acknowledged == 5


def test_the_clock_gives_received_ts_where_it_is_absent() -> None:
    sink = MemorySink()
    with EventProducer(sink=sink, clock=lambda: NOW) as producer:
        producer.send(an_event(received_ts=...))
        producer.send_line(a_line(received_ts=...))
        producer.send(an_event(received_ts=NOW - 5))
    assert [decode(value)["received_ts"] for _, value in sink.records] == [NOW, NOW, NOW - 5]


def test_refused_events_are_counted_and_not_sent() -> None:
    sink = MemorySink()
    with EventProducer(sink=sink) as producer:
        for event in (an_event(ts=1), an_event(ts=2, seq=-1), an_event(kind="x"), an_event(new=1)):
            with pytest.raises(EventRefusedError):
                producer.send(event)
        with pytest.raises(EventRefusedError):
            producer.send_line(b"nonsense")
        producer.send(an_event())
    assert producer.stats.refused == {
        "out_of_range ts": 1,
        "out_of_range seq": 1,
        "not_allowed kind": 1,
        "unknown_field": 1,
        "not_json": 1,
    }
    assert (producer.stats.sent, len(sink.records)) == (1, 1)


def test_the_producer_raises_at_the_end_what_was_not_delivered() -> None:
    sink = MemorySink()
    producer = EventProducer(sink=sink)
    sink.fail_with(DeliveryError("no"))
    producer.send(an_event())
    with pytest.raises(DeliveryFailedError):
        producer.flush(60)
    with pytest.raises(DeliveryFailedError) as caught:
        producer.close(60)
    assert (caught.value.failed, producer.stats.failed) == (1, 1)
    with pytest.raises(ProducerClosedError):
        producer.send(an_event())


def test_leaving_the_block_raises_too() -> None:
    sink = MemorySink()
    sink.fail_with(DeliveryError("no"))
    with pytest.raises(DeliveryFailedError), EventProducer(sink=sink) as producer:
        producer.send(an_event())


def test_an_error_in_the_block_is_not_hidden_by_a_failed_delivery() -> None:
    sink = MemorySink()
    sink.fail_with(DeliveryError("no"))
    producer = EventProducer(sink=sink)
    producer.send(an_event())
    with pytest.raises(EventRefusedError) as caught, producer:
        producer.send(an_event(ts=1))
    assert "1 events were not delivered" in caught.value.__notes__[0]
    with pytest.raises(ProducerClosedError):
        producer.send(an_event())


def test_messages_about_delivery_name_no_viewer() -> None:
    sink = MemorySink(KafkaSettings(max_record_bytes=10))
    producer = EventProducer(sink=sink)
    event = an_event()
    with pytest.raises(DeliveryError) as caught:
        producer.send(event)
    assert not any(str(event[name]) in str(caught.value) for name in ("session_id", "viewer_id"))


def test_a_line_may_be_large_within_the_contract() -> None:
    event = an_event(segments=[f"{number:02}" + "é" * 62 for number in range(64)], content_id="ü" * 256)
    sink = MemorySink()
    with EventProducer(sink=sink) as producer:
        producer.send_line(json.dumps(event).encode())
    assert decode(sink.records[0][1])["segments"] == event["segments"]


class Noted:
    """Notes what a producer says; knows one event already."""

    def __init__(self) -> None:
        self.seen = {("known", 1)}
        self.said: list[tuple[object, ...]] = []

    def is_new(self, session_id: str, seq: int) -> bool:
        return (session_id, seq) not in self.seen

    def forget(self, session_id: str, seq: int) -> None:
        self.said.append(("forgot", session_id, seq))

    def sent(self, ts: int, size: int) -> None:
        self.said.append(("sent", ts, size))

    def refused(self, size: int) -> None:
        self.said.append(("refused", size))

    def duplicate(self, ts: int) -> None:
        self.said.append(("duplicate", ts))


def test_what_was_sent_before_is_counted_and_not_sent_again() -> None:
    noted, sink, event = Noted(), MemorySink(), an_event()
    with EventProducer(sink=sink, seen=noted, counter=noted) as producer:
        assert producer.send(event)
        assert not producer.send_line(a_line(session_id="known", seq=1))
        with pytest.raises(EventRefusedError):
            producer.send_line(b"nonsense")
    size = len(sink.records[0][1])
    assert noted.said == [("sent", event["ts"], size), ("duplicate", event["ts"]), ("refused", len(b"nonsense"))]
    assert (producer.stats.acknowledged, producer.stats.duplicates, producer.stats.refused) == (1, 1, {"not_json": 1})
