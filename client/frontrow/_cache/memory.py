"""Entries in memory, the longest unused ones leave first."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from cachetools import LRUCache

from frontrow._cache.entry import Entry

_BESIDE = 400  # bytes that an entry takes beside its value, about


class MemoryStore:
    """
    Args:
        size: bytes at most, about
    """

    def __init__(self, size: int) -> None:
        self._lock = threading.Lock()
        self._entries: LRUCache[str, Entry] = LRUCache(size, getsizeof=lambda entry: len(entry.value) + _BESIDE)

    def get(self, keys: Iterable[str]) -> dict[str, Entry]:
        with self._lock:
            return {key: entry for key in keys if (entry := self._entries.get(key)) is not None}

    def put(self, entries: Mapping[str, Entry]) -> None:
        with self._lock:
            for key, entry in entries.items():
                if self._entries.getsizeof(entry) <= self._entries.maxsize:
                    self._entries[key] = entry
                else:
                    self._entries.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def close(self) -> None:
        """Nothing is held beside memory."""
