"""The double in memory does what every RecordSink does."""

from __future__ import annotations

import pytest

from contract.record_sink import Record, RecordSinkBehaviour
from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer import KafkaSettings, MemorySink


class MemoryHarness:
    def __init__(self) -> None:
        self._sink = MemorySink()

    def sink(self, settings: KafkaSettings) -> MemorySink:
        self._sink = MemorySink(settings)
        return self._sink

    def records(self) -> list[Record]:
        return self._sink.records

    def hold(self) -> None:
        self._sink.hold()

    def release(self) -> None:
        self._sink.release()

    def lose_held(self) -> None:
        self._sink.lose()


@pytest.fixture
def harness() -> MemoryHarness:
    return MemoryHarness()


class TestMemorySink(RecordSinkBehaviour):
    """The suite, with the module's harness."""


def test_it_can_refuse_for_a_while() -> None:
    sink = MemorySink()
    sink.send_encoded(b"k", b"1")
    sink.fail_with(DeliveryError("no"))
    sink.send_encoded(b"k", b"2")
    sink.fail_with(None)
    sink.send_encoded(b"k", b"3")
    assert sink.records == [(b"k", b"1"), (b"k", b"3")]
    assert (sink.stats.acknowledged, sink.stats.failed, sink.stats.errors) == (2, 1, {"DeliveryError": 1})
