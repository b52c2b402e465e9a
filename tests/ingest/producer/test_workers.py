"""Cutting the input into parts of whole lines, and adding up what became of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontrow_ingest.contract import Refusal
from frontrow_ingest.producer import ProducerStats, WorkerCrashedError
from frontrow_ingest.producer.lines import read_lines
from frontrow_ingest.producer.ranges import FileRange, count_lines, reader_of, split_file
from frontrow_ingest.producer.refused import RefusedFile
from frontrow_ingest.producer.run import Tally
from frontrow_ingest.producer.worker import State
from frontrow_ingest.producer.workers import merged, whole_lines

TEXTS = st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")), max_size=30).flatmap(
    lambda lines: st.sampled_from([b"\n".join(lines), b"\n".join(lines) + b"\n" if lines else b""])
)


@given(TEXTS, st.integers(1, 9))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_parts_of_a_file_are_all_of_its_lines(tmp_path: Path, text: bytes, parts: int) -> None:
    path = tmp_path / "in"
    path.write_bytes(text)
    found = split_file(path, parts)
    assert len(found) <= parts
    lines = []
    for part in found:
        with path.open("rb") as file:
            own = list(read_lines(reader_of(file, part), offset=part.start))
        assert len(own) == count_lines(part)
        lines += [(line.offset, line.data) for line in own]
    assert lines == [(line.offset, line.data) for line in read_lines(BytesIO(text).read)]


def trickling(text: bytes, sizes: list[int]) -> Callable[[int], bytes]:
    """A read that gives now this many bytes, now that many."""
    stream, turn = BytesIO(text), iter(sizes * (len(text) + 1))
    return lambda _: stream.read(next(turn))


@given(TEXTS, st.lists(st.integers(1, 20), min_size=1))
@settings(deadline=None)
def test_the_chunks_of_a_stream_are_all_of_its_lines(text: bytes, sizes: list[int]) -> None:
    lines = [
        line
        for chunk in whole_lines(trickling(text, sizes))
        for line in read_lines(BytesIO(chunk.data).read, number=chunk.number, offset=chunk.offset)
    ]
    assert lines == list(read_lines(BytesIO(text).read))


def test_a_line_is_handed_out_as_soon_as_it_is_whole() -> None:
    chunks = whole_lines(trickling(b"a\nb", [2, 1]))
    assert next(chunks).data == b"a\n"


def test_accounts_add_up() -> None:
    one = State(
        Tally(5, 1, 100, Counter(a=2)), ProducerStats(sent=2, acknowledged=2, errors={"x": 1}, shed=1), done=True
    )
    two = State(Tally(7, 0, 50, Counter(a=1, b=1), True), ProducerStats(sent=5, in_flight=5, errors={"x": 2, "y": 1}))
    both = merged([one, two])
    assert both.tally == Tally(12, 1, 150, Counter(a=3, b=1), True)
    assert both.stats == ProducerStats(sent=7, acknowledged=2, in_flight=5, errors={"x": 3, "y": 1}, shed=1)
    assert not both.done


def test_refused_lines_of_a_part_get_their_numbers_in_the_whole(tmp_path: Path) -> None:
    part = RefusedFile(tmp_path / "part", numbered=False)
    for line in read_lines(BytesIO(b"x\ny\n").read, offset=40):
        part.write(line, [Refusal("", "not_json", "is not JSON")])
    part.close()
    whole = RefusedFile(tmp_path / "whole", numbered=True)
    whole.take_over(part.path, 10)
    whole.take_over(tmp_path / "none", 12)
    whole.close()
    records = [json.loads(line) for line in whole.path.read_text().splitlines()]
    assert [(record["line"], record["offset"], record["text"]) for record in records] == [(11, 40, "x"), (12, 42, "y")]
    assert whole.written == 2
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_a_crash_says_what_to_send_again() -> None:
    error = WorkerCrashedError(2, -9, FileRange(Path("in.jsonl"), 100, 250), acknowledged=7)
    assert "worker 2 ended by signal 9" in str(error)
    assert "tail -c +101 in.jsonl | head -c 150 | frontrow produce -" in str(error)
    assert "exit status 3" in str(WorkerCrashedError(1, 3, None, acknowledged=0))


@pytest.mark.parametrize("text", [b"", b"\n", b"no end"])
def test_small_files_have_few_parts(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "in"
    path.write_bytes(text)
    assert sum(map(count_lines, split_file(path, 4))) == len(list(read_lines(BytesIO(text).read)))
