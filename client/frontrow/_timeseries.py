"""Timeseries: metrics by time bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from frontrow._ask import Ask
from frontrow._errors import AskError
from frontrow._formula import aggregations, evaluate, maximum, post_aggregations
from frontrow._time import GRAIN, Granularity, Interval
from frontrow_specs.formula import Aggregate, Expression, aggregates

# Sends one native query to Druid and gives its answer.
Run: TypeAlias = Callable[[dict[str, Any]], list[Any]]


def ask_timeseries(ask: Ask, granularity: Granularity, run: Run) -> dict[str, list[Any]]:
    """Columns of the answer: ``time`` (starts of the buckets, UTC), then a column for each metric, empty buckets too.

    Raises:
        AskError: the buckets are finer than the datasource's rows
    """
    if not granularity.is_all and not granularity.months and granularity.time % GRAIN:
        raise AskError(f"{ask.spec} holds whole minutes: ask for a granularity of whole minutes, like 1m.")
    answered: dict[datetime, dict[str, Any]] = {start: {} for start in granularity.starts(ask.interval)}
    if ask.aggregates or not any(maximum(metric) for metric in ask.metrics):
        for start, values in _buckets(run(timeseries_query(ask, ask.aggregates, granularity))):
            answered[ask.interval.start if granularity.is_all else start] = values
    columns: dict[str, list[Any]] = {"time": sorted(answered)}
    for metric in ask.metrics:
        inner = maximum(metric)
        if inner is not None:
            columns[metric.name] = _maxima(ask, inner, granularity, columns["time"], run)
            continue
        columns[metric.name] = [
            evaluate(metric.expression, answered[start], granularity.bucket_ms(start, ask.interval))
            for start in columns["time"]
        ]
    return columns


def timeseries_query(ask: Ask, needed: Iterable[Aggregate], granularity: Granularity) -> dict[str, Any]:
    """The native query."""
    from pydruid.query import QueryBuilder

    needed = tuple(needed)
    arguments: dict[str, Any] = {
        "datasource": ask.datasource,
        "intervals": [str(ask.interval)],
        "granularity": granularity.to_druid(),
        "context": {"skipEmptyBuckets": True},
    }
    if ask.where is not None:
        arguments["filter"] = None
    query: dict[str, Any] = QueryBuilder().timeseries(arguments | {"aggregations": {}}).query_dict
    query["aggregations"] = aggregations(needed)
    if posts := post_aggregations(needed):
        query["postAggregations"] = posts
    if ask.where is not None:
        query["filter"] = dict(ask.where)
    return query


def _maxima(
    ask: Ask, inner: Expression, granularity: Granularity, starts: list[datetime], run: Run
) -> list[float | int | None]:
    """The largest value of a formula over the minutes of each bucket; null where no minute has a row."""
    minute = Granularity(0, GRAIN, "PT1M")
    found: dict[datetime, float | int] = {}
    for start, values in _buckets(run(timeseries_query(ask, dict.fromkeys(aggregates(inner)), minute))):
        value = evaluate(inner, values, GRAIN / timedelta(milliseconds=1))
        bucket = ask.interval.start if granularity.is_all else granularity.floor(start)
        if value is not None:
            found[bucket] = max(value, found.get(bucket, value))
    return [found.get(start) for start in starts]


def _buckets(answer: list[Any]) -> Iterable[tuple[datetime, dict[str, Any]]]:
    for entry in answer:
        yield datetime.fromisoformat(entry["timestamp"]).astimezone(UTC), entry["result"]


__all__ = ["Interval", "Run", "ask_timeseries", "timeseries_query"]
