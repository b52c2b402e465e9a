"""A file that is sent in several runs: how far it was read, and whether it is still the same up to there."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from frontrow_ingest.resume.errors import InputChangedError
from frontrow_ingest.seen.store import Fact

_CHUNK = 1_048_576


class Place(NamedTuple):
    """The number and the offset of the next line."""

    line: int
    offset: int


class InputFile:
    """Reads a file and digests what is passed, so that a later run can tell whether its beginning is unchanged."""

    def __init__(self, path: Path, stream: BufferedReader) -> None:
        self._path = path
        self._stream = stream
        self._digest = hashlib.blake2b(digest_size=16)
        self._digested = 0
        self._ahead: deque[memoryview] = deque()  # what was read and is not digested yet

    @property
    def fact_name(self) -> str:
        """Under which name its progress is stored."""
        return f"input:{self._path.resolve()}"

    def go_to(self, fact: Fact | None) -> Place:
        """Skip what an earlier run has sent. Raises InputChangedError if that is not what the file begins with."""
        if fact is None:
            return Place(1, 0)
        offset = int(fact["offset"])
        while self._digested < offset:
            chunk = self._stream.read(min(_CHUNK, offset - self._digested))
            if not chunk:
                raise InputChangedError(self._path, offset, "has shrunk")
            self._digest.update(chunk)
            self._digested += len(chunk)
        if self._digest.hexdigest() != fact["digest"]:
            raise InputChangedError(self._path, offset, "has changed")
        return Place(int(fact["line"]), offset)

    def reader(self, read: Callable[[int], bytes]) -> Callable[[int], bytes]:
        """A read that takes note of what it gives."""

        def noted(size: int) -> bytes:
            chunk = read(size)
            if chunk:
                self._ahead.append(memoryview(chunk))
            return chunk

        return noted

    def pass_to(self, offset: int) -> None:
        """Everything before this offset is done with; at most to where the file was read."""
        while self._ahead and self._digested < offset:
            chunk = self._ahead.popleft()
            part = chunk[: offset - self._digested]
            self._digest.update(part)
            self._digested += len(part)
            if len(part) < len(chunk):
                self._ahead.appendleft(chunk[len(part) :])

    def fact(self, line: int) -> Fact:
        """The progress to store: ``line`` is the next one after what was passed."""
        return {"line": line, "offset": self._digested, "digest": self._digest.hexdigest()}
