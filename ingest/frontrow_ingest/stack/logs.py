"""The end of a service's log."""

from __future__ import annotations

from collections import deque
from pathlib import Path


def log_files(directory: Path, service: str) -> list[Path]:
    """What a service wrote: what its JVM printed before or beside its log, then the log."""
    return [directory / "logs" / f"{service}{suffix}" for suffix in (".out", ".log")]


def tail(directory: Path, service: str, lines: int = 30) -> str:
    """The last lines of a service's log, under a heading that names the file."""
    parts = []
    for path in log_files(directory, service):
        last = last_lines(path, lines)
        if last:
            parts.append(f"--- the end of {path}\n" + "\n".join(last))
    return "\n".join(parts) or f"{service} has written no log in {directory / 'logs'}"


def last_lines(path: Path, lines: int) -> list[str]:
    """The last lines of a file; none if it is not there. Reads no more than its last 256 KiB."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - (1 << 18)))
            return list(deque(file.read().decode("utf-8", "replace").splitlines(), maxlen=lines))
    except FileNotFoundError:
        return []
