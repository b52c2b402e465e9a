"""``frontrow lookups``, and ``frontrow query`` by what it has loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from frontrow_ingest.cli.main import main
from frontrow_ingest.testing import MemoryDruid
from support.memory_server import memory_server
from support.viewing_events import an_event

Run = Callable[..., int]
TITLES = """content_id,name,series,genre,length_ms,launch_date
harbour,The Harbour,Coast,drama,3600000,2026-01-02
final,Cup final,,sport,,
"""
INTERVAL = ["--interval", "2026-09-21T14:00/2026-09-21T15:00"]


@pytest.fixture
def titles(tmp_path: Path) -> str:
    (tmp_path / "titles.csv").write_text(TITLES)
    return str(tmp_path / "titles.csv")


@pytest.fixture
def run() -> Iterator[Run]:
    druid = MemoryDruid()
    druid.apply("audience")
    druid.send("events", [an_event(content_id=title) for title in ("final", "final", "harbour", "lost")])
    with memory_server(druid) as server:

        def run(*arguments: str) -> int:
            with pytest.raises(SystemExit) as ended:
                main([*arguments, "--url", server.url])
            return int(ended.value.code or 0)

        yield run


def test_load_list_show_delete(run: Run, titles: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("lookups", "list") == 0
    assert "not loaded" in capsys.readouterr().out
    assert run("lookups", "load", titles) == 0
    assert capsys.readouterr().out.startswith("title: 2 entries, version 20")
    assert run("lookups", "list", "--json") == 0
    (state,) = json.loads(capsys.readouterr().out)
    assert (state["name"], state["entries"], state["loaded"], state["pending"]) == ("title", 2, 1, [])
    assert run("lookups", "list") == 0
    assert state["version"] in capsys.readouterr().out  # whole, in a pipe
    assert run("lookups", "delete", "title", "--yes") == 0
    assert capsys.readouterr().out == "title: deleted\n"
    assert run("lookups", "delete", "title", "--yes") == 0
    assert capsys.readouterr().out == "title: was not there\n"


@pytest.mark.parametrize("form", ["--csv", "--json"])
def test_what_is_shown_can_be_loaded_again(
    run: Run, titles: str, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("lookups", "load", titles) == 0
    capsys.readouterr()
    assert run("lookups", "show", form) == 0
    shown = capsys.readouterr().out
    again = tmp_path / f"again{'.csv' if form == '--csv' else '.jsonl'}"
    again.write_text(shown)
    assert run("lookups", "load", str(again)) == 0
    capsys.readouterr()
    assert run("lookups", "show", form) == 0
    assert capsys.readouterr().out == shown


def test_show_some(run: Run, titles: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("lookups", "load", titles) == 0
    capsys.readouterr()
    assert run("lookups", "show", "final", "absent") == 1
    out, err = capsys.readouterr()
    assert "Cup final" in out
    assert "Harbour" not in out
    assert err == "title has no entry 'absent'\n"


def test_a_file_with_a_fault_changes_nothing(
    run: Run, titles: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("lookups", "load", titles) == 0
    (tmp_path / "bad.csv").write_text("content_id,name\nnew,New\nnew,Newer\n")
    capsys.readouterr()
    assert run("lookups", "load", str(tmp_path / "bad.csv")) == 1
    assert "line 3: 'new' is there already, in line 2." in capsys.readouterr().err
    assert run("lookups", "show", "final") == 0


def test_an_unknown_table(run: Run, titles: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("lookups", "load", titles, "--table", "titles") == 1
    assert "no lookup table 'titles': did you mean title?" in capsys.readouterr().err


def test_names_in_answers(run: Run, titles: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("lookups", "load", titles) == 0
    capsys.readouterr()
    few = ("--min-audience", "0")
    assert run("query", "top", "content_id", "events", "--label", "title", "--csv", *few, *INTERVAL) == 0
    assert capsys.readouterr().out.splitlines() == [
        "content_id,title,events",
        "final,Cup final,2",
        "harbour,The Harbour,1",
        "lost,lost,1",
    ]
    assert run("query", "top", "title.genre", "events", "--where", "title.genre=sport,", *INTERVAL) == 0
    out = capsys.readouterr().out
    assert "sport" in out
    assert "drama" not in out
    assert run("query", "top", "content_id", "events", "--label", "title", *INTERVAL) == 0
    assert "1 of 3 have no name and show their content_id" in capsys.readouterr().err
