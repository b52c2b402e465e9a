"""The store: what it keeps, and what it says when its files are not as they were."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow_ingest.seen import SeenStore, SeenWindow, StateDamagedError, StateInUseError, StateWriteError


def fill(directory: Path, *, saves: int = 5, sessions: int = 200) -> None:
    """Numbers 0 to ``saves`` - 1 of each session, a save for each, with the count of saves as a fact."""
    with SeenStore(directory) as store:
        window = SeenWindow(store)
        for number in range(saves):
            for session in range(sessions):
                window.is_new(f"session-{session}", number)
            window.save({"progress": {"number": number}})


def test_what_was_saved_is_there_again(tmp_path: Path) -> None:
    fill(tmp_path / "state")
    with SeenStore(tmp_path / "state") as store:
        assert store.fact("progress") == {"number": 4}
        assert store.fact("other") is None
        assert list(store.load("session-7")) == [0, 5]
        assert list(store.load("unknown")) == []
        assert store.sessions == 200
        assert 0 < store.size < 1_000_000


def test_it_is_the_users_alone_and_holds_no_session_id(tmp_path: Path) -> None:
    fill(tmp_path / "state")
    for path in (tmp_path / "state").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        assert b"session-" not in path.read_bytes()
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_one_process_at_a_time(tmp_path: Path) -> None:
    code = f"from pathlib import Path; from frontrow_ingest.seen import SeenStore; SeenStore(Path({str(tmp_path)!r}))"
    with SeenStore(tmp_path):
        with pytest.raises(StateInUseError, match=f"process {os.getpid()} ") as caught:
            SeenStore(tmp_path)
        assert caught.value.retryable
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert f"StateInUseError: process {os.getpid()} is using" in done.stderr
    SeenStore(tmp_path).close()


def test_a_killed_process_leaves_no_lock_and_its_last_save(tmp_path: Path) -> None:
    code = f"""
import os, signal, pathlib
from frontrow_ingest.seen import SeenStore, SeenWindow
window = SeenWindow(SeenStore(pathlib.Path({str(tmp_path)!r})))
window.is_new("saved", 0)
window.save()
window.is_new("unsaved", 0)
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    with SeenStore(tmp_path) as store:
        window = SeenWindow(store)
        assert not window.is_new("saved", 0)
        assert window.is_new("unsaved", 0)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_cut_files_give_an_earlier_save_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Never a state that was not saved: the sessions agree with the fact that was saved with them."""
    directory = tmp_path_factory.mktemp("cut") / "state"
    shutil.copytree(_a_crashed_state(tmp_path_factory), directory)
    name = data.draw(st.sampled_from(["seen.sqlite", "seen.sqlite-wal"]))
    size = (directory / name).stat().st_size
    os.truncate(directory / name, data.draw(st.integers(0, size - 1)))
    with contextlib.suppress(StateDamagedError), SeenStore(directory) as store:
        progress = store.fact("progress")
        seen = 0 if progress is None else progress["number"] + 1
        assert {tuple(store.load(f"session-{number}")) for number in range(200)} == {(0, seen) if seen else ()}


_crashed: list[Path] = []


def _a_crashed_state(factory: pytest.TempPathFactory) -> Path:
    """A state as a killed process leaves it, its log not merged; made once."""
    if not _crashed:
        live = factory.mktemp("live")
        with SeenStore(live) as store:
            window = SeenWindow(store)
            for number in range(5):
                for session in range(200):
                    window.is_new(f"session-{session}", number)
                window.save({"progress": {"number": number}})
                if number == 1:
                    store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            _crashed.append(factory.mktemp("crashed") / "state")
            shutil.copytree(live, _crashed[0])
    return _crashed[0]


@pytest.mark.parametrize("content", [b"", b"nonsense" * 1_000])
def test_a_file_that_is_no_state_is_not_taken_for_a_new_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "seen.sqlite").write_bytes(content)
    with pytest.raises(StateDamagedError, match="--resume --learn"):
        SeenStore(tmp_path)


def test_a_later_format_is_not_guessed_at(tmp_path: Path) -> None:
    with SeenStore(tmp_path) as store:
        store.write({}, {"format": {"version": 2}})
    with pytest.raises(StateDamagedError, match="format is 2"):
        SeenStore(tmp_path)


def test_a_full_disk_leaves_the_last_save(tmp_path: Path) -> None:
    """The limit on the size of files stands in for the disk's end."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with SeenStore(tmp_path) as store:
            window = SeenWindow(store)
            window.is_new("first", 0)
            window.save({"progress": {"number": 1}})
            for number in range(20_000):
                window.is_new(f"more-{number}", 0)
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
            with pytest.raises(StateWriteError) as caught:
                window.save({"progress": {"number": 2}})
            assert caught.value.retryable
            assert store.fact("progress") == {"number": 1}
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            window.save({"progress": {"number": 2}})
            assert (store.sessions, store.fact("progress")) == (20_001, {"number": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, previous)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateWriteError, match="cannot be read or written"):
        SeenStore(tmp_path / "file" / "state")


def test_a_read_only_file(tmp_path: Path) -> None:
    fill(tmp_path)
    with SeenStore(tmp_path) as store:
        store._db.execute("PRAGMA query_only = ON")  # root may write to any file; SQLite then says the same
        with pytest.raises(StateWriteError, match="readonly"):
            store.write({}, {"progress": {}})
        assert store.fact("progress") == {"number": 4}
