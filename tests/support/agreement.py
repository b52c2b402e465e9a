"""The client's answers held against the oracle's: sums and ratios exactly, sketches inside their bounds.

:func:`check_datasource` asks a datasource for everything that it answers, however Druid keeps its rows by now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from frontrow import Client, Interval
from frontrow_specs import catalogue, rollup, rollup_names
from frontrow_specs.avro_schemas import EVENTS
from oracle.metrics import DISTINCT, EXACT, by_time, by_value, distinct, peak, quantile_bounds

SPECS = tuple(name for name in rollup_names() if rollup(name).topic == EVENTS)
CASES = [
    (spec, metric.name)
    for spec in rollup_names()
    for metric in catalogue().metrics.values()
    if spec in metric.datasources
]
GROUPED = [(spec, dimension.name) for spec in SPECS for dimension in rollup(spec).dimensions]
# Three standard errors of a sketch with lgK 12 (1.6 %) and of a theta sketch of 16,384 entries (0.8 %).
TOLERANCE = {"active_sessions": 0.05, "unique_viewers": 0.05, "reach": 0.024, "position_sessions": 0.024}
RANK_ERROR = 0.012
_MS = timedelta(milliseconds=1)

Records = Sequence[dict[str, Any]]


def check_datasource(client: Client, spec: str, records: Records) -> None:
    """Every metric of a spec's datasource, over all time, in every row's time, and by every dimension.

    Args:
        records: of the spec's topic, every field present; all that the datasource holds of their time
    """
    check_total(client, spec, records)
    check_grains(client, spec, records)
    for dimension in rollup(spec).dimensions:
        check_top(client, spec, dimension.name, records)


def metrics_of(spec: str) -> list[str]:
    """Every metric that a spec's datasource answers."""
    return [metric for each, metric in CASES if each == spec]


def grain_ms(spec: str) -> int:
    """The time that a row covers, ms."""
    return rollup(spec).grain // _MS


def interval_of(records: Records, spec: str = "audience") -> Interval:
    """The whole grains that hold the records."""
    grain = grain_ms(spec)
    first = min(record["ts"] for record in records) // grain * grain
    last = (max(record["ts"] for record in records) // grain + 1) * grain
    return Interval(*(datetime.fromtimestamp(moment / 1000, UTC) for moment in (first, last)))


def check(spec: str, metric: str, answer: Any, records: Records, length_ms: float) -> None:
    """One value against the oracle."""
    if metric in EXACT:
        of_grain = metric == "peak_concurrent_viewers"
        expected = peak(records, grain_ms(spec)) if of_grain else EXACT[metric](records, length_ms)
        if expected is None:
            assert answer is None
        elif isinstance(expected, int):
            assert answer == expected
        else:
            assert answer == pytest.approx(expected, rel=1e-12)
    elif metric in DISTINCT:
        expected = distinct(metric, records)
        # Below a few hundred the sketches count; above, they estimate.
        assert answer == pytest.approx(expected, rel=TOLERANCE[metric], abs=0.5)
    else:
        bounds = quantile_bounds(metric, records, RANK_ERROR)
        if bounds is None:
            assert answer is None
        else:
            assert bounds[0] <= answer <= bounds[1]


def check_total(client: Client, spec: str, records: Records) -> None:
    """Every metric over all of the records' time."""
    interval, metrics = interval_of(records, spec), metrics_of(spec)
    (row,) = client.timeseries(metrics, interval=interval, granularity="all", spec=spec)
    for metric in metrics:
        check(spec, metric, row[metric], records, interval.length_ms)


def check_grains(client: Client, spec: str, records: Records) -> None:
    """Every metric in every minute, or whatever the grain is; the empty ones, too."""
    grain = grain_ms(spec)
    interval, metrics, grains = interval_of(records, spec), metrics_of(spec), by_time(records, grain)
    answer = client.timeseries(metrics, interval=interval, granularity=f"{grain // 1000}s", spec=spec)
    assert len(answer) == interval.length_ms / grain
    for row in answer:
        found = grains.get(int(row["time"].timestamp() * 1000), [])
        for metric in metrics:
            check(spec, metric, row[metric], found, grain)


def check_top(client: Client, spec: str, dimension: str, records: Records) -> None:
    """Every metric of every value of a dimension."""
    interval, metrics, groups = interval_of(records, spec), metrics_of(spec), by_value(records, dimension)
    # No other dimension of these tests has as many values.
    n = 10_000 if dimension == "position" else 1000
    answer = client.top_n(dimension, metrics, n=n, interval=interval, spec=spec)
    assert {row[dimension] for row in answer} == set(groups)
    for row in answer:
        for metric in metrics:
            check(spec, metric, row[metric], groups[row[dimension]], interval.length_ms)
