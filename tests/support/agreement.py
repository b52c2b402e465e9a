"""The client's answers held against the oracle's: sums and ratios exactly, sketches inside their bounds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from frontrow import Client, Interval
from frontrow_specs import catalogue, rollup
from oracle.metrics import DISTINCT, EXACT, MINUTE_MS, by_minute, by_value, distinct, quantile_bounds

SPECS = ("audience", "quality")
CASES = [(spec, metric.name) for spec in SPECS for metric in catalogue().metrics.values() if spec in metric.datasources]
GROUPED = [(spec, dimension.name) for spec in SPECS for dimension in rollup(spec).dimensions]
# Three standard errors of a sketch with lgK 12 (1.6 %) and of a theta sketch of 16,384 entries (0.8 %).
TOLERANCE = {"active_sessions": 0.05, "unique_viewers": 0.05, "reach": 0.024}
RANK_ERROR = 0.012

Events = Sequence[dict[str, Any]]


def metrics_of(spec: str) -> list[str]:
    """Every metric that a spec's datasource answers."""
    return [metric for each, metric in CASES if each == spec]


def interval_of(events: Events) -> Interval:
    """The whole minutes that hold the events."""
    first = min(event["ts"] for event in events) // MINUTE_MS * MINUTE_MS
    last = (max(event["ts"] for event in events) // MINUTE_MS + 1) * MINUTE_MS
    return Interval(*(datetime.fromtimestamp(moment / 1000, UTC) for moment in (first, last)))


def check(metric: str, answer: Any, events: Events, length_ms: float) -> None:
    """One value against the oracle."""
    if metric in EXACT:
        expected = EXACT[metric](events, length_ms)
        if expected is None:
            assert answer is None
        elif isinstance(expected, int):
            assert answer == expected
        else:
            assert answer == pytest.approx(expected, rel=1e-12)
    elif metric in DISTINCT:
        expected = distinct(metric, events)
        # Below a few hundred the sketches count; above, they estimate.
        assert answer == pytest.approx(expected, rel=TOLERANCE[metric], abs=0.5)
    else:
        bounds = quantile_bounds(metric, events, RANK_ERROR)
        if bounds is None:
            assert answer is None
        else:
            assert bounds[0] <= answer <= bounds[1]


def check_total(client: Client, spec: str, events: Events) -> None:
    """Every metric over all of the events' time."""
    interval, metrics = interval_of(events), metrics_of(spec)
    (row,) = client.timeseries(metrics, interval=interval, granularity="all", spec=spec)
    for metric in metrics:
        check(metric, row[metric], events, interval.length_ms)


def check_minutes(client: Client, spec: str, events: Events) -> None:
    """Every metric in every minute, the empty ones, too."""
    interval, metrics, minutes = interval_of(events), metrics_of(spec), by_minute(events)
    answer = client.timeseries(metrics, interval=interval, granularity="1m", spec=spec)
    assert len(answer) == interval.length_ms / MINUTE_MS
    for row in answer:
        found = minutes.get(int(row["time"].timestamp() * 1000), [])
        for metric in metrics:
            check(metric, row[metric], found, MINUTE_MS)


def check_top(client: Client, spec: str, dimension: str, events: Events) -> None:
    """Every metric of every value of a dimension."""
    interval, metrics, groups = interval_of(events), metrics_of(spec), by_value(events, dimension)
    answer = client.top_n(dimension, metrics, n=1000, interval=interval, spec=spec)
    assert {row[dimension] for row in answer} == set(groups)
    for row in answer:
        for metric in metrics:
            check(metric, row[metric], groups[row[dimension]], interval.length_ms)
