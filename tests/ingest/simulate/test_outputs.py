"""JSON Lines out: whole lines, and a file that is there whole or not at all."""

from __future__ import annotations

import io
import json
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from frontrow_ingest.errors import IngestError
from frontrow_ingest.simulate.outputs import BUFFER_BYTES, FileOutput, StreamOutput


def an_event(number: int) -> dict[str, Any]:
    return {"seq": number, "content_id": "größe", "segments": ["a"]}


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_stream_gets_whole_lines_and_stays_open() -> None:
    stream = io.BytesIO()
    output = StreamOutput(stream)
    output.send(an_event(1))
    assert stream.getvalue() == b""
    output.flush()
    output.send(an_event(2))
    output.close()
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [an_event(1), an_event(2)]
    assert stream.getvalue().endswith(b"\n")
    assert not stream.closed


def test_little_is_held_back() -> None:
    stream = io.BytesIO()
    output = StreamOutput(stream)
    for number in range(50_000):
        output.send(an_event(number))
    assert len(stream.getvalue()) > BUFFER_BYTES
    assert stream.getvalue().endswith(b"\n")


def test_the_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    output = FileOutput(path)
    output.send(an_event(1))
    output.flush()
    assert not path.exists()
    output.close()
    assert lines_of(path) == [an_event(1)]
    assert list(tmp_path.iterdir()) == [path]
    output.abandon()  # a second goodbye takes nothing away
    assert lines_of(path) == [an_event(1)]


def test_an_older_file_stays_until_then(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("older\n")
    output = FileOutput(path)
    output.send(an_event(1))
    output.abandon()
    assert path.read_text() == "older\n"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_to_write_is_an_empty_file(tmp_path: Path) -> None:
    output = FileOutput(tmp_path / "events.jsonl")
    output.close()
    assert (tmp_path / "events.jsonl").read_bytes() == b""


def test_the_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        FileOutput(tmp_path / "events.jsonl").close()
        assert os.umask(0o027) == 0o027  # looking at the mask has not changed it
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "events.jsonl").stat().st_mode) == 0o640


def test_the_file_behind_a_link_is_replaced_not_the_link(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "events.jsonl"
    target.parent.mkdir()
    link = tmp_path / "link"
    link.symlink_to(target)
    output = FileOutput(link)
    output.send(an_event(1))
    output.close()
    assert link.is_symlink()
    assert lines_of(target) == [an_event(1)]


def test_a_pipe_is_written_to_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    output = FileOutput(pipe)
    output.send(an_event(1))
    output.close()
    reader.join(60)
    assert json.loads(read[0]) == an_event(1)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("place", ["missing/events.jsonl", "."])
def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, place: str) -> None:
    with pytest.raises(IngestError, match="cannot be written"):
        FileOutput(tmp_path / place)


def test_a_full_disk_is_told_and_leaves_nothing_held() -> None:
    output = FileOutput(Path("/dev/full"))
    output.send(an_event(1))
    with pytest.raises(IngestError, match="No space left"):
        output.close()
    output.abandon()
