"""What all native queries share: datasource, intervals, filter, granularity, aggregators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from frontrow import AskError
from frontrow._time import parse_duration
from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.aggregators import Aggregator, parse_aggregator
from frontrow_ingest.rollup.buckets import Buckets, parse_buckets, to_ms
from frontrow_ingest.rollup.filters import Filter, parse_filter
from frontrow_ingest.rollup.values import TIME, Row, only, required
from frontrow_ingest.testing.memory.datasource import Segment, Tables, iso
from frontrow_ingest.testing.memory.lookups import derive
from frontrow_ingest.testing.memory.post_aggregators import PostAggregator, check_names, parse_post_aggregator
from frontrow_ingest.testing.memory.sketch_bytes import sketch_text

SHARED = "queryType dataSource intervals granularity filter virtualColumns aggregations postAggregations context"
# What a context may hold that would change the answer and is not known here.
_CHANGES = ("bySegment", "grandTotal", "timestampResultField")


@dataclass(frozen=True)
class Scope:
    """A query, read.

    Attributes:
        intervals: from, to; ms
        segments: those that reach into an interval, with only the rows inside that fit the filter
        finalize: answer a sketch's number, not its bytes
    """

    intervals: tuple[tuple[int, int], ...]
    buckets: Buckets
    segments: tuple[Segment, ...]
    aggregators: tuple[Aggregator, ...]
    posts: tuple[PostAggregator, ...]
    finalize: bool = True

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Every row with the start of its bucket, ms."""
        for segment in self.segments:
            for row in segment.rows:
                yield self.bucket(row[TIME]), row

    def bucket(self, ms: int) -> int:
        """The start of a moment's bucket; the one bucket of ``all`` starts with the first interval."""
        return min(start for start, _ in self.intervals) if self.buckets.is_all else self.buckets.floor(ms)

    def covered(self) -> Iterator[int]:
        """The start of every bucket that a segment covers, whether rows fit the filter or not."""
        for segment in self.segments:
            first, end = segment.span
            start = self.bucket(first)
            while start < end:
                yield start
                if self.buckets.is_all:
                    break
                start = self.buckets.after(start)

    def empty(self) -> list[Any]:
        """States of the aggregators before any row."""
        return [each.empty() for each in self.aggregators]

    def add(self, states: list[Any], row: Row) -> None:
        """Fold a row into the states."""
        for index, each in enumerate(self.aggregators):
            states[index] = each.add(states[index], row)

    def named(self, states: Sequence[Any]) -> dict[str, Any]:
        """The states by name, and what the post-aggregators make of them: as a query over this one reads them."""
        found = {each.name: state for each, state in zip(self.aggregators, states, strict=True)}
        return found | self._computed(states)

    def answer(self, states: Sequence[Any]) -> dict[str, Any]:
        """The numbers by name, as they are answered; sketches as bytes, unless they are to be finalized."""
        found = self._finals(states) if self.finalize else self._sketches(states)
        return found | self._computed(states)

    def stamp(self, start: int) -> str:
        """A bucket's start, in the time zone of the granularity."""
        return iso(start, ZoneInfo(self.buckets.zone))

    def stamp_of_first(self, start: int, *, with_rows: bool = False) -> str:
        """As :meth:`stamp`; but the bucket of ``all`` is named after the first segment, or the first with rows."""
        if self.buckets.is_all:
            starts = (segment.span[0] for segment in self.segments if segment.rows or not with_rows)
            return self.stamp(min(starts, default=start))
        return self.stamp(start)

    def _sketches(self, states: Sequence[Any]) -> dict[str, Any]:
        return {each.name: sketch_text(each, state) for each, state in zip(self.aggregators, states, strict=True)}

    def _finals(self, states: Sequence[Any]) -> dict[str, Any]:
        return {each.name: each.final(state) for each, state in zip(self.aggregators, states, strict=True)}

    def _computed(self, states: Sequence[Any]) -> dict[str, Any]:
        raw = {each.name: state for each, state in zip(self.aggregators, states, strict=True)}
        finals = self._finals(states)
        computed: dict[str, Any] = {}
        for post in self.posts:
            computed[post.name] = raw[post.name] = finals[post.name] = post.compute(raw, finals)
        return computed


