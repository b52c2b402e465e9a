"""Sessions and playbacks on disk, beside the store of seen events, whose directory and lock they share."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from frontrow_ingest.collector.keeper import Ends, Followed, Snapshot
from frontrow_ingest.seen import StateDamagedError, StateWriteError

FORMAT = 1
_FILE = "followed.sqlite"
_TABLES = """
    CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS followed (what INTEGER, id TEXT, value BLOB NOT NULL, UNIQUE (what, id));
"""


class FollowedStore:
    """What the snapshots add up to. One SQLite file; a snapshot is one transaction of it.

    Raises StateWriteError or StateDamagedError. For one thread at a time.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        path = directory / _FILE
        with self._explained():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                for setting in ("journal_mode=WAL", "synchronous=NORMAL", "journal_size_limit=16777216"):
                    self._db.execute(f"PRAGMA {setting}")
                self._db.executescript(_TABLES)
                found = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
                if found != "ok":
                    raise StateDamagedError(directory, str(found).splitlines()[0])
                if (version := self._fact("format", FORMAT)) != FORMAT:
                    raise StateDamagedError(directory, f"its format is {version}, not {FORMAT}")
                self._put_facts(format=FORMAT)
            except BaseException:
                self._db.close()
                raise

    def rows(self) -> Iterator[tuple[Followed, str, list[Any]]]:
        """Everything that is followed, the longest unchanged first."""
        with self._explained():
            for what, name, value in self._db.execute("SELECT what, id, value FROM followed ORDER BY rowid"):
                yield Followed(what), name, orjson.loads(value)

    @property
    def ends(self) -> Ends | None:
        """Where the topic ended at the last snapshot; None before there was one."""
        with self._explained():
            found = self._fact("ends", None)
        return None if found is None else {int(partition): end for partition, end in found.items()}

    @property
    def journal(self) -> int:
        """The first part of the journal that is not in the snapshots."""
        with self._explained():
            return int(self._fact("journal", 0))

    def begin_at(self, ends: Ends) -> None:
        """Before the first snapshot: what this collector stores comes behind these ends."""
        with self._explained():
            self._put_facts(ends=_named(ends))

    def write(self, snapshots: Sequence[Snapshot]) -> None:
        """Put snapshots in, one after another, all or none."""
        with self._explained(), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for snapshot in snapshots:
                rows = [(each.what, each.id, _written(each.values)) for each in snapshot.changes]
                self._db.executemany("DELETE FROM followed WHERE what = ? AND id = ?", (row[:2] for row in rows))
                kept = (row for row in rows if row[2] is not None)
                self._db.executemany("INSERT INTO followed VALUES (?, ?, ?)", kept)
                self._put_facts(ends=_named(snapshot.ends), journal=snapshot.journal)

    def close(self) -> None:
        """Let go of the file. A second call does nothing."""
        with contextlib.suppress(sqlite3.Error):
            self._db.close()

    def _fact(self, name: str, default: Any) -> Any:
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return orjson.loads(row[0]) if row else default

    def _put_facts(self, **facts: Any) -> None:
        named = [(name, orjson.dumps(value)) for name, value in facts.items()]
        self._db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", named)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise StateWriteError(self._directory, str(error)) from error
        except (sqlite3.Error, ValueError) as error:
            raise StateDamagedError(self._directory, str(error)) from error


def _written(values: Sequence[Any] | None) -> bytes | None:
    """None also for what only a hostile player says: totals beyond 64 bits. It is not followed across a restart."""
    try:
        return None if values is None else orjson.dumps(values, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:
        return None


def _named(ends: Ends) -> dict[str, int]:
    return {str(partition): end for partition, end in ends.items()}
