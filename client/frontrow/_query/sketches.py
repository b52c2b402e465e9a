"""Sketches themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from frontrow._asking.epochs import VIEWER, key_epoch
from frontrow._asking.sketches import ask_sketches_by_dimension, ask_sketches_by_time, check_sketches, field_of
from frontrow._errors import AskError
from frontrow._filters import WhereLike
from frontrow._query.base import AudienceQuery, condition_of, interval_of, names_of
from frontrow._result import Result
from frontrow._runner import checked_context
from frontrow._session import Session
from frontrow._time import IntervalLike, parse_granularity


@dataclass(frozen=True, kw_only=True, eq=False)
class Sketches(AudienceQuery):
    """Made by :func:`frontrow.sketches`, which tells of its parts."""

    metric: str
    by: str | None = None
    granularity: str = "all"
    time_zone: str = "UTC"
    spec: str | None = None

    def _ask(self, session: Session) -> Result:
        buckets = parse_granularity(self.granularity, self.time_zone)
        ask = session.prepare(
            (self.metric,),
            self.interval,
            self.condition,
            granularity=None if self.by else buckets,
            dimension=self.by,
            spec=self.spec,
        )
        check_sketches(ask, None if self.by else buckets)
        # They are made to be united, so all of them must be of one key.
        asking = session.begin(ask, parse_granularity("all"), self.context, self.allow_large)
        epoch = None
        if session.with_key_epochs and field_of(ask) == VIEWER:
            epoch = key_epoch(ask, session.datasource("ledger"), asking.runner.aside())
        if self.by is None:
            columns = ask_sketches_by_time(ask, buckets, asking.run, epoch)
        else:
            columns = ask_sketches_by_dimension(ask, self.by, ask.is_multi_value(self.by), asking.run, epoch)
        first = self.by or "time"
        types: Any = {first: "string" if self.by else "time", self.metric: "any"}
        return asking.result(columns, types, ask.interval, ask.exactness(), ask.units())


def sketches(
    metric: str,
    *,
    by: str | None = None,
    interval: IntervalLike | None = None,
    last: str | timedelta | None = None,
    granularity: str = "all",
    where: WhereLike = None,
    time_zone: str = "UTC",
    spec: str | None = None,
    context: Mapping[str, Any] | None = None,
    allow_large: bool = False,
) -> Sketches:
    """The sketches that a metric is read from, to be joined in Python. Needs the extra ``sketches``.

    Args:
        metric: of one sketch: ``unique_viewers`` (HLL), ``reach`` (theta: to be intersected, too), ``startup_time_p50``
        by: a dimension; unless given, by time
        granularity: of the buckets, ``all`` for one sketch of the whole interval
        interval, last, where, time_zone, spec, context, allow_large: as for :func:`frontrow.timeseries`

    Returns:
        Columns ``time`` or the dimension (its values in order), and the metric's, which holds a :class:`HllSketch`, a
        :class:`ThetaSketch` or a :class:`QuantilesSketch`; 1,000 rows at most. ``a | b`` is both together,
        ``a.estimate`` how many that are, ``a.bounds()`` how well that is known.

    Raises:
        AskError: the metric is not read from one sketch, both ``by`` and ``granularity`` are given, there are too many,
            or as for :func:`frontrow.timeseries`
        KeyEpochsError: the viewer key changed within the interval: such sketches could not be united
        MissingExtraError: datasketches is not installed
        TransportError: no answer
    """
    (name,) = names_of([metric])
    if by is not None and (granularity != "all" or not isinstance(by, str)):
        raise AskError("sketches are by a dimension, named by text, or by time: give one of by and granularity.")
    return Sketches(
        metric=name,
        by=by,
        granularity=granularity,
        time_zone=time_zone,
        spec=spec,
        interval=interval_of(interval, last),
        condition=condition_of(where),
        context=checked_context(context),
        allow_large=allow_large,
    )
