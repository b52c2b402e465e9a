"""Lines of a stream, of any length, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

DEFAULT_MAX_LINE_BYTES = 262_144
CHUNK_BYTES = 65_536
HEAD_BYTES = 1_024
_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """A line without its end. ``number`` counts from 1, ``offset`` is its first byte's position, ``size`` its length
    in bytes. A line longer than the limit is not ``whole``: ``data`` then holds its first bytes only."""

    number: int
    offset: int
    data: bytes
    size: int
    whole: bool


def read_lines(
    read: Callable[[int], bytes], *, max_bytes: int = DEFAULT_MAX_LINE_BYTES, number: int = 1, offset: int = 0
) -> Iterator[Line]:
    """Split what ``read(n)`` gives (at most n bytes, b"" at the end) into lines ending in LF or CRLF.

    A byte order mark at the start is dropped. A last line without an end counts. A line is yielded as soon as its end
    was read; memory is bounded by ``max_bytes`` and a chunk. What ``read`` raises passes, without a partial line.
    ``number`` and ``offset`` are those of the first line, where reading does not begin at the start.
    """
    size = 0
    held: list[bytes] = []
    while chunk := read(CHUNK_BYTES):
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            yield _line(number, offset, _hold(held, size, part, max_bytes), size + len(part), max_bytes)
            number += 1
            offset += size + len(part) + 1
            size = 0
            held = []
        if rest:
            held = _hold(held, size, rest, max_bytes)
            size += len(rest)
    if size:
        yield _line(number, offset, held, size, max_bytes)


def _hold(held: list[bytes], size: int, part: bytes, max_bytes: int) -> list[bytes]:
    """Add a part to a line of ``size`` bytes; of a line over the limit only the head is kept."""
    if size + len(part) <= max_bytes:
        held.append(part)
        return held
    return held if size > max_bytes else [b"".join((*held, part))[:HEAD_BYTES]]


def _line(number: int, offset: int, held: list[bytes], size: int, max_bytes: int) -> Line:
    data = held[0] if len(held) == 1 else b"".join(held)
    if number == 1 and data.startswith(_BOM):
        data = data[len(_BOM) :]
    return Line(number, offset, data.removesuffix(b"\r"), size, size <= max_bytes)
