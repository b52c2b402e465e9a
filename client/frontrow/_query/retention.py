"""How far people watch a title."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from frontrow._asking.retention import TYPES, ask_retention, check_retention, of_title
from frontrow._filters import WhereLike
from frontrow._query.base import AudienceQuery, condition_of, interval_of
from frontrow._result import Result
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow._time import IntervalLike, parse_granularity


@dataclass(frozen=True, kw_only=True, eq=False)
class Retention(AudienceQuery):
    """Made by :func:`frontrow.retention`, which tells of its parts."""

    content: str
    by: str = "percent"

    def by_minute(self) -> Retention:
        """The same by the minute of a live event."""
        return replace(self, by="minute")

    def _ask(self, session: Session) -> Result:
        check_retention(self.content, self.by)
        ask = session.prepare(
            ("position_sessions",), self.interval, of_title(self.content, self.condition), spec="retention"
        )
        asking = session.begin(ask, parse_granularity("all"), self.context, self.allow_large)
        columns = ask_retention(ask, self.by, asking.run)
        return asking.result(columns, TYPES, ask.interval, ask.exactness(), ask.units())


def retention(
    content: str,
    *,
    by: str = "percent",
    interval: IntervalLike | None = None,
    last: str | timedelta | None = None,
    where: WhereLike = None,
    context: Mapping[str, Any] | None = None,
    allow_large: bool = False,
) -> Retention:
    """How many sessions played each position of a title, and how many came at least so far.

    Args:
        content: its ``content_id``
        by: ``percent`` of the title's length, or ``minute`` of a live event
        interval, last: as for :func:`frontrow.timeseries`, widened to whole hours; a session that began before counts
            only with what it played inside
        where: for example the ``event_id`` of a live event; as for :func:`frontrow.timeseries`
        context, allow_large: as for :func:`frontrow.timeseries`

    Returns:
        A row for each position from 0 to the last that was played: ``position``, the ``sessions`` that played any of
        it, their share ``retention``, the sessions that ``came_so_far`` or further, their share ``remaining``; shares
        are of the sessions that played any of the title. A seek forward leaves a hole in the first two. Positions that
        few sessions played or came to have no numbers; how many left between two others is their difference.

    Raises:
        AskError, TransportError: as for :func:`frontrow.timeseries`
    """
    return Retention(
        content=content,
        by=by,
        interval=interval_of(interval, last),
        condition=condition_of(where),
        context=checked_context(context),
        allow_large=allow_large,
    )
