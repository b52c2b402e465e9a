"""The client: questions in names of the catalogue, answers that say how fresh and how exact they are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from frontrow._ask import prepare
from frontrow._connect import Tls, TokenLike
from frontrow._errors import AskError
from frontrow._export import Exported
from frontrow._filters import WhereLike
from frontrow._labels import ask_labels, check_label
from frontrow._ledger import SETTLED_AFTER, LedgerReport, ask_ledger, types
from frontrow._limits import Limits
from frontrow._native import ask_native, lean
from frontrow._result import ColumnType, Freshness, Result
from frontrow._retention import TYPES as RETENTION_TYPES
from frontrow._retention import ask_retention, check_retention, of_title
from frontrow._retry import Retries
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow._time import MINUTE, IntervalLike, grain_buckets, parse_granularity, parse_interval
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
        key_epochs: refuse distinct viewers across two viewer keys, which would count a viewer twice; by a small query
            of the ledger before each such question
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
        key_epochs: bool = True,
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
        if transport is None:
            transport = Transport(
                DEFAULT_URL if url is None else url,
                timeouts=timeouts,
                auth=auth,
                token=token,
                tls=tls,
                proxy=proxy,
                retries=Retries() if retries is None else Retries(retries) if isinstance(retries, int) else retries,
                answer_bytes=self._limits.answer_bytes,
            )
        self._transport = transport
        self._session = Session(
            self._transport,
            datasources=dict(datasources or {}),
            limits=self._limits,
            context=checked_context(context),
            with_freshness=freshness,
            with_key_epochs=key_epochs,
        )

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
            interval: ``"start/end"`` in ISO 8601 or two aware datetimes; widened to whole rows, which are of a minute,
                in the datasource ``live`` of ten seconds, in ``retention`` of an hour
            last: instead: the time up to now, like ``"30m"``
            granularity: ``all``, ``1m``, ``5m``, ``1h``, ``1d``, ``1w``, ``1mo`` or an ISO period; ``10s`` and other
                steps below a minute for the last 24 hours
            where: ``{"country": "DE", "title.genre": ["a", "b"]}``, a :class:`Condition`, a pydruid filter or Druid's
                JSON
            time_zone: of the calendar that days, weeks and months follow
            spec: ask this rollup spec's datasource instead of the cheapest that can answer
            aggregations: besides the metrics, pydruid's aggregators by column, ``{"rows": count("count")}``
            context: of these queries, in Druid's names; goes before the client's own
            allow_large: ask also beyond the client's limits of buckets and span

        Returns:
            Columns ``time`` and one for each metric. A bucket that is cut by the interval's end counts with the part
            of it that lies inside.

        Raises:
            AskError: an unknown name, or a question that makes no sense; nothing was sent
            KeyEpochsError: distinct viewers are asked for where the viewer key changed
            TransportError: no answer; its subclasses tell why
        """
        buckets = parse_granularity(granularity, time_zone)
        when = parse_interval(interval, last, grain=None)
        ask = prepare(
            self.catalogue,
            self._session.datasources,
            metrics,
            when,
            where,
            granularity=buckets,
            open_end=last is not None,
            spec=spec,
            aggregations=aggregations,
        )
        check_timeseries(ask, buckets)
        asking = self._session.begin(ask, buckets, context, allow_large)
        columns = ask_timeseries(ask, buckets, asking.run)
        return asking.result(columns, {"time": "time", **ask.types()}, ask.interval, ask.exactness(), ask.units())

    def top_n(
        self,
        dimension: str,
        metrics: str | Sequence[str],
        *,
        n: int = 10,
        label: str | None = None,
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
            dimension: name from the catalogue, or an attribute from a lookup, ``"title.genre"``
            metrics: names from the catalogue; the first one ranks
            n: rows at most, 1 to 10,000
            label: show this from a lookup beside each value, ``"title"`` for its name; a value without one shows itself
            interval, last, where, spec, aggregations, context, allow_large: as for :meth:`timeseries`

        Returns:
            Columns ``dimension``, the label if asked for, and one for each metric. A multi-value dimension counts a row
            once for each label; filtered by labels of the same dimension, only those labels show.

        Raises:
            AskError, KeyEpochsError, TransportError: as for :meth:`timeseries`
        """
        if not isinstance(dimension, str):
            raise AskError(f"{dimension!r} is not a dimension: name it by text.")
        when = parse_interval(interval, last, grain=None)
        ask = prepare(
            self.catalogue,
            self._session.datasources,
            metrics,
            when,
            where,
            open_end=last is not None,
            dimension=dimension,
            spec=spec,
            aggregations=aggregations,
        )
        check_top_n(ask, n)
        labels = None if label is None else check_label(label, dimension)
        asking = self._session.begin(ask, parse_granularity("all"), context, allow_large)
        multi_value = not ask.is_derived(dimension) and self.catalogue.dimension(dimension).multi_value
        columns, note = ask_top_n(ask, dimension, multi_value, n, asking.run)
        types: dict[str, ColumnType] = {dimension: "string", **ask.types()}
        if label is not None and labels is not None:
            shown, said = ask_labels(labels, columns[dimension], asking.run)
            columns = {dimension: columns[dimension], label: shown, **columns}
            types = {dimension: "string", label: "string", **types}
            note = f"{note}; {said}" if said else note
        return asking.result(columns, types, ask.interval, f"{ask.exactness()}; {note}", ask.units())

    def retention(
        self,
        content: str,
        *,
        by: str = "percent",
        interval: IntervalLike | None = None,
        last: str | timedelta | None = None,
        where: WhereLike = None,
        context: Mapping[str, Any] | None = None,
        allow_large: bool = False,
    ) -> Result:
        """How many sessions played each position of a title, and how many came at least so far.

        Args:
            content: its ``content_id``
            by: ``percent`` of the title's length, or ``minute`` of a live event
            interval, last: as for :meth:`timeseries`, widened to whole hours; a session that began before counts only
                with what it played inside
            where: for example the ``event_id`` of a live event; as for :meth:`timeseries`
            context, allow_large: as for :meth:`timeseries`

        Returns:
            A row for each position from 0 to the last that was played: ``position``, the ``sessions`` that played any
            of it, their share ``retention``, the sessions that ``came_so_far`` or further, their share ``remaining``;
            shares are of the sessions that played any of the title. A seek forward leaves a hole in the first two.

        Raises:
            AskError, TransportError: as for :meth:`timeseries`
        """
        check_retention(content, by)
        when = parse_interval(interval, last, grain=None)
        ask = prepare(
            self.catalogue,
            self._session.datasources,
            "position_sessions",
            when,
            of_title(content, where),
            open_end=last is not None,
            spec="retention",
        )
        asking = self._session.begin(ask, parse_granularity("all"), context, allow_large)
        columns = ask_retention(ask, by, asking.run)
        return asking.result(columns, RETENTION_TYPES, ask.interval, ask.exactness(), ask.units())

    def native(
        self, query: Mapping[str, Any], *, context: Mapping[str, Any] | None = None, allow_large: bool = False
    ) -> Result:
        """The answer of any native query of Druid, as columns.

        Args:
            query: Druid's JSON; a query object of pydruid is taken too (its ``query_dict``). Scan and groupBy are
                asked for rows as arrays, which changes only the speed. Where Arrow is installed, a large answer of them
                goes into it without a Python object for each value, unless a row holds a list or a text with an escape.
            context: as for :meth:`timeseries`; the query's own goes before it
            allow_large: as for :meth:`timeseries`

        Raises:
            AskError: it has no ``queryType``, or is beyond a limit
            TransportError: no answer
        """
        body = getattr(query, "query_dict", query)
        if not isinstance(body, Mapping) or not isinstance(body.get("queryType"), str):
            raise AskError('a native query is a mapping with a "queryType"; see the query documentation of Druid.')
        if not allow_large:
            self._limits.check_native(body)
        asking, asked = self._session.asking(context), lean(body)
        columns, types = ask_native(asked, asking.run)
        return asking.result(columns, types, None, "as Druid answers")

    def sql(self, query: str, parameters: Sequence[Any] = (), *, context: Mapping[str, Any] | None = None) -> Result:
        """The answer of Druid's SQL. Its rows are decoded when they are looked at; frames never make them Python's.

        Args:
            query: with a ``?`` for each parameter
            parameters: text, numbers, booleans, datetimes with a time zone, None
            context: as for :meth:`timeseries`

        Raises:
            AskError: a parameter is of another type, or the transport is a double that knows no SQL
            TransportError: no answer
        """
        return self._session.sql(query, parameters, context)

    def export(
        self,
        query: str | Mapping[str, Any],
        path: str | os.PathLike[str],
        *,
        parameters: Sequence[Any] = (),
        context: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Exported:
        """Write the answer of SQL or of a scan to a file, a few megabytes in memory at once. Needs the extra ``arrow``.

        The types are those that Druid tells; a column of a scan that it tells none of is text. Several values of one
        row are a list in Parquet, as are then all values of that column, and JSON in CSV.

        Args:
            query: SQL as for :meth:`sql`, or a native query with ``"queryType": "scan"``, also as pydruid's object
            parameters, context: as for :meth:`sql`; a scan has no parameters
            path: ends in ``.parquet`` or ``.csv``; a file that is there is replaced when all rows are written, and
                stays as it is if they do not come
            timeout: seconds for all of it, also inside Druid, instead of the total timeout

        Raises:
            AskError: another ending, a native query of another type, or as for :meth:`sql`
            MissingExtraError, OSError, TransportError
        """
        return self._session.export(query, path, parameters, context, timeout)

    def freshness(self, spec: str = "audience", *, context: Mapping[str, Any] | None = None) -> Freshness | None:
        """How new the newest queryable event of a spec's datasource is; None if there is none.

        For events that were handed off from the running task it is exact to the minute only.
        """
        return self._session.freshness(spec, self._session.asking(context).run)

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
        when = parse_interval(interval, last)
        if not allow_large:
            self._limits.check(when, grain_buckets(MINUTE))
        asking = self._session.asking(context)
        asking.fresh = self._session.freshness("audience", asking.run.aside())
        names = {spec: self._session.datasource(spec) for spec in ("audience", "ledger", "quarantine")}
        columns, totals, completeness, unknown = ask_ledger(
            names, when, asking.run, now=datetime.now(UTC), settled_after=settled_after
        )
        minutes = asking.result(columns, types(), when, "exact")
        return LedgerReport(minutes, totals, completeness, asking.fresh, unknown)
