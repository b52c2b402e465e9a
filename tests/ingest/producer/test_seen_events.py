"""An event counts as seen when Kafka took it, or has it under way; one that was not delivered is new again."""

from __future__ import annotations

import pytest

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer import DeliveryFailedError, EventProducer, KafkaSettings, MemorySink, RecordTooLargeError
from frontrow_ingest.seen import SeenWindow
from support.viewing_events import an_event


def test_a_repetition_is_sent_once_also_while_it_is_under_way() -> None:
    sink = MemorySink()
    producer = EventProducer(sink=sink, seen=SeenWindow())
    sink.hold()
    assert producer.send(an_event())
    assert not producer.send(an_event())
    sink.release()
    assert not producer.send(an_event())
    producer.close(60)
    assert (len(sink.records), producer.stats.duplicates) == (1, 2)


def test_what_was_lost_is_sent_when_it_comes_again() -> None:
    sink = MemorySink()
    producer = EventProducer(sink=sink, seen=SeenWindow())
    sink.hold()
    for seq in range(3):
        producer.send(an_event(seq=seq))
    sink.lose()
    with pytest.raises(DeliveryFailedError):
        producer.flush(60)
    for seq in range(4):
        assert producer.send(an_event(seq=seq))
    assert len(sink.records) == 4


def test_only_the_lost_ones_are_forgotten() -> None:
    sink = MemorySink()
    producer = EventProducer(sink=sink, seen=SeenWindow())
    producer.send(an_event(seq=0))
    sink.fail_with(DeliveryError("no"))
    producer.send(an_event(seq=1))
    sink.fail_with(None)
    with pytest.raises(DeliveryFailedError):
        producer.flush(60)
    assert not producer.send(an_event(seq=0))
    assert producer.send(an_event(seq=1))


def test_what_the_sink_did_not_even_take_is_forgotten() -> None:
    seen = SeenWindow()
    producer = EventProducer(sink=MemorySink(KafkaSettings(max_record_bytes=10)), seen=seen)
    with pytest.raises(RecordTooLargeError):
        producer.send(an_event())
    assert EventProducer(sink=MemorySink(), seen=seen).send(an_event())
