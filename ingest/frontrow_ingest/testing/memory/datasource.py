"""What a datasource holds: rows by segment of time, from every spec that it was ever fed by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from frontrow_ingest.rollup import Rollup, RollupSchema, RowCount
from frontrow_ingest.rollup.buckets import Buckets, to_datetime
from frontrow_ingest.rollup.values import TIME, Row


@dataclass(frozen=True)
class Segment:
    """Rows that Druid would keep in one segment.

    Attributes:
        grain: of the rows' time
        span: from its first row's time to the end of its last row's, ms; of a query it is the part inside the interval,
            whatever the filter leaves of the rows
        several: dimensions of which any row has more than one value; of a query as well whatever the filter leaves
    """

    rows: tuple[Row, ...]
    grain: Buckets
    span: tuple[int, int]
    several: frozenset[str]


class Datasource:
    """Rows of one name. A changed spec begins a new set of rows; the old ones stay as they are."""

    def __init__(self) -> None:
        self._rollups: list[Rollup] = []
        self.newest_ms: int | None = None
        """The moment of the newest event."""

    def begin(self, schema: RollupSchema) -> None:
        """Take events by this schema from now on."""
        self._rollups.append(Rollup(schema))

    def forget(self) -> None:
        """Drop what was taken since the last ``begin``: rows that Druid would have in no segment yet."""
        self._rollups[-1] = Rollup(self._rollups[-1].schema)

    def add(self, event: Row) -> bool:
        """Take an event; whether it has a moment that Druid would take."""
        rollup = self._rollups[-1]
        taken = rollup.add(event)
        if taken:
            moment = event[rollup.schema.time]
            self.newest_ms = moment if self.newest_ms is None else max(self.newest_ms, moment)
        return taken

    @property
    def count(self) -> RowCount:
        """Events before, rows after."""
        counts = [rollup.count for rollup in self._rollups]
        return RowCount(sum(count.events for count in counts), sum(count.rows for count in counts))

    def segments(self) -> list[Segment]:
        """Every row, by segment."""
        return [segment for rollup in self._rollups for segment in _split(rollup.rows(), rollup.schema)]


def _split(rows: Iterable[Row], schema: RollupSchema) -> list[Segment]:
    by_start: dict[int, list[Row]] = {}
    for row in rows:
        by_start.setdefault(schema.segments.floor(row[TIME]), []).append(row)
    return [segment_of(found, schema.grain) for found in by_start.values()]


def segment_of(rows: Sequence[Row], grain: Buckets) -> Segment:
    """A segment of rows, of which there is one at least."""
    times = [row[TIME] for row in rows]
    several = frozenset(name for row in rows for name, value in row.items() if isinstance(value, tuple))
    return Segment(tuple(rows), grain, (min(times), grain.after(max(times))), several)


@dataclass(frozen=True)
class Tables:
    """What queries read.

    Attributes:
        datasources: by name
        lookups: texts by key, by the lookup's name
    """

    datasources: Mapping[str, Datasource]
    lookups: Mapping[str, Mapping[str, str]]

    def segments(self, name: str) -> list[Segment]:
        """The segments of a datasource; none where there is no such."""
        return self.datasources[name].segments() if name in self.datasources else []


def iso(ms: int, zone: Any = UTC) -> str:
    """A moment as Druid writes it: ``Z`` in UTC, else with the offset of the time zone."""
    return to_datetime(ms).astimezone(zone).isoformat(timespec="milliseconds").replace("+00:00", "Z")
