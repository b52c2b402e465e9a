"""Scans to files: the same rows and types as the answer has, or no file at all."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydruid.query import QueryBuilder

from frontrow import AskError, BrokenAnswerError, Client, MissingExtraError
from frontrow._frames.scan import scan_blocks
from frontrow._frames.scan_export import WiderError, parts_of
from frontrow_ingest.testing import MemoryDruid
from support.clients import a_client
from support.loopback import Loopback, Reply, Request, loopback, reply
from support.scan_answers import scan_answer, scan_block

MS = 1_795_464_000_000
AT = datetime(2026, 11, 23, 20, tzinfo=UTC)
SCAN = {"queryType": "scan", "dataSource": "d", "intervals": ["2026/2027"]}
TYPES: dict[str, str | None] = {
    "__time": "LONG", "title": "STRING", "plays": "LONG", "share": "DOUBLE", "labels": "ARRAY<STRING>",
    "sketch": "COMPLEX<x>", "nix": None,
}  # fmt: skip
ROWS = [
    [MS, 'say "a,b", \\ and\ntwo lines, ü', 2**53 + 1, 0.5, ["a", None], "AgEH", None],
    [MS, "", None, "NaN", [], None, None],
    [MS, None, -1, None, None, None, None],
]
VALUES: dict[str, list[Any]] = {
    "__time": [AT, AT, AT], "title": [ROWS[0][1], "", None], "plays": [2**53 + 1, None, -1], "share": [0.5, None, None],
    "labels": [["a", None], [], None], "sketch": ["AgEH", None, None], "nix": [None, None, None],
}  # fmt: skip


@contextmanager
def answering(*blocks: bytes) -> Iterator[tuple[Client, Loopback]]:
    with loopback(lambda _: reply(scan_answer(*blocks))) as server, a_client(server.url) as client:
        yield client, server


def exported(path: Path, *blocks: bytes, **query: Any) -> pyarrow.Table:
    with answering(*blocks) as (client, _):
        done = client.export({**SCAN, **query}, path)
    table = pyarrow.parquet.read_table(path)
    assert (done.rows, done.bytes, done.path) == (table.num_rows, path.stat().st_size, path)
    return table


class TestFiles:
    def test_parquet(self, tmp_path: Path) -> None:
        table = exported(tmp_path / "rows.parquet", scan_block(TYPES, ROWS))
        assert table.to_pydict() == VALUES
        assert [str(field.type) for field in table.schema] == [
            "timestamp[us, tz=UTC]", "string", "int64", "double", "list<element: string>", "string", "string",
        ]  # fmt: skip
        assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]

    def test_csv(self, tmp_path: Path) -> None:
        with answering(scan_block(TYPES, ROWS), scan_block({"title": "STRING"}, [[["b", "c"]]])) as (client, _):
            assert client.export(SCAN, str(tmp_path / "rows.csv")).rows == 4
        read = pyarrow.csv.read_csv(
            tmp_path / "rows.csv",
            convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        )
        assert read.column("title").to_pylist() == [*VALUES["title"], '["b","c"]']
        assert read.column("labels").to_pylist() == ['["a",null]', "[]", None, None]
        assert read.column("plays").to_pylist() == [*VALUES["plays"], None]

    def test_parquet_carries_the_caveats(self, tmp_path: Path) -> None:
        with answering(scan_block(TYPES, ROWS)) as (client, _):
            done = client.export(SCAN, tmp_path / "rows.parquet")
        found = json.loads(pyarrow.parquet.read_metadata(done.path).metadata[b"frontrow"])
        assert (found["query_id"], found["exactness"], found["min_audience"]) == (done.query_id, "as Druid answers", 0)
        assert found["types"] == {
            "__time": "time", "title": "string", "plays": "integer", "share": "number", "labels": "any",
            "sketch": "string", "nix": "string",
        }  # fmt: skip

    def test_what_is_asked(self, tmp_path: Path) -> None:
        with answering(scan_block(TYPES, ROWS)) as (client, server):
            asked = {**SCAN, "resultFormat": "list", "batchSize": 7, "context": {"priority": -1}}
            done = client.export(asked, tmp_path / "rows.csv", context={"lane": "reports"}, timeout=200)
        (sent,) = server.bodies
        assert server.requests[0].path == "/druid/v2"
        assert (sent["resultFormat"], sent["batchSize"]) == ("compactedList", 7)
        assert sent["context"]["queryId"] == done.query_id
        assert (sent["context"]["priority"], sent["context"]["lane"]) == (-1, "reports")
        assert 20_000 < sent["context"]["timeout"] <= 200_000
        assert asked["resultFormat"] == "list"

    def test_pydruids_query(self, tmp_path: Path) -> None:
        query: Any = QueryBuilder().scan(
            {"datasource": "d", "granularity": "all", "intervals": "2026/2027", "limit": 5}
        )
        with answering(scan_block(TYPES, ROWS)) as (client, server):
            assert client.export(query, tmp_path / "rows.parquet").rows == 3
        assert server.bodies[0]["batchSize"] == 4096

    @pytest.mark.parametrize("blocks", [[], [scan_block({"__time": "LONG", "title": "STRING"}, [])]])
    def test_no_rows_keep_the_columns(self, tmp_path: Path, blocks: list[bytes]) -> None:
        table = exported(tmp_path / "none.parquet", *blocks, columns=["__time", "title"])
        assert table.num_rows == 0
        assert table.schema.names == ["__time", "title"]
        assert table.schema.field("__time").type == pyarrow.timestamp("us", "UTC")

    def test_no_rows_and_no_names(self, tmp_path: Path) -> None:
        assert exported(tmp_path / "none.parquet").schema.names == []


def large_block(types: dict[str, str | None], row: Sequence[Any]) -> bytes:
    """Rows of over five megabytes: what comes after them is too late for the first schema."""
    return scan_block(types, [row] * 120_000)


class TestTypesThatComeLate:
    def test_several_values(self, tmp_path: Path) -> None:
        one, several = (
            large_block({"a": "STRING"}, ["x" * 40]),
            scan_block({"a": "STRING"}, [["y"], [None], [["z", "w"]]]),
        )
        with answering(one, several) as (client, server):
            assert client.export(SCAN, tmp_path / "rows.parquet").rows == 120_003
        assert [request.method for request in server.requests if request.method == "POST"] == ["POST", "POST"]
        found = pyarrow.parquet.read_table(tmp_path / "rows.parquet").column("a").to_pylist()
        assert found[0] == ["x" * 40]
        assert found[-3:] == [["y"], None, ["z", "w"]]

    def test_a_column_that_was_missing(self, tmp_path: Path) -> None:
        first = large_block({"a": "STRING", "b": None}, ["x" * 40, None])
        second = scan_block({"a": "STRING", "b": "LONG", "c": "DOUBLE"}, [["y", 2, 0.5]])
        table = exported(tmp_path / "rows.parquet", first, second)
        assert [str(field.type) for field in table.schema] == ["string", "int64", "double"]
        assert table.slice(table.num_rows - 2).to_pydict() == {"a": ["x" * 40, "y"], "b": [None, 2], "c": [None, 0.5]}

    @pytest.mark.parametrize(
        ("first", "second", "kind", "values"),
        [
            (("LONG", 1), ("DOUBLE", 0.5), "double", [1.0, 0.5]),
            (("LONG", 1), ("STRING", "x"), "string", ["1", "x"]),
            (("ARRAY<LONG>", [1]), ("STRING", "x"), "list<element: string>", [["1"], ["x"]]),
            ((None, None), ("ARRAY<DOUBLE>", [0.5, "NaN"]), "list<element: double>", [None, [0.5, None]]),
            (("COMPLEX<json>", {"a": [1]}), (None, "x"), "string", ['{"a":[1]}', "x"]),
        ],
    )
    def test_one_type_for_all_segments(self, tmp_path: Path, first: Any, second: Any, kind: str, values: Any) -> None:
        blocks = [scan_block({"a": name}, [[value]]) for name, value in (first, second)]
        table = exported(tmp_path / "rows.parquet", *blocks)
        assert str(table.schema.field("a").type) == kind
        assert table.column("a").to_pylist() == values

    cells = st.none() | st.text(max_size=3) | st.integers(-5, 5) | st.lists(st.text(max_size=2), max_size=2)
    columns = st.dictionaries(st.sampled_from("abc"), st.tuples(st.sampled_from(["STRING", "LONG", None]), cells))

    @settings(deadline=None)
    @given(st.lists(columns.filter(bool), min_size=1, max_size=5), st.booleans())
    def test_any_blocks_come_to_one_schema(self, drawn: list[dict[str, Any]], lists: bool) -> None:
        blocks = [
            scan_block({name: kind for name, (kind, _) in each.items()}, [[value for _, value in each.values()]])
            for each in drawn
        ]

        def read(types: Any) -> tuple[pyarrow.Schema, pyarrow.Table]:
            schema, parts = parts_of(scan_blocks([scan_answer(*blocks)]), [], types, lists=lists)
            try:
                return schema, pyarrow.concat_tables(list(parts))
            except WiderError as error:
                return read(error.types)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("frontrow._frames.scan_export._BYTES", 1)
            schema, table = read({})
        assert table.schema == schema
        for name in schema.names:
            found = table.column(name).to_pylist()
            assert [value is None for value in found] == [each.get(name, (None, None))[1] is None for each in drawn]


class TestFailures:
    def test_a_cut_answer_leaves_the_file_as_it_was(self, tmp_path: Path) -> None:
        (tmp_path / "rows.csv").write_text("before")
        body = scan_answer(scan_block(TYPES, ROWS), scan_block(TYPES, ROWS))
        for cut in (body[:-1], body[: body.index(b"},{") + 1], body[:40], b"", b"{}", b"[{}]"):
            with (
                loopback(lambda _, cut=cut: reply(cut)) as server,
                a_client(server.url) as client,
                pytest.raises(BrokenAnswerError),
            ):
                client.export(SCAN, tmp_path / "rows.csv")
        assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]

    def test_a_file_that_cannot_be_written_ends_the_query(self, tmp_path: Path) -> None:
        blocks = [large_block({"a": "STRING"}, ["x" * 40])] * 4
        with answering(*blocks) as (client, server), pytest.raises(FileNotFoundError):
            client.export(SCAN, tmp_path / "none" / "rows.csv")
        assert [request.method for request in server.requests] == ["POST", "DELETE"]
        assert server.requests[1].path == f"/druid/v2/{server.requests[0].json['context']['queryId']}"

    @pytest.mark.parametrize(
        ("query", "how", "said"),
        [
            ({"queryType": "groupBy"}, {}, '"queryType": "scan"'),
            (5, {}, '"queryType": "scan"'),
            (SCAN, {"parameters": ["DE"]}, "has none"),
            (SCAN, {"context": 5}, "mapping"),
        ],
    )
    def test_what_is_refused(self, tmp_path: Path, query: Any, how: dict[str, Any], said: str) -> None:
        with answering() as (client, server), pytest.raises(AskError, match=said):
            client.export(query, tmp_path / "rows.csv", **how)
        assert not server.requests

    def test_another_ending_and_no_arrow(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with answering() as (client, server):
            with pytest.raises(AskError, match=r"\.parquet nor \.csv"):
                client.export(SCAN, tmp_path / "rows.xlsx")
            monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
            with pytest.raises(MissingExtraError, match="arrow"):
                client.export(SCAN, tmp_path / "rows.csv")
        assert not server.requests

    def test_a_double_without_a_stream_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(AskError, match="MemoryDruid has no stream"):
            Client(transport=MemoryDruid()).export(SCAN, tmp_path / "rows.csv")

    def test_rows_that_do_not_fit_their_types(self, tmp_path: Path) -> None:
        block = scan_block({"a": "STRING"}, [["x", 1]])
        with answering(block) as (client, _), pytest.raises(BrokenAnswerError, match="its types"):
            client.export(SCAN, tmp_path / "rows.csv")
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_large_answer_takes_little_memory(tmp_path: Path, ending: str) -> None:
    types: dict[str, str | None] = {"__time": "LONG", "title": "STRING", "plays": "LONG", "share": "DOUBLE"}
    rows = [[MS, f"title-{number:06d}" * 4, number, number / 7] for number in range(4_096)]
    block, times = scan_block(types, rows), 120
    pieces = (b"[" + block, *[b"," + block] * (times - 1), b"]")
    length = sum(map(len, pieces))
    start = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()

    def respond(_: Request) -> Reply:
        return Reply((start, *pieces))

    before = pyarrow.default_memory_pool()
    pool = pyarrow.proxy_memory_pool(before)
    pyarrow.set_memory_pool(pool)
    tracemalloc.start()
    try:
        with loopback(respond) as server, a_client(server.url) as client:
            tracemalloc.reset_peak()
            assert client.export(SCAN, tmp_path / f"rows.{ending}").rows == 4_096 * times
        peak = tracemalloc.get_traced_memory()[1] + pool.max_memory()
    finally:
        tracemalloc.stop()
        pyarrow.set_memory_pool(before)
    assert length > 40 << 20
    assert peak < 32 << 20
