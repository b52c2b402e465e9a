"""What came in since the last snapshot: written down before anything of it can be stored, read after a kill."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from frontrow_ingest.seen import StateWriteError

_HEAD = struct.Struct(">II")
_NAME = "journal-"


class Entry(NamedTuple):
    """An entry: sessions that came to this collector; or the body of a request in CMCD, and what was said beside it."""

    sessions: tuple[str, ...] = ()
    body: bytes = b""
    context: dict[str, Any] | None = None


class RequestJournal:
    """A directory's files ``journal-N``, whose entries were appended one after another.

    What was appended survives the end of the process, however it ends; the system writes it to the disk in its own
    time. Raises StateWriteError. ``forget_before`` is for any thread, the rest for one.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = -1
        self._part = max(self._parts(), default=0)

    def read(self, first: int) -> Iterator[Entry]:
        """The entries of the parts from the first one on; an entry that a kill has cut off ends its part."""
        for part in self._parts():
            if part >= first:
                try:
                    data = self._path(part).read_bytes()
                except OSError as error:
                    raise self._failed(error) from error
                yield from _entries(data)

    def next_part(self, sessions: Iterable[str] = ()) -> int:
        """Begin a part, with these sessions in it; returns its number."""
        self.close()
        try:
            self._file = os.open(
                self._path(self._part + 1), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise self._failed(error) from error
        self._part += 1
        if named := list(sessions):
            self.claim(named)
        return self._part

    def claim(self, sessions: list[str]) -> None:
        """Note that these sessions came here."""
        self._append(orjson.dumps({"sessions": sessions}))

    def cmcd(self, body: bytes, context: dict[str, Any]) -> None:
        """Note a request in CMCD."""
        self._append(orjson.dumps({"context": context}) + b"\n" + body)

    def forget_before(self, part: int) -> None:
        """Delete older parts; one that cannot be deleted stays, and does no harm."""
        for number in self._parts():
            if number < part:
                self._path(number).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file. A second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _append(self, payload: bytes) -> None:
        data = _HEAD.pack(len(payload), zlib.crc32(payload)) + payload
        try:
            written = os.write(self._file, data)
            if written < len(data):  # a disk that is full now; what follows would be behind a torn entry
                raise OSError(None, f"{written} of {len(data)} bytes were written")
        except OSError as error:
            self._begin_anew()
            raise self._failed(error) from error

    def _begin_anew(self) -> None:
        """Leave a torn entry at the end of its part."""
        if self._file >= 0:
            try:
                self.next_part()
            except StateWriteError:
                self.close()

    def _parts(self) -> list[int]:
        try:
            names = [path.name for path in self._directory.glob(_NAME + "*")]
        except OSError as error:
            raise self._failed(error) from error
        return sorted(int(name[len(_NAME) :]) for name in names if name[len(_NAME) :].isdigit())

    def _path(self, part: int) -> Path:
        return self._directory / f"{_NAME}{part}"

    def _failed(self, error: OSError) -> StateWriteError:
        return StateWriteError(self._directory, error.strerror or type(error).__name__)


def _entries(data: bytes) -> Iterator[Entry]:
    at = 0
    while at + _HEAD.size <= len(data):
        size, check = _HEAD.unpack_from(data, at)
        payload = data[at + _HEAD.size : at + _HEAD.size + size]
        if len(payload) < size or zlib.crc32(payload) != check:
            return
        at += _HEAD.size + size
        head, _, body = payload.partition(b"\n")
        said = orjson.loads(head)
        if "context" in said:
            yield Entry(body=body, context=said["context"])
        else:
            yield Entry(sessions=tuple(said["sessions"]))
