"""The file of refused lines."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from frontrow_ingest.contract import Refusal
from frontrow_ingest.producer.lines import Line
from frontrow_ingest.producer.refused import RefusedFile, RefusedFileError, beside

REASONS = [Refusal("ts", "out_of_range", "must be at least 1"), Refusal("", "not_json", "is not JSON")]


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_refused_line_with_its_reasons(tmp_path: Path) -> None:
    file = RefusedFile(tmp_path / "r.jsonl", numbered=True)
    file.write(Line(7, 120, '{"é": 1}'.encode(), 9, True), REASONS)
    file.close()
    assert file.written == 1
    assert written(file.path) == [
        {
            "line": 7,
            "offset": 120,
            "size": 9,
            "reasons": [
                {"field": "ts", "reason": "out_of_range", "message": "must be at least 1"},
                {"field": "", "reason": "not_json", "message": "is not JSON"},
            ],
            "text": '{"é": 1}',
        }
    ]


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    for numbered in (True, False):
        file = RefusedFile(tmp_path / f"{numbered}.jsonl", numbered=numbered)
        file.write(Line(1, 0, b"x", 1, True), REASONS)
        file.close()
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_bytes_that_are_no_text_are_kept(tmp_path: Path) -> None:
    file = RefusedFile(tmp_path / "r.jsonl", numbered=True)
    file.write(Line(1, 0, b"\xff\x00\n", 3, True), REASONS)
    file.write(Line(2, 4, b"xx", 9_000, False), REASONS)
    file.close()
    first, second = written(file.path)
    assert base64.b64decode(first["base64"]) == b"\xff\x00\n"
    assert "text" not in first
    assert (second["whole"], second["size"], second["text"]) == (False, 9_000, "xx")


def test_there_is_no_file_without_a_refused_line(tmp_path: Path) -> None:
    file = RefusedFile(tmp_path / "r.jsonl", numbered=True)
    file.close()
    assert list(tmp_path.iterdir()) == []


def test_a_numbered_file_overwrites_nothing(tmp_path: Path) -> None:
    for expected in ("in.jsonl.refused.jsonl", "in.jsonl.refused.1.jsonl", "in.jsonl.refused.2.jsonl"):
        file = RefusedFile(beside(tmp_path / "in.jsonl"), numbered=True)
        file.write(Line(1, 0, expected.encode(), 1, True), REASONS)
        file.close()
        assert file.path.name == expected
    assert [written(path)[0]["text"] for path in sorted(tmp_path.iterdir())] == [
        "in.jsonl.refused.1.jsonl",
        "in.jsonl.refused.2.jsonl",
        "in.jsonl.refused.jsonl",
    ]


def test_a_file_that_was_asked_for_is_appended_to(tmp_path: Path) -> None:
    for number in (1, 2):
        file = RefusedFile(tmp_path / "r.jsonl", numbered=False)
        file.write(Line(number, 0, b"x", 1, True), REASONS)
        file.close()
    assert [record["line"] for record in written(tmp_path / "r.jsonl")] == [1, 2]


def test_each_line_is_there_at_once(tmp_path: Path) -> None:
    file = RefusedFile(tmp_path / "r.jsonl", numbered=True)
    file.write(Line(1, 0, b"x", 1, True), REASONS)
    assert len(written(file.path)) == 1
    file.close()


def test_a_place_that_cannot_be_written_is_found_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(RefusedFileError, match="--refused"):
        RefusedFile(tmp_path / "missing" / "r.jsonl", numbered=True)


def test_a_failing_write_is_explained(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").mkdir()
    with pytest.raises(RefusedFileError, match=r"r\.jsonl") as caught:
        RefusedFile(tmp_path / "r.jsonl", numbered=False).write(Line(1, 0, b"x", 1, True), REASONS)
    assert caught.value.path == tmp_path / "r.jsonl"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110
def test_a_full_disk_is_explained() -> None:
    file = RefusedFile(Path("/dev/full"), numbered=False)
    with pytest.raises(RefusedFileError, match="No space"):
        file.write(Line(1, 0, b"x", 1, True), REASONS)
    file.close()


def test_names(tmp_path: Path) -> None:
    assert beside(tmp_path / "a.b.jsonl") == tmp_path / "a.b.jsonl.refused.jsonl"
    assert beside(None) == Path("stdin.refused.jsonl")
