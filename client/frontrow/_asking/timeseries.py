"""Timeseries: metrics by time bucket."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from frontrow._asking.ask import Ask
from frontrow._asking.bounds import bound_values
from frontrow._asking.formula import aggregations, clean, evaluate, maximum, post_aggregations
from frontrow._asking.suppression import marks_of, without_hidden
from frontrow._errors import AskError
from frontrow._time import Granularity, check_buckets, grain_buckets
from frontrow_specs.formula import Aggregate, Expression, aggregates

# Sends one native query to Druid and gives its answer.
Run: TypeAlias = Callable[[dict[str, Any]], list[Any]]


def check_timeseries(ask: Ask, granularity: Granularity) -> None:
    """Refuse what has no good answer, before anything is sent.

    Raises:
        AskError: the buckets are finer than the datasource's rows, or absurdly many
    """
    if not granularity.fits(ask.grain, ask.interval):
        grain = grain_buckets(ask.grain)
        like = f"{grain.count}{grain.unit[0]}"
        raise AskError(f"{ask.spec} holds {grain.whole}: ask for a granularity of {grain.whole}, like {like}.")
    check_buckets(granularity, ask.interval)
    if any(maximum(metric) is not None for metric in ask.metrics):
        check_buckets(grain_buckets(ask.grain), ask.interval)


def ask_timeseries(ask: Ask, granularity: Granularity, run: Run) -> dict[str, list[Any]]:
    """Columns: ``time`` (starts of the buckets, UTC), then one for each metric; empty buckets, too.

    Where the question has an audience, small buckets are hidden, and ``MARKS`` says which.
    """
    starts = list(granularity.starts(ask.interval))
    answered: dict[datetime, dict[str, Any]] = {}
    if ask.aggregates or ask.extra:
        for start, values in _buckets(
            run(timeseries_query(ask, ask.aggregates, granularity, ask.extra, ask.bound_posts()))
        ):
            answered[ask.interval.start if granularity.is_all else start] = values
    if not answered.keys() <= set(starts):
        # Druid goes from bucket to bucket, and where a day begins at 01:00 because the clock went forward at midnight,
        # so do all its later days. Then its buckets, and no others.
        starts = sorted(answered)
    columns: dict[str, list[Any]] = {"time": starts}
    for metric in ask.metrics:
        inner = maximum(metric)
        if inner is not None:
            columns[metric.name] = _maxima(ask, inner, starts, run)
            continue
        columns[metric.name] = [
            evaluate(metric.expression, answered.get(start, {}), granularity.bucket_ms(start, ask.interval))
            for start in starts
        ]
        if ask.bounds:
            columns |= bound_values([metric], [answered.get(start, {}) for start in starts])
    for aggregator in ask.extra:
        columns[aggregator["name"]] = [clean(answered.get(start, {}).get(aggregator["name"])) for start in starts]
    if ask.audience is None:
        return columns
    audiences = [_audience(ask, answered, start, columns, row) for row, start in enumerate(starts)]
    return without_hidden(columns, ["time"], marks_of(audiences, [], ask.least))


def timeseries_query(
    ask: Ask,
    needed: Iterable[Aggregate],
    granularity: Granularity,
    extra: Iterable[Mapping[str, Any]] = (),
    posts: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The native query; with more aggregators and post-aggregators than its own."""
    from pydruid.query import QueryBuilder

    needed = tuple(needed)
    arguments = {
        "datasource": ask.datasource,
        "intervals": [str(ask.interval)],
        "granularity": granularity.to_druid(),
        "context": {"skipEmptyBuckets": True},
        "aggregations": {},
    }
    query: dict[str, Any] = QueryBuilder().timeseries(arguments).query_dict
    query["aggregations"] = [*aggregations(needed), *extra]
    if computed := [*post_aggregations(needed), *posts]:
        query["postAggregations"] = computed
    return query | ask.scope()


def _audience(
    ask: Ask, answered: Mapping[datetime, Mapping[str, Any]], start: datetime, columns: Mapping[str, Any], row: int
) -> float | None:
    if start in answered:
        return ask.audience_in(answered[start])
    # Maxima are another query: what came between the two has an audience that nobody counted.
    return None if any(columns[metric.name][row] for metric in ask.metrics) else 0.0


def _maxima(ask: Ask, inner: Expression, starts: list[datetime], run: Run) -> list[float | int | None]:
    """The largest value of a formula over the grains of each bucket; null where none has a row."""
    found: list[float | int | None] = [None] * len(starts)
    for start, values in _buckets(
        run(timeseries_query(ask, dict.fromkeys(aggregates(inner)), grain_buckets(ask.grain)))
    ):
        value = evaluate(inner, values, ask.grain / timedelta(milliseconds=1))
        bucket = max(bisect_right(starts, start) - 1, 0)
        known = found[bucket]
        if value is not None and (known is None or value > known):
            found[bucket] = value
    return found


def _buckets(answer: list[Any]) -> Iterable[tuple[datetime, dict[str, Any]]]:
    for entry in answer:
        yield datetime.fromisoformat(entry["timestamp"]).astimezone(UTC), entry["result"]
