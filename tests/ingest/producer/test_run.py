"""From lines to a sink: every line has a fate, and the summary tells it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer import (
    DeliveryFailedError,
    DeliveryTimeoutError,
    EventProducer,
    KafkaSettings,
    MemorySink,
    ProducerClosedError,
)
from frontrow_ingest.producer.lines import read_lines
from frontrow_ingest.producer.refused import RefusedFile, RefusedFileError
from frontrow_ingest.producer.run import Interrupted, RefusedLines, Summary, Tally, produce_lines
from frontrow_ingest.quarantine import MemoryQuarantine, RefusalLimit, RefusalLimitError
from support.viewing_events import a_line

Read = Callable[[int], bytes]


def reader(*parts: bytes, then: BaseException | None = None) -> Read:
    queue = [part for part in parts if part]

    def read(_size: int) -> bytes:
        if queue:
            return queue.pop(0)
        if then is not None:
            raise then
        return b""

    return read


class Run:
    """One run over a memory sink, with its refused file in a directory."""

    def __init__(self, directory: Path, sink: MemorySink | None = None) -> None:
        self.sink = sink or MemorySink(KafkaSettings(block_timeout_s=60))
        self.refused = RefusedFile(directory / "refused.jsonl", numbered=True)
        self.tally = Tally()
        self.stop = False

    def __call__(self, read: Read, *, max_line_bytes: int = 10_000, close_timeout: float = 60) -> Summary:
        return produce_lines(
            read_lines(read, max_bytes=max_line_bytes),
            EventProducer(sink=self.sink),
            RefusedLines(self.refused, limit=RefusalLimit(0)),
            tally=self.tally,
            should_stop=lambda: self.stop,
            max_line_bytes=max_line_bytes,
            close_timeout=close_timeout,
        )

    def written(self) -> list[dict[str, Any]]:
        path = self.refused.path
        return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_an_empty_input(run: Run, tmp_path: Path) -> None:
    summary = run(reader())
    assert (summary.tally.lines, summary.stats.sent, summary.refused, summary.failure) == (0, 0, 0, None)
    assert list(tmp_path.iterdir()) == []


def test_good_bad_blank_and_huge_lines(run: Run) -> None:
    text = b"\n".join([a_line(), b"", b"  \t", b"{bad", a_line(ts=5), b"x" * 11_000, a_line(seq=5), b"\xff"])
    summary = run(reader(text))
    assert summary.failure is None
    assert (summary.tally.lines, summary.tally.blank, summary.stats.acknowledged) == (8, 2, 2)
    assert summary.tally.refused == {"not_json": 1, "out_of_range ts": 1, "too_large": 1, "not_utf8": 1}
    assert [record["line"] for record in run.written()] == [4, 5, 6, 8]
    assert summary.tally.read_bytes >= len(text)


def test_a_huge_blank_line_is_refused_too(run: Run) -> None:
    assert run(reader(b" " * 10_001)).tally.refused == {"too_large": 1}


_kinds = st.sampled_from(["good", "bad", "blank", "huge"])
_texts = {"good": a_line(), "bad": b"{}", "blank": b" ", "huge": b"x" * 900}


@given(st.lists(_kinds, max_size=30))
@settings(deadline=None, max_examples=50)
def test_every_line_has_exactly_one_fate(tmp_path_factory: pytest.TempPathFactory, kinds: list[str]) -> None:
    run = Run(tmp_path_factory.mktemp("run"))
    summary = run(reader(b"".join(_texts[kind] + b"\n" for kind in kinds)), max_line_bytes=800)
    assert summary.tally.lines == len(kinds)
    assert summary.tally.blank == kinds.count("blank")
    assert summary.stats.acknowledged == kinds.count("good") == len(run.sink.records)
    assert summary.refused == kinds.count("bad") + kinds.count("huge") == len(run.written())
    assert [kinds[record["line"] - 1] in ("bad", "huge") for record in run.written()] == [True] * summary.refused


def test_an_interruption_delivers_what_was_read(run: Run) -> None:
    run.sink.hold()
    summary: Summary

    def parts() -> Iterator[bytes]:
        yield a_line() + b"\n" + a_line()[:50]
        run.sink.release()
        raise Interrupted

    gen = parts()
    summary = run(lambda _size: next(gen))
    assert (summary.tally.interrupted, summary.failure) == (True, None)
    assert (summary.tally.lines, summary.stats.acknowledged, summary.refused) == (1, 1, 0)


def test_a_wish_to_stop_is_obeyed_between_lines(run: Run) -> None:
    run.stop = True
    summary = run(reader(a_line() + b"\n" + a_line()))
    assert (summary.tally.interrupted, summary.tally.lines, summary.stats.sent) == (True, 0, 0)


def test_an_impatient_stop_still_tells_what_is_known(run: Run) -> None:
    run.sink.hold()
    summary = run(reader(a_line() + b"\n", then=KeyboardInterrupt()), close_timeout=0.1)
    assert summary.tally.interrupted
    assert isinstance(summary.failure, DeliveryTimeoutError)
    assert (summary.stats.sent, summary.stats.acknowledged, summary.stats.failed) == (1, 0, 1)


def test_an_impatient_stop_while_closing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_sink: MemorySink, _timeout: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(MemorySink, "close", interrupted)
    summary = run(reader(a_line()))
    assert summary.tally.interrupted
    assert isinstance(summary.failure, DeliveryError)


def test_a_failed_delivery_is_in_the_summary(run: Run) -> None:
    run.sink.fail_with(DeliveryError("no"))
    summary = run(reader(a_line() + b"\n" + a_line()))
    assert isinstance(summary.failure, DeliveryFailedError)
    assert (summary.stats.failed, summary.stats.acknowledged) == (2, 0)


def test_kafka_away_in_the_middle_ends_the_run(tmp_path: Path) -> None:
    run = Run(tmp_path, MemorySink(KafkaSettings(max_in_flight_bytes=1_000, block_timeout_s=0.1)))
    run.sink.hold()
    summary = run(reader((a_line() + b"\n") * 1_000), close_timeout=0.1)
    assert isinstance(summary.failure, DeliveryTimeoutError)
    assert summary.tally.lines < 1_000
    assert summary.stats.sent == summary.stats.failed == summary.tally.lines - 1


def test_a_refused_file_that_cannot_be_written_ends_the_run_and_keeps_what_was_sent(run: Run) -> None:
    run.refused.path.mkdir()
    run.refused._numbered = False
    summary = run(reader(a_line() + b"\nbad\n" + a_line()))
    assert isinstance(summary.failure, RefusedFileError)
    assert (summary.tally.lines, summary.stats.acknowledged) == (2, 1)


def test_an_input_that_breaks_off(run: Run) -> None:
    summary = run(reader(a_line() + b"\n", then=OSError(5, "Input/output error")))
    assert "Input/output error" in str(summary.failure)
    assert summary.stats.acknowledged == 1


def test_refused_lines_go_into_quarantine_too(tmp_path: Path) -> None:
    run, quarantine = Run(tmp_path), MemoryQuarantine(producer="p")
    lines = [a_line(), a_line(country="de"), b"x" * 200, b"", a_line(viewer_id="alice@example.com")]
    summary = produce_lines(
        read_lines(reader(b"\n".join(lines)), max_bytes=1_000),
        EventProducer(sink=run.sink),
        RefusedLines(run.refused, quarantine, "in.jsonl"),
        tally=run.tally,
        should_stop=lambda: False,
        max_line_bytes=1_000,
        close_timeout=60,
    )
    assert (summary.refused, summary.failure) == (3, None)
    found = [(record.where, record.reason, record.redacted) for record in quarantine.records]
    assert found == [
        ("in.jsonl:2", "bad_format", "no"),
        ("in.jsonl:3", "not_json", "withheld"),
        ("in.jsonl:5", "bad_format", "masked"),
    ]
    assert quarantine.records[0].original == lines[1]
    with pytest.raises(ProducerClosedError):
        quarantine.put(None)  # type: ignore[arg-type]  # it is closed


def test_a_source_of_which_everything_is_refused_is_stopped(tmp_path: Path) -> None:
    run = Run(tmp_path)
    summary = produce_lines(
        read_lines(reader(b"nonsense\n" * 100)),
        EventProducer(sink=run.sink),
        RefusedLines(run.refused, limit=RefusalLimit(in_a_row=20)),
        tally=run.tally,
        should_stop=lambda: False,
        max_line_bytes=1_000,
        close_timeout=60,
    )
    assert isinstance(summary.failure, RefusalLimitError)
    assert (summary.tally.lines, run.refused.written) == (20, 20)
