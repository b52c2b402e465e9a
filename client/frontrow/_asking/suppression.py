"""Small audiences: rows that tell of fewer viewers than may be shown are hidden, and what would give them away.

A cell is a row of an answer: a bucket of time, a value of a dimension, a combination of several. Its audience is the
distinct viewers that Druid's sketch of its rows estimates, rounded half up; so few are counted near exactly. A cell of
1 to ``least`` - 1 viewers is hidden: all its metrics are null. One without viewers is not: it tells of nobody.

Where cells add up, a hidden one could be had by subtraction from their total. A line is what adds up so: the values of
a dimension, all else being equal; of two dimensions, each row and each column. A line hides no cell alone, nor cells of
fewer viewers than ``least`` together, unless it has no others: then its smallest other cell (fewest viewers) is hidden,
too, and so on until every line is safe. Labels of which a row may have several do not add up; they are taken for a line
all the same. Buckets of time are no line: any interval can be asked in any cut.

What this cannot do: it looks at one answer. Who asks twice, with and without a filter, can subtract the answers. In two
dimensions it guards against subtraction along rows and columns, not against a system of equations over several of them.
Under each viewer key a viewer has another pseudonym, and counts twice in a cell across two of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontrow._errors import AskError
from frontrow_specs import rollup
from frontrow_specs.formula import Aggregate, AggregateKind

LEAST = 10
"""Fewer viewers than this are not shown."""

MARKS = "@hidden"
"""The column of an answer on its way that tells which rows are hidden, and why."""
SMALL, PROTECTING = "small", "protecting"

# Viewers before sessions, and of two sketches the smaller.
_FIELDS = (("viewer_id", "viewers"), ("session_id", "sessions"))
_SKETCHES: tuple[tuple[str, AggregateKind], ...] = (("HLLSketchBuild", "hll"), ("thetaSketch", "theta"))


@dataclass(frozen=True)
class Audience:
    """How a datasource counts whom its rows tell of.

    Attributes:
        aggregate: of the sketch
        of: ``viewers``, or ``sessions`` where a datasource has no viewers; one viewer may have several
    """

    aggregate: Aggregate
    of: str


@dataclass(frozen=True)
class Suppression:
    """What an answer hides.

    Attributes:
        least: the smallest audience that is shown; 0 where every one is
        of: what an audience is counted in: ``viewers`` or ``sessions``
        rows: of each row of the answer, whether it is hidden
        protecting: how many of the hidden rows have an audience that might be shown, but would give another away
    """

    least: int = 0
    of: str = "viewers"
    rows: tuple[bool, ...] = ()
    protecting: int = 0

    @property
    def hidden(self) -> int:
        """How many rows of the answer are hidden."""
        return sum(self.rows)

    def __str__(self) -> str:
        """In words; nothing where nothing is hidden."""
        if not self.hidden:
            return ""
        rows = "1 row" if self.hidden == 1 else f"{self.hidden:,} rows"
        said = f"{rows} with fewer than {self.least:,} {self.of} {'is' if self.hidden == 1 else 'are'} hidden"
        return f"{said} ({self.protecting:,} of them to protect another)" if self.protecting else said


NOTHING_HIDDEN = Suppression()


def check_least(least: object) -> int:
    """The smallest audience that is shown, as it was given.

    Raises:
        AskError: it is not a number of viewers
    """
    if isinstance(least, bool) or not isinstance(least, int) or least < 0:
        raise AskError(
            f"min_audience={least!r} is not a number of viewers: give one like {LEAST}, or 0 to hide nothing."
        )
    return least


def audience_of(spec: str) -> Audience | None:
    """How a spec's datasource counts its audience; None where its rows tell of none, as those of the ledger."""
    metrics = rollup(spec).metrics
    for field, of in _FIELDS:
        for kind, aggregate in _SKETCHES:
            for metric in metrics:
                if (metric.field, metric.type) == (field, kind):
                    return Audience(Aggregate(aggregate, metric.name), of)
    return None


