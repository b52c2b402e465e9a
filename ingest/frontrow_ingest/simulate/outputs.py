"""Where simulated events go: Kafka, or JSON Lines."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

import orjson

from frontrow_ingest.errors import IngestError
from frontrow_ingest.simulate.session import Event

BUFFER_BYTES = 1 << 20


class Output(Protocol):
    """Takes events one by one. ``close`` keeps what was taken; ``abandon`` lets go without promising anything."""

    def send(self, event: Event, /) -> None: ...

    def flush(self) -> None:
        """Let out what is held back; called when there is time."""

    def close(self) -> None: ...

    def abandon(self) -> None: ...


class StreamOutput:
    """JSON Lines to an open stream, in whole lines. The stream stays open."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._held = bytearray()

    def send(self, event: Event, /) -> None:
        self._held += orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)
        if len(self._held) > BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._held:
            self._stream.write(self._held)
            self._held.clear()
        self._stream.flush()

    def close(self) -> None:
        self.flush()

    def abandon(self) -> None:
        self._held.clear()


class FileOutput:
    """JSON Lines to a file that is there, whole, after ``close``; until then an older one of that name stays.

    What is not a regular file (a pipe, a device) is written to as it is. Raises IngestError when writing fails.
    """

    def __init__(self, path: Path) -> None:
        self._path = path = path.resolve()  # the file behind a link is replaced, not the link
        self._part: Path | None = None
        try:
            if path.exists() and not path.is_file():
                self._file: BinaryIO = path.open("wb")
            else:
                handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
                self._part = Path(name)
                self._file = os.fdopen(handle, "wb")
        except OSError as error:
            raise self._failed(error) from error
        self._lines = StreamOutput(self._file)

    def send(self, event: Event, /) -> None:
        try:
            self._lines.send(event)
        except OSError as error:
            raise self._failed(error) from error

    def flush(self) -> None:
        try:
            self._lines.flush()
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        try:
            self._lines.close()
            self._file.close()
            if self._part is not None:
                self._part.chmod(0o666 & ~_umask())
                self._part.replace(self._path)
                self._part = None
        except OSError as error:
            raise self._failed(error) from error

    def abandon(self) -> None:
        """Remove the unfinished file; does nothing after ``close``."""
        self._lines.abandon()
        with suppress(OSError):
            self._file.close()
        if self._part is not None:
            self._part.unlink(missing_ok=True)

    def _failed(self, error: OSError) -> IngestError:
        return IngestError(f"{self._path} cannot be written: {error.strerror or error}; choose another --out")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
