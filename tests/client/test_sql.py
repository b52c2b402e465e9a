"""SQL: what is sent, and its rows as Python's values, as frames and as files, all of them the same."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import orjson
import pandas
import polars
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow import AskError, BrokenAnswerError, Client, MissingExtraError
from frontrow._frames.arrow import block_table, schema_of
from frontrow._frames.rows import Header, Kind, Rows, blocks, values_of
from frontrow_ingest.testing import MemoryDruid
from support.clients import a_client
from support.loopback import Loopback, Reply, Request, loopback

AT = datetime(2026, 9, 21, 12, tzinfo=UTC)
TEXT = "2026-09-21T12:00:00.000Z"
COLUMNS = {
    "__time": ("LONG", "TIMESTAMP"), "title": ("STRING", "VARCHAR"), "plays": ("LONG", "BIGINT"),
    "share": ("DOUBLE", "DOUBLE"), "live": ("LONG", "BOOLEAN"), "segments": ("ARRAY<STRING>", "ARRAY"),
    "sketch": ("COMPLEX<HLLSketch>", "OTHER"),
}  # fmt: skip
FLAT = ["__time", "title", "plays", "share", "live"]
ROWS = [
    [TEXT, "null", 9_007_199_254_740_993, 0.5, True, ["a", "b"], "AgEH"],
    [TEXT, "", None, "NaN", False, [], None],
    [None, None, -1, "-Infinity", None, None, None],
    [TEXT, 'say "a,b", \\ and\ntwo lines, ü', 0, 1, True, [None, "x],[y"], "AgEI"],
    [TEXT, "x],[y ] [", 1, 1e300, True, ["c"], "AgEI"],
]
VALUES = {
    "__time": (AT, AT, None, AT, AT),
    "title": ("null", "", None, 'say "a,b", \\ and\ntwo lines, ü', "x],[y ] ["),
    "plays": (9_007_199_254_740_993, None, -1, 0, 1),
    "share": (0.5, None, None, 1, 1e300),
    "live": (True, False, None, True, True),
}


def lines(names: list[str], rows: list[list[Any]]) -> bytes:
    """As Druid answers."""
    head = [names, *([COLUMNS[name][which] for name in names] for which in (0, 1))]
    return b"".join(orjson.dumps(row) + b"\n" for row in [*head, *rows]) + b"\n"


def of_flat(rows: list[list[Any]]) -> bytes:
    return lines(FLAT, [row[: len(FLAT)] for row in rows])


@contextmanager
def answering(body: bytes, times: int = 1) -> Iterator[tuple[Client, Loopback]]:
    """A Druid whose SQL answers a body, its rows so many times."""
    head, rows = body.split(b"\n", 3)[:3], body.split(b"\n", 3)[3].rstrip(b"\n") + b"\n"
    pieces = (b"\n".join(head) + b"\n", *[rows] * times, b"\n")
    length = sum(map(len, pieces))
    start = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()

    def respond(_: Request) -> Reply:
        return Reply((start, *pieces))

    with loopback(respond) as server, a_client(server.url) as client:
        yield client, server


class TestAsking:
    def test_parameters_are_bound_and_the_query_is_known_to_druid(self) -> None:
        with answering(of_flat(ROWS)) as (client, server):
            given = ["DE", 3, 0.5, True, None, AT.astimezone(timezone(timedelta(hours=2)))]
            result = client.sql("SELECT ?, ?, ?, ?, ?, ?", given, context={"priority": -1})
        (body,) = server.bodies
        assert server.requests[0].path == "/druid/v2/sql"
        assert body["query"] == "SELECT ?, ?, ?, ?, ?, ?"
        assert [each["type"] for each in body["parameters"]] == [
            "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR", "TIMESTAMP",
        ]  # fmt: skip
        assert [each["value"] for each in body["parameters"]][:5] == given[:5]
        assert body["parameters"][5]["value"] == AT.timestamp() * 1000
        assert body["context"]["priority"] == -1
        assert body["context"]["sqlQueryId"] == result.query_id
        assert result.query == body

    @pytest.mark.parametrize(
        ("text", "parameters", "said"),
        [
            ("", [], "SQL is a text"),
            ("SELECT ?", "DE", "a list"),
            ("SELECT ?", [AT.replace(tzinfo=None)], "parameter 1"),
        ],
    )
    def test_what_is_refused(self, text: str, parameters: Any, said: str) -> None:
        with answering(of_flat(ROWS)) as (client, server), pytest.raises(AskError, match=said):
            client.sql(text, parameters)
        assert not server.requests

    def test_a_double_without_sql_says_so(self) -> None:
        with pytest.raises(AskError, match="MemoryDruid has no stream"):
            a_client(transport=MemoryDruid()).sql("SELECT 1")


class TestValues:
    def test_types_and_nulls(self) -> None:
        with answering(lines(list(COLUMNS), ROWS)) as (client, _):
            result = client.sql("SELECT *")
        assert (len(result), list(result.columns)) == (5, list(COLUMNS))
        assert {name: result.columns[name] for name in VALUES} == VALUES
        assert result.columns["segments"] == (["a", "b"], [], None, [None, "x],[y"], ["c"])
        assert result[0]["sketch"] == "AgEH"
        assert list(result.types.values()) == ["time", "string", "integer", "number", "any", "any", "any"]
        assert "5 rows" in str(result)

    def test_frames(self) -> None:
        with answering(lines(list(COLUMNS), ROWS)) as (client, _):
            result = client.sql("SELECT *")
        table, frame = result.to_arrow(), result.to_polars()
        assert {name: tuple(table.column(name).to_pylist()) for name in VALUES} == VALUES
        assert table.schema.field("segments").type == pyarrow.list_(pyarrow.string())
        assert frame.schema["__time"] == polars.Datetime("us", "UTC")
        assert frame.schema["live"] == polars.Boolean
        assert tuple(frame["plays"]) == VALUES["plays"]
        pandas_frame = result.to_pandas()
        assert str(pandas_frame["__time"].dtype) == "datetime64[us, UTC]"
        assert str(pandas_frame["plays"].dtype) == "Int64"
        assert pandas_frame["plays"][0] == 9_007_199_254_740_993
        assert pandas_frame["plays"][1] is pandas.NA
        assert pandas_frame["title"].isna().tolist() == [False, False, True, False, False]

    def test_no_rows_keep_names_and_types(self) -> None:
        with answering(lines(list(COLUMNS), [])) as (client, _):
            result = client.sql("SELECT *")
        assert (len(result), list(result.columns), tuple(result.columns["plays"])) == (0, list(COLUMNS), ())
        assert result.to_polars().schema["plays"] == polars.Int64
        assert result.to_arrow().schema.field("__time").type == pyarrow.timestamp("us", "UTC")
        assert str(result.to_pandas()["share"].dtype) == "float64"

    @given(st.data())
    def test_both_ways_agree(self, data: st.DataObject) -> None:
        cells = [
            st.none() | st.just(TEXT),
            st.none() | st.sampled_from(["null", "", ",", "true", "[", "]", '"', "\\", "],["]) | st.text(),
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(["NaN", "Infinity"]),
            st.none() | st.booleans(),
        ]
        rows = data.draw(st.lists(st.tuples(*cells).map(list), min_size=1, max_size=6))
        header = Header.read(of_flat([]).splitlines()[:3])
        body = b"".join(orjson.dumps(row) + b"\n" for row in rows)
        table = block_table(header, schema_of(header), body)
        assert {name: table.column(name).to_pylist() for name in FLAT} == values_of(header, body)

    @given(st.lists(st.binary(max_size=5)), st.integers(1, 9))
    def test_blocks_are_the_same_bytes_cut_after_lines(self, pieces: list[bytes], size: int) -> None:
        found = list(blocks(pieces, size))
        assert b"".join(found) == b"".join(pieces)
        assert all(block.endswith(b"\n") for block in found[:-1])

    @pytest.mark.parametrize("row", [b'["a"', b"{}", b'["a",1,2,3]', b"7"])
    def test_a_row_that_is_none(self, row: bytes) -> None:
        kinds: dict[str, Kind] = {"title": "string", "plays": "integer"}
        rows = Rows(Header(kinds), row + b"\n", "http://druid")
        with pytest.raises(BrokenAnswerError, match="http://druid"):
            rows["title"]

    @pytest.mark.parametrize(
        "body", [b'["a"]\n["STRING"]\n\n', b"[1]\n2\n3\n\n", b'["a","b"]\n["LONG"]\n["BIGINT"]\n\n']
    )
    def test_a_header_that_is_none(self, body: bytes) -> None:
        reply = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        with (
            loopback(lambda _: Reply((reply,))) as server,
            a_client(server.url) as client,
            pytest.raises(BrokenAnswerError, match="names and types"),
        ):
            client.sql("SELECT 1")


class TestExport:
    def test_parquet_and_csv_hold_the_same(self, tmp_path: Path) -> None:
        with answering(lines(list(COLUMNS), ROWS)) as (client, _):
            done = client.export("SELECT *", tmp_path / "rows.parquet")
            client.export("SELECT *", str(tmp_path / "rows.csv"))
            table = client.sql("SELECT *").to_arrow()
        assert pyarrow.parquet.read_table(done.path) == table
        assert (done.rows, done.bytes) == (5, done.path.stat().st_size)
        options = pyarrow.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
        parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
        read = pyarrow.csv.read_csv(tmp_path / "rows.csv", convert_options=options, parse_options=parsing)
        assert tuple(read.column("title").to_pylist()) == VALUES["title"]
        assert read.column("segments").to_pylist() == ['["a","b"]', "[]", None, '[null,"x],[y"]', '["c"]']
        assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "rows.parquet"]

    def test_parquet_carries_the_caveats_that_arrow_has(self, tmp_path: Path) -> None:
        with answering(lines(list(COLUMNS), ROWS)) as (client, _):
            done = client.export("SELECT *", tmp_path / "rows.parquet")
            result = client.sql("SELECT *")
        found = json.loads(pyarrow.parquet.read_metadata(done.path).metadata[b"frontrow"])
        arrow = json.loads(result.to_arrow().schema.metadata[b"frontrow"])
        assert found.pop("query_id") == done.query_id
        assert 0 < found.pop("elapsed_s") <= done.elapsed
        assert {name: value for name, value in arrow.items() if name not in ("query_id", "elapsed_s")} == found
        assert found["exactness"] == "as Druid answers"
        assert json.loads(pyarrow.parquet.read_table(done.path).schema.metadata[b"frontrow"])["types"] == found["types"]

    def test_what_small_audiences_mean_for_a_file(self, tmp_path: Path) -> None:
        with answering(lines(FLAT, [])) as (_, server), Client(server.url) as client:
            client.export("SELECT *", tmp_path / "rows.parquet")
        found = json.loads(pyarrow.parquet.read_metadata(tmp_path / "rows.parquet").metadata[b"frontrow"])
        assert found["exactness"] == "as Druid answers, small audiences too"
        assert found["completeness"]["reason"] == "not asked"

    @pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
    def test_an_export_that_is_interrupted_leaves_no_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        def interrupted(*_: Any) -> Any:
            assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
            raise KeyboardInterrupt

        with answering(of_flat(ROWS)) as (client, _):
            monkeypatch.setattr("frontrow._frames.export.block_table", interrupted)
            with pytest.raises(KeyboardInterrupt):
                client.export("SELECT *", tmp_path / name)
        assert not [*tmp_path.iterdir()]

    def test_no_rows(self, tmp_path: Path) -> None:
        with answering(lines(FLAT, [])) as (client, _):
            for name in ("none.parquet", "none.csv"):
                assert client.export("SELECT *", tmp_path / name).rows == 0
        assert pyarrow.parquet.read_schema(tmp_path / "none.parquet").names == FLAT
        assert (tmp_path / "none.csv").read_text() == '"__time","title","plays","share","live"\n'

    @pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
    def test_a_cut_answer_leaves_the_file_as_it_was(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("before")
        body = of_flat(ROWS).rstrip(b"\n")
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        with (
            loopback(lambda _: Reply((head + body,), close=True)) as server,
            a_client(server.url) as client,
            pytest.raises(BrokenAnswerError),
        ):
            client.export("SELECT *", tmp_path / name)
        assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]

    def test_a_file_that_cannot_be_written_ends_the_query(self, tmp_path: Path) -> None:
        with answering(of_flat(ROWS), times=50_000) as (client, server), pytest.raises(FileNotFoundError):
            client.export("SELECT *", tmp_path / "none" / "rows.csv")
        assert [request.method for request in server.requests] == ["POST", "DELETE"]

    def test_what_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with answering(of_flat(ROWS)) as (client, server):
            with pytest.raises(AskError, match=r"\.parquet nor \.csv"):
                client.export("SELECT *", tmp_path / "rows.xlsx")
            monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
            with pytest.raises(MissingExtraError, match="arrow"):
                client.export("SELECT *", tmp_path / "rows.csv")
        assert not server.requests

    @pytest.mark.parametrize("ending", ["parquet", "csv"])
    def test_a_large_answer_takes_little_memory(self, tmp_path: Path, ending: str) -> None:
        rows = [[TEXT, f"title-{number:06d}", number, number / 7, True, None, None] for number in range(20_000)]
        body, before = of_flat(rows), pyarrow.default_memory_pool()
        pool = pyarrow.proxy_memory_pool(before)
        pyarrow.set_memory_pool(pool)
        tracemalloc.start()
        try:
            with answering(body, times=60) as (client, _):
                tracemalloc.reset_peak()
                assert client.export("SELECT *", tmp_path / f"rows.{ending}").rows == 1_200_000
            peak = tracemalloc.get_traced_memory()[1] + pool.max_memory()
        finally:
            tracemalloc.stop()
            pyarrow.set_memory_pool(before)
        assert len(body) * 60 > 80 << 20
        assert peak < 48 << 20