def lines_of(keys: Sequence[tuple[Any, ...]], dimensions: Sequence[int]) -> list[list[int]]:
    """The lines of an answer: rows that differ in one dimension only.

    Args:
        keys: of each row, its values of time and dimensions
        dimensions: which of a key's values are dimensions; the others, like time, make no lines
    """
    found: dict[tuple[int, tuple[Any, ...]], list[int]] = {}
    for row, key in enumerate(keys):
        for place in dimensions:
            found.setdefault((place, (*key[:place], *key[place + 1 :])), []).append(row)
    return list(found.values())


def hidden_cells(
    audiences: Sequence[float | None], lines: Iterable[Sequence[int]], least: int
) -> tuple[set[int], set[int]]:
    """Which cells are too small to be shown, and which others are hidden to protect them.

    Args:
        audiences: of each cell, as Druid estimates it; None where it is not known, which is taken for too small
        lines: of cells that add up to a total
        least: the smallest audience that is shown
    """
    sizes = [None if audience is None else math.floor(audience + 0.5) for audience in audiences]
    small = {
        cell
        for cell, (size, audience) in enumerate(zip(sizes, audiences, strict=True))
        if size is None or (audience and size < least)
    }
    # A cell that nobody is in is known without being shown.
    some = [[cell for cell in line if sizes[cell] is None or audiences[cell]] for line in lines]
    some = [line for line in some if len(line) > 1]
    several: dict[int, int] = {}
    for line in some:
        for cell in line:
            several[cell] = several.get(cell, 0) + 1
    most = max(several.values(), default=0)
    hidden = set(small)
    changed = bool(hidden)
    while changed:
        changed = False
        for line in some:
            shown = [cell for cell in line if cell not in hidden]
            while shown and _gives_away([sizes[cell] for cell in line if cell in hidden], least):
                # One that stands alone in another line protects nothing: the total of that line is its value.
                chosen = min(shown, key=lambda cell: (several[cell] < most, sizes[cell] or 0, cell))
                shown.remove(chosen)
                hidden.add(chosen)
                changed = True
    return small, hidden - small


def marks_of(audiences: Sequence[float | None], lines: Iterable[Sequence[int]], least: int) -> list[str]:
    """Of each cell why it is hidden: ``SMALL``, ``PROTECTING``, or nothing."""
    small, protecting = hidden_cells(audiences, lines, least)
    return [SMALL if cell in small else PROTECTING if cell in protecting else "" for cell in range(len(audiences))]


def without_hidden(columns: Mapping[str, Sequence[Any]], kept: Iterable[str], marks: Sequence[str]) -> dict[str, Any]:
    """The columns, null where a row is hidden, and the column ``MARKS``.

    Args:
        kept: columns that stay as they are: time, dimensions, labels
        marks: of each row
    """
    stays = frozenset(kept)
    found = {
        name: list(values)
        if name in stays
        else [None if mark else value for value, mark in zip(values, marks, strict=True)]
        for name, values in columns.items()
    }
    return {**found, MARKS: list(marks)}


def taken_out(
    columns: Mapping[str, Sequence[Any]], least: int, audience: Audience | None
) -> tuple[Mapping[str, Sequence[Any]], Suppression]:
    """The columns without ``MARKS``, and what that says."""
    if audience is None or MARKS not in columns:
        return columns, NOTHING_HIDDEN
    marks = columns[MARKS]
    others = {name: values for name, values in columns.items() if name != MARKS}
    protecting = sum(mark == PROTECTING for mark in marks)
    return others, Suppression(least, audience.of, tuple(map(bool, marks)), protecting)


def listed(order: Sequence[int], marks: Sequence[str], names: Sequence[str | None], most: int) -> list[int]:
    """The rows of a top list: the best of those that are shown, then hidden ones by name, as many as fit.

    Neither the place of a hidden row nor whether it is in the list depends on its values.

    Args:
        order: rows, the best first
        marks, names: of each row
        most: rows of the list
    """
    shown = [row for row in order if not marks[row]][:most]
    hidden = sorted((row for row in order if marks[row]), key=lambda row: (names[row] is not None, names[row] or ""))
    return [*shown, *hidden[: most - len(shown)]]


def _gives_away(sizes: Sequence[int | None], least: int) -> bool:
    """Whether the total of a line without its shown cells tells of fewer viewers than may be shown."""
    return bool(sizes) and (len(sizes) == 1 or sum(size or 0 for size in sizes) < least)
