"""The client: questions in names of the catalogue, answers that say how fresh and how exact they are."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from frontrow._ask import Ask, prepare
from frontrow._connect import Tls, TokenLike
from frontrow._errors import AskError
from frontrow._filters import WhereLike
from frontrow._formula import maximum
from frontrow._ledger import SETTLED_AFTER, LedgerReport, ask_ledger, types
from frontrow._limits import Limits
from frontrow._native import columns_of, lean
from frontrow._result import ColumnType, Freshness, Result, freshness_of
from frontrow._retry import Retries
from frontrow._runner import Runner, checked_context
from frontrow._time import Granularity, IntervalLike, parse_granularity, parse_interval
from frontrow._timeseries import MINUTE, ask_timeseries, check_timeseries
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
        auth: user and password
        token: instead, for bearer authorization; or a function that gives one, asked for each request, by any thread
        tls: certificates for an ``https`` address
        proxy: address of an HTTP proxy to go through; may hold ``user:password@``
        retries: how often a query is asked again that found no capacity or no connection: a number, or
            :class:`Retries`; 0 for never
        limits: what a question may cost
        context: of each query, in Druid's names: ``{"lane": "reports", "priority": -1}``

    A call that is interrupted (Ctrl-C) or whose time is up ends its query in Druid, too.

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
        auth: tuple[str, str] | None = None,
        token: TokenLike | None = None,
        tls: Tls | None = None,
        proxy: str | None = None,
        retries: Retries | int | None = None,
        limits: Limits | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        if transport is not None and (url, timeouts, auth, token, tls, proxy, retries) != (None,) * 7:
            raise AskError("a transport has its own address and ways: give either it, or url, timeouts and the like.")
        self._made_here = transport is None
        self._limits = limits or Limits()
        self._transport: DruidTransport = transport or Transport(
            DEFAULT_URL if url is None else url,
            timeouts=timeouts,
            auth=auth,
            token=token,
            tls=tls,
            proxy=proxy,
            retries=Retries() if retries is None else Retries(retries) if isinstance(retries, int) else retries,
            answer_bytes=self._limits.answer_bytes,
        )
        self._datasources = dict(datasources or {})
        self._with_freshness = freshness
        self._context = checked_context(context)

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
        context: Mapping[str, Any] | None = None,
        allow_large: bool = False,
    ) -> Result:
        """Metrics by time bucket, empty buckets included.

        Args:
            metrics: names from the catalogue
            interval: ``"start/end"`` in ISO 8601 or two aware datetimes; widened to whole minutes
            last: instead: the time up to now, like ``"30m"``
            granularity: ``all``, ``1m``, ``5m``, ``1h``, ``1d``, ``1w``, ``1mo`` or an ISO period
            where: ``{"country": "DE", "cdn": ["a", "b"]}``, a :class:`Condition`, a pydruid filter or Druid's JSON
            time_zone: of the calendar that days, weeks and months follow
            spec: ask this rollup spec's datasource instead of the first that can answer
            aggregations: besides the metrics, pydruid's aggregators by column, ``{"rows": count("count")}``
            context: of these queries, in Druid's names; goes before the client's own
            allow_large: ask also beyond the client's limits of buckets and span

        Returns:
            Columns ``time`` and one for each metric. A bucket that is cut by the interval's end counts with the part
            of it that lies inside.

        Raises:
            AskError: an unknown name, or a question that makes no sense; nothing was sent
            TransportError: no answer; its subclasses tell why
        """
        began = time.perf_counter()
        buckets = parse_granularity(granularity, time_zone)
        when = parse_interval(interval, last)
        ask = prepare(self.catalogue, self._datasources, metrics, when, where, spec=spec, aggregations=aggregations)
        check_timeseries(ask, buckets)
        if not allow_large:
            self._limits.check(when, buckets, *_inner(ask))
        run, fresh = self._runner(context), self._freshness_of(ask, context)
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
        context: Mapping[str, Any] | None = None,
        allow_large: bool = False,
    ) -> Result:
        """The values of a dimension with the largest value of the first metric, best first; null values last.

        Args:
            dimension: name from the catalogue
            metrics: names from the catalogue; the first one ranks
            n: rows at most, 1 to 10,000
            interval, last, where, spec, aggregations, context, allow_large: as for :meth:`timeseries`

        Returns:
            Columns ``dimension`` and one for each metric. A multi-value dimension counts a row once for each label;
            filtered by labels of the same dimension, only those labels show.

        Raises:
            AskError, TransportError: as for :meth:`timeseries`
        """
        began = time.perf_counter()
        if not isinstance(dimension, str):
            raise AskError(f"{dimension!r} is not a dimension: name it by text.")
        when = parse_interval(interval, last)
        ask = prepare(
            self.catalogue,
            self._datasources,
            metrics,
            when,
            where,
            dimension=dimension,
            spec=spec,
            aggregations=aggregations,
        )
        check_top_n(ask, n)
        if not allow_large:
            self._limits.check(when, *_inner(ask))
        run, fresh = self._runner(context), self._freshness_of(ask, context)
        columns, note = ask_top_n(ask, dimension, self.catalogue.dimension(dimension).multi_value, n, run)
        types: dict[str, ColumnType] = {dimension: "string", **ask.types()}
        return self._result(ask, columns, types, f"{ask.exactness()}; {note}", run, fresh, began)

    def native(
        self, query: Mapping[str, Any], *, context: Mapping[str, Any] | None = None, allow_large: bool = False
    ) -> Result:
        """The answer of any native query of Druid, as columns.

        Args:
            query: Druid's JSON; a query object of pydruid is taken too (its ``query_dict``). Scan and groupBy are
                asked for rows as arrays, which changes only the speed.
            context: as for :meth:`timeseries`; the query's own goes before it
            allow_large: as for :meth:`timeseries`

        Raises:
            AskError: it has no ``queryType``, or is beyond a limit
            TransportError: no answer
        """
        began = time.perf_counter()
        body = getattr(query, "query_dict", query)
        if not isinstance(body, Mapping) or not isinstance(body.get("queryType"), str):
            raise AskError('a native query is a mapping with a "queryType"; see the query documentation of Druid.')
        if not allow_large:
            self._limits.check_native(body)
        run = self._runner(context)
        asked = lean(body)
        columns, types = columns_of(asked, run(asked))
        elapsed = time.perf_counter() - began
        return Result(columns, types, None, "as Druid answers", None, elapsed, run.first_id, tuple(run.sent))

    def freshness(self, spec: str = "audience", *, context: Mapping[str, Any] | None = None) -> Freshness | None:
        """How new the newest queryable event of a spec's datasource is; None if there is none.

        For events that were handed off from the running task it is exact to the minute only.
        """
        datasource = self._datasources.get(spec, spec)
        answer = self._runner(context)({"queryType": "dataSourceMetadata", "dataSource": datasource})
        newest = answer[0]["result"].get("maxIngestedEventTime") if answer else None
        return freshness_of(newest, datetime.now(UTC))

    def ledger(
        self,
        *,
        interval: IntervalLike | None = None,
        last: str | timedelta | None = None,
        settled_after: timedelta = SETTLED_AFTER,
        context: Mapping[str, Any] | None = None,
        allow_large: bool = False,
    ) -> LedgerReport:
        """Whether everything that producers sent can be asked for, minute by minute.

        Args:
            interval, last: as for :meth:`timeseries`, of the events' own time
            settled_after: so long after a producer last told of a minute, what is not queryable is missing; until then
                it is in flight
            context, allow_large: as for :meth:`timeseries`

        Raises:
            AskError, TransportError: as for :meth:`timeseries`
        """
        began = time.perf_counter()
        when = parse_interval(interval, last)
        if not allow_large:
            self._limits.check(when, MINUTE)
        run, fresh = self._runner(context), self.freshness(context=context)
        names = {spec: self._datasources.get(spec, spec) for spec in ("audience", "ledger", "quarantine")}
        columns, totals, completeness, unknown = ask_ledger(
            names, when, run, now=datetime.now(UTC), settled_after=settled_after
        )
        elapsed = time.perf_counter() - began
        minutes = Result(columns, types(), when, "exact", fresh, elapsed, run.first_id, tuple(run.sent))
        return LedgerReport(minutes, totals, completeness, fresh, unknown)

    def _freshness_of(self, ask: Ask, context: Mapping[str, Any] | None) -> Freshness | None:
        """Asked before the question itself, so that the newest event it tells of is in the answer."""
        return self.freshness(ask.spec, context=context) if self._with_freshness else None

    def _runner(self, context: Mapping[str, Any] | None) -> Runner:
        return Runner(self._transport, {**self._context, **checked_context(context)})

    def _result(
        self,
        ask: Ask,
        columns: dict[str, list[Any]],
        types: Mapping[str, ColumnType],
        exactness: str,
        run: Runner,
        fresh: Freshness | None,
        began: float,
    ) -> Result:
        elapsed = time.perf_counter() - began
        return Result(
            columns, types, ask.interval, exactness, fresh, elapsed, run.first_id, tuple(run.sent), ask.units()
        )


def _inner(ask: Ask) -> list[Granularity]:
    """Buckets in which a question is asked besides those of its answer: maxima look at every minute."""
    return [MINUTE] if any(maximum(metric) is not None for metric in ask.metrics) else []
