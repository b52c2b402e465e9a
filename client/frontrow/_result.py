"""An answer: rows with their types, and how fresh, complete and exact they are."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from frontrow._asking.completeness import NOT_ASKED, Completeness
from frontrow._asking.settled import buckets_of, settled_buckets
from frontrow._asking.suppression import NOTHING_HIDDEN, Suppression
from frontrow._frames.lazy import LazyColumns
from frontrow._time import Granularity, Interval

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from frontrow._cache import CacheUse
    from frontrow._charts import Kind
    from frontrow._charts.as_altair import Chart

ColumnType: TypeAlias = Literal["time", "string", "integer", "number", "any"]


@dataclass(frozen=True)
class Freshness:
    """How new the newest thing is that could be asked.

    Attributes:
        newest: time of the newest event that was queryable, by the player's clock
        age: of that event when it was asked; negative if the player's clock is ahead of this one
    """

    newest: datetime
    age: timedelta

    def __str__(self) -> str:
        age = self.age.total_seconds()
        said = f"{age:,.1f} s old" if age >= 0 else f"{-age:,.1f} s ahead of this clock"
        return f"newest event {self.newest:%Y-%m-%d %H:%M:%S} UTC, {said}"


@dataclass(frozen=True, eq=False)
class Result(Sequence[Mapping[str, Any]]):
    """An immutable answer. A sequence of rows, each a read-only mapping of column to value.

    Attributes:
        columns: values by column; all of one length
        types: of the columns; times are datetimes in UTC (or the asked zone's instant), nulls are None
        interval: what was really answered; None for a native query that does not say
        exactness: in words: exact, or which columns are approximate and by how much
        freshness: of the datasource; None if it holds nothing or was not asked
        elapsed: seconds from the call to the answer
        query_id: under which Druid knows the first query; empty if none was sent
        queries: everything that was sent to Druid, or would have been without a cache, as JSON values
        units: by column, where it has one
        completeness: how much of what producers sent in the interval is counted; unknown if it was not asked
        suppression: which rows are hidden because few viewers are in them
        time_zone: of the calendar that the question's buckets follow; None where the question has none
        cache: what of it came from the client's cache; None without one
    """

    columns: Mapping[str, Sequence[Any]]
    types: Mapping[str, ColumnType]
    interval: Interval | None
    exactness: str
    freshness: Freshness | None
    elapsed: float
    query_id: str
    _queries: tuple[Mapping[str, Any], ...] = field(repr=False)
    units: Mapping[str, str] = field(default_factory=dict, repr=False)
    completeness: Completeness = NOT_ASKED
    suppression: Suppression = NOTHING_HIDDEN
    time_zone: str | None = None
    cache: CacheUse | None = None
    _buckets: Granularity | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.columns, LazyColumns):
            frozen = {name: tuple(values) for name, values in self.columns.items()}
            object.__setattr__(self, "columns", MappingProxyType(frozen))
        object.__setattr__(self, "types", MappingProxyType(dict(self.types)))
        object.__setattr__(self, "units", MappingProxyType(dict(self.units)))

    @property
    def query(self) -> dict[str, Any]:
        """The (first) Druid query, as JSON values: a copy."""
        return copy.deepcopy(dict(self._queries[0]))

    @property
    def queries(self) -> list[dict[str, Any]]:
        """Every Druid query that the answer is made of, as JSON values: a copy."""
        return [copy.deepcopy(dict(query)) for query in self._queries]

    @property
    def suppressed(self) -> int:
        """How many rows are hidden because few viewers are in them, or to protect those."""
        return self.suppression.hidden

    @property
    def suppressed_rows(self) -> tuple[bool, ...]:
        """Of each row, whether it is hidden: its metrics are null then."""
        return self.suppression.rows or (False,) * len(self)

    @property
    def settled(self) -> tuple[bool, ...] | None:
        """Of each row, whether its bucket of time is whole and old enough; None for an answer without such buckets.

        It is when it lies inside ``interval`` and ends no later than the newest event of ``freshness``. Where freshness
        was not asked for, only the interval decides. Settled is not final: a late event counts in its own bucket.
        """
        name = next((name for name, kind in self.types.items() if kind == "time"), None)
        if name is None or self.interval is None:
            return None
        times = self.columns[name]
        buckets = self._buckets or buckets_of(self._queries, times)
        return settled_buckets(times, self.interval, self.freshness, buckets)

    @property
    def rows(self) -> tuple[Mapping[str, Any], ...]:
        """All rows."""
        return tuple(self)

    def __len__(self) -> int:
        if isinstance(self.columns, LazyColumns):
            return self.columns.count
        return len(next(iter(self.columns.values()), ()))

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        names = tuple(self.columns)
        for values in zip(*self.columns.values(), strict=True):
            yield MappingProxyType(dict(zip(names, values, strict=True)))

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Mapping[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> Mapping[str, Any] | Sequence[Mapping[str, Any]]:
        if isinstance(index, slice):
            return self.rows[index]
        return MappingProxyType({name: values[index] for name, values in self.columns.items()})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result):
            return NotImplemented
        return dict(self.columns) == dict(other.columns) and dict(self.types) == dict(other.types)

    def __hash__(self) -> int:
        return hash((tuple(self.columns), len(self)))

    def to_dict(self) -> dict[str, Any]:
        """Rows and all caveats as values that JSON knows.

        Returns:
            ``rows`` (times in ISO 8601, UTC), ``types`` and ``units`` by column; ``interval`` as ``start/end``,
            ``time_zone``, ``settled`` of each row or None; ``exactness`` in words; ``completeness`` with its fields;
            ``newest_event``, ``age_s`` of it when asked; ``suppressed``, ``suppressed_rows`` by number from 0,
            ``min_audience``; ``cache`` with its fields or None; ``query_id``, ``elapsed_s``.
        """
        from frontrow._shown.document import to_dict

        return to_dict(self)

    def to_polars(self) -> polars.DataFrame:
        """A polars DataFrame; needs the extra ``polars``.

        polars has no place for metadata: what :meth:`to_pandas` and :meth:`to_arrow` carry is at this result only.
        """
        from frontrow._frames.libraries import to_polars

        return to_polars(self.columns, self.types)

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame; needs the extra ``pandas``. Its ``attrs["frontrow"]`` hold all caveats, in the names of
        :meth:`to_dict`; instead of ``settled`` there are ``unsettled_rows``, by number from 0.
        """
        from frontrow._frames.libraries import to_pandas
        from frontrow._frames.metadata import KEY, metadata

        frame = to_pandas(self.columns, self.types)
        frame.attrs[KEY] = metadata(self)
        return frame

    def to_arrow(self) -> pyarrow.Table:
        """An Arrow table; needs the extra ``arrow``. Its schema's metadata has the same as JSON under ``frontrow``, and
        Parquet keeps it.
        """
        from frontrow._frames.libraries import to_arrow
        from frontrow._frames.metadata import KEY, as_json

        return to_arrow(self.columns, self.types).replace_schema_metadata({KEY: as_json(self)})

    def plot(
        self,
        metrics: str | Sequence[str] | None = None,
        *,
        kind: Kind | None = None,
        title: str | None = None,
        time_zone: str | None = None,
        width: int = 640,
        height: int | None = None,
    ) -> Chart:
        """A chart of Altair; needs the extra ``plot``. It shows and saves without a network.

        Time becomes lines, dashed where a bucket is not complete, with a gap where a value is null and a band between
        the columns ``<metric>_low`` and ``<metric>_high`` if there are such; a top list bars, two dimensions a heat
        map, :meth:`Client.retention` its curve, :meth:`Client.impact` bars, :meth:`Client.distribution` a histogram.
        Metrics of different units get panels of their own. The caption says interval and exactness, and what is not
        drawn: more than 4,000 points in a panel, 50 bars, 7 lines.

        Args:
            metrics: columns of numbers to draw; all unless given
            kind: ``line``, ``bar``, ``heat_map``, ``retention`` or ``histogram``; by the columns unless given
            title: above the chart; made of what is drawn unless given
            time_zone: of the time axis; that of the question unless given
            width, height: of a panel, pixels; bars and cells have a height of their own

        Returns:
            To be changed and saved as any: ``chart.save("x.png")``, ``.svg``, ``.json``, and
            ``chart.save("x.html", inline=True)``, which needs no network either. ``chart.description`` has it in words.

        Raises:
            AskError: there is no such column, or nothing to draw
            MissingExtraError: Altair or vl-convert is not installed
        """
        from frontrow._charts import chart_spec
        from frontrow._charts.as_altair import altair_chart

        return altair_chart(
            chart_spec(self, metrics=metrics, kind=kind, title=title, time_zone=time_zone, width=width, height=height)
        )

    def __str__(self) -> str:
        from frontrow._shown.display import as_text

        return as_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from frontrow._shown.html import as_html

        return as_html(self)


def freshness_of(newest_ms: int | str | None, now: datetime) -> Freshness | None:
    """Freshness from what Druid says of the newest event."""
    # A task that has read no event yet gives the first moment of Druid's calendar, long before that of Python.
    if newest_ms is None or (isinstance(newest_ms, str) and newest_ms.startswith("-")):
        return None
    newest = (
        datetime.fromisoformat(newest_ms)
        if isinstance(newest_ms, str)
        else datetime.fromtimestamp(newest_ms / 1000, UTC)
    )
    return Freshness(newest, now - newest)
