"""``frontrow query sql`` and ``native``: text, parameters and files in; every form, and files as they come, out."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from support.loopback import Loopback, Reply, Request, json_reply, loopback, reply
from support.query_command import run
from support.scan_answers import scan_answer, scan_block

NAMES = ["__time", "cdn", "plays", "ratio", "live", "segments"]
NATIVE = ["LONG", "STRING", "LONG", "DOUBLE", "LONG", "ARRAY<STRING>"]
SQL = ["TIMESTAMP", "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "ARRAY"]
ROWS = [
    ["2026-11-23T20:00:00.000Z", "auro\u2028ra", 7, 0.5, True, ["a", "b"]],
    [None, None, None, None, None, None],
]
QUERY = {
    "queryType": "timeseries",
    "dataSource": "audience",
    "intervals": ["2026-11-23/2026-11-24"],
    "granularity": "all",
}
TEXT = "SELECT * FROM quality WHERE country = ?"


def sql_reply(rows: list[list[Any]]) -> Reply:
    return reply(b"".join(json.dumps(line).encode() + b"\n" for line in [NAMES, NATIVE, SQL, *rows]) + b"\n")


@pytest.fixture
def server() -> Iterator[Loopback]:
    def respond(request: Request) -> Reply:
        if request.path == "/druid/v2/sql":
            return sql_reply(ROWS)
        return json_reply([{"timestamp": "2026-11-23T20:00:00.000Z", "result": {"rows": 12}}])

    with loopback(respond) as found:
        yield found


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives standard input."""

    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


