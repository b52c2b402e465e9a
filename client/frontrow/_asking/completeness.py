"""Completeness in every answer: the share of what producers say they sent in its interval that is accounted for.

By the account of the ledger, by the minute up to eight days. Beyond, where Druid takes too long for minutes, and in a
datasource of hours, it is by the hour, where one minute can make up for what lacks in another; it says so. It is about
all events of the interval, whatever the question's filter: producers count by minute, not by title.

What was sent and cannot be read is accounted for once ``frontrow quarantine scan`` has found it. As its own time cannot
be read either, it counts when it was written, for what lacks anywhere in the interval.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

from frontrow._time import MINUTE, Interval

# Sends one native query to Druid and gives its answer.
Run: TypeAlias = Callable[[dict[str, Any]], list[Any]]

NO_LEDGER = "no ledger covers it"
BY_MINUTE = timedelta(days=8)
"""Longer intervals have too many minutes to be asked beside each question."""
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MOST_KEPT = 1000


@dataclass(frozen=True)
class Completeness:
    """How much of what was sent in an interval an answer can count.

    Attributes:
        share: counted or quarantined part of what was sent and is not in flight, 0 to 1; None where it is unknown
        sent: events that producers handed to Kafka, by their own account
        missing: sent, not counted, not quarantined, and no longer on the way
        in_flight: sent, not counted yet, and told of just now
        beyond_ledger: counted, but in no ledger, and not only because the ledger lags some seconds behind
        covered_from: start of the first minute, or hour, that a ledger tells of; None if none does
        reason: why ``share`` is None
        quarantined: sent, not counted, and found to be unreadable
        by: ``minute``, or ``hour``: then more than was sent in one minute can hide what lacks in another
    """

    share: float | None
    sent: int = 0
    missing: int = 0
    in_flight: int = 0
    beyond_ledger: int = 0
    covered_from: datetime | None = None
    reason: str = ""
    quarantined: int = 0
    by: Literal["minute", "hour"] = "minute"

    def __str__(self) -> str:
        """In words, for the caveats."""
        if self.share is None:
            return f"completeness unknown: {self.reason}" if self.reason else "completeness unknown"
        # Cut, not rounded: what lacks one event is not complete.
        percent = "100" if self.share == 1 else f"{int(self.share * 10_000) / 100:.2f}"
        counts = (
            (self.missing, "missing"),
            (self.quarantined, "quarantined"),
            (self.in_flight, "in flight"),
            (self.beyond_ledger, "beyond the ledger"),
        )
        told = ", ".join(f"{count:,} {what}" for count, what in counts if count)
        by = " by the hour" if self.by == "hour" else ""
        return f"{percent} % complete{by}" + (f" ({told})" if told else "")


def unknown(reason: str) -> Completeness:
    """Completeness that could not be told."""
    return Completeness(None, reason=reason)


NOT_ASKED = unknown("not asked")


def steps_of(interval: Interval, grain: timedelta) -> tuple[timedelta, ...]:
    """By which steps an interval is to be asked for, the finest first; the next one where that takes too long."""
    length = interval.end - interval.start
    if grain > MINUTE or length > BY_MINUTE:
        return (_HOUR,)
    return (MINUTE,) if length <= _DAY else (MINUTE, _HOUR)


def ask_completeness(
    names: Mapping[str, str],
    spec: str,
    step: timedelta,
    interval: Interval,
    run: Run,
    *,
    now: datetime,
    settled_after: timedelta,
) -> Completeness:
    """What there is to know of an interval, by two small queries; by one where there is no ledger, by three where
    something is missing.

    Args:
        names: Druid's names of ``ledger`` and ``quarantine``, and of the spec that is asked
        step: one of :func:`steps_of`
        interval: widened to whole steps
        now: the time, to tell what is on its way from what is missing
        settled_after: so long after a producer last told of a minute, what is not counted is missing
    """
    interval = interval.widened(step)
    # The ledger first: what is sent in between is then beyond it for now, and nothing is taken for missing that is not.
    sent = _by_step(
        run,
        names["ledger"],
        interval,
        step,
        [
            {"type": "longSum", "name": "sent", "fieldName": "sent"},
            {"type": "longMax", "name": "told", "fieldName": "last_emitted_ts"},
        ],
    )
    if not any(row.get("sent") for row in sent.values()):
        return unknown(NO_LEDGER)
    counts = [{"type": "longSum", "name": "counted", "fieldName": "count"}]
    counted = _by_step(run, names[spec], interval, step, counts)
    fresh_from = (now - settled_after).timestamp() * 1000
    total = lost = in_flight = beyond = 0
    for start in {*sent, *counted}:
        told, here = sent.get(start, {}), int(counted.get(start, {}).get("counted") or 0)
        there = int(told.get("sent") or 0)
        lacking = max(0, there - here)
        total += there
        if (told.get("told") or 0) >= fresh_from:
            in_flight += lacking
        else:
            lost += lacking
            ended = (start + step).timestamp() * 1000 <= fresh_from
            beyond += max(0, here - there) if ended else 0
    quarantined = min(lost, _unreadable(run, names["quarantine"], interval)) if lost else 0
    missing, settled = lost - quarantined, total - in_flight
    return Completeness(
        share=1 - missing / settled if settled else None,
        sent=total,
        missing=missing,
        in_flight=in_flight,
        beyond_ledger=beyond,
        covered_from=min(start for start, row in sent.items() if row.get("sent")),
        reason="" if settled else "all of it is in flight",
        quarantined=quarantined,
        by="minute" if step == MINUTE else "hour",
    )


def asked_of(interval: Interval) -> Interval:
    """The interval by which an answer is kept and asked for: whole minutes, so that charts of one board share it."""
    return interval.widened(MINUTE)


class Remembered:
    """Answers of a moment ago, so that the many charts of a board ask once. Safe for threads.

    Where several ask for the same at once, one does, and the others wait for its answer.
    """

    def __init__(self, seconds: float = 2.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[Any, tuple[float, Completeness]] = {}
        self._asking: dict[Any, threading.Lock] = {}

    def get(self, key: Any, ask: Callable[[], Completeness]) -> Completeness:
        """The answer of a moment ago, otherwise a new one."""
        with self._lock:
            if (found := self._fresh(key)) is not None:
                return found
            turn = self._asking.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if (found := self._fresh(key)) is not None:
                    return found
            try:
                found = ask()
                with self._lock:
                    self._keep(key, found)
            finally:
                with self._lock:
                    self._asking.pop(key, None)
            return found

    def _fresh(self, key: Any) -> Completeness | None:
        kept = self._found.get(key)
        return kept[1] if kept is not None and self._clock() - kept[0] < self._seconds else None

    def _keep(self, key: Any, found: Completeness) -> None:
        now = self._clock()
        if len(self._found) >= _MOST_KEPT:
            self._found = {each: kept for each, kept in self._found.items() if now - kept[0] < self._seconds}
        self._found[key] = (now, found)


def _by_step(
    run: Run, datasource: str, interval: Interval, step: timedelta, aggregations: list[dict[str, Any]]
) -> Mapping[datetime, Mapping[str, Any]]:
    answer = run(
        {
            "queryType": "timeseries",
            "dataSource": datasource,
            "intervals": [str(interval)],
            "granularity": {"type": "period", "period": "PT1M" if step == MINUTE else "PT1H", "timeZone": "UTC"},
            "aggregations": aggregations,
            "context": {"skipEmptyBuckets": True},
        }
    )
    return {datetime.fromisoformat(entry["timestamp"]).astimezone(UTC): entry["result"] for entry in answer}


def _unreadable(run: Run, quarantine: str, interval: Interval) -> int:
    """Messages that were found in the topic and that Druid could not read.

    Those that were sent again, too: a producer that tells the ledger has then told of both.
    """
    refused = {"type": "longSum", "name": "refused", "fieldName": "refused"}
    query = {
        "queryType": "timeseries",
        "dataSource": quarantine,
        "intervals": [str(interval)],
        "granularity": "all",
        "filter": {"type": "selector", "dimension": "stage", "value": "topic"},
        "aggregations": [refused],
    }
    return sum(int(entry["result"].get("refused") or 0) for entry in run(query))
