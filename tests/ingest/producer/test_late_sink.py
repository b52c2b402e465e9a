"""A sink that connects when it is needed, and anew after a failure."""

from __future__ import annotations

import pytest

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer import BrokerUnreachableError, KafkaSettings, MemorySink, RecordTooLargeError
from frontrow_ingest.producer.errors import DeliveryFailedError, DeliveryTimeoutError
from frontrow_ingest.producer.sinks import LateSink


class Broker:
    def __init__(self) -> None:
        self.is_away = False
        self.sinks: list[MemorySink] = []

    def connect(self) -> MemorySink:
        if self.is_away:
            raise BrokerUnreachableError("memory", 1.0, "away")
        self.sinks.append(MemorySink(KafkaSettings(max_record_bytes=100)))
        return self.sinks[-1]


def test_nothing_is_connected_before_it_is_needed() -> None:
    broker = Broker()
    sink = LateSink(broker.connect)
    sink.flush(0)
    sink.close(0)
    assert (broker.sinks, sink.stats.sent) == ([], 0)


def test_while_the_broker_is_away_every_record_is_refused_and_the_next_try_counts() -> None:
    broker = Broker()
    broker.is_away = True
    sink = LateSink(broker.connect)
    for _ in range(2):
        with pytest.raises(BrokerUnreachableError):
            sink.send_encoded(b"k", b"v")
    broker.is_away = False
    assert sink.send_encoded(b"k", b"v")
    sink.flush(60)
    assert (broker.sinks[0].records, sink.stats.acknowledged) == ([(b"k", b"v")], 1)


def test_a_failure_is_told_once() -> None:
    broker = Broker()
    sink = LateSink(broker.connect)
    sink.connected()
    broker.sinks[0].fail_with(DeliveryError("no"))
    sink.send_encoded(b"k", b"lost")
    with pytest.raises(DeliveryFailedError):
        sink.flush(60)
    sink.flush(60)
    sink.send_encoded(b"k", b"kept")
    sink.close(60)
    assert [each.records for each in broker.sinks] == [[], [(b"k", b"kept")]]


def test_what_is_late_or_too_large_changes_nothing() -> None:
    broker = Broker()
    sink = LateSink(broker.connect)
    with pytest.raises(RecordTooLargeError):
        sink.send_encoded(b"k", b"v" * 200)
    broker.sinks[0].hold()
    sink.send_encoded(b"k", b"v")
    with pytest.raises(DeliveryTimeoutError):
        sink.flush(0.01)
    broker.sinks[0].release()
    sink.flush(60)
    assert (len(broker.sinks), len(broker.sinks[0].records)) == (1, 1)
