"""``frontrow produce`` with a state, over a topic in memory."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from frontrow_ingest.cli import opened, produce
from frontrow_ingest.contract import decode, encode
from frontrow_ingest.contract.validation import Validator
from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer import EventProducer, MemorySink
from frontrow_ingest.resume import InputChangedError, TopicChangedError, journal
from frontrow_ingest.resume.memory_log import MemoryLog
from frontrow_ingest.seen import SeenStore, StateDamagedError, StateInUseError
from support.viewing_events import a_line, an_event

Run = Callable[..., Result]
RAW = "mallory@example.org"
KEY = "2026-q4:" + bytes(range(32)).hex()


class Topic:
    """What stays when a run ends: the records; each run has a sink of its own over them."""

    def __init__(self) -> None:
        self.sink = MemorySink()
        self.log = MemoryLog(self.sink)

    def next_sink(self) -> MemorySink:
        records = self.sink.records
        self.sink = MemorySink()
        self.sink.records = records
        self.log.sink = self.sink
        return self.sink

    @property
    def numbers(self) -> list[int]:
        return [decode(value)["seq"] for _, value in self.sink.records]


@pytest.fixture
def topic() -> Topic:
    return Topic()


@pytest.fixture
def run(topic: Topic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    def producer(*_: Any, seen: Any, viewer_keys: Any, **__: Any) -> EventProducer:
        return EventProducer(sink=topic.next_sink(), seen=seen, viewer_keys=viewer_keys)

    monkeypatch.setattr(opened, "EventProducer", producer)
    monkeypatch.setattr(produce, "topic_log", lambda *_: topic.log)
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, text: bytes = b"") -> Result:
        return CliRunner().invoke(produce.command, list(arguments), input=text, standalone_mode=False)

    return invoke


def write(path: str, numbers: Iterator[int] | range, **changes: Any) -> None:
    Path(path).write_bytes(b"".join(a_line(seq=number, **changes) + b"\n" for number in numbers))


def test_a_second_run_sends_what_was_appended(run: Run, topic: Topic) -> None:
    write("in.jsonl", range(5))
    assert run("in.jsonl", "--resume").return_value == 0
    write("in.jsonl", range(8))
    result = run("in.jsonl", "--resume", "--json")
    found = json.loads(result.stdout)
    assert (found["read"], found["sent"], found["duplicates"]) == (3, 3, 0)
    assert found["resumed_at"]["line"] == 6
    assert "going on at line 6" in result.stderr
    assert topic.numbers == list(range(8))
    assert run("in.jsonl", "--resume").return_value == 0
    assert topic.numbers == list(range(8))


def test_a_run_that_died_before_its_next_checkpoint_is_learnt_from_the_topic(run: Run, topic: Topic) -> None:
    write("in.jsonl", range(5))
    run("in.jsonl", "--resume")
    for number in (5, 6):  # as a killed run would have left them, and another producer's garbage
        topic.sink.records.append((b"k", encode(Validator().event(an_event(seq=number)))))
    topic.sink.records.append((b"k", b"garbage"))
    write("in.jsonl", range(9))
    result = run("in.jsonl", "--resume", "--json")
    found = json.loads(result.stdout)
    assert (found["read"], found["sent"], found["duplicates"]) == (4, 2, 2)
    assert found["read_back"] == {"records": 3, "learnt": 2, "unknown": 0}
    assert "2 events more were found in the topic" in result.stderr
    topic.sink.records = [record for record in topic.sink.records if record[1] != b"garbage"]
    assert topic.numbers == list(range(9))


def test_what_was_not_delivered_is_sent_by_the_next_run(
    run: Run, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bool:
        raise DeliveryError("no")

    write("in.jsonl", range(5))
    with monkeypatch.context() as patch:
        patch.setattr(MemorySink, "send_encoded", refuse)
        assert run("in.jsonl", "--resume").return_value == produce.EXIT_FAILED
    assert run("in.jsonl", "--resume").return_value == 0
    assert topic.numbers == list(range(5))


def test_a_repetition_in_another_file_or_on_standard_input_counts_once(run: Run, topic: Topic) -> None:
    write("one.jsonl", range(5))
    write("two.jsonl", range(3, 8))
    run("one.jsonl", "--state", "state")
    result = run("two.jsonl", "--state", "state")
    assert "not sent again" in result.stdout
    run("-", "--state", "state", text=a_line(seq=7) + b"\n" + a_line(seq=8))
    run("one.jsonl", "--state", "state")
    assert topic.numbers == list(range(9))


def test_checkpoints_are_made_on_the_way(run: Run, topic: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        journal.Journal.__init__, "__kwdefaults__", {**journal.Journal.__init__.__kwdefaults__, "every_s": 0.0}
    )
    write("in.jsonl", range(200))
    with monkeypatch.context() as patch:

        def die(*_: object) -> None:
            raise SystemExit

        patch.setattr(produce, "_finished", die)
        run("in.jsonl", "--resume")
    found = json.loads(run("in.jsonl", "--resume", "--json").stdout)
    assert found["resumed_at"]["line"] == 193  # the last whole 64 lines
    assert found["duplicates"] == 8
    assert topic.numbers == list(range(200))


def test_a_changed_file_is_not_gone_on_with_but_can_be_sent_with_the_state(run: Run, topic: Topic) -> None:
    write("in.jsonl", range(5))
    run("in.jsonl", "--resume")
    write("in.jsonl", range(1, 7))
    assert isinstance(run("in.jsonl", "--resume").exception, InputChangedError)
    assert run("in.jsonl", "--state", "in.jsonl.state").return_value == 0
    assert topic.numbers == list(range(7))


def test_a_topic_made_anew_ends_the_run(run: Run, topic: Topic) -> None:
    write("in.jsonl", range(5))
    run("in.jsonl", "--resume")
    topic.log.recreate()
    result = run("in.jsonl", "--resume")
    assert isinstance(result.exception, TopicChangedError)
    assert "made anew" in str(result.exception)


def test_a_topic_that_lost_its_end_ends_the_run(run: Run, topic: Topic) -> None:
    write("in.jsonl", range(5))
    run("in.jsonl", "--resume")
    del topic.sink.records[3:]
    assert "holds less" in str(run("in.jsonl", "--resume").exception)


def test_a_truncated_topic_says_what_cannot_be_known(run: Run, topic: Topic) -> None:
    write("in.jsonl", range(5))
    run("in.jsonl", "--resume")
    for number in range(5, 10):
        topic.sink.records.append((b"k", encode(Validator().event(an_event(seq=number)))))
    topic.log.truncate(8)
    write("in.jsonl", range(10))
    result = run("in.jsonl", "--resume", "--json")
    assert "warning: 3 records behind the last checkpoint are gone" in result.stderr
    assert json.loads(result.stdout)["read_back"] == {"records": 2, "learnt": 2, "unknown": 3}


def test_another_topic_with_the_same_state_is_refused(run: Run, topic: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    write("in.jsonl", range(5))
    run("in.jsonl", "--resume")
    topic.log = MemoryLog(topic.sink, topic="other")
    assert "is not the one of this state" in str(run("in.jsonl", "--resume").exception)


def test_a_damaged_state_is_replaced_by_what_the_topic_knows(run: Run, topic: Topic) -> None:
    write("in.jsonl", range(5))
    run("in.jsonl", "--resume")
    os.truncate("in.jsonl.state/seen.sqlite", 0)
    Path("in.jsonl.state/seen.sqlite-wal").unlink(missing_ok=True)
    result = run("in.jsonl", "--resume")
    assert isinstance(result.exception, StateDamagedError)
    Path("in.jsonl.state").rename("damaged")
    write("in.jsonl", range(7))
    assert run("in.jsonl", "--resume", "--learn").return_value == 0
    assert topic.numbers == list(range(7))


def test_two_at_once_are_refused(run: Run, tmp_path: Path) -> None:
    write("in.jsonl", range(5))
    with SeenStore(tmp_path / "in.jsonl.state"):
        result = run("in.jsonl", "--resume")
    assert isinstance(result.exception, StateInUseError)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("-", "--resume"), "goes on within a file"), (("-", "--learn"), "give --resume or --state")],
)
def test_options_that_do_not_fit_together(run: Run, arguments: tuple[str, ...], said: str) -> None:
    assert said in str(run(*arguments).exception)


def test_raw_viewer_ids_are_in_nothing_that_was_written(
    run: Run, topic: Topic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refused file holds the original lines, as it says; nothing else holds a raw id, or a part of the key."""
    monkeypatch.setenv("FRONTROW_VIEWER_KEY", KEY)
    raws = [f"{RAW}-{number}" for number in range(3)]
    lines = [a_line(seq=number, viewer_id=raw) for number, raw in enumerate(raws)]
    refused = [a_line(viewer_id=raws[0], country="de"), a_line(viewer_id=raws[1])[:-3], a_line(**{raws[2]: 1})]
    Path("in.jsonl").write_bytes(b"\n".join((*lines, *refused, *lines)))
    written = []
    for _ in range(2):
        result = run("in.jsonl", "--resume", "--raw-viewer-ids", "--json")
        assert result.return_value in (0, produce.EXIT_REFUSED)
        written += [result.stdout_bytes, result.stderr_bytes, str(result.exception).encode()]
    written += [key + value for key, value in topic.sink.records]
    written += [path.read_bytes() for path in (tmp_path / "in.jsonl.state").iterdir()]
    for secret in (RAW.encode(), KEY.partition(":")[2][:16].encode(), bytes(range(16))):
        assert not [text for text in written if secret in text]
    pseudonyms = {decode(value)["viewer_id"] for _, value in topic.sink.records}
    assert len(pseudonyms) == 3
    state = b"".join(path.read_bytes() for path in (tmp_path / "in.jsonl.state").iterdir())
    assert not [name for name in pseudonyms if name.encode() in state], "not even the pseudonym"
    assert json.loads(written[0])["viewer_key_epochs"] == {"2026-q4": 8}
    with SeenStore(tmp_path / "in.jsonl.state") as store:
        assert store.fact("viewer_keys") == {"2026-q4": 8}


