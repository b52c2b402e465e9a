"""The client: questions in names of the catalogue, answers that say how fresh and how exact they are."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from frontrow._ask import Ask, prepare
from frontrow._errors import AskError
from frontrow._filters import Condition, WhereLike, eq, parse_where
from frontrow._ledger import SETTLED_AFTER, LedgerReport, ask_ledger, types
from frontrow._native import columns_of, lean
from frontrow._result import ColumnType, Freshness, Result, freshness_of
from frontrow._retention import TYPES as RETENTION_TYPES
from frontrow._retention import ask_retention, check_retention
from frontrow._time import IntervalLike, parse_granularity, parse_interval
from frontrow._timeseries import ask_timeseries, check_timeseries
from frontrow._topn import ask_top_n, check_top_n
from frontrow._transport import DruidTransport, Timeouts, Transport
from frontrow_specs import Catalogue, catalogue

DEFAULT_URL = "http://127.0.0.1:8888"


class Client:
    """Asks Druid about an audience. A context manager; safe for several threads.

    Args:
        url: of Druid's Router or Broker, ``DEFAULT_URL`` unless given; may hold ``user:password@``, which is in no
            message
        transport: instead of HTTP to an address, for example a double in a test. It stays open when the client closes:
            who made it may share it
        timeouts: seconds to connect, to read, and for a query inside Druid
        datasources: name in Druid of a spec's datasource where it differs, ``{"audience": "audience_test"}``
        freshness: ask with each question how new the newest event is, by a small query before it

    Example::

        with frontrow.Client() as client:
            print(client.timeseries("concurrent_viewers", last="30m"))
            print(client.top_n("content_id", "viewer_hours", last="1h", where={"country": "DE"}))
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        transport: DruidTransport | None = None,
        timeouts: Timeouts | None = None,
        datasources: Mapping[str, str] | None = None,
        freshness: bool = True,
    ) -> None:
        if transport is not None and (url is not None or timeouts is not None):
            raise AskError("a transport has its own address and timeouts: give either it, or url and timeouts.")
        self._made_here = transport is None
        self._transport: DruidTransport = (
            Transport(DEFAULT_URL if url is None else url, timeouts=timeouts) if transport is None else transport
        )
        self._datasources = dict(datasources or {})
        self._with_freshness = freshness

    def __repr__(self) -> str:
        return f"frontrow.Client({self._transport.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to Druid; a transport that was given stays as it is."""
        if self._made_here:
            self._transport.close()

    @property
    def catalogue(self) -> Catalogue:
        """Every metric and dimension there is."""
        return catalogue()

    def timeseries(
        self,
        metrics: str | Sequence[str],
        *,
        interval: IntervalLike | None = None,
        last: str | timedelta | None = None,
        granularity: str = "1m",
        where: WhereLike = None,
        time_zone: str = "UTC",
        spec: str | None = None,
        aggregations: Mapping[str, Any] | None = None,
    ) -> Result:
        """Metrics by time bucket, empty buckets included.

        Args:
            metrics: names from the catalogue
            interval: ``"start/end"`` in ISO 8601 or two aware datetimes; widened to whole rows, which are of a minute,
                in the datasource ``live`` of ten seconds, in ``retention`` of an hour
            last: instead: the time up to now, like ``"30m"``
            granularity: ``all``, ``1m``, ``5m``, ``1h``, ``1d``, ``1w``, ``1mo`` or an ISO period; ``10s`` and other
                steps below a minute for the last 24 hours
            where: ``{"country": "DE", "cdn": ["a", "b"]}``, a :class:`Condition`, a pydruid filter or Druid's JSON
            time_zone: of the calendar that days, weeks and months follow
            spec: ask this rollup spec's datasource instead of the cheapest that can answer
            aggregations: besides the metrics, pydruid's aggregators by column, ``{"rows": count("count")}``

        Returns:
            Columns ``time`` and one for each metric. A bucket that is cut by the interval's end counts with the part
            of it that lies inside.

        Raises:
            AskError: an unknown name, or a question that makes no sense; nothing was sent
            TransportError: no answer; its subclasses tell why
        """
        began = time.perf_counter()
        buckets = parse_granularity(granularity, time_zone)
        when = parse_interval(interval, last, grain=None)
        ask = prepare(
            self.catalogue,
            self._datasources,
            metrics,
            when,
            where,
            granularity=buckets,
            open_end=last is not None,
            spec=spec,
            aggregations=aggregations,
        )
        check_timeseries(ask, buckets)
        run, fresh = _Runner(self._transport), self._freshness_of(ask)
        columns = ask_timeseries(ask, buckets, run)
        return self._result(ask, columns, {"time": "time", **ask.types()}, ask.exactness(), run, fresh, began)

    def top_n(
        self,
        dimension: str,
        metrics: str | Sequence[str],
        *,
        n: int = 10,
        interval: IntervalLike | None = None,
        last: str | timedelta | None = None,
        where: WhereLike = None,
        spec: str | None = None,
        aggregations: Mapping[str, Any] | None = None,
    ) -> Result:
        """The values of a dimension with the largest value of the first metric, best first; null values last.

        Args:
            dimension: name from the catalogue
            metrics: names from the catalogue; the first one ranks
            n: rows at most, 1 to 10,000
            interval, last, where, spec, aggregations: as for :meth:`timeseries`

        Returns:
            Columns ``dimension`` and one for each metric. A multi-value dimension counts a row once for each label;
            filtered by labels of the same dimension, only those labels show.

        Raises:
            AskError, TransportError: as for :meth:`timeseries`
        """
        began = time.perf_counter()
        if not isinstance(dimension, str):
            raise AskError(f"{dimension!r} is not a dimension: name it by text.")
        when = parse_interval(interval, last, grain=None)
        ask = prepare(
            self.catalogue,
            self._datasources,
            metrics,
            when,
            where,
            open_end=last is not None,
            dimension=dimension,
            spec=spec,
            aggregations=aggregations,
        )
        check_top_n(ask, n)
        run, fresh = _Runner(self._transport), self._freshness_of(ask)
        columns, note = ask_top_n(ask, dimension, self.catalogue.dimension(dimension).multi_value, n, run)
        types: dict[str, ColumnType] = {dimension: "string", **ask.types()}
        return self._result(ask, columns, types, f"{ask.exactness()}; {note}", run, fresh, began)

    def retention(
        self,
        content: str,
        *,
        by: str = "percent",
        interval: IntervalLike | None = None,
        last: str | timedelta | None = None,
        where: WhereLike = None,
    ) -> Result:
        """How many sessions played each position of a title, and how many came at least so far.

        Args:
            content: its ``content_id``
            by: ``percent`` of the title's length, or ``minute`` of a live event
            interval, last: as for :meth:`timeseries`, widened to whole hours; a session that began before counts only
                with what it played inside
            where: for example the ``event_id`` of a live event; as for :meth:`timeseries`

        Returns:
            A row for each position from 0 to the last that was played: ``position``, the ``sessions`` that played any
            of it, their share ``retention``, the sessions that ``came_so_far`` or further, their share ``remaining``;
            shares are of the sessions that played any of the title. A seek forward leaves a hole in the first two.

        Raises:
            AskError, TransportError: as for :meth:`timeseries`
        """
        began = time.perf_counter()
        check_retention(content, by)
        when = parse_interval(interval, last, grain=None)
        of_title = eq("content_id", content)
        given = parse_where(where)
        condition = of_title if given is None else of_title & Condition(given)
        ask = prepare(
            self.catalogue,
            self._datasources,
            "position_sessions",
            when,
            condition,
            open_end=last is not None,
            spec="retention",
        )
        run, fresh = _Runner(self._transport), self._freshness_of(ask)
        columns = ask_retention(ask, by, run)
        return self._result(ask, columns, RETENTION_TYPES, ask.exactness(), run, fresh, began)

    def native(self, query: Mapping[str, Any]) -> Result:
        """The answer of any native query of Druid, as columns.

        Args:
            query: Druid's JSON; a query object of pydruid is taken too (its ``query_dict``). Scan and groupBy are
                asked for rows as arrays, which changes only the speed.

        Raises:
            AskError: it has no ``queryType``
            TransportError: no answer
        """
        began = time.perf_counter()
        body = getattr(query, "query_dict", query)
        if not isinstance(body, Mapping) or not isinstance(body.get("queryType"), str):
            raise AskError('a native query is a mapping with a "queryType"; see the query documentation of Druid.')
        run = _Runner(self._transport)
        asked = lean(body)
        columns, types = columns_of(asked, run(asked))
        elapsed = time.perf_counter() - began
        return Result(columns, types, None, "as Druid answers", None, elapsed, run.first_id, tuple(run.sent))

    def freshness(self, spec: str = "audience") -> Freshness | None:
        """How new the newest queryable event of a spec's datasource is; None if there is none.

        For events that were handed off from the running task it is exact to the minute only.
        """
        datasource = self._datasources.get(spec, spec)
        answer = _Runner(self._transport)({"queryType": "dataSourceMetadata", "dataSource": datasource})
        newest = answer[0]["result"].get("maxIngestedEventTime") if answer else None
        return freshness_of(newest, datetime.now(UTC))

    def ledger(
        self,
        *,
        interval: IntervalLike | None = None,
        last: str | timedelta | None = None,
        settled_after: timedelta = SETTLED_AFTER,
    ) -> LedgerReport:
        """Whether everything that producers sent can be asked for, minute by minute.

        Args:
            interval, last: as for :meth:`timeseries`, of the events' own time
            settled_after: so long after a producer last told of a minute, what is not queryable is missing; until then
                it is in flight

        Raises:
            AskError, TransportError: as for :meth:`timeseries`
        """
        began = time.perf_counter()
        when = parse_interval(interval, last)
        run, fresh = _Runner(self._transport), self.freshness()
        names = {spec: self._datasources.get(spec, spec) for spec in ("audience", "ledger", "quarantine")}
        columns, totals, completeness, unknown = ask_ledger(
            names, when, run, now=datetime.now(UTC), settled_after=settled_after
        )
        elapsed = time.perf_counter() - began
        minutes = Result(columns, types(), when, "exact", fresh, elapsed, run.first_id, tuple(run.sent))
        return LedgerReport(minutes, totals, completeness, fresh, unknown)

    def _freshness_of(self, ask: Ask) -> Freshness | None:
        """Asked before the question itself, so that the newest event it tells of is in the answer."""
        return self.freshness(ask.spec) if self._with_freshness else None

    def _result(
        self,
        ask: Ask,
        columns: dict[str, list[Any]],
        types: Mapping[str, ColumnType],
        exactness: str,
        run: _Runner,
        fresh: Freshness | None,
        began: float,
    ) -> Result:
        elapsed = time.perf_counter() - began
        return Result(
            columns, types, ask.interval, exactness, fresh, elapsed, run.first_id, tuple(run.sent), ask.units()
        )


class _Runner:
    """Sends native queries of one question, each with an id and a deadline inside Druid."""

    def __init__(self, transport: DruidTransport) -> None:
        self._transport = transport
        self.sent: list[dict[str, Any]] = []
        self.first_id = ""

    def __call__(self, query: dict[str, Any]) -> list[Any]:
        context = {
            "queryId": f"frontrow-{os.urandom(16).hex()}",
            "timeout": int(self._transport.timeouts.query * 1000),
            **(query.get("context") or {}),
        }
        query = {**query, "context": context}
        self.sent.append(query)
        self.first_id = self.first_id or str(context["queryId"])
        answer = self._transport.request_json("POST", "/druid/v2", query)
        return answer if isinstance(answer, list) else [answer]