def read_scope(query: Mapping[str, Any], tables: Tables, more: str) -> Scope:
    """The shared parts of a query.

    Args:
        more: keys that the type of query has besides

    Raises:
        RollupError: something is wrong, or not known here; says what
    """
    only(query, f"a query of type {query['queryType']!r}", f"{SHARED} {more}")
    context = check_context(query)
    intervals = read_intervals(required(query, "intervals", "a query"))
    condition = None if query.get("filter") is None else parse_filter(query["filter"])
    stored = read_segments(required(query, "dataSource", "a query"), tables)
    segments = derive(query.get("virtualColumns"), stored, tables.lookups)
    aggregators = tuple(parse_aggregator(each) for each in query.get("aggregations") or ())
    posts = tuple(parse_post_aggregator(each) for each in query.get("postAggregations") or ())
    check_names([each.name for each in aggregators], posts)
    return Scope(
        intervals=intervals,
        buckets=parse_buckets(required(query, "granularity", "a query")),
        segments=tuple(part for segment in segments for part in _inside(segment, intervals, condition)),
        aggregators=aggregators,
        posts=posts,
        finalize=context.get("finalize") is not False,
    )


def check_context(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """The query's context.

    Raises:
        RollupError: it would change the answer in a way that is not known here
    """
    context = query.get("context") or {}
    for key in _CHANGES:
        if context.get(key) not in (None, False):
            raise RollupError(f"{key!r} in the context is not known here.")
    found: Mapping[str, Any] = context
    return found


def read_segments(source: Any, tables: Tables) -> list[Segment]:
    """The rows that a ``dataSource`` names: a table's, or the answer of a groupBy."""
    kind = source.get("type") if isinstance(source, dict) else "table"
    if kind == "query":
        from frontrow_ingest.testing.memory.group_by import grouped_rows  # a query inside a query

        return grouped_rows(required(source, "query", "a dataSource of type 'query'"), tables)
    name = source if isinstance(source, str) else source.get("name") if isinstance(source, dict) else None
    if kind != "table" or not isinstance(name, str):
        raise RollupError(f"the dataSource {source!r} is not known here; there are a name, table and query.")
    return tables.segments(name)


def read_intervals(json: Any) -> tuple[tuple[int, int], ...]:
    """Intervals in ms.

    Raises:
        RollupError: one is none
    """
    if isinstance(json, dict):
        json = json.get("intervals")
    texts = [json] if isinstance(json, str) else json
    if not isinstance(texts, list) or not texts:
        raise RollupError(f"intervals are a list of start/end, not {json!r}.")
    return _merged(sorted(_interval(text) for text in texts))


def _merged(intervals: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Without overlaps, so that no row counts twice."""
    found = [intervals[0]]
    for start, end in intervals[1:]:
        if start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return tuple(found)


def _interval(text: Any) -> tuple[int, int]:
    try:
        first, second = text.split("/")
        if first.startswith("P"):
            end = _moment(second)
            return to_ms(end - parse_duration(first)), to_ms(end)
        start = _moment(first)
        found = to_ms(start), to_ms(start + parse_duration(second) if second.startswith("P") else _moment(second))
    except (AttributeError, ValueError, AskError, OverflowError):
        raise RollupError(
            f"{text!r} is no interval that is known here: start/end in ISO 8601, years 1 to 9999."
        ) from None
    if found[0] > found[1]:
        raise RollupError(f"the interval {text!r} ends before it begins.")
    return found


def _moment(text: str) -> datetime:
    # Druid takes a year or a month alone, too.
    whole = text + {4: "-01-01", 7: "-01"}.get(len(text), "")
    found = datetime.fromisoformat(whole)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _inside(segment: Segment, intervals: Sequence[tuple[int, int]], condition: Filter | None) -> Iterator[Segment]:
    """The parts of a segment in each interval, with the rows that fit."""
    first, last = segment.span
    for start, end in intervals:
        span = max(start, first), min(end, last)
        if span[0] < span[1]:
            rows = (row for row in segment.rows if span[0] <= row[TIME] < span[1])
            fitting = tuple(row for row in rows if condition is None or condition.matches(row))
            yield replace(segment, rows=fitting, span=span)
