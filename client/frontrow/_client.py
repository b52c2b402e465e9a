"""The client: questions in names of the catalogue, answers that say how fresh and how exact they are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from frontrow._asking.ledger import SETTLED_AFTER, LedgerReport
from frontrow._frames.export import Exported
from frontrow._options import Options
from frontrow._query.base import Query
from frontrow._query.breakdown import breakdown
from frontrow._query.compare import compare
from frontrow._query.distribution import distribution
from frontrow._query.impact import impact
from frontrow._query.native import native
from frontrow._query.overlap import overlap
from frontrow._query.reach import reach
from frontrow._query.retention import retention
from frontrow._query.sketches import sketches
from frontrow._query.sql import sql
from frontrow._query.timeseries import timeseries
from frontrow._query.top_n import top_n
from frontrow._result import Freshness, Result
from frontrow._surface import Asked
from frontrow._time import IntervalLike


class Client(Options):
    """Asks Druid about an audience. A context manager; safe for several threads.

    Each kind of question is a plain function of this package, like :func:`frontrow.timeseries`, that makes an
    immutable value for :meth:`ask`; the method of the same name asks it at once.

    A call that is interrupted (Ctrl-C) or whose time is up ends its query in Druid, too.

    Example::

        with frontrow.Client() as client:
            print(client.timeseries("concurrent_viewers", last="30m"))
            print(client.top_n("content_id", "viewer_hours", last="1h", where={"country": "DE"}))
    """

    timeseries: Final = Asked(timeseries)
    top_n: Final = Asked(top_n)
    breakdown: Final = Asked(breakdown)
    impact: Final = Asked(impact)
    distribution: Final = Asked(distribution)
    retention: Final = Asked(retention)
    overlap: Final = Asked(overlap)
    reach: Final = Asked(reach)
    compare: Final = Asked(compare)
    sketches: Final = Asked(sketches)
    native: Final = Asked(native)
    sql: Final = Asked(sql)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to Druid; a transport that was given stays as it is."""
        self._close()

    def ask(self, query: Query) -> Result:
        """The answer of a question.

        Args:
            query: made by one of this package's functions, like :func:`frontrow.timeseries`

        Raises:
            AskError: it makes no sense, or is beyond a limit; nothing was sent
            KeyEpochsError: distinct viewers are asked for where the viewer key changed
            TransportError: no answer; its subclasses tell why
        """
        return self._session.ask(query)

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

        A Parquet file's key-value metadata has the caveats as JSON under ``frontrow``, as :meth:`Result.to_arrow` has;
        their ``elapsed_s`` ends when the first rows come. ``pyarrow.parquet.read_metadata(path).metadata`` reads them,
        and a table of the file has them in its schema. CSV has no place for them.

        Args:
            query: SQL as for :func:`frontrow.sql`, or a native query with ``"queryType": "scan"``, also as pydruid's
                object
            parameters, context: as for :func:`frontrow.sql`; a scan has no parameters
            path: ends in ``.parquet`` or ``.csv``; a file that is there is replaced when all rows are written, and
                stays as it is if they do not come
            timeout: seconds for all of it, also inside Druid, instead of the total timeout

        Raises:
            AskError: another ending, a native query of another type, or as for :func:`frontrow.sql`
            MissingExtraError, OSError, TransportError
        """
        return self._session.export(query, path, parameters, context, timeout)

    def freshness(self, spec: str = "audience", *, context: Mapping[str, Any] | None = None) -> Freshness | None:
        """How new the newest queryable event of a spec's datasource is; None if there is none.

        For events that were handed off from the running task it is exact to the minute only.

        Args:
            spec: rollup spec whose datasource is asked
            context: as for :func:`frontrow.timeseries`

        Raises:
            AskError: there is no such spec
            TransportError: no answer
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
            interval, last: as for :func:`frontrow.timeseries`, of the events' own time
            settled_after: so long after a producer last told of a minute, what is not queryable is missing; until then
                it is in flight
            context, allow_large: as for :func:`frontrow.timeseries`

        Raises:
            AskError, TransportError: as for :func:`frontrow.timeseries`
        """
        return self._session.ledger(interval, last, settled_after, context, allow_large)
