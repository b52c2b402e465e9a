"""Where entries are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from frontrow._cache.entry import Entry
from frontrow._errors import MissingExtraError


class Store(Protocol):
    """Keeps entries by key as long as there is room. Safe for threads; never fails."""

    def get(self, keys: Iterable[str]) -> dict[str, Entry]:
        """Those that are there."""
        ...

    def put(self, entries: Mapping[str, Entry]) -> None:
        """Keep them; of what is larger than there is room, nothing."""
        ...

    def clear(self) -> None:
        """Keep nothing."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


def open_store(directory: Path | None, size: int) -> Store:
    """In memory, or in a directory; in memory, too, where that cannot be used, which is said once.

    Raises:
        MissingExtraError: what it needs is not installed
    """
    try:
        from frontrow._cache.memory import MemoryStore

        if directory is None:
            return MemoryStore(size)
        from frontrow._cache.disk import opened
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"this needs {error.name}: pip install 'frontrow[cache]'") from error
    return opened(directory, size) or MemoryStore(size)
