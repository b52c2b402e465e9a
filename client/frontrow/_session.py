"""What all questions of one client share, and what goes before each: limits, key epochs, freshness."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from frontrow._ask import Ask
from frontrow._epochs import check_key_epochs
from frontrow._export import Exported, check_path, closing, write_scan, write_sql
from frontrow._formula import maximum
from frontrow._limits import Limits
from frontrow._result import ColumnType, Freshness, Result, freshness_of
from frontrow._rows import Header, Rows, split_header, whole_or_broken
from frontrow._runner import Runner, checked_context
from frontrow._scan_export import scan_body
from frontrow._sql import sql_body, types_of
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

    def asking(self, context: Mapping[str, Any] | None, *, timeout: float | None = None) -> Asking:
        """A question that nothing goes before.

        Args:
            timeout: seconds for all of it, instead of the total timeout

        Raises:
            AskError: the context is none
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        return Asking(Runner(self.transport, {**self.context, **checked_context(context)}, deadline=deadline))

    def sql(self, text: str, parameters: Sequence[Any], context: Mapping[str, Any] | None) -> Result:
        asking, body = self.asking(context), sql_body(text, parameters)
        with self._answer(asking.run, body, export=False) as (header, pieces):
            rows = Rows(header, b"".join(pieces), self.transport.url)
        return asking.result(rows, types_of(header), None, "as Druid answers")

    def export(
        self,
        query: str | Mapping[str, Any],
        path: str | os.PathLike[str],
        parameters: Sequence[Any],
        context: Mapping[str, Any] | None,
        timeout: float | None,
    ) -> Exported:
        asking = self.asking(context, timeout=timeout)
        if isinstance(query, str):
            body, path = sql_body(query, parameters), check_path(path)
            with self._answer(asking.run, body, export=True) as (header, pieces):
                rows = write_sql(path, header, pieces)
        else:
            body, path = scan_body(query, parameters), check_path(path)
            with whole_or_broken(self.transport.url):
                rows = write_scan(path, body, lambda: asking.run.stream(body))
        elapsed = time.perf_counter() - asking.began
        return Exported(path, rows, path.stat().st_size, elapsed, asking.run.first_id)

    @contextmanager
    def _answer(
        self, run: Runner, body: Mapping[str, Any], *, export: bool
    ) -> Iterator[tuple[Header, Iterator[bytes]]]:
        with closing(run.stream_sql(body, export=export)) as stream, whole_or_broken(self.transport.url):
            yield split_header(stream)

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
