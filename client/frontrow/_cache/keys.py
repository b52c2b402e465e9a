"""What of a native query may be kept, and under which name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson

from frontrow._errors import AskError
from frontrow._time import Granularity, parse_granularity

_PER_RUN = {
    *("queryId", "sqlQueryId", "subQueryId", "timeout", "priority", "lane", "useCache", "populateCache"),
    *("useResultLevelCache", "populateResultLevelCache", "maxQueuedBytes", "maxScatterGatherBytes"),
}
"""In a context, what changes how a query runs but not what it answers."""

_WHOLE = frozenset(("timeseries", "topN", "groupBy"))
_OF_BUCKETS = {
    *("queryType", "dataSource", "intervals", "granularity", "filter", "virtualColumns", "aggregations"),
    *("postAggregations", "context"),
}
_FORM = 1  # of what is kept; another one never meets it
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """A query that may be answered from the cache.

    Attributes:
        query: as it was asked
        name: of all that is the same, whatever the time
        tables: the datasources that it reads; empty where that is a lookup
        start, end: of its time, ms
        buckets: of an answer that is kept by bucket; None for one that is kept whole
        read: what is kept may be used, by ``useCache`` of its context
        write: what is answered may be kept, by ``populateCache``
    """

    query: Mapping[str, Any]
    name: str
    tables: tuple[str, ...]
    start: int
    end: int
    buckets: Granularity | None
    read: bool
    write: bool

    def narrowed(self, intervals: Iterable[tuple[int, int]]) -> dict[str, Any]:
        """The same query for some of its time."""
        return {**self.query, "intervals": [interval_of(start, end) for start, end in intervals]}

    @property
    def key(self) -> str:
        """Of the whole answer."""
        return f"{self.name}:whole"

    def key_of(self, first: int, last: int) -> str:
        """Of a bucket, or the part of one that lies inside of the interval, ms."""
        return f"{self.name}:{first}-{last}"


def asked(query: Mapping[str, Any], scope: str) -> Asked | None:
    """A query as the cache sees it; None for one that is not kept.

    Args:
        scope: of which Druid it is asked, by whom
    """
    kind, context = query.get("queryType"), query.get("context") or {}
    if not isinstance(context, Mapping) or context.get("bySegment"):
        return None
    intervals = _intervals(query.get("intervals"))
    if intervals is None:
        return None
    if (tables := tables_of(query.get("dataSource"))) is None or (kind not in _WHOLE and (kind != "scan" or tables)):
        return None
    buckets = _buckets(query, context) if len(intervals) == 1 else None
    stable = {**query, "context": {name: value for name, value in context.items() if name not in _PER_RUN}}
    if buckets is not None:
        del stable["intervals"]
    try:
        text = orjson.dumps([_FORM, scope, stable], option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return None  # Who sends it will say what is wrong.
    return Asked(
        query=query,
        name=sha256(text).hexdigest(),
        tables=tables,
        start=min(start for start, _ in intervals),
        end=max(end for _, end in intervals),
        buckets=buckets,
        read=context.get("useCache", True) is not False,
        write=context.get("populateCache", True) is not False,
    )


def moment_of(text: str) -> int:
    """Milliseconds of a moment as Druid writes it."""
    return _ms(datetime.fromisoformat(text))


def interval_of(start: int, end: int) -> str:
    """As Druid reads it."""
    return f"{_iso(start)}/{_iso(end)}"


def _buckets(query: Mapping[str, Any], context: Mapping[str, Any]) -> Granularity | None:
    """The buckets of a timeseries that leaves the empty ones out, and says nothing of all of them together."""
    if query["queryType"] != "timeseries" or not query.keys() <= _OF_BUCKETS:
        return None
    if context.get("skipEmptyBuckets") is not True or context.get("grandTotal"):
        return None
    try:
        match query.get("granularity"):
            case {"type": "period", "period": str(period), **more} if more.keys() <= {"timeZone"}:
                found = parse_granularity(period, str(more.get("timeZone") or "UTC"))
            case {"type": "duration", "duration": int(ms), **more} if not more and ms % 1000 == 0:
                found = parse_granularity(f"PT{ms // 1000}S")
            case _:
                return None
    except AskError:
        return None
    return None if found.is_all else found


def tables_of(source: Any) -> tuple[str, ...] | None:
    """Names of the datasources that are read; none of a lookup; None if it cannot be told."""
    match source:
        case str(name) | {"type": "table", "name": str(name)}:
            return (name,)
        case {"type": "lookup"}:
            return ()
        case {"type": "query", "query": {"dataSource": inner}}:
            return tables_of(inner) or None
        case _:
            return None


def _intervals(given: Any) -> list[tuple[int, int]] | None:
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list) or not given:
        return None
    found = []
    for each in given:
        try:
            start, end = each.split("/")
            found.append((_moment(start), _moment(end)))
        except (AttributeError, ValueError, OverflowError):
            return None  # Druid reads more forms than these.
    return found if all(start < end for start, end in found) else None


def _moment(text: str) -> int:
    # All of time, as a lookup is asked for.
    moment = datetime.fromisoformat({"0000": "0001-01-01", "3000": "3000-01-01"}.get(text, text))
    return _ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _ms(moment: datetime) -> int:
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def _iso(ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