class TestForms:
    def test_table(self, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("sql", TEXT, "--param", "DE", "--url", server.url) == 0
        out, err = capsys.readouterr()
        assert "2026-11-23 20:00:00" in out
        assert out.count("–") == len(NAMES)
        assert "2 rows · as Druid answers" in err

    def test_csv(self, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("sql", TEXT, "--csv", "--url", server.url) == 0
        assert capsys.readouterr().out == (
            '__time,cdn,plays,ratio,live,segments\n2026-11-23T20:00:00Z,auro\u2028ra,7,0.5,true,"[""a"",""b""]"\n,,,,,\n'
        )

    def test_json(self, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("sql", TEXT, "--json", "--url", server.url) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["rows"][0] == {**dict(zip(NAMES, ROWS[0], strict=True)), "__time": "2026-11-23T20:00:00Z"}
        assert found["types"]["plays"] == "integer"
        assert found["query_id"] == server.bodies[0]["context"]["sqlQueryId"]

    def test_query(self, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("sql", TEXT, "--param", "DE", "--show-query", "--url", server.url) == 0
        assert json.loads(capsys.readouterr().out) == server.bodies

    def test_parquet(self, server: Loopback, tmp_path: Path) -> None:
        path = tmp_path / "rows.parquet"
        assert run("sql", TEXT, "--parquet", str(path), "--url", server.url) == 0
        assert pq.read_table(path).to_pylist()[0]["segments"] == ["a", "b"]

    def test_watch(self, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("sql", TEXT, "--csv", "--watch=1", "--rounds", "2", "--url", server.url) == 0
        assert capsys.readouterr().out.count("2026-11-23") == 2


class TestParameters:
    def test_by_kind(self, server: Loopback) -> None:
        given = ["DE", "int:5", "float:2.5", "bool:TRUE", "time:2026-11-23T20:00Z", "null:", "text:int:5", "a:b", ""]
        words = [word for each in given for word in ("--param", each)]
        assert run("sql", "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?", *words, "--url", server.url) == 0
        parameters = server.bodies[0]["parameters"]
        at = datetime(2026, 11, 23, 20, tzinfo=UTC).timestamp() * 1000
        assert [each["value"] for each in parameters] == ["DE", 5, 2.5, True, at, None, "int:5", "a:b", ""]
        assert [each["type"] for each in parameters[:5]] == ["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "TIMESTAMP"]

    @pytest.mark.parametrize(
        "given",
        ["int:five", "int:", "int:9223372036854775808", "float:nan", "float:inf", "bool:1", "time:now", "null:x"],
    )
    def test_that_are_not_of_their_kind(self, given: str, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("sql", "SELECT ?", "--param", given, "--url", server.url) == 2
        assert f"For a text write text:{given}" in capsys.readouterr().err
        assert server.requests == []

    def test_a_value_is_no_sql(self, server: Loopback) -> None:
        assert run("sql", "SELECT ?", "--param", "x' OR '1'='1", "--url", server.url) == 0
        assert server.bodies[0]["query"] == "SELECT ?"


class TestText:
    def test_from_a_file(self, server: Loopback, tmp_path: Path) -> None:
        path = tmp_path / "rows.sql"
        path.write_text(f"\ufeff-- by country\n{TEXT}\n", encoding="utf-8")
        assert run("sql", f"@{path}", "--url", server.url) == 0
        assert server.bodies[0]["query"] == f"-- by country\n{TEXT}\n"

    def test_from_standard_input(self, server: Loopback, typed: Any) -> None:
        typed(TEXT.encode())
        assert run("sql", "-", "--url", server.url) == 0
        assert server.bodies[0]["query"] == TEXT

    @pytest.mark.parametrize(
        ("data", "said"),
        [(b"", "standard input is empty"), (b" \n", "is empty"), (b"SELECT \0", "NUL"), (b"SELECT '\xff'", "UTF-8")],
    )
    def test_that_is_none(
        self, data: bytes, said: str, server: Loopback, typed: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        typed(data)
        assert run("sql", "-", "--url", server.url) == 2
        assert said in capsys.readouterr().err
        assert server.requests == []

    @pytest.mark.parametrize("source", ["@missing.sql", "@", "@.", ""])
    def test_that_cannot_be_read(self, source: str, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("sql", source, "--url", server.url) == 2
        assert "Error:" in capsys.readouterr().err
        assert server.requests == []

    def test_that_druid_refuses(self, capsys: pytest.CaptureFixture[str]) -> None:
        refusal = {"error": "druidException", "errorMessage": "Incorrect syntax near the keyword 'SELEC'"}
        with loopback(lambda _: json_reply(refusal, 400)) as server:
            assert run("sql", "SELEC 1", "--url", server.url) == 1
        assert "Incorrect syntax" in capsys.readouterr().err


class TestOutput:
    """``--output``: as the rows come, however many."""

    def test_parquet_and_csv(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with loopback(lambda _: sql_reply(ROWS * 5_000)) as server:
            for name in ("rows.parquet", "rows.csv"):
                path = tmp_path / name
                assert run("sql", TEXT, "--param", "DE", "--output", str(path), "--url", server.url) == 0
                out, err = capsys.readouterr()
                assert out == ""
                assert err.startswith(f"wrote {path}: 10,000 rows, {path.stat().st_size:,} bytes")
                assert server.bodies[-1]["parameters"][0]["value"] == "DE"
        assert pq.read_table(tmp_path / "rows.parquet").num_rows == 10_000
        assert len((tmp_path / "rows.csv").read_text(encoding="utf-8").split("\n")) == 10_002

    def test_that_is_cut_leaves_what_was_there(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "rows.csv"
        path.write_text("older")
        whole = sql_reply(ROWS).pieces[0]
        with loopback(lambda _: Reply((whole[:-20],), close=True)) as server:
            assert run("sql", TEXT, "--output", str(path), "--url", server.url) == 1
        assert capsys.readouterr().err.startswith("error: ")
        assert [each.read_text() for each in tmp_path.iterdir()] == ["older"]

    @pytest.mark.parametrize(
        ("arguments", "status", "said"),
        [
            (["--output", "rows.txt"], 1, "neither .parquet nor .csv"),
            (["--output", "missing/rows.csv"], 1, "there is no such directory"),
            (["--output", "rows.csv", "--json"], 2, "does not go with other forms"),
            (["--output", "rows.csv", "--watch=1"], 2, "does not go with other forms"),
        ],
    )
    def test_that_cannot_be(
        self,
        arguments: list[str],
        status: int,
        said: str,
        server: Loopback,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert run("sql", TEXT, *arguments, "--url", server.url) == status
        assert said in capsys.readouterr().err
        assert server.requests == []


class TestNative:
    def test_from_a_file(self, server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "query.json"
        path.write_text(json.dumps(QUERY))
        assert run("native", str(path), "--csv", "--context", "lane=reports", "--url", server.url) == 0
        assert capsys.readouterr().out == "time,rows\n2026-11-23T20:00:00Z,12\n"
        assert server.bodies[0]["context"]["lane"] == "reports"
        assert {name: server.bodies[0][name] for name in QUERY} == QUERY

    def test_from_standard_input(self, server: Loopback, typed: Any, capsys: pytest.CaptureFixture[str]) -> None:
        typed(json.dumps(QUERY).encode())
        assert run("native", "-", "--json", "--url", server.url) == 0
        assert json.loads(capsys.readouterr().out)["rows"] == [{"time": "2026-11-23T20:00:00Z", "rows": 12}]

    def test_a_scan_to_a_file_as_it_comes(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        scan, path = tmp_path / "scan.json", tmp_path / "rows.parquet"
        scan.write_text(json.dumps({**QUERY, "queryType": "scan"}))
        block = scan_block({"cdn": "STRING", "plays": "LONG"}, [["aurora", 7], [None, 1]])
        with loopback(lambda _: reply(scan_answer(block, block))) as server:
            assert run("native", str(scan), "--output", str(path), "--url", server.url) == 0
        assert pq.read_table(path).to_pydict() == {"cdn": ["aurora", None] * 2, "plays": [7, 1] * 2}
        assert capsys.readouterr().err.startswith(f"wrote {path}: 4 rows")

    def test_only_a_scan_is_written_as_it_comes(
        self, server: Loopback, tmp_path: Path, typed: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        typed(json.dumps(QUERY).encode())
        assert run("native", "-", "--output", str(tmp_path / "rows.csv"), "--url", server.url) == 1
        assert "scan" in capsys.readouterr().err
        assert server.requests == []

    @pytest.mark.parametrize(
        ("data", "status", "said"),
        [
            (b"", 2, "is empty"),
            (b"{", 2, "holds no JSON"),
            (b"[1]", 1, "queryType"),
            (b"[" * 100_000, 2, "holds no JSON"),
            (json.dumps({**QUERY, "intervals": ["2020-01-01/2026-01-01"]}).encode(), 1, "--allow-large"),
        ],
        ids=["empty", "cut", "no query", "deep", "large"],
    )
    def test_that_is_none(
        self, data: bytes, status: int, said: str, server: Loopback, typed: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        typed(data)
        assert run("native", "-", "--url", server.url) == status
        assert said in capsys.readouterr().err
        assert server.requests == []


@pytest.mark.parametrize("given", ["lane", "=x"])
def test_a_context_without_a_name(given: str, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sql", TEXT, "--context", given, "--url", server.url) == 2
    assert "NAME=VALUE" in capsys.readouterr().err


def test_a_context_of_json(server: Loopback) -> None:
    context = ["--context", "priority=-1", "--context", "useCache=false", "--context", "lane=reports"]
    assert run("sql", TEXT, *context, "--timeout", "5", "--url", server.url) == 0
    sent = server.bodies[0]["context"]
    assert (sent["priority"], sent["useCache"], sent["lane"]) == (-1, False, "reports")
    assert 3_000 < sent["timeout"] <= 5_000
