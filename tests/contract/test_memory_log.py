"""The double in memory does what every TopicLog does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

pytest.register_assert_rewrite("contract.topic_log")

from contract.topic_log import TopicLogBehaviour  # noqa: E402
from frontrow_ingest.producer import MemorySink  # noqa: E402
from frontrow_ingest.resume.memory_log import MemoryLog  # noqa: E402


class MemoryTopic:
    def __init__(self) -> None:
        self._log = MemoryLog(MemorySink())

    def log(self) -> MemoryLog:
        return self._log

    def send(self, values: Sequence[bytes]) -> None:
        for value in values:
            self._log.sink.send_encoded(b"k", value)

    def recreate(self) -> None:
        self._log.recreate()

    def truncate(self, begin: int) -> None:
        self._log.truncate(begin)


@pytest.fixture
def topic() -> MemoryTopic:
    return MemoryTopic()


class TestMemoryLog(TopicLogBehaviour):
    """The suite, with the module's harness."""
