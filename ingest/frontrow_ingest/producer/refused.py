"""The file beside the input that keeps the lines which were refused, and why."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from io import FileIO
from pathlib import Path

import orjson

from frontrow_ingest.contract import Refusal
from frontrow_ingest.errors import IngestError
from frontrow_ingest.producer.lines import Line


class RefusedFileError(IngestError):
    """The file for refused lines cannot be written. ``path`` is the file."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        super().__init__(f"refused lines cannot be written to {path} ({why}): give another place with --refused")


class RefusedFile:
    """JSON Lines: one object per refused line, with ``line``, ``offset``, ``size``, ``reasons`` and the original.

    The original is ``text``, or ``base64`` where it is not UTF-8; of a line over the size limit it is the first bytes
    (``"whole": false``). It is there so that nothing is lost, and may hold what the input holds: the file is made
    readable for its owner only. It is made with the first refused line, not before.

    A ``path`` that was asked for is appended to if it exists; otherwise (``numbered``) the next free name is taken.
    """

    def __init__(self, path: Path, *, numbered: bool) -> None:
        self.path = path
        self.written = 0
        self._numbered = numbered
        self._file: FileIO | None = None
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise RefusedFileError(path, "its directory cannot be written to")

    def write(self, line: Line, reasons: Sequence[Refusal]) -> None:
        """Append a refused line. Raises RefusedFileError when it cannot be written."""
        record: dict[str, object] = {
            "line": line.number,
            "offset": line.offset,
            "size": line.size,
            "reasons": [reason._asdict() for reason in reasons],
        }
        if not line.whole:
            record["whole"] = False
        try:
            record["text"] = line.data.decode("utf-8")
        except UnicodeDecodeError:
            record["base64"] = base64.b64encode(line.data).decode("ascii")
        try:
            self._append(record)
        except OSError as error:
            raise RefusedFileError(self.path, error.strerror or type(error).__name__) from error

    def _append(self, record: Mapping[str, object]) -> None:
        if self._file is None:
            self._file = self._open()
        left = memoryview(orjson.dumps(record) + b"\n")
        while left:
            left = left[self._file.write(left) :]
        self.written += 1

    def take_over(self, part: Path, lines_before: int) -> None:
        """Append what another wrote into ``part``, whose lines were counted from 1 behind so many, and delete that."""
        if not part.exists():
            return
        try:
            with part.open("rb") as records:
                for line in records:
                    record = orjson.loads(line)
                    record["line"] += lines_before
                    self._append(record)
            part.unlink()
        except OSError as error:
            raise RefusedFileError(self.path, error.strerror or type(error).__name__) from error

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()

    def _open(self) -> FileIO:
        if not self._numbered:
            return os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)
        wanted, number = self.path, 0
        while True:
            try:
                return os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)
            except FileExistsError:
                number += 1
                self.path = wanted.with_suffix(f".{number}{wanted.suffix}")


def beside(source: Path | None) -> Path:
    """Where the refused lines of a file go: beside it; those of standard input (None) into the working directory."""
    return Path("stdin.refused.jsonl") if source is None else source.with_name(source.name + ".refused.jsonl")
