"""What every TopicLog does, as tests. A subclass gives the log: the double in memory, and Kafka's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from frontrow_ingest.resume import TopicLog


class LogHarness(Protocol):
    """A topic, the ways to fill it, and its log."""

    def log(self) -> TopicLog: ...

    def send(self, values: Sequence[bytes]) -> None:
        """Store them in order, in one partition."""
        ...

    def recreate(self) -> None:
        """Delete the topic and make it anew, empty."""
        ...

    def truncate(self, begin: int) -> None:
        """Delete what is before this offset of the partition that ``send`` writes to."""
        ...


def ends(log: TopicLog) -> dict[int, int]:
    return {partition: end for partition, (_, end) in log.bounds().items()}


class TopicLogBehaviour:
    """The suite. Where it is run, a fixture ``topic`` is the harness."""

    def test_an_empty_topic(self, topic: LogHarness) -> None:
        log = topic.log()
        assert set(log.bounds().values()) == {(0, 0)}
        assert list(log.read(ends(log), ends(log))) == []
        log.close()

    def test_it_reads_from_one_end_to_another(self, topic: LogHarness) -> None:
        log = topic.log()
        before = ends(log)
        topic.send([b"%d" % number for number in range(10)])
        middle = ends(log)
        topic.send([b"%d" % number for number in range(10, 500)])
        after = ends(log)
        topic.send([b"later"])
        assert [record.value for record in log.read(before, middle)] == [b"%d" % number for number in range(10)]
        found = list(log.read(middle, after))
        assert [record.value for record in found] == [b"%d" % number for number in range(10, 500)]
        assert [record.offset for record in found] == list(range(10, 500))
        assert [record.value for record in log.read(after, ends(log))] == [b"later"]
        log.close()

    def test_a_truncated_topic_begins_later(self, topic: LogHarness) -> None:
        topic.send([b"%d" % number for number in range(10)])
        topic.truncate(4)
        log = topic.log()
        assert (4, 10) in log.bounds().values()
        begins = {partition: begin for partition, (begin, _) in log.bounds().items()}
        assert [record.offset for record in log.read(begins, ends(log))] == list(range(4, 10))
        log.close()

    def test_a_topic_made_anew_is_another(self, topic: LogHarness) -> None:
        log = topic.log()
        first = log.identity()
        assert first is not None
        assert log.identity() == first
        log.close()
        topic.recreate()
        log = topic.log()
        assert log.identity() not in (first, None)
        log.close()
