"""What the next run of a collector finds in its state and in the topic."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from frontrow_ingest.collector import CollectorSettings, Context, app
from frontrow_ingest.collector.followed_store import FollowedStore
from frontrow_ingest.collector.journal import Entry, RequestJournal
from frontrow_ingest.collector.keeper import Change, Followed, Snapshot
from frontrow_ingest.collector.sessions import END_SEQ
from frontrow_ingest.collector.state import CollectorState
from frontrow_ingest.contract import Validator, decode, encode
from frontrow_ingest.producer import BrokerUnreachableError, MemorySink
from frontrow_ingest.resume import TopicUnreadableError
from frontrow_ingest.resume.memory_log import MemoryLog
from frontrow_ingest.seen import StateDamagedError, StateInUseError, StateWriteError
from support.cmcd_lines import a_report
from support.viewing_events import a_line, an_event

VIEWER = an_event()["viewer_id"]


class Topic:
    """What stays when a collector ends: the records; each run has a sink of its own over them."""

    def __init__(self) -> None:
        self.sink = MemorySink()
        self.log = MemoryLog(self.sink)
        self.is_away = False

    def open_sink(self) -> MemorySink:
        if self.is_away:
            raise BrokerUnreachableError("memory", 1.0, "away")
        records = self.sink.records
        self.sink = self.log.sink = MemorySink()
        self.sink.records = records
        return self.sink

    def open_log(self) -> MemoryLog:
        if self.is_away:
            raise TopicUnreadableError("events", "memory", "away")
        return self.log


@pytest.fixture
def topic() -> Topic:
    return Topic()


@pytest.fixture
def begin(rig: Any, topic: Topic, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Begins runs on one state; a run that is left without ``leave`` is as good as killed, but for its lock."""
    states: list[CollectorState] = []

    def make(wait: bool = True, **settings: Any) -> Any:
        for state in states:
            state.close()
        state = CollectorState(tmp_path / "state", topic.open_log)
        states.append(state)
        collector = rig(
            CollectorSettings(**{"silent_after_s": 60, **settings}),
            open_sink=topic.open_sink,
            delivery={"seen": state.window, "keeper": state},
            context=Context(defaults={"viewer": VIEWER}),
            state=state,
        )
        collector.sink = topic.sink
        collector.state = state
        if wait:
            collector.client.wait(lambda: collector.delivery._takes)
            collector.sink = topic.sink
        return collector

    yield make
    for state in states:
        state.close()


def numbers(topic: Topic) -> list[int]:
    return [decode(value)["seq"] for _, value in topic.sink.records]


def test_what_a_killed_run_stored_is_not_stored_again(begin: Any, topic: Topic) -> None:
    first = begin()
    assert [first.post(a_line(seq=number)).status for number in range(3)] == [204] * 3
    second = begin()
    assert [second.post(a_line(seq=number)).status for number in (1, 2, 3)] == [204] * 3
    assert numbers(topic) == [0, 1, 2, 3]
    page = second.client.get("/metrics").body.decode()
    assert 'frontrow_collector_events_total{outcome="duplicate"} 2.0' in page


def test_running_totals_go_on_whatever_was_stored_or_not(begin: Any, topic: Topic) -> None:
    lines = [a_report(number, number * 1_000, "t", "p", dfa=number * 2) for number in range(7)]
    first = begin()
    assert first.cmcd(*lines[:3]).status == 204
    topic.sink.hold()  # noted, and not stored
    with first.impatient():
        assert first.cmcd(lines[3]).status == 503
    topic.sink.lose()
    second = begin()
    assert [second.cmcd(line).status for line in (lines[4], lines[2], lines[3], lines[5], lines[6])] == [204] * 5
    events = {event["seq"]: event for event in second.events}
    assert sorted(numbers(topic)) == list(range(7))
    assert [events[number]["play_ms"] for number in range(7)] == [0, *[1_000] * 6]
    assert [events[number]["dropped_frames"] for number in range(7)] == [0, *[2] * 6]


def test_a_session_is_ended_once_across_runs_and_another_collectors_never(begin: Any, topic: Topic) -> None:
    first = begin()
    first.post(a_line(seq=0, session_id="ours", cdn="south"))
    first.post(a_line(seq=0, session_id="over", kind="end", end_reason="viewer"))
    foreign = an_event(session_id="theirs", seq=5)
    topic.sink.records.append((b"theirs", encode(Validator().event(foreign))))
    second = begin()
    second.seconds += 59
    second.client.run(_passes())
    assert END_SEQ not in numbers(topic)
    second.seconds += 2
    second.client.wait(lambda: END_SEQ in numbers(topic))
    third = begin()
    third.seconds += 61
    third.client.run(_passes())
    ends = [event for event in third.events if event["kind"] == "end"]
    assert [(event["session_id"], event["end_reason"]) for event in ends] == [("over", "viewer"), ("ours", "timeout")]
    assert (ends[1]["cdn"], ends[1]["segments"]) == ("south", ["sports", "premium"])


async def _passes() -> None:
    """A round of looking for silence, at least."""
    await asyncio.sleep(1.5 * app.SWEEP_S)


