"""Reach over time: how many different viewers came by now, and how many of them are new.

The sketch of each bucket is fetched, and they are united here. Druid can do it in one query as well, with an aggregator
for each bucket. That takes longer (``bench_reach``: 3.6 times for 60 buckets of 60,000 events of a running task, more
for more), and over persisted rows 200 sketches do not fit into Druid's default buffers of 50 MB.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

from frontrow._asking.ask import Ask
from frontrow._asking.sketches import ask_sketches_by_time, check_sketches
from frontrow._asking.suppression import SMALL, without_hidden
from frontrow._asking.timeseries import Run
from frontrow._errors import AskError
from frontrow._result import ColumnType
from frontrow._sketch import ThetaSketch
from frontrow._time import Granularity

METRIC = "reach"
"""The metric whose sketches are asked for."""

MOST_BUCKETS = 200
"""A sketch may be of 175,000 bytes on its way: 35 MB in all."""

TYPES: Mapping[str, ColumnType] = {
    "time": "time",
    "reach": "number",
    "reach_low": "number",
    "reach_high": "number",
    "new": "number",
    "new_low": "number",
    "new_high": "number",
}
NEW = ("new", "new_low", "new_high")
UNITS: Mapping[str, str] = dict.fromkeys([name for name in TYPES if name != "time"], "viewers")


def check_reach(ask: Ask, granularity: Granularity) -> None:
    """Refuse what has no answer, before anything is sent.

    Raises:
        AskError: buckets finer than the rows, or more than ``MOST_BUCKETS``
        MissingExtraError: datasketches is not installed
    """
    starts = granularity.starts(ask.interval)
    if sum(1 for _ in zip(starts, range(MOST_BUCKETS + 1), strict=False)) > MOST_BUCKETS:
        raise AskError(
            f"reach over more than {MOST_BUCKETS} buckets would move too many bytes: ask for a coarser granularity "
            f"than {granularity.period}, or a shorter interval."
        )
    check_sketches(ask, granularity)


def ask_reach(ask: Ask, granularity: Granularity, run: Run) -> dict[str, list[Any]]:
    """Columns as in ``TYPES``: ``reach`` counts from the interval's start to the end of the bucket.

    Where the question has an audience, small steps are hidden, and ``MARKS`` says where.
    """
    fetched = ask_sketches_by_time(replace(ask, audience=None), granularity, run)
    here: list[ThetaSketch] = fetched[ask.metrics[0].name]
    so_far = list(accumulate(here, ThetaSketch.__or__))
    new = [so_far[0], *(later - earlier for earlier, later in pairwise(so_far))] if here else []
    columns: dict[str, list[Any]] = {"time": fetched["time"]}
    for name, sketches in (("reach", so_far), ("new", new)):
        bounds = [sketch.bounds() for sketch in sketches]
        columns[name] = [sketch.estimate for sketch in sketches]
        columns[f"{name}_low"] = [low for low, _ in bounds]
        columns[f"{name}_high"] = [high for _, high in bounds]
    for name in ("reach", "reach_low", "reach_high"):
        # What came so far cannot become less; its estimate can, by a hair.
        columns[name] = list(accumulate(columns[name], max))
    return columns if ask.audience is None else _without_small(columns, ask.least)


def _without_small(columns: Mapping[str, list[Any]], least: int) -> dict[str, list[Any]]:
    """Buckets up to which fewer than ``least`` viewers came since the last one that is shown are hidden.

    What is new in a bucket is null, too, where the bucket before is hidden: it would tell of that one.
    """
    marks, shown, sizes = [], 0, [math.floor(each + 0.5) for each in columns["reach"]]
    for size in sizes:
        marks.append(SMALL if 0 < size - shown < least else "")
        shown = shown if marks[-1] else size
    found = without_hidden(columns, ["time"], marks)
    for row, (mark, new) in enumerate(zip(["", *marks[:-1]], columns["new"], strict=True)):
        if mark or 0 < math.floor(new + 0.5) < least:
            found |= {name: [*found[name][:row], None, *found[name][row + 1 :]] for name in NEW}
    return found
