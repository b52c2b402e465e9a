"""Breakdowns, impact and distributions of a client held against the oracle's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from frontrow import Client, Interval
from oracle.slices import PARTS, by_values, each_once, histogram, impact
from support.agreement import Records, check, interval_of, metrics_of

# Three halves of what DataSketches says for k = 256 of 99 of 100 trials.
SHARE_ERROR, UP_TO_ERROR = 0.0131, 0.0107
# The sketch keeps every value of fewer.
ALL_KEPT = 512


def check_slices(client: Client, records: Records, *, rates: Iterable[str] = tuple(PARTS)) -> None:
    """Every kind, of the datasource ``quality``, and of ``audience`` for what has several values."""
    check_groups(client, "quality", ["cdn", "isp"], records)
    check_groups(client, "quality", ["network", "error_code"], records, bucket_ms=300_000)
    check_groups(client, "audience", ["segments", "device_type"], records)
    check_groups(client, "audience", ["country", "segments"], records, bucket_ms=3_600_000)
    for metric in rates:
        check_impact_of(client, metric, "quality", ["cdn", "network", "isp"], records)
    check_impact_of(client, "start_failure_rate", "audience", ["segments", "country"], records)
    check_distribution_of(client, records)
    check_distribution_of(client, records, by="network")


def check_groups(
    client: Client, spec: str, dimensions: Sequence[str], records: Records, *, bucket_ms: int | None = None
) -> None:
    """Every metric of every group, in the order of each metric, all of them and only the first."""
    interval, metrics = interval_of(records, spec), metrics_of(spec)
    step = {} if bucket_ms is None else {"granularity": f"{bucket_ms // 1000}s"}
    asked: dict[str, Any] = {"interval": interval, "spec": spec, **step}
    groups = {
        (bucket, *key): found
        for bucket, inside in _buckets(records, bucket_ms).items()
        for key, found in by_values(inside, dimensions).items()
    }
    answer = client.breakdown(dimensions, metrics, n=100_000, **asked)
    keys = [_key(row, dimensions) for row in answer]
    assert set(keys) == set(groups)
    assert len(keys) == len(groups)
    assert "all groups" in answer.exactness
    for key, row in zip(keys, answer, strict=True):
        for metric in metrics:
            check(spec, metric, row[metric], groups[key], _length(interval, key[0], bucket_ms))
    few = max(len(keys) // 3, 1)
    for first in ("plays", "rebuffer_ratio", "peak_concurrent_viewers", "startup_time_p90", "reach"):
        if first not in metrics:
            continue
        cut = client.breakdown(dimensions, [first, "events"], n=few, **asked)
        assert ("of more" in cut.exactness) is (len(keys) > few)
        order = sorted((key[0] or 0, _falling(row[first])) for key, row in zip(keys, answer, strict=True))
        # An estimate depends a little on what was merged with what.
        assert [_falling(row[first]) for row in cut] == pytest.approx([value for _, value in order[:few]], rel=0.05)
        for row in cut:
            key = _key(row, dimensions)
            check(spec, first, row[first], groups[key], _length(interval, key[0], bucket_ms))


def check_impact_of(client: Client, metric: str, spec: str, dimensions: Sequence[str], records: Records) -> None:
    """Every slice and pair of slices, and the order."""
    whole = impact(metric, records, dimensions, pairs=True)
    expected = each_once(whole)
    asked: dict[str, Any] = {"interval": interval_of(records, spec), "spec": spec}
    answer = client.impact(metric, dimensions, pairs=True, n=1000, **asked)
    places = [_place(row) for row in answer]
    assert set(places) == set(expected)
    assert len(places) == len(expected)
    assert ("shown once" in answer.exactness) is (len(whole) > len(expected))
    scale = max(1.0, *(abs(row["excess"] or 0) for row in expected.values()))
    for place, row in zip(places, answer, strict=True):
        wanted = expected[place]
        for name in (metric, f"{metric}_elsewhere", "excess_share"):
            assert row[name] == (None if wanted[name] is None else pytest.approx(wanted[name], rel=1e-9, abs=1e-9))
        assert row["excess"] == (
            None if wanted["excess"] is None else pytest.approx(wanted["excess"], rel=1e-9, abs=1e-9 * scale)
        )
        for name in ("unique_viewers", "plays"):
            check(spec, name, row[name], wanted["events"], 1)
    order = [_falling(row["excess"]) for row in answer]
    assert order == sorted(order)
    single = client.impact(metric, dimensions, n=3, **asked)
    alone = [value for place, value in zip(places, order, strict=True) if len(place) == 1]
    assert [_falling(row["excess"]) for row in single] == pytest.approx(alone[:3], rel=1e-9, abs=1e-9 * scale)


def check_distribution_of(client: Client, records: Records, *, by: str | None = None) -> None:
    """The counts of every bin, by default and by given ones: to the letter below 512 values, else within bounds."""
    groups = by_values(records, [] if by is None else [by])
    starts = {
        key: [event["startup_ms"] for event in found if event.get("startup_ms") is not None]
        for key, found in groups.items()
    }
    starts = {key: values for key, values in starts.items() if values}
    for bins in (20, 1, [0, 500, 1000.5, 4000]):
        answer = client.distribution(bins=bins, by=by, n=100, interval=interval_of(records))
        assert {() if by is None else (row[by],) for row in answer} == set(starts)
        for key, values in starts.items():
            rows = [row for row in answer if by is None or row[by] == key[0]]
            splits = [row["to_ms"] for row in rows][:-1]
            assert [row["from_ms"] for row in rows] == [None, *splits]
            assert rows[-1]["to_ms"] is None
            assert splits == bins or isinstance(bins, int)
            _check_counts(rows, values, histogram(values, splits))


def _check_counts(rows: Sequence[Any], values: Sequence[float], counts: Sequence[int]) -> None:
    total = len(values)
    assert sum(row["plays"] for row in rows) == total
    so_far = 0
    for row, count in zip(rows, counts, strict=True):
        so_far += count
        if total < ALL_KEPT:
            assert row["plays"] == count
            assert (row["share"], row["share_up_to"]) == (count / total, so_far / total)
        else:
            assert abs(row["plays"] - count) <= SHARE_ERROR * total
            assert abs(row["share_up_to"] * total - so_far) <= UP_TO_ERROR * total


def _falling(value: float | None) -> float:
    """Sorts the largest first and null last."""
    return float("inf") if value is None else -value


def _buckets(records: Records, bucket_ms: int | None) -> dict[int | None, list[dict[str, Any]]]:
    found: dict[int | None, list[dict[str, Any]]] = {}
    for record in records:
        bucket = None if bucket_ms is None else record["ts"] // bucket_ms * bucket_ms
        found.setdefault(bucket, []).append(record)
    return found


def _key(row: Any, dimensions: Sequence[str]) -> tuple[Any, ...]:
    bucket = round(row["time"].timestamp() * 1000) if "time" in row else None
    return (bucket, *(row[name] for name in dimensions))


def _place(row: Any) -> tuple[tuple[str, str | None], ...]:
    first = (row["dimension"], row["value"])
    return (first,) if row["dimension_2"] is None else (first, (row["dimension_2"], row["value_2"]))


def _length(interval: Interval, bucket: Any, bucket_ms: int | None) -> float:
    """How much of a bucket lies in the interval, ms."""
    if bucket_ms is None:
        return interval.length_ms
    start, end = (moment.timestamp() * 1000 for moment in (interval.start, interval.end))
    return min(bucket + bucket_ms, end) - max(bucket, start)
