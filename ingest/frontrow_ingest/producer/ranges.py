"""Parts of a file that begin and end with whole lines."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

_STEP = 65_536


@dataclass(frozen=True)
class FileRange:
    """The bytes of a file from ``start`` up to, and without, ``stop``."""

    path: Path
    start: int
    stop: int


def split_file(path: Path, parts: int) -> list[FileRange]:
    """Cut a file into at most so many parts of about the same size, each of whole lines.

    OSError if it cannot be read.
    """
    size = path.stat().st_size
    cuts = {0, size}
    with path.open("rb") as file:
        for number in range(1, parts):
            cuts.add(min(_line_start(file, size * number // parts), size))
    places = sorted(cuts)
    return [FileRange(path, start, stop) for start, stop in itertools.pairwise(places)]


def reader_of(file: BufferedReader, part: FileRange) -> Callable[[int], bytes]:
    """A read of the bytes of a part."""
    file.seek(part.start)
    left = part.stop - part.start

    def read(size: int) -> bytes:
        nonlocal left
        chunk = file.read1(min(size, left)) if left else b""
        left -= len(chunk)
        return chunk

    return read


def count_lines(part: FileRange) -> int:
    """How many lines begin in a part."""
    lines, last = 0, b"\n"
    with part.path.open("rb") as file:
        read = reader_of(file, part)
        while chunk := read(_STEP):
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return lines + (last != b"\n")


def _line_start(file: BufferedReader, at: int) -> int:
    """Where the first line begins that begins at a position or behind it."""
    if at == 0:
        return 0
    file.seek(at - 1)
    while (piece := file.readline(_STEP)) and not piece.endswith(b"\n"):
        pass
    return file.tell()
