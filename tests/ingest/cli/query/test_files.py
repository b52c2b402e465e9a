"""Files beside an answer: whole or not there, and refused before the question is sent where they cannot be written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from support.loopback import Loopback, json_reply, loopback
from support.query_command import INTERVAL, druid, run


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback(druid) as found:
        yield found


def test_parquet_instead_of_a_table(server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plays.parquet"
    assert run("timeseries", "plays", "viewer_hours", "--url", server.url, "--parquet", str(path), *INTERVAL) == 0
    table = pq.read_table(path)
    assert {field.name: str(field.type) for field in table.schema} == {
        "time": "timestamp[us, tz=UTC]",
        "plays": "int64",
        "viewer_hours": "double",
    }
    assert table.to_pylist()[1] == {
        "time": datetime(2026, 11, 23, 20, 1, tzinfo=UTC),
        "plays": 1234,
        "viewer_hours": 0.0,
    }
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"wrote {path}: 2 rows\n")
    assert "newest event 2026-11-23 20:01:59 UTC" in err


def test_parquet_beside_csv(server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cdn.parquet"
    assert run("top", "cdn", "plays", "--url", server.url, "--csv", "--parquet", str(path), *INTERVAL) == 0
    assert pq.read_table(path).to_pydict() == {"cdn": ["[red]north[/]", None], "plays": [7, 5]}
    assert capsys.readouterr().out == "cdn,plays\n[red]north[/],7\n,5\n"


def test_without_a_row_the_columns_are_there(tmp_path: Path) -> None:
    path = tmp_path / "none.parquet"
    with loopback(lambda _: json_reply([])) as server:
        assert run("top", "cdn", "plays", "--url", server.url, "--parquet", str(path), *INTERVAL) == 0
    assert pq.read_table(path).to_pydict() == {"cdn": [], "plays": []}


def test_a_file_that_was_there_is_replaced_or_stays(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plays.parquet"
    asked = ["top", "cdn", "plays", "--url", server.url, "--parquet", str(path), *INTERVAL]
    path.write_bytes(b"older")

    def full(_table: object, where: Path, **_options: object) -> None:
        where.write_bytes(b"PAR1 half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(pq, "write_table", full)
        assert run(*asked) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert path.read_bytes() == b"older"
    assert run(*asked) == 0
    assert pq.read_table(path).num_rows == 2
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("option", ["--parquet", "--chart"])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing/x.png", "there is no such directory"),
        ("file/x.png", "there is no such directory"),
        ("directory.png", "is a directory"),
    ],
    ids=["no directory", "a file for a directory", "a directory"],
)
def test_what_cannot_be_written_is_not_asked_for(
    option: str, path: str, said: str, server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "directory.png").mkdir()
    assert run("timeseries", "plays", "--url", server.url, option, str(tmp_path / path), *INTERVAL) != 0
    assert said in capsys.readouterr().err
    assert server.requests == []


def test_standard_output_is_no_file(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("timeseries", "plays", "--url", server.url, "--parquet", "-", *INTERVAL) == 1
    assert "give it a name" in capsys.readouterr().err
    assert not Path("-").exists()


def test_without_pyarrow(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    path = str(tmp_path / "plays.parquet")
    assert run("timeseries", "plays", "--url", server.url, "--parquet", path, *INTERVAL) == 1
    assert "pip install 'frontrow[arrow]'" in capsys.readouterr().err
    assert server.requests == []
