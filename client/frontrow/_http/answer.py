"""Whether an answer is whole: bytes unpacked within a limit, and the end that each form of answer must have.

No input or output here: pieces go in as they come from the connection.
"""

from __future__ import annotations

import gc
import zlib
from typing import Any

import orjson

from frontrow._http.call import Form

_NOT_STRUCTURE = bytes(byte for byte in range(256) if byte not in b'"[]{}')
_LARGE = 1 << 20  # bytes
_GZIP = 31  # zlib's number for "gzip only", with the largest window


class NotWholeError(Exception):
    """The answer is cut off or damaged; the message says how."""


class OverLimitError(Exception):
    """The answer has more bytes than may be."""


class Unpacker:
    """Takes an answer's pieces, gives its bytes, never more than ``most`` of them in all.

    Args:
        encoding: of the answer by its header: ``gzip``, ``identity`` or nothing

    Raises:
        NotWholeError: another encoding, which nobody asked for
    """

    def __init__(self, encoding: str | None, most: int) -> None:
        packed = (encoding or "identity").strip().lower()
        if packed not in ("identity", "gzip", "x-gzip"):
            raise NotWholeError(f"it is packed as {packed[:40]}, which was not asked for")
        self._left = most
        self._gzip = None if packed == "identity" else zlib.decompressobj(_GZIP)
        self._began = False

    def feed(self, piece: bytes) -> bytes:
        """
        Raises:
            NotWholeError: it is no gzip, or goes on after its end
            OverLimitError: more than ``most`` bytes; what would be over it was not unpacked
        """
        self._began = True
        if self._gzip is not None:
            try:
                # One byte more than may be, to tell "just so many" from "too many".
                piece = self._gzip.decompress(piece, self._left + 1)
            except zlib.error as error:
                raise NotWholeError(f"it is no whole gzip: {error}") from None
            if self._gzip.unused_data:
                raise NotWholeError("bytes follow the end of its gzip")
        self._left -= len(piece)
        if self._left < 0:
            raise OverLimitError
        return piece

    def finish(self) -> None:
        """
        Raises:
            NotWholeError: the gzip is cut off
        """
        if self._gzip is not None and self._began and not self._gzip.eof:
            raise NotWholeError("its gzip is cut off")


class Ending:
    """Looks at an answer's bytes as they pass, and tells at the end whether the answer is whole in its form.

    HTTP's own framing does not tell: a query that fails while it answers ends with a last chunk like any other, after
    some row. Whole JSON closes every bracket. Druid ends whole lines and CSV with an empty line; in CSV an empty line
    may also be inside of quotes.
    """

    def __init__(self, form: Form) -> None:
        self._form = form
        self._first = self._last = b""
        self._depth = self._quotes = 0
        self._escaped = b""

    def feed(self, piece: bytes) -> None:
        if not piece:
            return
        self._first = self._first or piece.lstrip()[:1]
        self._last = (self._last + piece[-2:])[-2:]
        if self._form == "json":
            self._count(piece)
        elif self._form == "csv":
            self._quotes += piece.count(b'"')

    def _count(self, piece: bytes) -> None:
        """Brackets outside of texts."""
        piece = self._escaped + piece
        # A backslash takes the next byte with it, and that may be in the next piece.
        slashes = len(piece) - len(piece.rstrip(b"\\"))
        self._escaped = b"\\" if slashes % 2 else b""
        piece = piece[: len(piece) - slashes].replace(b"\\\\", b"").replace(b'\\"', b"")
        # What is left is a few bytes, not an object for each text: a pair of quotes with no bracket between them says
        # nothing of what comes after.
        piece = piece.translate(None, _NOT_STRUCTURE).replace(b'""', b"")
        parts = piece.split(b'"')
        outside = b"".join(parts[self._quotes % 2 :: 2])
        self._quotes += len(parts) - 1
        self._depth += outside.count(b"[") + outside.count(b"{") - outside.count(b"]") - outside.count(b"}")

    def finish(self) -> None:
        """
        Raises:
            NotWholeError: it is not
        """
        match self._form:
            case "json" if not self._first:
                raise NotWholeError("it is empty")
            case "json" if self._first not in (b"[", b"{"):
                raise NotWholeError("it is not JSON")
            case "json" if self._depth or self._quotes % 2:
                raise NotWholeError("it ends before the JSON does")
            case "lines" | "csv" if self._last not in (b"\n", b"\n\n") or self._quotes % 2:
                raise NotWholeError("it ends without the empty line that Druid puts after the last row")
            case _:
                pass


def query_answer(data: bytes) -> Any:
    """The JSON that a query answered.

    Raises:
        NotWholeError, JSONDecodeError: it is none
    """
    value = json_value(data)
    if not isinstance(value, list | dict):
        raise NotWholeError(f"{str(value)[:40]!r} is not what a query answers" if data else "it is empty")
    return value


def json_value(data: bytes) -> Any:
    """The value of JSON; None for no bytes at all."""
    if not data:
        return None
    # Every row is a new object, and the garbage collector would look at all of them again and again, in vain: twice the
    # time for a large answer.
    paused = len(data) > _LARGE and gc.isenabled()
    if paused:
        gc.disable()
    try:
        return orjson.loads(data)
    finally:
        if paused:
            gc.enable()
