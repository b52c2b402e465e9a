"""A file that is sent in several runs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow_ingest.resume import InputChangedError, InputFile
from frontrow_ingest.resume.input_file import Place
from frontrow_ingest.seen.store import Fact

CONTENT = b"".join(b"line %d\n" % number for number in range(1_000))


def progress(path: Path, offset: int, *, piece: int = 1_000) -> Fact:
    with path.open("rb") as stream:
        file = InputFile(path, stream)
        read = file.reader(stream.read1)
        while read(piece):
            pass
        file.pass_to(offset // 2)
        file.pass_to(offset)
        return file.fact(7)


def go_on(path: Path, fact: Fact | None) -> tuple[Place, bytes]:
    with path.open("rb") as stream:
        place = InputFile(path, stream).go_to(fact)
        return place, stream.read()


@given(st.integers(0, len(CONTENT)), st.integers(1, 2_000))
@settings(deadline=None, max_examples=30)
def test_going_on_begins_behind_what_was_passed(
    tmp_path_factory: pytest.TempPathFactory, offset: int, piece: int
) -> None:
    path = tmp_path_factory.mktemp("input") / "in.jsonl"
    path.write_bytes(CONTENT)
    fact = progress(path, offset, piece=piece)
    assert fact["digest"] == hashlib.blake2b(CONTENT[:offset], digest_size=16).hexdigest()
    path.write_bytes(CONTENT + b"appended\n")
    assert go_on(path, fact) == (Place(7, offset), CONTENT[offset:] + b"appended\n")


def test_a_last_line_without_an_end_is_passed_up_to_the_end_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"one")
    assert progress(path, 4)["offset"] == 3


def test_a_first_run_begins_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(CONTENT)
    assert go_on(path, None) == (Place(1, 0), CONTENT)


@pytest.mark.parametrize(
    ("content", "said"),
    [(CONTENT[:99], "has shrunk"), (b"", "has shrunk"), (b"L" + CONTENT[1:], "has changed")],
)
def test_another_file_in_its_place_is_noticed(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(CONTENT)
    fact = progress(path, 100)
    path.write_bytes(content)
    with pytest.raises(InputChangedError, match=said) as caught:
        go_on(path, fact)
    assert "without --resume" in str(caught.value)
