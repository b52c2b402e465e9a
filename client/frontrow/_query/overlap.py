"""What several audiences have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from frontrow._asking.overlap import METRIC, TYPES, UNITS, ask_overlap, check_overlap, in_any, overlap_note
from frontrow._filters import Condition, WhereLike
from frontrow._query.base import AudienceQuery, condition_of, interval_of
from frontrow._result import Result
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow._time import IntervalLike, parse_granularity


@dataclass(frozen=True, kw_only=True, eq=False)
class Overlap(AudienceQuery):
    """Made by :func:`frontrow.overlap`, which tells of its parts."""

    audiences: Mapping[str, Condition]

    def _ask(self, session: Session) -> Result:
        ask = session.prepare((METRIC,), self.interval, in_any(self.audiences, self.condition))
        asking = session.begin(ask, parse_granularity("all"), self.context, self.allow_large)
        columns = ask_overlap(ask, self.audiences, asking.run)
        exactness = f"{ask.exactness()}; {overlap_note(columns)}"
        return asking.result(columns, TYPES, ask.interval, exactness, UNITS)


def overlap(
    audiences: Mapping[str, WhereLike],
    *,
    interval: IntervalLike | None = None,
    last: str | timedelta | None = None,
    where: WhereLike = None,
    context: Mapping[str, Any] | None = None,
    allow_large: bool = False,
) -> Overlap:
    """How many distinct viewers several audiences have, and how many they have in common.

    Args:
        audiences: 2 to 6, by name: ``{"final": {"event_id": "cup-final"}, "series": {"content_id": ["s1", "s2"]}}``;
            each is a ``where`` of :func:`frontrow.timeseries`
        interval, last: as for :func:`frontrow.timeseries`
        where: that all of them must fit, too
        context, allow_large: as for :func:`frontrow.timeseries`

    Returns:
        A row for each audience alone (``kind`` is ``one``), for every pair and for all together (``all``: ``A & B``),
        for who is in one and in no other (``only``: ``A only``), and for all who are in any (``any``: ``A | B``).
        ``size`` audiences are in the row; ``viewers`` are theirs, between ``viewers_low`` and ``viewers_high`` in 95 of
        100 cases (theta sketches, two standard deviations); ``share_of_smallest`` is of the smallest audience in it.
        The error of an overlap is that of all its audiences together: a small overlap of large audiences is not known
        well, and ``exactness`` says how well the worst is.

    Raises:
        AskError, KeyEpochsError, TransportError: as for :func:`frontrow.timeseries`
    """
    return Overlap(
        audiences=MappingProxyType(check_overlap(audiences)),
        interval=interval_of(interval, last),
        condition=condition_of(where),
        context=checked_context(context),
        allow_large=allow_large,
    )
