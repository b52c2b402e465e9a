"""The window on disk: one SQLite file in a directory of its own, which one process holds at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import sqlite3
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from frontrow_ingest.seen.errors import StateDamagedError, StateInUseError, StateWriteError

FORMAT = 1
MAX_STORED_SESSIONS = 1_000_000
_FILE = "seen.sqlite"
_LOCK = "lock"
_TABLES = """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE seen (session BLOB PRIMARY KEY, ranges BLOB NOT NULL, saved INTEGER NOT NULL) WITHOUT ROWID;
"""
_PUT = "INSERT OR REPLACE INTO seen VALUES (?, ?, ?)"
_DAMAGED = ("malformed", "not a database", "no such table", "no such column")

Fact = Mapping[str, Any]


class SeenStore:
    """Seen numbers by session, and named facts (JSON objects), written together in one transaction.

    A session is stored under a digest of its id, 16 bytes; nothing else of an event is. At most ``max_sessions`` and a
    tenth are kept: then the ones saved longest ago go. A commit is on the disk when ``write`` returns (WAL,
    ``synchronous=FULL``); after ``kill -9`` or a crash of the machine the store holds the last commit, or, where the
    write-ahead log was cut, an earlier one.

    Raises StateInUseError, StateWriteError or StateDamagedError.
    """

    def __init__(self, directory: Path, *, max_sessions: int = MAX_STORED_SESSIONS) -> None:
        self.directory = directory
        self._max_sessions = max_sessions
        self._path = directory / _FILE
        with contextlib.ExitStack() as undo:
            self._lock = _hold(directory)
            undo.callback(os.close, self._lock)
            with self._explained():
                if not self._path.exists():
                    self._make()
                self._db = _connect(self._path)
                undo.callback(self._db.close)
                self._check()
                self._saves = int(self._fact("saves", {"count": 0})["count"])
                self._sessions = self._db.execute("SELECT count(*) FROM seen").fetchone()[0]
            undo.pop_all()

    def load(self, session_id: str) -> array[int]:
        """The seen numbers of a session as ranges; empty if it is not known."""
        with self._explained():
            row = self._db.execute("SELECT ranges FROM seen WHERE session = ?", (_digest(session_id),)).fetchone()
        return array("I", row[0] if row else b"")

    def write(self, seen: Mapping[str, array[int]], facts: Mapping[str, Fact]) -> None:
        """Put sessions and facts in, all or none."""
        saves = self._saves + 1
        # In the order of the key: neighbours share pages.
        rows = sorted((_digest(session_id), ranges.tobytes(), saves) for session_id, ranges in seen.items())
        named = [(name, orjson.dumps(fact)) for name, fact in {**facts, "saves": {"count": saves}}.items()]
        with self._explained(), self._transaction():
            self._db.executemany(_PUT, rows)
            self._db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", named)
            # An upper bound: what was replaced is counted again, until the next count.
            sessions = self._sessions + len(rows)
            if sessions > self._max_sessions * 1.1:
                sessions = self._prune()
        self._saves, self._sessions = saves, sessions

    def fact(self, name: str) -> Fact | None:
        """A fact by its name, or None."""
        with self._explained():
            found: Fact | None = self._fact(name, None)
            return found

    @property
    def sessions(self) -> int:
        """How many sessions are stored."""
        with self._explained():
            return int(self._db.execute("SELECT count(*) FROM seen").fetchone()[0])

    @property
    def size(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        return sum(path.stat().st_size for path in self.directory.glob(_FILE + "*"))

    def close(self) -> None:
        """Let go of the file and the lock. A second call does nothing."""
        if self._lock >= 0:
            with contextlib.suppress(sqlite3.Error):  # closing merges the log, which can wait
                self._db.close()
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _fact(self, name: str, default: Any) -> Any:
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return orjson.loads(row[0]) if row else default

    def _make(self) -> None:
        """Beside, then into place: a file that is there was whole once, so that an empty one is a damaged one."""
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        os.close(os.open(new, os.O_CREAT | os.O_WRONLY, 0o600))
        with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as db:
            db.executescript(_TABLES)
            db.execute("INSERT INTO facts VALUES ('format', ?)", (orjson.dumps({"version": FORMAT}),))
        new.replace(self._path)

    def _check(self) -> None:
        found = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise StateDamagedError(self.directory, str(found).splitlines()[0])
        version = self._fact("format", {}).get("version")
        if version != FORMAT:
            raise StateDamagedError(self.directory, f"its format is {version}, not {FORMAT}")

    def _prune(self) -> int:
        """Delete the sessions saved longest ago, whole saves at a time. Returns how many are left."""
        by_save = self._db.execute("SELECT saved, count(*) FROM seen GROUP BY saved ORDER BY saved DESC").fetchall()
        kept = 0
        for saved, count in by_save:
            if kept and kept + count > self._max_sessions:
                self._db.execute("DELETE FROM seen WHERE saved <= ?", (saved,))
                break
            kept += count
        return kept

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has rolled it back already
                self._db.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            why = str(error)
            is_damage = isinstance(error, ValueError) or any(part in why for part in _DAMAGED)
            raise (StateDamagedError if is_damage else StateWriteError)(self.directory, why) from error


def _digest(session_id: str) -> bytes:
    return hashlib.blake2b(session_id.encode(), digest_size=16).digest()


def _connect(path: Path) -> sqlite3.Connection:
    # Not bound to a thread: a collector opens it in one and uses it in another.
    db = sqlite3.connect(path, isolation_level=None, cached_statements=16, check_same_thread=False)
    try:
        for setting in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-8192", "journal_size_limit=16777216"):
            db.execute(f"PRAGMA {setting}")
    except BaseException:
        db.close()
        raise
    return db


def _hold(directory: Path) -> int:
    """Take the directory's lock; the system frees it when this process ends, however it ends."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(directory / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StateWriteError(directory, error.strerror or type(error).__name__) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d\n" % os.getpid(), 0)
    except BlockingIOError:
        text = os.pread(lock, 20, 0).strip()
        os.close(lock)
        raise StateInUseError(directory, int(text) if text.isdigit() else None) from None
    except OSError as error:
        os.close(lock)
        raise StateWriteError(directory, error.strerror or type(error).__name__) from error
    return lock