def test_a_raw_id_without_the_option_is_refused_as_ever(run: Run, topic: Topic) -> None:
    Path("in.jsonl").write_bytes(a_line(viewer_id=RAW))
    assert run("in.jsonl").return_value == produce.EXIT_REFUSED
    assert topic.sink.records == []


def test_raw_ids_without_a_key_end_the_run_before_anything_is_sent(
    run: Run, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRONTROW_VIEWER_KEY", raising=False)
    Path("in.jsonl").write_bytes(a_line(viewer_id=RAW))
    assert "there is no key" in str(run("in.jsonl", "--raw-viewer-ids").exception)


def test_a_hangup_has_the_key_read_again(run: Run, topic: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Path("keys")
    file.write_text(KEY)
    file.chmod(0o600)
    Path("in.jsonl").write_bytes(a_line(seq=1, viewer_id=RAW) + b"\n" + a_line(seq=2, viewer_id=RAW))
    send = MemorySink.send_encoded

    def rotate(sink: MemorySink, key: bytes, value: bytes) -> None:
        send(sink, key, value)
        file.write_text(f"{KEY}\nnext:{bytes(range(50, 82)).hex()}")
        os.kill(os.getpid(), signal.SIGHUP)

    monkeypatch.setattr(MemorySink, "send_encoded", rotate)
    result = run("in.jsonl", "--raw-viewer-ids", "--viewer-key-file", "keys", "--json")
    assert json.loads(result.stdout)["viewer_key_epochs"] == {"2026-q4": 1, "next": 1}
    first, second = (decode(value)["viewer_id"] for _, value in topic.sink.records)
    assert first != second
