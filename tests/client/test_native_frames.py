"""Large answers of native queries: what goes into Arrow by itself is what Python's values say, or does not go."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import orjson
import pandas
import polars
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow import BrokenAnswerError, Result
from frontrow._frames.flat import flat_table
from frontrow._frames.lazy import TableColumns
from frontrow._frames.native import LARGE, columns_of, table_of_answer
from frontrow._frames.native_arrow import types_of_table
from frontrow._frames.rows import Kind
from frontrow._frames.scan import scan_blocks
from frontrow._http.answer import NotWholeError
from support.clients import a_client
from support.loopback import loopback, reply
from support.scan_answers import scan_answer, scan_block

MS = 1_795_464_000_000
AT = datetime(2026, 11, 23, 20, tzinfo=UTC)
SCAN = {"queryType": "scan", "dataSource": "d", "resultFormat": "compactedList"}
TYPES: dict[str, str | None] = {
    "__time": "LONG", "title": "STRING", "plays": "LONG", "share": "DOUBLE", "sketch": "COMPLEX<x>", "nix": None,
}  # fmt: skip
GROUP_BY: dict[str, Any] = {
    "queryType": "groupBy",
    "dataSource": "d",
    "granularity": "hour",
    "dimensions": ["title", {"type": "default", "dimension": "code", "outputType": "LONG"}],
    "aggregations": [{"type": "longSum", "name": "plays"}, {"type": "doubleSum", "name": "share"}],
    "postAggregations": [{"type": "expression", "name": "said", "expression": "x"}],
}

HOSTILE = [
    "",
    "null",
    "NaN",
    "5",
    "1.5",
    "true",
    "2026-01-01",
    ",",
    "[",
    "]",
    "],[",
    ",[",
    "[]",
    "{}",
    ",,",
    "a b",
    "ü",
]
HOSTILE += ["INF", "nan", "-inf", "NaN", "Infinity"]
HOSTILE += ['"', "\\", "\n", "\r\n", '],"rowSignature":[{"name":"x"}]}', '"events":[', "\u2028", "\x00", "x]}]", "'"]
texts = st.none() | st.sampled_from(HOSTILE) | st.text(max_size=6)
plain_texts = st.none() | st.text(alphabet="abc ,.:;-_ü5", max_size=6)
longs = st.none() | st.integers(-(2**63), 2**63 - 1)
doubles = (
    st.none()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["NaN", "Infinity", "-Infinity", 1e300, -0.0, 5e-324])
)
moments = st.integers(0, 4_102_444_800_000)
labels = texts | st.lists(texts, max_size=3)


def by_both(query: dict[str, Any], answer: bytes) -> bool:
    """Whether an answer goes into Arrow; then it has the values, the types and the frames of the other way."""
    table = table_of_answer(query, answer)
    if table is None:
        return False
    expected, types = columns_of(query, orjson.loads(answer))
    columns = TableColumns(table)
    assert {name: list(columns[name]) for name in columns} == {name: list(values) for name, values in expected.items()}
    assert list(columns) == list(expected)
    assert types_of_table(table) == types
    fast, slow = a_result(columns, types), a_result(expected, types)
    assert fast.to_arrow() == slow.to_arrow()
    assert fast.to_polars().equals(slow.to_polars())
    assert fast.to_polars().schema == slow.to_polars().schema
    pandas.testing.assert_frame_equal(fast.to_pandas(), slow.to_pandas())
    return True


def a_result(columns: Any, types: Any) -> Result:
    return Result(columns, types, None, "as Druid answers", None, 0.0, "id", ({},))


class TestBothWays:
    @settings(deadline=None)
    @given(st.lists(st.lists(st.tuples(moments, texts, longs, doubles, st.just("AgEH"), st.none()), max_size=5)))
    def test_scans_with_any_text(self, blocks: list[list[Any]]) -> None:
        by_both(SCAN, scan_answer(*(scan_block(TYPES, rows) for rows in blocks)))

    @settings(deadline=None)
    @given(
        st.lists(
            st.lists(
                st.tuples(moments, plain_texts, longs, doubles, st.just("AgEH"), st.none()), min_size=1, max_size=5
            ),
            min_size=1,
        )
    )
    def test_scans_of_plain_texts_go_into_arrow(self, blocks: list[list[Any]]) -> None:
        assert by_both(SCAN, scan_answer(*(scan_block(TYPES, rows) for rows in blocks)))

    @settings(deadline=None)
    @given(st.lists(st.tuples(moments, labels, longs), min_size=1, max_size=5))
    def test_scans_with_several_values(self, rows: list[Any]) -> None:
        found = by_both(SCAN, scan_answer(scan_block({"__time": "LONG", "title": "STRING", "plays": "LONG"}, rows)))
        assert not (found and any(isinstance(title, list) for _, title, _ in rows))

    @settings(deadline=None)
    @given(st.lists(st.tuples(moments, texts, longs, longs, doubles, texts), min_size=1, max_size=5))
    def test_groups_with_any_text(self, rows: list[Any]) -> None:
        by_both(GROUP_BY, orjson.dumps(rows))

    @settings(deadline=None)
    @given(st.lists(st.tuples(moments, plain_texts, longs, longs, doubles, doubles), min_size=1, max_size=5))
    def test_groups_of_plain_texts_go_into_arrow(self, rows: list[Any]) -> None:
        assert by_both(GROUP_BY, orjson.dumps(rows))

    @settings(deadline=None)
    @given(st.lists(st.tuples(plain_texts), min_size=1, max_size=5))
    def test_a_single_column(self, rows: list[Any]) -> None:
        assert by_both(
            {**GROUP_BY, "dimensions": ["a"], "aggregations": [], "postAggregations": []}, orjson.dumps(rows)
        )

    @settings(deadline=None)
    @given(st.lists(st.tuples(moments, texts, longs, longs, doubles, plain_texts), min_size=2, max_size=9))
    def test_groups_in_several_cuts(self, rows: list[Any]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("frontrow._frames.native_arrow._BLOCK", 20)
            by_both(GROUP_BY, orjson.dumps(rows))

    @pytest.mark.parametrize(
        "rows",
        [
            [["x],[y", 1]], [["[x]", 1]], [[["a", "b"], 1]], [[[], 1]], [[["a"], 1]], [[{"a": 1}, 1]], [[5, 1]],
            [["5", "5"]], [["a", True]], [["a", "2026-01-01"]], [["a", 1], ["b"]], [["a", 1, 2]], [[]], [],
        ],
    )  # fmt: skip
    def test_single_groups(self, rows: list[Any]) -> None:
        query = {**GROUP_BY, "granularity": "all", "dimensions": ["a"], "postAggregations": []}
        query["aggregations"] = [{"type": "longSum", "name": "n"}]
        if {len(row) for row in rows} <= {2}:
            by_both(query, orjson.dumps(rows))
        else:
            assert table_of_answer(query, orjson.dumps(rows)) is None

    def test_brackets_within_texts_stay_within_them(self) -> None:
        rows = [[MS, "[Live] Final", 1], [MS, "x] [y", 2]]
        assert by_both(SCAN, scan_answer(scan_block({"__time": "LONG", "title": "STRING", "plays": "LONG"}, rows)))

    def test_segments_of_other_columns(self) -> None:
        blocks = (
            scan_block({"__time": "LONG", "a": "STRING", "b": None}, [[MS, "x", None]]),
            scan_block({"__time": "LONG", "b": "LONG", "c": "DOUBLE"}, [[MS, 2**53 + 1, 0.5]]),
        )
        assert by_both(SCAN, scan_answer(*blocks))

    def test_a_segment_whose_column_has_another_type_goes_by_python(self) -> None:
        answer = scan_answer(scan_block({"a": "STRING"}, [["x"]]), scan_block({"a": "LONG"}, [[1]]))
        assert table_of_answer(SCAN, answer) is None


class TestBlocks:
    @settings(deadline=None)
    @given(st.lists(st.lists(st.tuples(moments, labels), max_size=3), max_size=4), st.integers(1, 40), texts)
    def test_cut_anywhere(self, blocks: list[list[Any]], size: int, name: str | None) -> None:
        types: dict[str, str | None] = {"__time": "LONG", name or "x": "STRING"}
        answer = scan_answer(*(scan_block(types, rows) for rows in blocks))
        found = list(scan_blocks(answer[at : at + size] for at in range(0, len(answer), size)))
        assert [orjson.loads(b"[" + block.rows + b"]") for block in found] == orjson.loads(orjson.dumps(blocks))
        assert all(list(block.kinds) == list(types) for block in found)

    def test_no_part_of_an_answer_is_whole(self) -> None:
        answer = scan_answer(*[scan_block({"a": "STRING"}, [["x"], ["]}]"]])] * 3)
        for end in range(len(answer)):
            with pytest.raises(NotWholeError):
                list(scan_blocks([answer[:end]]))

    @pytest.mark.parametrize(
        "body", [b"{}", b"[1]", b'[{"events":[[1]]}]', b'[{"columns":5,"events":[],"rowSignature":[]}]']
    )
    def test_what_is_none(self, body: bytes) -> None:
        with pytest.raises(NotWholeError):
            list(scan_blocks([body]))


def asked(query: dict[str, Any], body: bytes) -> Result:
    with loopback(lambda _: reply(body)) as server, a_client(server.url) as client:
        return client.native(query)


def many_rows(*more: Any) -> list[Any]:
    return [[MS, f"title-{number:06d}", number, *more] for number in range(LARGE // 20)]


KINDS: dict[str, str | None] = {"__time": "LONG", "title": "STRING", "plays": "LONG"}


class TestLargeAnswers:
    def test_are_of_arrow_until_someone_looks(self) -> None:
        result = asked(SCAN, scan_answer(scan_block(KINDS, many_rows())))
        assert isinstance(result.columns, TableColumns)
        assert len(result) == LARGE // 20
        assert result[7] == {"__time": AT, "title": "title-000007", "plays": 7}
        assert dict(result.types) == {"__time": "time", "title": "string", "plays": "integer"}
        assert f"{LARGE // 20:,} rows" in str(result)
        assert result.to_arrow().column("plays").to_pylist() == list(range(LARGE // 20))
        assert result.to_polars().schema["__time"] == polars.Datetime("us", "UTC")

    def test_equal_those_of_python(self, monkeypatch: pytest.MonkeyPatch) -> None:
        body = orjson.dumps([[f"title-{number:06d}", number, number / 7] for number in range(LARGE // 20)])
        query = {**GROUP_BY, "granularity": "all", "dimensions": ["title"], "postAggregations": []}
        fast = asked(query, body)
        with monkeypatch.context() as without:
            without.setitem(sys.modules, "pyarrow", None)
            slow = asked(query, body)
        assert isinstance(fast.columns, TableColumns)
        assert not isinstance(slow.columns, TableColumns)
        assert fast == slow

    def test_with_several_values_go_by_python(self) -> None:
        result = asked(SCAN, scan_answer(scan_block({**KINDS, "labels": "STRING"}, many_rows(["a", "b"]))))
        assert not isinstance(result.columns, TableColumns)
        assert result.to_arrow().schema.field("labels").type == pyarrow.list_(pyarrow.string())

    @pytest.mark.parametrize("query", [SCAN, GROUP_BY])
    def test_that_are_cut_off_are_refused(self, query: dict[str, Any]) -> None:
        rows = [[*row, 1, 0.5, "x"] for row in many_rows()]
        body = orjson.dumps(rows) if query is GROUP_BY else scan_answer(scan_block(KINDS, many_rows()))
        for end in (len(body) - 1, len(body) - 2, body.rindex(b"],[") + 1, body.index(b"-0", LARGE) + 1, LARGE):
            with pytest.raises(BrokenAnswerError):
                asked(query, body[:end])

    def test_that_are_damaged_are_refused(self) -> None:
        body = orjson.dumps([[*row, 1, 0.5, "x"] for row in many_rows()])
        with pytest.raises(BrokenAnswerError):
            asked(GROUP_BY, body.replace(b'"title-000777"', b'"title-000777'))


@pytest.mark.parametrize(
    ("kinds", "rows"),
    [({}, b"[]"), ({"a": "strings"}, b"[[1]]"), ({"a": "string"}, b'"a"'), ({"a": "time"}, b"[999999999999999999]")],
)
def test_what_is_left_to_a_reader_of_json(kinds: dict[str, Kind | None], rows: bytes) -> None:
    assert flat_table(kinds, rows) is None


@pytest.mark.parametrize(
    ("values", "declared", "expected"),
    [
        (["NaN", "NaN"], ["a"], ("string", ("NaN", "NaN"))),
        (["NaN", None], [], ("number", (None, None))),
        ([None, None], [{"type": "default", "dimension": "a", "outputType": "LONG"}], ("integer", (None, None))),
    ],
)
def test_a_label_may_be_called_nan(values: list[Any], declared: list[Any], expected: Any) -> None:
    post = [] if declared else [{"type": "expression", "name": "a"}]
    query = {"queryType": "groupBy", "dimensions": declared, "postAggregations": post}
    columns, types = columns_of(query, [[value] for value in values])
    assert (types["a"], tuple(columns["a"])) == expected
    assert by_both(query, orjson.dumps([[value] for value in values]))


@pytest.mark.parametrize("text", ["INF", "inf", "nan", "-inf", "+Infinity"])
def test_a_label_that_arrow_takes_for_a_number_stays_a_label(text: str) -> None:
    query = {"queryType": "groupBy", "dimensions": [], "postAggregations": [{"type": "expression", "name": "a"}]}
    answer = orjson.dumps([[None], [text]])
    assert columns_of(query, orjson.loads(answer))[0]["a"] == [None, text]
    by_both(query, answer)
