"""What every RecordSink does, as tests. A subclass gives the sink: the double in memory, and Kafka itself."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import replace
from typing import Protocol

import pytest

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer import (
    DeliveryFailedError,
    DeliveryStats,
    DeliveryTimeoutError,
    InFlightFullError,
    KafkaSettings,
    ProducerClosedError,
    RecordSink,
    RecordTooLargeError,
)

TIMEOUT_S = 60.0
SETTINGS = KafkaSettings(linger_ms=2, block_timeout_s=TIMEOUT_S, delivery_timeout_s=TIMEOUT_S)
# Long enough for a busy machine to deliver; and in one batch, since kafka-python lets go of no second one before it
# has reached the broker again.
IMPATIENT = replace(SETTINGS, delivery_timeout_s=3.0, partitions=1, linger_ms=200)
Record = tuple[bytes, bytes]


class Harness(Protocol):
    """A place to send to, and the ways to disturb it."""

    def sink(self, settings: KafkaSettings) -> RecordSink: ...

    def records(self) -> list[Record]:
        """What is stored by now, in order within a key."""
        ...

    def hold(self) -> None:
        """Let no answer through until release()."""
        ...

    def release(self) -> None: ...

    def lose_held(self) -> None:
        """Let what is held come to nothing; what is sent later arrives again."""
        ...


def some_records(count: int, *, keys: int = 7, size: int = 40) -> list[Record]:
    return [(b"session-%d" % (number % keys), b"%d:" % number + b"v" * size) for number in range(count)]


def by_key(records: list[Record]) -> dict[bytes, list[bytes]]:
    grouped: dict[bytes, list[bytes]] = defaultdict(list)
    for key, value in records:
        grouped[key].append(value)
    return dict(grouped)


def warm_up(sink: RecordSink) -> None:
    """Have one record stored, so that what is disturbed next is the delivery, not the first acquaintance."""
    sink.send_encoded(b"warm", b"up")
    sink.flush(TIMEOUT_S)


def assert_adds_up(stats: DeliveryStats) -> None:
    assert stats.sent == stats.acknowledged + stats.failed + stats.in_flight
    assert sum(stats.errors.values()) == stats.failed
    assert (stats.in_flight == 0) == (stats.in_flight_bytes == 0)


class RecordSinkBehaviour:
    """The suite. Where it is run, a fixture ``harness`` says where to send."""

    def test_everything_sent_is_stored_and_counted(self, harness: Harness) -> None:
        records = some_records(1_000)
        sink = harness.sink(SETTINGS)
        for key, value in records:
            sink.send_encoded(key, value)
            assert_adds_up(sink.stats)
        sink.flush(TIMEOUT_S)
        stats = sink.stats
        assert (stats.sent, stats.acknowledged, stats.failed, stats.in_flight) == (1_000, 1_000, 0, 0)
        assert stats.bytes == sum(len(key) + len(value) for key, value in records)
        sink.close(TIMEOUT_S)
        assert by_key(harness.records()) == by_key(records)

    def test_close_delivers_what_was_not_flushed(self, harness: Harness) -> None:
        sink = harness.sink(SETTINGS)
        records = some_records(50)
        for key, value in records:
            sink.send_encoded(key, value)
        sink.close(TIMEOUT_S)
        assert sink.stats.acknowledged == 50
        assert by_key(harness.records()) == by_key(records)

    def test_nothing_to_do_is_no_error(self, harness: Harness) -> None:
        sink = harness.sink(SETTINGS)
        sink.flush(TIMEOUT_S)
        sink.close(TIMEOUT_S)
        sink.close(TIMEOUT_S)
        assert sink.stats == DeliveryStats()

    def test_a_closed_sink_takes_nothing(self, harness: Harness) -> None:
        sink = harness.sink(SETTINGS)
        sink.close(TIMEOUT_S)
        with pytest.raises(ProducerClosedError):
            sink.send_encoded(b"k", b"v")
        assert sink.stats.sent == 0

    def test_an_oversized_record_is_refused_and_the_others_pass(self, harness: Harness) -> None:
        sink = harness.sink(replace(SETTINGS, max_record_bytes=1_000))
        with pytest.raises(RecordTooLargeError) as caught:
            sink.send_encoded(b"k", b"v" * 1_000)
        assert (caught.value.size, caught.value.limit, caught.value.retryable) == (1_001, 1_000, False)
        sink.send_encoded(b"k", b"v" * 999)
        sink.close(TIMEOUT_S)
        assert sink.stats.sent == 1
        assert harness.records() == [(b"k", b"v" * 999)]

    def test_a_record_that_could_never_fit_is_refused_at_once(self, harness: Harness) -> None:
        sink = harness.sink(replace(SETTINGS, max_in_flight_bytes=2_000))
        with pytest.raises(RecordTooLargeError):
            sink.send_encoded(b"k", b"v" * 2_000)
        sink.close(TIMEOUT_S)

    def test_bytes_in_flight_stay_within_their_bound(self, harness: Harness) -> None:
        bound = 2_000
        sink = harness.sink(replace(SETTINGS, max_in_flight_bytes=bound))
        records = some_records(300, size=100)
        for key, value in records:
            sink.send_encoded(key, value)
            assert sink.stats.in_flight_bytes <= bound
        sink.close(TIMEOUT_S)
        assert by_key(harness.records()) == by_key(records)

    def test_a_send_without_room_blocks_up_to_its_deadline(self, harness: Harness) -> None:
        sink = harness.sink(replace(SETTINGS, max_in_flight_bytes=300, block_timeout_s=0.3))
        warm_up(sink)
        harness.hold()
        sink.send_encoded(b"k", b"1" * 200)
        started = time.monotonic()
        with pytest.raises(DeliveryTimeoutError) as caught:
            sink.send_encoded(b"k", b"2" * 200)
        assert 0.3 <= time.monotonic() - started < TIMEOUT_S
        assert (caught.value.in_flight, caught.value.in_flight_bytes) == (1, 201)
        harness.release()
        sink.close(TIMEOUT_S)
        assert sink.stats.sent == sink.stats.acknowledged == 2
        assert by_key(harness.records()) == {b"warm": [b"up"], b"k": [b"1" * 200]}

    def test_a_send_without_room_may_be_shed_and_counted(self, harness: Harness) -> None:
        sink = harness.sink(replace(SETTINGS, max_in_flight_bytes=300, when_full="shed"))
        warm_up(sink)
        harness.hold()
        assert sink.send_encoded(b"k", b"1" * 200) is True
        for number in range(5):
            assert sink.send_encoded(b"k", b"%d" % number * 200) is False
        assert (sink.stats.sent, sink.stats.shed, sink.stats.in_flight_bytes) == (2, 5, 201)
        assert_adds_up(sink.stats)
        harness.release()
        sink.flush(TIMEOUT_S)
        assert sink.send_encoded(b"k", b"2" * 200) is True
        sink.close(TIMEOUT_S)
        assert (sink.stats.acknowledged, sink.stats.shed) == (3, 5)
        assert by_key(harness.records())[b"k"] == [b"1" * 200, b"2" * 200]

    def test_a_send_without_room_may_raise_at_once(self, harness: Harness) -> None:
        sink = harness.sink(replace(SETTINGS, max_in_flight_bytes=300, when_full="raise"))
        warm_up(sink)
        harness.hold()
        sink.send_encoded(b"k", b"1" * 200)
        started = time.monotonic()
        with pytest.raises(InFlightFullError) as caught:
            sink.send_encoded(b"k", b"2" * 200)
        assert time.monotonic() - started < TIMEOUT_S
        assert (caught.value.in_flight, caught.value.limit, caught.value.retryable) == (1, 300, True)
        harness.release()
        sink.close(TIMEOUT_S)
        assert (sink.stats.sent, sink.stats.acknowledged, sink.stats.shed) == (2, 2, 0)

    def test_a_flush_that_is_late_says_so_and_can_be_repeated(self, harness: Harness) -> None:
        sink = harness.sink(SETTINGS)
        warm_up(sink)
        harness.hold()
        for key, value in some_records(20):
            sink.send_encoded(key, value)
        started = time.monotonic()
        with pytest.raises(DeliveryTimeoutError, match="20 events") as caught:
            sink.flush(0.3)
        assert time.monotonic() - started < TIMEOUT_S
        assert caught.value.in_flight == sink.stats.in_flight == 20
        harness.release()
        sink.flush(TIMEOUT_S)
        assert sink.stats.acknowledged == 21
        sink.close(TIMEOUT_S)

    def test_a_late_close_gives_up_and_counts_it(self, harness: Harness) -> None:
        sink = harness.sink(SETTINGS)
        warm_up(sink)
        harness.hold()
        for key, value in some_records(20):
            sink.send_encoded(key, value)
        started = time.monotonic()
        with pytest.raises(DeliveryTimeoutError) as caught:
            sink.close(0.3)
        assert time.monotonic() - started < TIMEOUT_S
        assert caught.value.in_flight == 20
        assert_adds_up(sink.stats)
        assert (sink.stats.failed, sink.stats.in_flight, sink.stats.acknowledged) == (20, 0, 1)
        sink.close(0.3)

    def test_failed_records_are_counted_and_reported_at_the_end(self, harness: Harness) -> None:
        sink = harness.sink(IMPATIENT)
        lost: list[Record] = []
        sink.when_lost(lambda key, value: lost.append((key, value)))
        warm_up(sink)
        harness.hold()
        for key, value in some_records(30):
            sink.send_encoded(key, value)
        harness.lose_held()
        with pytest.raises(DeliveryFailedError) as caught:
            sink.flush(TIMEOUT_S)
        error = caught.value
        assert (error.failed, error.acknowledged) == (30, 1)
        assert sorted(lost) == sorted(some_records(30))
        assert sum(error.errors.values()) == 30
        assert isinstance(error, DeliveryError)
        assert error.retryable
        assert_adds_up(sink.stats)
        sink.send_encoded(b"k", b"later")
        with pytest.raises(DeliveryFailedError):
            sink.close(TIMEOUT_S)
        assert (sink.stats.acknowledged, sink.stats.failed) == (2, 30)
        assert by_key(harness.records()) == {b"warm": [b"up"], b"k": [b"later"]}

    def test_too_many_failures_end_the_sending(self, harness: Harness) -> None:
        sink = harness.sink(replace(IMPATIENT, max_failed=10))
        warm_up(sink)
        harness.hold()
        for key, value in some_records(11):
            sink.send_encoded(key, value)
        harness.lose_held()
        with pytest.raises(DeliveryFailedError):
            sink.flush(TIMEOUT_S)
        with pytest.raises(DeliveryFailedError):
            sink.send_encoded(b"k", b"v")
        assert sink.stats.sent == 12
        with pytest.raises(DeliveryFailedError):
            sink.close(TIMEOUT_S)
