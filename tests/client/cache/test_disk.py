"""Entries on disk: shared by processes, and whatever is wrong with the files, never a wrong answer nor an error."""

from __future__ import annotations

import logging
import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from frontrow import Cache
from frontrow._cache.disk import VERSION, DiskStore
from frontrow._cache.entry import NO_MARKS, Entry, Marks, entry_of
from frontrow._cache.memory import MemoryStore
from support.cached_world import MINUTE_MS, NOON, World, counting

ENTRY = Entry(b'{"a":[1,null,"\xc3\xa4"]}', 1_000, 900, 3_600_000, True, Marks("minute:5", 7, "minute:ab"))
OLD = counting(NOON - 40 * MINUTE_MS, NOON - 20 * MINUTE_MS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DiskStore]:
    store = DiskStore(tmp_path, 1 << 20)
    yield store
    store.close()


def database(directory: Path) -> Path:
    return directory / VERSION / "cache.db"


def change(directory: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(database(directory))) as connection, connection:
        connection.execute(statement, values)


class TestEntry:
    @pytest.mark.parametrize("entry", [ENTRY, Entry(b"null", 0, None, 5_000, False, NO_MARKS)])
    def test_comes_back_as_it_was(self, entry: Entry) -> None:
        assert entry_of("key", entry.to_bytes("key")) == entry

    def test_is_nothing_if_a_bit_is_another(self) -> None:
        data = ENTRY.to_bytes("key")
        for index in range(len(data)):
            damaged = data[:index] + bytes([data[index] ^ 4]) + data[index + 1 :]
            assert entry_of("key", damaged) is None
        assert all(entry_of("key", data[:length]) is None for length in range(len(data)))

    @pytest.mark.parametrize("data", [None, b"", "text", 5, b"{}\n{}", pickle.dumps(ENTRY)])
    def test_is_nothing_if_it_is_something_else(self, data: Any) -> None:
        assert entry_of("key", data) is None

    def test_is_nothing_under_another_key(self) -> None:
        assert entry_of("other", ENTRY.to_bytes("key")) is None


class TestStore:
    def test_keeps(self, store: DiskStore) -> None:
        store.put({"a": ENTRY, "b": ENTRY})
        assert store.get(["a", "c"]) == {"a": ENTRY}
        store.clear()
        assert store.get(["a"]) == {}

    def test_is_for_its_owner_only(self, store: DiskStore) -> None:
        assert store.path.stat().st_mode & 0o077 == 0

    def test_has_a_bound(self, store: DiskStore) -> None:
        large = Entry(b"1" * 20_000, 0, None, 3_600_000, False, NO_MARKS)
        for number in range(300):
            store.put({str(number): large})
        assert sum(file.stat().st_size for file in store.path.rglob("*.db")) < 3 << 20
        assert store.get([str(299)])
        assert not store.get(["0"])

    @pytest.mark.parametrize(
        "harm",
        [
            lambda path: change(path, "UPDATE Cache SET value = x'00ff'"),
            lambda path: change(path, "UPDATE Cache SET value = 'text'"),
            lambda path: change(path, "UPDATE Cache SET value = replace(value, '1', '2')"),
            lambda path: change(path, "UPDATE Cache SET mode = 4, value = ?", pickle.dumps(Trap())),
            lambda path: change(path, "UPDATE Cache SET mode = 2, filename = '../../secret', value = NULL"),
            lambda path: change(path, "DROP TABLE Cache"),
            lambda path: database(path).write_bytes(b"not a database" * 1000),
        ],
        ids=["bytes", "text", "a digit", "a pickle", "a file elsewhere", "no table", "no database"],
    )
    def test_what_is_damaged_is_missing_and_said_once(
        self, tmp_path: Path, store: DiskStore, caplog: pytest.LogCaptureFixture, harm: Callable[[Path], None]
    ) -> None:
        secret = tmp_path.parent / "secret"
        secret.write_text("stays")
        store.put({"a": ENTRY})
        store.close()
        harm(tmp_path)
        with caplog.at_level(logging.WARNING, "frontrow.cache"):
            for _ in range(3):
                assert store.get(["a"]) == {}
                store.put({"b": ENTRY})
        assert len(caplog.records) <= 1
        assert not Trap.sprung
        assert secret.read_text() == "stays"

    def test_another_process_that_writes_for_long_stops_nobody(self, tmp_path: Path, store: DiskStore) -> None:
        store.put({"a": ENTRY})
        with closing(sqlite3.connect(database(tmp_path), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            store.put({"b": ENTRY})
            assert store.get(["a", "b"]) == {"a": ENTRY}
            other.execute("ROLLBACK")


class Trap:
    """Springs if it is unpickled."""

    sprung = False

    def __reduce__(self) -> Any:
        return _spring, ()


def _spring() -> None:
    Trap.sprung = True


class TestCache:
    def test_a_later_process_finds_it(self, tmp_path: Path) -> None:
        world = World(cache=Cache(tmp_path))
        world.ingest(NOON - 21 * MINUTE_MS)
        world.ingest(world.now)
        world.now += 31_000
        world.ask(OLD)
        world.cache.close()
        code = (
            "import sys; from frontrow import Cache; from support.cached_world import *\n"
            f"world = World(cache=Cache({str(tmp_path)!r})); world.now = {world.now}\n"
            f"answer = world.ask({OLD!r})\n"
            "print(len(answer), len(world.druid.asked()))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=True,
            cwd=Path(__file__).parents[2], env={"PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
        # Its own Druid holds nothing: what it answers comes from the directory.
        assert done.stdout.split() == ["1", "0"]

    @pytest.mark.parametrize("directory", ["a file", "no database", "another version"])
    def test_a_directory_that_cannot_be_used(
        self, tmp_path: Path, directory: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        place = tmp_path / "place"
        if directory == "a file":
            place.write_text("mine")
        elif directory == "no database":
            database(place).parent.mkdir(parents=True)
            database(place).write_bytes(b"not a database" * 1000)
        else:
            (place / "v0").mkdir(parents=True)
            (place / "v0" / "cache.db").write_text("older")
        with caplog.at_level(logging.WARNING, "frontrow.cache"):
            world = World(cache=Cache(place))
            world.ingest(NOON - 30 * MINUTE_MS)
            world.ingest(world.now)
            for _ in range(2):
                run = world.run()
                assert run(OLD) == world.plain(OLD)
            assert run.use().from_cache > 0
        world.cache.close()
        assert len(caplog.records) == (directory != "another version")
        in_memory = isinstance(world.cache._shared.store, MemoryStore)
        assert in_memory == (directory != "another version")
        if directory == "a file":
            assert place.read_text() == "mine"
