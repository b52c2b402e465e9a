"""Results: immutable rows, DataFrames, and a display that hides nothing and escapes everything."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest

import frontrow
from frontrow import Freshness, Interval, Result
from frontrow._asking.completeness import Completeness
from frontrow._asking.suppression import Suppression
from frontrow._result import ColumnType, freshness_of
from frontrow._shown.display import cells

AT = datetime(2026, 11, 23, 20, tzinfo=UTC)
TYPES: dict[str, ColumnType] = {"time": "time", "cdn": "string", "plays": "integer", "ratio": "number", "raw": "any"}


def a_result(**columns: list[Any]) -> Result:
    values: dict[str, list[Any]] = {
        "time": [AT, AT + timedelta(milliseconds=1500), None],
        "cdn": ["a", None, "ü<b>"],
        "plays": [1, 2**53 + 1, None],
        "ratio": [0.1, None, 1e300],
        "raw": [["x", "y"], "x", None],
        **columns,
    }
    return Result(
        columns=values,
        types=TYPES,
        interval=Interval(AT, AT + timedelta(hours=1)),
        exactness="approximate: distinct counts ±3.3 % (95 %)",
        freshness=Freshness(AT, timedelta(seconds=1.25)),
        elapsed=0.012,
        query_id="id-1",
        _queries=({"queryType": "topN", "filter": {"fields": [1]}},),
        units={"plays": "plays"},
    )


EMPTY: dict[str, list[Any]] = {name: [] for name in TYPES}


class TestRows:
    def test_are_a_sequence_of_mappings(self) -> None:
        result = a_result()
        assert len(result) == 3
        assert result[0] == {"time": AT, "cdn": "a", "plays": 1, "ratio": 0.1, "raw": ["x", "y"]}
        assert result[-1]["cdn"] == "ü<b>"
        assert [row["plays"] for row in result] == [1, 2**53 + 1, None]
        assert list(result[1:]) == list(result.rows)[1:]
        with pytest.raises(IndexError):
            result[3]

    def test_cannot_be_changed(self) -> None:
        result = a_result()
        with pytest.raises(TypeError):
            result[0]["plays"] = 5  # type: ignore[index]
        with pytest.raises(TypeError):
            result.columns["plays"] = ()  # type: ignore[index]
        with pytest.raises(AttributeError):
            result.elapsed = 0  # type: ignore[misc]
        with pytest.raises(TypeError):
            result.columns["plays"][0] = 5  # type: ignore[index]

    def test_do_not_follow_what_they_were_made_of(self) -> None:
        plays = [1, 2, 3]
        result = a_result(plays=plays)
        plays.append(4)
        assert result.columns["plays"] == (1, 2, 3)

    def test_queries_are_copies(self) -> None:
        result = a_result()
        result.queries[0]["filter"]["fields"].append(2)
        assert result.query == {"queryType": "topN", "filter": {"fields": [1]}}

    def test_equal_results_have_equal_hashes(self) -> None:
        assert a_result() == a_result()
        assert hash(a_result()) == hash(a_result())
        assert a_result() != a_result(plays=[1, 2, 3])
        assert a_result() != "x"

    def test_no_rows(self) -> None:
        result = a_result(**EMPTY)
        assert len(result) == 0
        assert list(result) == []
        assert list(result.columns) == list(TYPES)


class TestFrames:
    def test_polars(self) -> None:
        frame = a_result().to_polars()
        assert dict(frame.schema) == {
            "time": polars.Datetime("us", "UTC"),
            "cdn": polars.String,
            "plays": polars.Int64,
            "ratio": polars.Float64,
            "raw": polars.List(polars.String),
        }
        assert frame["raw"].to_list() == [["x", "y"], ["x"], None]
        assert frame["time"].to_list() == [AT, AT + timedelta(milliseconds=1500), None]
        assert frame["plays"].to_list() == [1, 2**53 + 1, None]
        assert frame["cdn"].to_list() == ["a", None, "ü<b>"]

    def test_pandas(self) -> None:
        frame = a_result().to_pandas()
        assert str(frame["time"].dtype) == "datetime64[us, UTC]"
        assert frame["time"].iloc[1] == AT + timedelta(milliseconds=1500)
        assert frame["time"].isna().tolist() == [False, False, True]
        assert str(frame["plays"].dtype) == "Int64"
        assert frame["plays"].iloc[1] == 2**53 + 1
        assert frame["ratio"].isna().tolist() == [False, True, False]
        assert frame["cdn"].isna().tolist() == [False, True, False]
        assert frame["raw"].iloc[0] == ["x", "y"]

    def test_arrow(self) -> None:
        table = a_result().to_arrow()
        assert table.column("raw").to_pylist() == [["x", "y"], ["x"], None]
        assert table.schema.field("time").type == pyarrow.timestamp("us", "UTC")
        assert table.schema.field("plays").type == pyarrow.int64()
        assert table.column("plays").to_pylist() == [1, 2**53 + 1, None]
        assert table.column("time").to_pylist()[0] == AT

    def test_what_is_of_mixed_kinds_becomes_text(self) -> None:
        result = a_result(raw=["x", 5, {"a": 1}])
        assert result.to_arrow().column("raw").to_pylist() == ["x", "5", "{'a': 1}"]
        assert result.to_polars()["raw"].to_list() == ["x", "5", "{'a': 1}"]
        assert result.to_pandas()["raw"].tolist() == ["x", 5, {"a": 1}]

    def test_no_rows_keep_names_and_types(self) -> None:
        result = a_result(**EMPTY)
        assert result.to_polars().schema["plays"] == polars.Int64
        assert result.to_polars().schema["time"] == polars.Datetime("us", "UTC")
        assert list(result.to_pandas().columns) == list(TYPES)
        assert str(result.to_pandas()["time"].dtype) == "datetime64[us, UTC]"
        assert result.to_arrow().num_rows == 0
        assert result.to_arrow().column_names == list(TYPES)

    @pytest.mark.parametrize(
        ("library", "method", "extra"),
        [("polars", "to_polars", "polars"), ("pandas", "to_pandas", "pandas"), ("pyarrow", "to_arrow", "arrow")],
    )
    def test_a_library_that_is_not_there(
        self, monkeypatch: pytest.MonkeyPatch, library: str, method: str, extra: str
    ) -> None:
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(frontrow.MissingExtraError, match=rf"pip install 'frontrow\[{extra}\]'"):
            getattr(a_result(), method)()

    def test_the_frames_come_from_the_same_values(self) -> None:
        result = a_result()
        assert isinstance(result.to_pandas(), pandas.DataFrame)
        assert result.to_polars()["ratio"].to_list() == result.to_arrow().column("ratio").to_pylist()


class TestText:
    def test_a_table_with_units_and_caveats(self) -> None:
        lines = str(a_result()).splitlines()
        assert lines[0].split() == ["time", "cdn", "plays", "[plays]", "ratio", "raw"]
        assert lines[2].split() == ["2026-11-23", "20:00:00", "~", "a", "1", "0.1", "['x',", "'y']"]
        assert "9,007,199,254,740,993" in lines[3]
        assert "–" in lines[3]
        assert lines[-1] == (
            "3 rows · 2026-11-23T20:00:00Z/2026-11-23T21:00:00Z · approximate: distinct counts ±3.3 % (95 %) · "
            "completeness unknown: not asked · newest event 2026-11-23 20:00:00 UTC, 1.2 s old · "
            "~ bucket not complete yet · 12 ms"
        )

    def test_is_short(self) -> None:
        many = a_result(**{name: values * 100 for name, values in a_result().columns.items()})  # type: ignore[operator]
        assert len(str(many).splitlines()) == 24
        assert "… 280 more rows" in str(many)
        wide = a_result(cdn=["x" * 5_000, "\x1b[31mred\n", None])
        assert max(map(len, str(wide).splitlines())) < 240
        assert "\x1b" not in str(wide)

    def test_no_rows_are_said(self) -> None:
        assert "(no rows)" in str(a_result(**EMPTY))
        assert repr(a_result()) == str(a_result())

    def test_hidden_rows_and_marks(self) -> None:
        nulls: dict[str, list[Any]] = {"plays": [1, None, None], "ratio": [0.1, None, 1.0], "raw": ["x", None, None]}
        some = replace(a_result(**nulls), suppression=Suppression(10, "viewers", (False, True, False)))
        lines = str(some).splitlines()
        assert lines[3].split() == ["2026-11-23", "20:00:01", "~", "–", "<10", "<10", "<10"]
        assert "1 row with fewer than 10 viewers is hidden" in lines[-1]
        protecting = replace(some, suppression=Suppression(10, "viewers", (True, True, False), protecting=1))
        assert "<10" not in str(protecting)
        assert str(protecting).splitlines()[3].split()[-3:] == ["hidden"] * 3

    def test_times_in_the_zone_of_the_question(self) -> None:
        lines = str(replace(a_result(), time_zone="Europe/Berlin")).splitlines()
        assert lines[0].startswith("time [Europe/Berlin]")
        assert lines[2].startswith("2026-11-23 21:00:00+01:00 ~")

    def test_an_hour_that_comes_twice_can_be_told_apart(self) -> None:
        twice = [datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC), None]
        shown = [row[0] for row in cells(replace(a_result(time=twice), time_zone="Europe/Berlin"))]
        assert shown[:2] == ["2026-10-25 02:00:00+02:00 ~", "2026-10-25 02:00:00+01:00 ~"]


class TestHtml:
    def test_is_escaped(self) -> None:
        html = a_result(cdn=["<script>alert(1)</script>", '"&', None])._repr_html_()
        assert "<script>" not in html
        assert "&lt;script&gt;" in html
        assert html.count("<tr>") == 4

    def test_is_well_formed_and_says_all_caveats(self) -> None:
        hidden = Suppression(10, "viewers", (False, True, False))
        part = a_result(plays=[1, None, None], ratio=[0.1, None, 1.0], raw=["x", None, None])
        part = replace(part, suppression=hidden, completeness=Completeness(0.5, sent=4, missing=2))
        root = ElementTree.fromstring(part._repr_html_())  # noqa: S314 - our own
        assert [cell.get("scope") for cell in root.iter("th")] == ["col"] * 5
        caption = root.find("table/caption")
        assert caption is not None
        assert caption.text == "plays, ratio by time, cdn, raw · 3 rows"
        terms = [element.text for element in root.iter("dt")]
        said = dict(zip(terms, (element.text for element in root.iter("dd")), strict=True))
        assert said == {
            "interval": "2026-11-23T20:00:00Z/2026-11-23T21:00:00Z",
            "exactness": "approximate: distinct counts ±3.3 % (95 %)",
            "completeness": "50.00 % complete (2 missing)",
            "freshness": "newest event 2026-11-23 20:00:00 UTC, 1.2 s old",
            "hidden": "1 row with fewer than 10 viewers is hidden",
            "marks": "~ bucket not complete yet",
            "elapsed": "12 ms",
            "query": "id-1",
        }
        marks = [(mark.text, mark.get("title")) for mark in root.iter("abbr")]
        assert marks.count(("<10", "hidden: fewer than 10 viewers")) == 3
        assert marks.count(("~", "bucket not complete yet")) == 2

    def test_sets_no_colour(self) -> None:
        html = a_result()._repr_html_()
        assert "color" not in html
        assert "background" not in html

    def test_says_that_there_is_more_or_nothing(self) -> None:
        many = a_result(**{name: values * 100 for name, values in a_result().columns.items()})  # type: ignore[operator]
        assert "first 20 of 300 rows, 280 more rows" in many._repr_html_()
        assert "(no rows)" in a_result(**EMPTY)._repr_html_()


class TestDocument:
    def test_is_json_and_has_all_caveats(self) -> None:
        full = replace(
            a_result(ratio=[0.1, None, float("nan")]),
            suppression=Suppression(10, "viewers", (False, True, False)),
            completeness=Completeness(0.5, sent=4, missing=2, covered_from=AT),
            time_zone="UTC",
        )
        document = full.to_dict()
        assert json.loads(json.dumps(document, allow_nan=False)) == document
        assert document == {
            "rows": [
                {"time": "2026-11-23T20:00:00Z", "cdn": "a", "plays": 1, "ratio": 0.1, "raw": ["x", "y"]},
                {"time": "2026-11-23T20:00:01.500000Z", "cdn": None, "plays": 2**53 + 1, "ratio": None, "raw": "x"},
                {"time": None, "cdn": "ü<b>", "plays": None, "ratio": None, "raw": None},
            ],
            "types": TYPES,
            "units": {"plays": "plays"},
            "interval": "2026-11-23T20:00:00.000Z/2026-11-23T21:00:00.000Z",
            "time_zone": "UTC",
            "settled": [False, False, True],
            "exactness": "approximate: distinct counts ±3.3 % (95 %)",
            "completeness": {
                "share": 0.5, "sent": 4, "missing": 2, "in_flight": 0, "beyond_ledger": 0,
                "covered_from": "2026-11-23T20:00:00Z", "reason": "", "quarantined": 0, "by": "minute",
            },
            "newest_event": "2026-11-23T20:00:00Z",
            "age_s": 1.25,
            "suppressed": 1,
            "suppressed_rows": [1],
            "min_audience": 10,
            "cache": None,
            "query_id": "id-1",
            "elapsed_s": 0.012,
        }  # fmt: skip

    def test_of_what_is_not_known(self) -> None:
        document = replace(a_result(), interval=None, freshness=None).to_dict()
        unknown = ("interval", "newest_event", "age_s", "settled", "time_zone")
        assert [document[name] for name in unknown] == [None] * 5
        assert (document["completeness"]["share"], document["completeness"]["reason"]) == (None, "not asked")


class TestMetadata:
    def test_frames_carry_the_caveats_of_the_document(self) -> None:
        full = replace(
            a_result(),
            suppression=Suppression(10, "viewers", (False, True, False)),
            completeness=Completeness(0.5, sent=4, missing=2, covered_from=AT),
            time_zone="UTC",
        )
        said = {name: value for name, value in full.to_dict().items() if name not in ("rows", "settled")}
        said["unsettled_rows"] = [0, 1]
        assert json.loads(full.to_arrow().schema.metadata[b"frontrow"]) == said
        assert full.to_pandas().attrs == {"frontrow": said}
        assert (said["suppressed_rows"], said["exactness"]) == ([1], "approximate: distinct counts ±3.3 % (95 %)")

    def test_of_what_is_not_known(self) -> None:
        unknown = replace(a_result(), interval=None, freshness=None)
        said = unknown.to_pandas().attrs["frontrow"]
        assert (said["interval"], said["newest_event"], said["unsettled_rows"]) == (None, None, [])

    def test_a_frame_without_rows_carries_them_too(self) -> None:
        assert b"frontrow" in a_result(**EMPTY).to_arrow().schema.metadata
        assert a_result(**EMPTY).to_pandas().attrs["frontrow"]["query_id"] == "id-1"

    def test_parquet_keeps_them(self, tmp_path: Path) -> None:
        pyarrow.parquet.write_table(a_result().to_arrow(), tmp_path / "plays.parquet")
        kept = pyarrow.parquet.read_schema(tmp_path / "plays.parquet").metadata[b"frontrow"]
        assert json.loads(kept)["units"] == {"plays": "plays"}


class TestFreshness:
    def test_of_text_and_of_milliseconds(self) -> None:
        now = AT + timedelta(seconds=2)
        expected = Freshness(AT, timedelta(seconds=2))
        assert freshness_of("2026-11-23T20:00:00.000Z", now) == expected
        assert freshness_of(int(AT.timestamp() * 1000), now) == expected
        assert freshness_of(None, now) is None

    def test_a_players_clock_may_be_ahead(self) -> None:
        assert "2.0 s ahead of this clock" in str(freshness_of("2026-11-23T20:00:02.000Z", AT))
