"""Whether distinct viewers may be counted: within one epoch of the viewer key a viewer has one pseudonym."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from frontrow._asking.ask import Ask
from frontrow._errors import KeyEpochsError
from frontrow._time import MINUTE, Granularity, Interval
from frontrow_specs import rollup

# Sends one native query to Druid and gives its answer.
Run: TypeAlias = Callable[[dict[str, Any]], list[Any]]
_DIMENSION = "viewer_key_epoch"
VIEWER = "viewer_id"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class KeyEpoch:
    """An epoch of the viewer key, and from which minute to which end (excluded) events of it were sent."""

    name: str
    start: datetime
    end: datetime


def check_key_epochs(ask: Ask, buckets: Granularity, ledger: str, run: Run) -> None:
    """Refuse distinct viewers in a bucket with events of two epochs.

    The producers' ledger tells of the epochs, by the minute of the events, two seconds after them. It cannot tell of
    producers without one, nor of viewer ids that came as pseudonyms of an epoch that nobody named.

    Args:
        ledger: the ledger's datasource in Druid

    Raises:
        KeyEpochsError: names the epochs, and the parts that can be asked alone
    """
    if not _counts_viewers(ask):
        return
    epochs = _epochs(ask.interval.widened(MINUTE), ledger, run)
    if len(epochs) < 2:
        return
    for start in buckets.starts(ask.interval):
        first = max(start, ask.interval.start)
        end = ask.interval.end if buckets.is_all else min(buckets.after(start), ask.interval.end)
        if sum(epoch.start < end and epoch.end > first for epoch in epochs) > 1:
            raise _refused(ask, buckets, Interval(first, end), epochs)


def key_epoch(ask: Ask, ledger: str, run: Run) -> str | None:
    """The one epoch that a question's viewers have pseudonyms of; None if the ledger tells of none, or of several."""
    epochs = {epoch.name for epoch in _epochs(ask.interval.widened(MINUTE), ledger, run)}
    return epochs.pop() if len(epochs) == 1 else None


def _counts_viewers(ask: Ask) -> bool:
    """Whether a sketch of viewer ids is read."""
    sketches = {metric.name for metric in rollup(ask.spec).metrics if metric.field == VIEWER}
    read = {aggregate.column for metric in ask.metrics for aggregate in metric.aggregates}
    for aggregator in ask.extra:
        read.add(str(aggregator.get("aggregator", aggregator).get("fieldName")))
    return not sketches.isdisjoint(read)


def _epochs(interval: Interval, ledger: str, run: Run) -> list[KeyEpoch]:
    """The epochs of an interval, by their first minute."""
    answer = run(
        {
            "queryType": "groupBy",
            "dataSource": ledger,
            "intervals": [str(interval)],
            "granularity": "all",
            "dimensions": [_DIMENSION],
            "filter": {"type": "not", "field": {"type": "selector", "dimension": _DIMENSION, "value": None}},
            "aggregations": [
                {"type": "longMin", "name": "first", "fieldName": "__time"},
                {"type": "longMax", "name": "last", "fieldName": "__time"},
            ],
        }
    )
    found = (entry["event"] for entry in answer)
    epochs = [KeyEpoch(row[_DIMENSION], _moment(row["first"]), _moment(row["last"]) + MINUTE) for row in found]
    return sorted(epochs, key=lambda epoch: (epoch.start, epoch.end))


def _refused(ask: Ask, buckets: Granularity, bucket: Interval, epochs: Sequence[KeyEpoch]) -> KeyEpochsError:
    parts = _parts(ask.interval, epochs)
    names = ", ".join(f"{each.name} ({_written(each.start, each.end)})" for each in epochs)
    alone = "; ".join(f"{name}: {part}" for name, part in parts) or "none: they overlap all the way"
    finer = "" if buckets.is_all else " Finer buckets, each within one epoch, can be asked too."
    return KeyEpochsError(
        f"{_written(bucket.start, bucket.end)} holds viewers of more than one viewer key: "
        f"{names}. Under each key a viewer has another pseudonym: who came under both would count twice. "
        f"Parts that can be asked alone: {alone}.{finer}",
        parts,
    )


def _parts(interval: Interval, epochs: Sequence[KeyEpoch]) -> tuple[tuple[str, str], ...]:
    """Of each epoch the part of the interval where no other one was in use."""
    parts = []
    for number, epoch in enumerate(epochs):
        start = max((each.end for each in epochs[:number]), default=interval.start)
        end = min((each.start for each in epochs[number + 1 :]), default=interval.end)
        if start < end:
            parts.append((epoch.name, _written(start, end)))
    return tuple(parts)


def _written(start: datetime, end: datetime) -> str:
    """An interval as short as it can be given back; only the end of one up to now has parts of a second."""
    return "/".join(f"{each.replace(tzinfo=None).isoformat(timespec=_precision(each))}Z" for each in (start, end))


def _precision(moment: datetime) -> str:
    return "milliseconds" if moment.microsecond else "seconds" if moment.second else "minutes"


def _moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
