"""Completeness: what producers say they sent beside what can be asked for, minute by minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from frontrow._result import ColumnType, Freshness, Result
from frontrow._shown.display import caveats
from frontrow._time import Interval

SETTLED_AFTER = timedelta(seconds=30)
"""So long after a producer last told of a minute, what is not queryable counts as missing."""

COLUMNS = ("sent", "queryable", "quarantined", "unparseable", "in_flight", "missing", "beyond_ledger")
# Sends one native query to Druid and gives its answer.
Run: TypeAlias = Callable[[dict[str, Any]], list[Any]]
_MOST_SHOWN = 60


@dataclass(frozen=True)
class LedgerReport:
    """The account of an interval.

    Attributes:
        minutes: a row for each minute that has anything: ``time`` and

            - ``sent``: events that producers handed to Kafka, by their own account
            - ``queryable``: events counted in ``audience``
            - ``quarantined``: events refused on their way and not replayed since
            - ``unparseable``: messages in the topic that Druid could not read, as far as they were scanned for
            - ``in_flight``: sent, not queryable yet, and told of just now
            - ``missing``: sent, not queryable, and no longer on the way
            - ``beyond_ledger``: queryable, but in no ledger
        totals: of the same columns
        completeness: share of what was sent and is not in flight that is queryable, or lacks because it is unparseable
            (whether replayed since or not, wherever in the interval); None where no ledger covers anything
        freshness: of ``audience``; None if it holds nothing
        unknown: what this account cannot know, in words
    """

    minutes: Result
    totals: Mapping[str, int]
    completeness: float | None
    freshness: Freshness | None
    unknown: tuple[str, ...]

    @property
    def interval(self) -> Interval | None:
        return self.minutes.interval

    def __str__(self) -> str:
        from frontrow._shown.display import as_text

        share = "unknown: no ledger covers it" if self.completeness is None else f"{self.completeness:.4%}"
        total = ", ".join(f"{name.replace('_', ' ')} {self.totals[name]:,}" for name in COLUMNS)
        table = as_text(self.minutes, _MOST_SHOWN).removesuffix("\n" + caveats(self.minutes))
        fresh = str(self.freshness) if self.freshness else "unknown"
        return "\n".join([table, f"total: {total}", f"completeness {share}; freshness: {fresh}", *self.unknown])


def ask_ledger(
    names: Mapping[str, str], interval: Interval, run: Run, *, now: datetime, settled_after: timedelta
) -> tuple[dict[str, list[Any]], dict[str, int], float | None, tuple[str, ...]]:
    """The columns, their totals, the completeness and what is unknown; see :class:`LedgerReport`.

    Args:
        names: Druid's names of the datasources by spec
        now: the time, to tell what is on its way from what is missing
    """
    # The audience first: what is sent in between is then in flight, not beyond the ledger.
    counted = _minutes(run, names["audience"], interval, [_sum("queryable", "count")])
    sums = [_sum("sent", "sent"), {"type": "longMax", "name": "told", "fieldName": "last_emitted_ts"}]
    told = _minutes(run, names["ledger"], interval, sums)
    held = _minutes(run, names["quarantine"], interval, [*_held("quarantined", False), *_held("unparseable", True)])
    columns: dict[str, list[Any]] = {"time": [], **{name: [] for name in COLUMNS}}
    fresh_from = (now - settled_after).timestamp() * 1000
    unsettled = unreadable = 0
    for minute in sorted({*counted, *told, *held}):
        ledger, quarantine = told.get(minute, {}), held.get(minute, {})
        unreadable += int(quarantine.get("unparseable") or 0)
        sent, queryable = int(ledger.get("sent") or 0), int(counted.get(minute, {}).get("queryable") or 0)
        lacking, beyond = max(0, sent - queryable), max(0, queryable - sent)
        moving = (ledger.get("told") or 0) >= fresh_from
        unsettled += beyond if moving or minute.timestamp() * 1000 >= fresh_from - 60_000 else 0
        row = {
            "sent": sent,
            "queryable": queryable,
            **{kind: _still(quarantine, kind) for kind in ("quarantined", "unparseable")},
            "in_flight": lacking if moving else 0,
            "missing": 0 if moving else lacking,
            "beyond_ledger": beyond,
        }
        if any(row.values()):
            columns["time"].append(minute)
            for name, value in row.items():
                columns[name].append(value)
    totals = {name: sum(columns[name]) for name in COLUMNS}
    settled = totals["sent"] - totals["in_flight"]
    completeness = 1 - max(0, totals["missing"] - unreadable) / settled if settled else None
    return columns, totals, completeness, _unknown(totals, unsettled)


def types() -> dict[str, ColumnType]:
    return {"time": "time", **dict.fromkeys(COLUMNS, "integer")}


def _unknown(totals: Mapping[str, int], unsettled: int) -> tuple[str, ...]:
    said = [
        "not known: events of producers that write no ledger, and what a producer that was killed (kill -9) had not "
        "told yet, two seconds of its events unless Kafka was away. Where those are queryable, they are counted as "
        "beyond the ledger; where they are lost, nothing tells of them."
    ]
    if unsettled:
        said.append(f"{unsettled:,} of those beyond the ledger are so recent that the ledger may only lag behind them.")
    if not totals["sent"]:
        said.append("no producer has told of this interval: frontrow produce --ledger does.")
    said.append("unparseable: those that frontrow quarantine scan has found in the topic so far.")
    return tuple(said)


def _minutes(
    run: Run, datasource: str, interval: Interval, aggregations: list[dict[str, Any]]
) -> dict[datetime, dict[str, Any]]:
    answer = run(
        {
            "queryType": "timeseries",
            "dataSource": datasource,
            "intervals": [str(interval)],
            "granularity": {"type": "period", "period": "PT1M", "timeZone": "UTC"},
            "aggregations": aggregations,
            "context": {"skipEmptyBuckets": True},
        }
    )
    return {datetime.fromisoformat(entry["timestamp"]).astimezone(UTC): entry["result"] for entry in answer}


def _sum(name: str, column: str) -> dict[str, Any]:
    return {"type": "longSum", "name": name, "fieldName": column}


def _held(name: str, in_topic: bool) -> list[dict[str, Any]]:
    where: dict[str, Any] = {"type": "selector", "dimension": "stage", "value": "topic"}
    if not in_topic:
        where = {"type": "not", "field": where}
    return [
        {"type": "filtered", "name": each, "filter": where, "aggregator": _sum(each, column)}
        for each, column in ((name, "refused"), (f"{name}_replayed", "replayed"))
    ]


def _still(row: Mapping[str, Any], name: str) -> int:
    """Refused and not replayed."""
    return max(0, int(row.get(name) or 0) - int(row.get(f"{name}_replayed") or 0))