def test_after_a_stop_in_order_everything_is_in_the_snapshot(begin: Any, topic: Topic, tmp_path: Path) -> None:
    first = begin()
    first.post(a_line(seq=0))
    first.cmcd(a_report(0, 0, "ps", "p"))
    first.end()
    topic.log.truncate(2)  # nothing needs reading back
    second = begin()
    assert sum(part.stat().st_size for part in (tmp_path / "state").glob("journal-*")) == 0
    assert second.cmcd(a_report(1, 700, dfa=3)).status == 204
    assert second.post(a_line(seq=0)).status == 204
    assert [(event["seq"], event["play_ms"]) for event in second.events] == [(0, 9_600), (0, 0), (1, 700)]
    page = second.client.get("/metrics").body.decode()
    assert "frontrow_collector_sessions 2.0" in page


def test_nothing_is_taken_before_the_topic_was_read_back(begin: Any, topic: Topic) -> None:
    first = begin()
    first.post(a_line(seq=0))
    topic.is_away = True
    second = begin(wait=False)
    assert second.post(a_line(seq=0)).status == 503, "at once, before it knows why"
    second.client.wait(lambda: "away" in second.delivery.trouble)
    answer = second.post(a_line(seq=0))
    assert (answer.status, second.client.get("/ready").status) == (503, 503)
    assert b"away" in answer.body
    topic.is_away = False
    second.client.wait(lambda: second.delivery._takes)
    assert second.post(a_line(seq=0)).status == 204
    assert numbers(topic) == [0]


def test_a_topic_that_was_made_anew_is_said_and_nothing_is_taken(begin: Any, topic: Topic) -> None:
    begin().post(a_line(seq=0))
    topic.log.recreate()
    second = begin(wait=False)
    second.client.wait(lambda: "made anew" in second.delivery.trouble)
    assert second.post(a_line(seq=1)).status == 503


def test_without_room_for_the_journal_nothing_is_taken(begin: Any, topic: Topic) -> None:
    collector = begin()
    state = collector.state
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, state.journal._file)
    os.close(full)
    answer = collector.cmcd(a_report(0, 0, "ps", "p"))
    assert (answer.status, topic.sink.records) == (503, [])
    assert "No space left" in answer.json["detail"]
    assert collector.cmcd(a_report(0, 0, "ps", "p")).status == 204  # in a part of its own


def test_two_at_once_are_refused(begin: Any, tmp_path: Path) -> None:
    begin()
    with pytest.raises(StateInUseError):
        CollectorState(tmp_path / "state", Topic().open_log)


def test_a_damaged_store_is_said(tmp_path: Path) -> None:
    (tmp_path / "followed.sqlite").write_bytes(b"nonsense" * 1_000)
    with pytest.raises(StateDamagedError):
        FollowedStore(tmp_path)


def test_a_snapshot_replaces_and_forgets(tmp_path: Path) -> None:
    store = FollowedStore(tmp_path)
    first = [Change(Followed.SESSION, name, [name, None, True]) for name in "abc"]
    second = [Change(Followed.SESSION, "a", ["again"]), Change(Followed.SESSION, "b", None)]
    hostile = [Change(Followed.PLAYBACK, "p", [2**70])]
    store.write([Snapshot({0: 5, 1: 7}, 1, first), Snapshot({0: 6, 1: 7}, 4, [*second, *hostile])])
    store.close()
    store = FollowedStore(tmp_path)
    assert [(name, values) for _, name, values in store.rows()] == [("c", ["c", None, True]), ("a", ["again"])]
    assert (store.ends, store.journal) == ({0: 6, 1: 7}, 4)
    store.close()


def test_a_torn_entry_ends_its_part_only(tmp_path: Path) -> None:
    journal = RequestJournal(tmp_path)
    journal.next_part(["a"])
    journal.cmcd(b"first\nsecond", {"country": "DE"})
    journal.claim(["torn"])
    journal.next_part()
    journal.claim(["c"])
    journal.close()
    whole = (tmp_path / "journal-1").read_bytes()
    for cut in (1, 9, 20):
        (tmp_path / "journal-1").write_bytes(whole[:-cut])
        found = list(RequestJournal(tmp_path).read(0))
        assert found == [Entry(("a",)), Entry(body=b"first\nsecond", context={"country": "DE"}), Entry(("c",))]
    assert list(RequestJournal(tmp_path).read(2)) == [Entry(("c",))]
    again = RequestJournal(tmp_path)
    assert again.next_part() == 3
    again.forget_before(3)
    assert [path.name for path in tmp_path.iterdir()] == ["journal-3"]
    again.close()
    with pytest.raises(StateWriteError):
        RequestJournal(tmp_path / "absent").next_part()


def test_what_lies_in_the_directory_is_for_its_owner_only(begin: Any, tmp_path: Path) -> None:
    begin().post(a_line())
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "state").iterdir()} == {0}
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_ages_of_sessions_go_on(begin: Any) -> None:
    first = begin(max_session_s=100)
    assert first.post(a_line(seq=0)).status == 204
    first.seconds += 60
    first.end()
    second = begin(max_session_s=100)
    assert second.post(a_line(seq=1)).status == 204
    second.seconds += 41
    assert second.post(a_line(seq=2)).status == 410
