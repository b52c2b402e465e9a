"""The lines under a timeseries: bars as wide as the terminal, extremes, and whether the last bucket may change."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from frontrow import Freshness, Interval, Result
from frontrow._asking.suppression import Suppression
from frontrow_ingest.cli.query.summary import is_timeseries, summary, unsettled

START = datetime(2026, 11, 23, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def timeseries(*, newest_s: float | None = None, ends_s: float | None = None, **columns: Sequence[Any]) -> Result:
    """Minutes from START on; the newest event, and the end of the interval, so many seconds after."""
    count = len(next(iter(columns.values())))
    times = [START + MINUTE * number for number in range(count)]
    end = START + (MINUTE * count if ends_s is None else timedelta(seconds=ends_s))
    fresh = None if newest_s is None else Freshness(START + timedelta(seconds=newest_s), timedelta(0))
    period = {"granularity": {"type": "period", "period": "PT1M", "timeZone": "UTC"}}
    types: dict[str, Any] = {"time": "time", **dict.fromkeys(columns, "integer")}
    return Result({"time": times, **columns}, types, Interval(START, end), "exact", fresh, 0.1, "q", (period,))


def console(width: int = 80, encoding: str = "utf-8", *, terminal: bool = True) -> Console:
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    return Console(file=output, width=width, force_terminal=terminal)


def test_a_line_for_each_metric_under_each_other() -> None:
    lines = summary(timeseries(plays=[4, 1234, 8], concurrent_viewers=[0, None, 2]), console())
    assert lines == [
        "plays               ▁█▁  min 4 · max 1,234 · last 8",
        "concurrent_viewers  ▁ █  min 0 · max 2 · last 2",
    ]


def test_the_last_bucket_is_marked_while_it_may_change() -> None:
    cut = timeseries(plays=[4, 8, 2], ends_s=150)
    assert unsettled(cut) == 1
    assert summary(cut, console()) == ["plays  ▄█┊▂  min 2 · max 8 · last 2 (not complete)"]
    assert unsettled(timeseries(plays=[4, 8, 2], newest_s=179)) == 1
    assert unsettled(timeseries(plays=[4, 8, 2], newest_s=180)) == 0
    assert unsettled(timeseries(plays=[4, 8, 2], newest_s=70)) == 2
    assert unsettled(timeseries(plays=[4, 8, 2], newest_s=-5)) == 3


def test_without_a_value() -> None:
    assert summary(timeseries(startup_time_p50=[None, None]), console()) == ["startup_time_p50      no value"]
    assert summary(timeseries(plays=[3, None]), console())[0].endswith("min 3 · max 3 · last –")


def test_hidden_values_are_told_as_such() -> None:
    def shown(*hidden: bool, protecting: int = 0) -> str:
        plays = [None if each else 4 for each in hidden]
        (line,) = summary(
            replace(timeseries(plays=plays), suppression=Suppression(10, rows=hidden, protecting=protecting)), console()
        )
        return line

    assert shown(False, True) == "plays  █   min 4 · max 4 · last <10"
    assert shown(True, True) == "plays      last <10"
    assert shown(True, True, protecting=1) == "plays      last hidden"


def test_bounds_and_changes_have_no_line_of_their_own() -> None:
    found = summary(
        timeseries(elapsed=[0, 1], reach=[1, 2], reach_low=[1, 2], reach_high=[1, 2], reach_change_share=[1, 2]),
        console(),
    )
    assert [line.split()[0] for line in found] == ["reach"]
    assert len(summary(timeseries(only_low=[1, 2]), console())) == 1


@pytest.mark.parametrize("width", [20, 40, 80, 200, 100_000])
def test_as_wide_as_the_terminal(width: int) -> None:
    result = timeseries(plays=list(range(500)), concurrent_viewers=list(range(500)))
    lines = summary(result, console(width))
    bars = [line for line in lines if "█" in line]
    assert len(bars) == 2
    assert all(len(line) <= width for line in bars)
    assert any(len(line) > min(width, 500) / 2 for line in bars)


def test_in_a_pipe_no_wider_than_can_be_read() -> None:
    (line,) = summary(timeseries(plays=list(range(5_000))), console(1_000, terminal=False))
    assert len(line) < 120


def test_where_the_output_has_no_such_characters() -> None:
    lines = summary(timeseries(plays=[1, None, 8, None], newest_s=200), console(encoding="ascii"))
    assert lines == ["plays  _ #|   min 1, max 8, last - (not complete)"]
    lines[0].encode("ascii")


@pytest.mark.parametrize(
    ("columns", "types"),
    [
        ({"cdn": ["a", "b"], "plays": [1, 2]}, {"cdn": "string", "plays": "integer"}),
        ({"time": [START], "plays": [1]}, {"time": "time", "plays": "integer"}),
        ({"time": [], "plays": []}, {"time": "time", "plays": "integer"}),
        ({"time": [START, START], "plays": [1, 2]}, {"time": "time", "plays": "integer"}),
        ({"time": [START, None], "plays": [1, 2]}, {"time": "time", "plays": "integer"}),
        ({"time": [START, START + MINUTE], "cdn": ["a", "b"]}, {"time": "time", "cdn": "string"}),
        ({}, {}),
    ],
    ids=["top", "one bucket", "no rows", "a time twice", "no time", "text", "no columns"],
)
def test_what_is_no_timeseries(columns: dict[str, list[Any]], types: dict[str, Any]) -> None:
    result = Result(columns, types, None, "exact", None, 0.1, "q", ())
    assert not is_timeseries(result)
    assert summary(result, console()) == []
