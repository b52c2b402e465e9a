"""What all questions of one client share, and what goes before each: limits, key epochs, freshness."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from frontrow._ask import Ask
from frontrow._epochs import check_key_epochs
from frontrow._formula import maximum
from frontrow._limits import Limits
from frontrow._result import ColumnType, Freshness, Result, freshness_of
from frontrow._runner import Runner, checked_context
from frontrow._time import Granularity, Interval, grain_buckets
from frontrow._transport import DruidTransport


@dataclass
class Asking:
    """One question on its way: what runs its queries, and what is known of it before its answer."""

    run: Runner
    fresh: Freshness | None = None
    began: float = field(default_factory=time.perf_counter)

    def result(
        self,
        columns: Mapping[str, Sequence[Any]],
        types: Mapping[str, ColumnType],
        interval: Interval | None,
        exactness: str,
        units: Mapping[str, str] | None = None,
    ) -> Result:
        elapsed, sent = time.perf_counter() - self.began, tuple(self.run.sent)
        return Result(
            columns, types, interval, exactness, self.fresh, elapsed, self.run.first_id, sent, dict(units or {})
        )


@dataclass(frozen=True)
class Session:
    """
    Attributes:
        datasources: name in Druid of a spec's datasource where it differs
        context: of each query
        with_freshness, with_key_epochs: ask for them before each question
    """

    transport: DruidTransport
    datasources: Mapping[str, str]
    limits: Limits
    context: Mapping[str, Any]
    with_freshness: bool
    with_key_epochs: bool

    def datasource(self, spec: str) -> str:
        return self.datasources.get(spec, spec)

    def asking(self, context: Mapping[str, Any] | None) -> Asking:
        """A question that nothing goes before.

        Raises:
            AskError: the context is none
        """
        return Asking(Runner(self.transport, {**self.context, **checked_context(context)}))

    def begin(self, ask: Ask, buckets: Granularity, context: Mapping[str, Any] | None, allow_large: bool) -> Asking:
        """A question of the catalogue that may be asked.

        Raises:
            AskError: it is beyond a limit; nothing was sent
            KeyEpochsError: it counts distinct viewers across two viewer keys
        """
        if not allow_large:
            self.limits.check(ask.interval, buckets, *_inner(ask))
        asking = self.asking(context)
        if self.with_key_epochs:
            check_key_epochs(ask, buckets, self.datasource("ledger"), asking.run.aside())
        if self.with_freshness:
            # Before the question itself, so that the newest event it tells of is in the answer.
            asking.fresh = self.freshness(ask.spec, asking.run.aside())
        return asking

    def freshness(self, spec: str, run: Runner) -> Freshness | None:
        answer = run({"queryType": "dataSourceMetadata", "dataSource": self.datasource(spec)})
        newest = answer[0]["result"].get("maxIngestedEventTime") if answer else None
        return freshness_of(newest, datetime.now(UTC))


def _inner(ask: Ask) -> list[Granularity]:
    """Buckets in which a question is asked besides those of its answer: maxima look at every grain."""
    return [grain_buckets(ask.grain)] if any(maximum(metric) is not None for metric in ask.metrics) else []
