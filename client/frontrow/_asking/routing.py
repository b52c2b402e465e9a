"""Which datasource a question goes to: the cheapest that can answer, as the catalogue orders them.

A datasource of rows finer than a minute is there for what is too fine for the others, or when it is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from frontrow._errors import AskError
from frontrow._time import MINUTE, Granularity, Interval, grain_buckets
from frontrow_specs import Metric, RollupSpec, SpecNotFound, rollup


@dataclass(frozen=True)
class Question:
    """What decides which datasource is asked.

    Attributes:
        dimensions: that it filters or groups by
        interval: as the caller wrote it
        granularity: of the answer's buckets; None for one of all
        named: the caller has chosen the datasource
    """

    metrics: tuple[Metric, ...]
    dimensions: Sequence[str]
    interval: Interval
    granularity: Granularity | None
    named: bool

    @property
    def is_fine(self) -> bool:
        """Whether buckets shorter than a minute are asked for."""
        return self.granularity is not None and not self.granularity.is_all and self.granularity.shortest < MINUTE

    def lacks(self, spec: RollupSpec) -> list[str]:
        """Why a datasource cannot answer; nothing if it can."""
        kept = {dimension.name for dimension in spec.dimensions}
        lacks = [metric.name for metric in self.metrics if spec.name not in metric.datasources]
        lacks += [dimension for dimension in self.dimensions if dimension not in kept]
        if self.named:
            return lacks
        if self.granularity is not None and not self.granularity.fits(spec.grain, self.interval):
            lacks.append(f"buckets of less than {grain_buckets(spec.grain).whole}")
        if spec.grain < MINUTE and not self.is_fine:
            lacks.append("coarser buckets, unless you name it as spec")
        elif (kept_from := dropped_before(spec, self.interval)) is not None:
            lacks.append(f"what was before {kept_from:%Y-%m-%d %H:%M} UTC")
        return lacks


def choose(question: Question, candidates: Sequence[str]) -> RollupSpec:
    """The first of the candidates that can answer.

    Raises:
        AskError: none can; says why of each
    """
    lacking = []
    for name in candidates:
        try:
            spec = rollup(name)
        except SpecNotFound as error:
            raise AskError(str(error)) from error
        if not (lacks := question.lacks(spec)):
            return spec
        lacking.append(f"{name} lacks {', '.join(lacks)}")
    raise AskError(f"no datasource answers all of it: {'; '.join(lacking)}. Ask in two questions.")


def dropped_before(spec: RollupSpec, interval: Interval) -> datetime | None:
    """The first moment that is kept, if the interval begins before it."""
    if spec.keep_hours is None:
        return None
    kept_from = datetime.now(UTC) - timedelta(hours=spec.keep_hours)
    # A minute later than asked for: "the last 24 hours" is not to fail for the time that it takes to ask.
    return kept_from if interval.start < kept_from - MINUTE else None
