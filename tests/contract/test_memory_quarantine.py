"""The doubles in memory do what every QuarantineSink does."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("contract.quarantine_sink")

from contract.quarantine_sink import QuarantineSinkBehaviour  # noqa: E402
from frontrow_ingest.producer import MemorySink  # noqa: E402
from frontrow_ingest.quarantine import MemoryQuarantine, QuarantineRecord, QuarantineSink, TopicQuarantine  # noqa: E402
from frontrow_ingest.quarantine.record import read_record  # noqa: E402


class MemoryHarness:
    def __init__(self) -> None:
        self._quarantine = MemoryQuarantine(producer="suite")

    def sink(self) -> QuarantineSink:
        return self._quarantine

    def records(self) -> list[QuarantineRecord]:
        return self._quarantine.records

    def raw(self) -> bytes:
        return b"".join(self._quarantine.values)


class SinkHarness:
    """The topic's own writer, over records in memory."""

    def __init__(self) -> None:
        self._sink = MemorySink(topic="quarantine")

    def sink(self) -> QuarantineSink:
        return TopicQuarantine(self._sink, producer="suite")

    def records(self) -> list[QuarantineRecord]:
        return [read_record(value) for _, value in self._sink.records]

    def raw(self) -> bytes:
        return b"".join(key + value for key, value in self._sink.records)


@pytest.fixture(params=[MemoryHarness, SinkHarness])
def harness(request: pytest.FixtureRequest) -> MemoryHarness | SinkHarness:
    made: MemoryHarness | SinkHarness = request.param()
    return made


class TestMemoryQuarantine(QuarantineSinkBehaviour):
    """The suite, with the module's harnesses."""
