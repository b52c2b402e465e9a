"""Charts: what the Vega-Lite of an answer says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from frontrow import AskError, Interval, Result
from frontrow._charts import chart_spec
from frontrow._charts.style import PALETTE
from support.chart_answers import (
    ALL,
    AT,
    BINS,
    BOUNDED,
    CELLS,
    COMPARED,
    CURVE,
    LINE,
    MINUTE,
    SEVERAL,
    SLICES,
    TOP,
    answer,
    in_zone,
    minutes,
)


def rows(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spec["data"]["values"]
    return found


def caption(spec: Mapping[str, Any]) -> str:
    return " ".join(spec["title"]["subtitle"])


class TestTime:
    def test_an_axis_in_the_zone_of_the_question(self) -> None:
        spec = chart_spec(answer({"time": minutes(61), "plays": [*range(61)]}, queries=in_zone("Asia/Kolkata")))
        axis = spec["encoding"]["x"]["axis"]
        assert axis["title"] == "time (Asia/Kolkata)"
        assert "['01:30', '24 Nov']" in axis["labelExpr"]
        assert "24 Nov 2026, 01:30 – 02:30 Asia/Kolkata" in caption(spec)
        asked = chart_spec(LINE, time_zone="Europe/Berlin")
        assert "21:00" in asked["encoding"]["x"]["axis"]["labelExpr"]
        with pytest.raises(AskError, match="no time zone"):
            chart_spec(LINE, time_zone="Europe/Nowhere")

    def test_the_hour_that_comes_twice_has_two_ticks(self) -> None:
        start = datetime(2026, 10, 24, 22, tzinfo=UTC)
        times = [start + timedelta(hours=hour) for hour in range(7)]
        spec = chart_spec(answer({"time": times, "plays": [1] * 7}, queries=in_zone("Europe/Berlin", "PT1H")))
        axis = spec["encoding"]["x"]["axis"]
        assert len(axis["values"]) == 7
        assert axis["labelExpr"].count("'02:00'") == 2

    @pytest.mark.parametrize(
        ("step", "label"),
        [
            (timedelta(seconds=10), "'20:00:10'"),
            (timedelta(minutes=5), "'20:10'"),
            (timedelta(hours=6), "['00:00', '24 Nov']"),
            (timedelta(days=3), "['7 Dec']"),
            (timedelta(days=28), "['Apr']"),
            (timedelta(days=365), "'2029'"),
        ],
    )
    def test_ticks_are_at_round_times(self, step: timedelta, label: str) -> None:
        times = minutes(8, step)
        spec = chart_spec(answer({"time": times, "plays": [1] * 8}, interval=Interval(AT, times[-1] + step)))
        axis = spec["encoding"]["x"]["axis"]
        assert label in axis["labelExpr"]
        assert 2 <= len(axis["values"]) <= 9

    def test_what_is_not_complete_is_dashed(self) -> None:
        """Newer than the newest event, or cut by the interval."""
        cut = Interval(AT, AT + 3.5 * MINUTE)
        for result in (
            answer({"time": minutes(4), "plays": [1, 2, 3, 4]}, newest=AT + 3.5 * MINUTE),
            answer({"time": minutes(4), "plays": [1, 2, 3, 4]}, interval=cut, queries=in_zone("UTC")),
        ):
            spec = chart_spec(result)
            parts = [(row["value"], row["part"], row["settled"]) for row in rows(spec)]
            assert parts == [
                (1, "complete", True),
                (2, "complete", True),
                (3, "complete", True),
                (3, "incomplete", True),
                (4, "incomplete", False),
            ]
            dash = spec["layer"][0]["encoding"]["strokeDash"]
            assert dash["field"] == "part"
            assert dash["scale"] == {"domain": ["complete", "incomplete"], "range": [[1, 0], [5, 4]]}
            assert "Dashed: bucket not complete" in caption(spec)
            assert "not complete" in spec["description"]

    def test_a_first_bucket_that_is_cut_is_dashed_too(self) -> None:
        late = Interval(AT + 0.5 * MINUTE, AT + 4 * MINUTE)
        spec = chart_spec(answer({"time": minutes(4), "plays": [1, 2, 3, 4]}, interval=late))
        assert [row["part"] for row in rows(spec)] == ["incomplete"] * 2 + ["complete"] * 3

    def test_a_settled_answer_has_no_dashes(self) -> None:
        spec = chart_spec(answer({"time": minutes(4), "plays": [1, 2, 3, 4]}, newest=AT + 4 * MINUTE))
        assert {row["part"] for row in rows(spec)} == {"complete"}
        assert "Dashed" not in caption(spec)

    def test_nulls_are_gaps_and_zeros_are_zeros(self) -> None:
        spec = chart_spec(answer({"time": minutes(6), "plays": [1, 0, None, 5, None, 7]}))
        assert [row["value"] for row in rows(spec)] == [1, 0, 5, 7]
        assert len({row["segment"] for row in rows(spec)}) == 3
        assert [row["alone"] for row in rows(spec)] == [False, False, True, True]

    def test_bounds_are_a_band_and_no_lines(self) -> None:
        spec = chart_spec(BOUNDED)
        band = spec["layer"][0]
        assert band["mark"]["type"] == "area"
        assert (band["encoding"]["y"]["field"], band["encoding"]["y2"]["field"]) == ("low", "high")
        assert {row["series"] for row in rows(spec)} == {"Reach"}
        assert (rows(spec)[0]["low"], rows(spec)[0]["high"]) == (9, 11)

    def test_metrics_of_different_units_have_panels_of_their_own(self) -> None:
        spec = chart_spec(SEVERAL)
        times, share = spec["vconcat"]
        assert times["encoding"]["y"]["axis"]["title"] == "s"
        assert [row["value"] for row in rows(times)] == [0.9, 0.8, 0.7, 2.9, 2.8, 2.7]
        assert share["encoding"]["y"]["axis"]["format"] == "%"
        assert [row["text"] for row in rows(share)] == ["1.0%", "2.0%", "3.0%"]
        assert times["encoding"]["x"]["axis"]["labels"] is False
        assert share["encoding"]["x"]["axis"]["title"] == "time (UTC)"

    def test_a_dimension_gives_a_line_for_each_of_its_largest_values(self) -> None:
        names = [f"cdn-{number}" for number in range(9)]
        columns = {
            "time": [time for time in minutes(2) for _ in names],
            "cdn": names * 2,
            "plays": [number for _ in range(2) for number in range(9)],
        }
        spec = chart_spec(answer(columns))
        color = spec["encoding"]["color"]["scale"]
        assert color["domain"] == names[:1:-1]
        assert color["range"] == list(PALETTE)
        assert "The largest 7 of 9 are drawn" in caption(spec)

    def test_too_many_points_are_thinned_without_losing_a_peak_or_a_gap(self) -> None:
        values: list[int | None] = [5] * 86_400
        values[40_000], values[60_000] = 900, None
        day = Interval(AT, AT + timedelta(days=1))
        spec = chart_spec(answer({"time": minutes(86_400, timedelta(seconds=1)), "plays": values}, interval=day))
        assert len(rows(spec)) < 5_000
        assert max(row["value"] for row in rows(spec)) == 900
        assert len({row["segment"] for row in rows(spec)}) == 2
        assert "of each stretch the lowest and the highest" in caption(spec)


class TestTopList:
    def test_bars_keep_their_order_and_say_their_values(self) -> None:
        spec = chart_spec(TOP)
        y = spec["encoding"]["y"]
        assert y["sort"] == ["a", "b", "(none)"]
        assert [row["text"] for row in rows(spec)] == ["30", "20", "10"]
        assert spec["layer"][0]["encoding"]["x"]["axis"]["title"] == "plays"
        assert spec["layer"][1]["mark"]["type"] == "text"
        assert spec["title"]["text"] == "Plays by CDN"

    def test_labels_are_shown_and_told_apart(self) -> None:
        columns = {"content_id": ["x", "y", "z"], "title": ["Film", "Film", "Other"], "plays": [3, 2, 1]}
        spec = chart_spec(answer(columns))
        assert spec["encoding"]["y"]["sort"] == ["Film (x)", "Film (y)", "Other"]

    def test_a_null_is_no_bar(self) -> None:
        spec = chart_spec(answer({"cdn": ["a", "b"], "rebuffer_ratio": [0.5, None]}))
        assert [(row["value"], row["text"]) for row in rows(spec)] == [(0.5, "50.0%"), (None, "–")]

    def test_metrics_are_side_by_side(self) -> None:
        first, second = chart_spec(ALL["several bars"])["hconcat"]
        assert first["encoding"]["y"]["axis"] is not None
        assert second["encoding"]["y"]["axis"] is None

    def test_a_long_list_is_cut_and_says_so(self) -> None:
        spec = chart_spec(answer({"isp": [f"isp-{n}" for n in range(80)], "plays": [*range(80, 0, -1)]}))
        assert len(rows(spec)) == 50
        assert "The first 50 of 80 are drawn" in caption(spec)


def test_two_dimensions_are_a_heat_map() -> None:
    spec = chart_spec(CELLS)
    assert spec["encoding"]["y"]["sort"] == ["a", "b"]
    assert spec["encoding"]["x"]["sort"] == ["DE", "FR"]
    # A cell without a value is none.
    assert [(row["down"], row["across"], row["text"]) for row in rows(spec)] == [
        ("a", "DE", "2.0%"),
        ("b", "DE", "0.10%"),
    ]
    wide = answer({"isp": ["a"] * 60, "country": [f"c{n}" for n in range(60)], "play_ms": [60_000] * 60})
    spec = chart_spec(wide)
    assert len(rows(spec)) == 40
    assert len(spec["layer"]) == 1
    assert "Of 60 values of Country the first 40 are drawn" in caption(spec)


def test_retention_is_a_curve_of_shares() -> None:
    spec = chart_spec(CURVE)
    assert spec["title"]["text"] == "Retention of film"
    assert {row["series"] for row in rows(spec)} == {"came at least so far", "played it"}
    assert spec["encoding"]["y"]["axis"]["format"] == "%"
    assert spec["encoding"]["x"]["scale"]["domain"] == [0, 100]
    sessions = chart_spec(CURVE, metrics=["came_so_far"])
    assert sessions["encoding"]["y"]["axis"]["title"] == "sessions"


@pytest.mark.parametrize(
    ("values", "unit", "texts"),
    [
        ([250.0, 1999.0], "ms", ["250 ms", "1,999 ms"]),
        ([2000.0, 12_345.0], "s", ["2.00 s", "12.3 s"]),
        ([7_200_000, 100], "h", ["2.00 h", "<0.01 h"]),
    ],
)
def test_milliseconds_are_readable(values: list[float], unit: str, texts: list[str]) -> None:
    spec = chart_spec(answer({"time": minutes(2), "startup_time_p50": values}))
    assert spec["encoding"]["y"]["axis"]["title"] == unit
    assert [row["text"] for row in rows(spec)] == texts


def test_the_caption_says_interval_and_exactness_in_lines_that_fit() -> None:
    exactness = (
        "approximate: distinct counts ±3.3 % (95 %), quantiles within 1 % of rank; audience keeps nothing before"
    )
    result = answer({"time": minutes(2), "plays": [1, 2]}, exactness=exactness)
    spec = chart_spec(result, width=300)
    assert "23 Nov 2026, 20:00 – 21:00 UTC · by 1 minute · approximate: distinct counts" in caption(spec)
    assert max(map(len, spec["title"]["subtitle"])) <= 52


def test_a_description_tells_it_in_words() -> None:
    chart = answer({"time": minutes(3), "plays": [4, 9, 2]}).plot(title="Plays of an evening")
    assert chart.to_dict()["description"] == (
        "Plays of an evening. 23 Nov 2026, 20:00 – 21:00 UTC, by 1 minute. Plays: line from 4 plays to 2 plays, "
        "lowest 2 plays at 23 Nov 2026, 20:02, highest 9 plays at 23 Nov 2026, 20:01."
    )
    assert "Plays: a 30 plays, b 20 plays, (none) 10 plays." in chart_spec(TOP)["description"]
    assert "Rebuffer ratio is highest at a and DE: 2.0%." in chart_spec(CELLS)["description"]


@pytest.mark.parametrize(
    ("result", "asked", "said"),
    [
        (LINE, {"metrics": "views"}, "views: no numbers of this answer, which has plays"),
        (LINE, {"metrics": []}, "nothing to draw"),
        (LINE, {"kind": "bar"}, "kind='bar' does not fit: this answer has time, plays. Use line"),
        (answer({"cdn": ["a"]}), {}, "nothing to draw"),
        (answer({"cdn": ["a"], "isp": ["b"], "os": ["c"], "plays": [1]}), {}, "no kind of chart fits"),
    ],
)
def test_what_cannot_be_drawn_is_refused(result: Result, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(AskError, match=said):
        result.plot(**asked)


class TestBins:
    def test_a_bar_for_each_bin_as_wide_as_it_is(self) -> None:
        spec = chart_spec(BINS)
        assert [(row["from"], row["to"], row["value"], row["open"]) for row in rows(spec)] == [
            (0.0, 500.0, 0.2, True),
            (500.0, 1000.0, 0.5, False),
            (1000.0, 1500.0, 0.3, True),
        ]
        assert [row["bin"] for row in rows(spec)] == ["up to 500 ms", "500 to 1,000 ms", "above 1,000 ms"]
        assert spec["title"]["text"] == "Share of plays by start-up time"
        assert "highest 500 to 1,000 ms, 50.0%" in spec["description"]
        assert "Pale" in caption(spec)
        assert "differ in width" not in caption(spec)

    def test_other_numbers_when_asked(self) -> None:
        spec = chart_spec(BINS, metrics=["plays", "share_up_to"])
        assert [panel["title"]["text"] for panel in spec["vconcat"]] == ["Plays", "Share up to"]
        with pytest.raises(AskError, match="Use histogram"):
            chart_spec(BINS, kind="bar")

    def test_bins_of_different_width_are_told(self) -> None:
        wide = {
            "from_ms": [None, 500.0, 2000.0, 2100.0],
            "to_ms": [500.0, 2000.0, 2100.0, None],
            "plays": [1, 1, 1, 1],
            "share": [0.25] * 4,
            "share_up_to": [0.25, 0.5, 0.75, 1.0],
        }
        assert "differ in width" in caption(chart_spec(answer(wide)))

    def test_values_are_compared_in_panels_on_one_scale(self) -> None:
        spec = chart_spec(COMPARED)
        assert [panel["title"]["text"] for panel in spec["vconcat"]] == [*map(str, range(12))]
        assert len({panel["encoding"]["y"]["scale"]["domainMax"] for panel in spec["vconcat"]}) == 1
        assert "Of 14 values the first 12 are drawn" in caption(spec)

    def test_what_is_hidden_is_not_drawn(self) -> None:
        columns = {
            "cdn": ["a", "a", "b"],
            "from_ms": [None, 500.0, None],
            "to_ms": [500.0, None, None],
            "plays": [10, 30, None],
            "share": [0.25, 0.75, None],
            "share_up_to": [0.25, 1.0, None],
        }
        spec = chart_spec(answer(columns))
        assert [row["value"] for row in rows(spec)] == [0.25, 0.75]
        nothing = chart_spec(answer({name: [*values[:1], None][1:] for name, values in columns.items()}))
        assert nothing["data"]["values"] == [{"text": "no rows"}]

    def test_one_split_below_zero(self) -> None:
        columns = {"from_ms": [None, -5.0], "to_ms": [-5.0, None], "events": [1, 1], "share": [0.5, 0.5]}
        spec = chart_spec(answer({**columns, "share_up_to": [0.5, 1.0]}))
        assert [(row["from"], row["to"]) for row in rows(spec)] == [(-6.0, -5.0), (-5.0, -4.0)]
        assert "delay" in spec["title"]["text"]


def test_slices_are_bars_with_names_of_their_own() -> None:
    spec = chart_spec(SLICES)
    assert spec["title"]["text"] == "Excess, rebuffer ratio and unique viewers by slice"
    excess, *_ = spec["hconcat"]
    assert [row["bar"] for row in rows(excess)] == ["cdn a", "cdn a, isp x", "isp (none)"]
    assert "Bar chart of 3" in spec["description"]
