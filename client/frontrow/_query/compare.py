"""This event against the last one, this week against the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from frontrow._asking.ask import Ask
from frontrow._asking.breakdown import check_breakdown, check_dimensions
from frontrow._asking.compare import (
    Compared,
    Shift,
    ask_compared_breakdown,
    ask_compared_timeseries,
    ask_compared_top_n,
    bucketed,
    compared,
    compared_note,
    compared_types,
    compared_units,
    parse_shift,
)
from frontrow._asking.timeseries import check_timeseries
from frontrow._asking.topn import check_top_n
from frontrow._errors import AskError
from frontrow._query.base import Query
from frontrow._query.breakdown import Breakdown
from frontrow._query.timeseries import Timeseries
from frontrow._query.top_n import TopN
from frontrow._result import ColumnType, Result
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow._time import Granularity, Interval, IntervalLike, parse_granularity


@dataclass(frozen=True, kw_only=True, eq=False)
class Compare(Query):
    """Made by :func:`frontrow.compare`, which tells of its parts."""

    question: Timeseries | TopN | Breakdown
    against: IntervalLike

    def _ask(self, session: Session) -> Result:
        zone = self.question.time_zone if isinstance(self.question, Timeseries) else "UTC"
        buckets = parse_granularity(self.question.granularity if isinstance(self.question, Timeseries) else "all", zone)
        now, before, pair = self._pair(session, buckets, zone)
        for ask in (now, before):
            _check(self.question, ask, bucketed(buckets, ask.interval.start, pair))
        large = self.allow_large or self.question.allow_large
        context = {**self.question.context, **self.context}
        asking = session.begin(now, buckets, context, large)
        # Each counts its own viewers, and may be of an epoch of the viewer key of its own.
        session.check(before, buckets, asking.runner, large)
        types: dict[str, ColumnType] = {}
        units: dict[str, str] = {}
        note = ""
        if isinstance(self.question, Timeseries):
            columns = ask_compared_timeseries(now, before, buckets, pair, asking.run)
            types |= {"elapsed": "number", "time": "time", "time_before": "time"}
            units["elapsed"] = "min"
        elif isinstance(self.question, Breakdown):
            names = self.question.dimensions
            multi_value = [name for name in names if now.is_multi_value(name)]
            columns, note = ask_compared_breakdown(now, before, names, multi_value, self.question.n, asking.run)
            types |= dict.fromkeys(names, "string")
        else:
            dimension = self.question.dimension
            columns, note = ask_compared_top_n(
                now, before, dimension, now.is_multi_value(dimension), self.question.n, asking.run
            )
            types[dimension] = "string"
        said = "; ".join(part for part in (before.exactness(), note, compared_note(pair)) if part)
        return asking.result(
            columns,
            {**types, **compared_types(now.types())},
            pair.interval,
            said,
            {**units, **compared_units(now.units())},
        )

    def _pair(self, session: Session, buckets: Granularity, zone: str) -> tuple[Ask, Ask, Compared]:
        question = self.question
        asked = session.resolved(question.interval, from_start=True)
        against: Shift | Interval
        if isinstance(self.against, str) and "/" not in self.against:
            against = parse_shift(self.against, zone)
            older = against.interval_before(asked.interval)
        else:
            against = older = session.resolved(self.against, from_start=True).interval
        # The datasource that still has the older of the two answers both.
        ask = session.prepare(
            question.metrics,
            min(older, asked.interval, key=lambda interval: interval.start),
            question.condition,
            granularity=buckets,
            dimension=_grouped_by(question),
            spec=question.spec,
        )
        pair = compared(asked.interval, against, ask.grain, open_end=asked.open_end)
        return replace(ask, interval=pair.interval), replace(ask, interval=pair.before), pair


def compare(
    question: Timeseries | TopN | Breakdown,
    *,
    against: IntervalLike,
    context: Mapping[str, Any] | None = None,
    allow_large: bool = False,
) -> Compare:
    """The same question of two times, row beside row.

    Args:
        question: made by :func:`frontrow.timeseries`, :func:`frontrow.top_n`, or :func:`frontrow.breakdown` without
            buckets of time; of one up to now the row that is not full yet is left out
        against: ``"1w"`` for the same time so long before, by the clock of the question's time zone; an interval like
            that of :func:`frontrow.timeseries`, or ``frontrow.event("cup-2025")``, from its start on
        context, allow_large: as for :func:`frontrow.timeseries`; besides the question's own

    Returns:
        Of a timeseries ``elapsed`` (minutes since the start of the interval), ``time`` and ``time_before``; of a top
        list or a breakdown its dimensions, as they are now. Then for each metric four columns: itself,
        ``<metric>_before``, ``<metric>_change`` (the difference) and ``<metric>_change_share`` (its share of what it
        was; null of 0). The start of a live event is the minute of its first play. What is compared with is cut to the
        same length; where it is shorter, its rows are null. A row of a small audience in either time is hidden in both.

    Raises:
        AskError: the two cannot be laid side by side, the question has labels or aggregations of its own, or as for
            :func:`frontrow.timeseries`
        KeyEpochsError, TransportError: as for :func:`frontrow.timeseries`
    """
    if not isinstance(question, Timeseries | TopN | Breakdown):
        raise AskError(
            f"a {type(question).__name__} cannot be compared: make a question by timeseries(), top_n() or breakdown()."
        )
    if isinstance(question, Breakdown) and question.granularity != "all":
        raise AskError("a breakdown by time cannot be compared: leave out its granularity, or compare a timeseries.")
    if question.aggregations or (isinstance(question, TopN) and question.label):
        raise AskError("only metrics can be compared: leave out the aggregations and the label.")
    if isinstance(against, str) and "/" not in against:
        parse_shift(against, "UTC")
    return Compare(question=question, against=against, context=checked_context(context), allow_large=allow_large)


def _grouped_by(question: Timeseries | TopN | Breakdown) -> str | tuple[str, ...] | None:
    match question:
        case TopN():
            return question.dimension
        case Breakdown():
            return question.dimensions
        case _:
            return None


def _check(question: Timeseries | TopN | Breakdown, ask: Ask, buckets: Granularity) -> None:
    if isinstance(question, TopN):
        check_top_n(ask, question.n)
    elif isinstance(question, Breakdown):
        check_dimensions(question.dimensions)
        check_breakdown(ask, buckets, question.n)
    else:
        check_timeseries(ask, buckets)
