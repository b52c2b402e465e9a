"""Entries on disk, in a database that several processes share.

What is wrong with it is never an error of a question: then entries are missing, and it is said once.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import diskcache  # type: ignore[import-untyped]

from frontrow._cache.entry import Entry, entry_of

VERSION = "v1"
"""Of the format; each has a directory of its own."""

_WAIT_S = 1  # for another process that writes
_log = logging.getLogger("frontrow.cache")


class _PlainBytes(diskcache.Disk):  # type: ignore[misc]
    """Keys are text and values bytes, both in the database. diskcache's own way would unpickle what it finds, and read
    and remove files by names that it finds; this one does neither.
    """

    def put(self, key: Any) -> Any:
        return key, True

    def get(self, key: Any, raw: bool) -> Any:  # noqa: ARG002
        return key

    def store(self, value: bytes, read: bool, key: Any = None) -> Any:  # noqa: ARG002
        return 0, diskcache.core.MODE_RAW, None, sqlite3.Binary(value)

    def fetch(self, mode: int, filename: Any, value: Any, read: bool) -> Any:  # noqa: ARG002
        return value if mode == diskcache.core.MODE_RAW else None

    def remove(self, file_path: Any) -> None:
        """There are no files of ours."""


def opened(directory: Path, size: int) -> DiskStore | None:
    """None if the directory cannot be used, or holds something else; that is said."""
    try:
        return DiskStore(directory, size)
    except Exception as error:  # whatever is found there
        _log.warning("no cache can be kept in %s: %s. It is kept in memory.", directory, error)
        return None


class DiskStore:
    """
    Args:
        size: bytes at most, about; what was stored longest ago leaves first

    Raises:
        OSError, sqlite3.Error: the directory cannot be used, or holds something else
    """

    def __init__(self, directory: Path, size: int) -> None:
        self.path = directory / VERSION
        # Answers are for who asked.
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._said = False
        self._cache = diskcache.Cache(
            str(self.path),
            timeout=_WAIT_S,
            disk=_PlainBytes,
            size_limit=size,
            eviction_policy="least-recently-stored",
            statistics=0,
            tag_index=0,
        )

    def get(self, keys: Iterable[str]) -> dict[str, Entry]:
        found = {}
        try:
            for key in keys:
                data = self._cache.get(key)
                if data is None:
                    continue
                entry = entry_of(key, data)
                if entry is None:
                    self._say("an entry is damaged, or of something else")
                else:
                    found[key] = entry
        except Exception as error:  # whatever a damaged database makes of it
            self._say(error)
        return found

    def put(self, entries: Mapping[str, Entry]) -> None:
        try:
            with self._cache.transact():
                for key, entry in entries.items():
                    self._cache.set(key, entry.to_bytes(key), expire=entry.good_for / 1000)
        except diskcache.Timeout:
            pass  # Another process writes; it will most likely write the same.
        except Exception as error:  # a full disk, a damaged database
            self._say(error)

    def clear(self) -> None:
        try:
            self._cache.clear()
        except Exception as error:
            self._say(error)

    def close(self) -> None:
        self._cache.close()

    def _say(self, what: object) -> None:
        if not self._said:
            self._said = True
            _log.warning("the cache in %s cannot be used as it is: %s. Druid is asked instead.", self.path, what)
