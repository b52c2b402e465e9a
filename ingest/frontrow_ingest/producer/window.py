"""How late or early an event may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from frontrow_ingest.contract import EventRefusedError, Refusal
from frontrow_ingest.contract.event import wall_clock_ms
from frontrow_specs import RollupSpec

HOUR_MS = 3_600_000
WAITING_HOURS = 24
"""So long an event may wait in Kafka and is counted still: Druid's own period is longer by it than a producer's."""


@dataclass(frozen=True)
class TimeWindow:
    """Refuses events that Druid would drop unseen.

    Attributes:
        late_hours: an event may be so old when it is sent; None: any age
        early_hours: its clock may be so far ahead; None: any
        clock: the time now, ms since the Unix epoch
    """

    late_hours: float | None = None
    early_hours: float | None = None
    clock: Callable[[], int] = field(default=wall_clock_ms, repr=False)

    def check(self, ts: int) -> None:
        """Raises EventRefusedError for an event whose time (ms since the Unix epoch) is outside of the window."""
        age_ms = self.clock() - ts
        if self.late_hours is not None and age_ms > self.late_hours * HOUR_MS:
            said = f"is more than {self.late_hours:g} hours ago: it came too late to be counted"
            raise EventRefusedError([Refusal("ts", "late", said)])
        if self.early_hours is not None and -age_ms > self.early_hours * HOUR_MS:
            said = f"is more than {self.early_hours:g} hours ahead: the player's clock is wrong"
            raise EventRefusedError([Refusal("ts", "early", said)])

    def applied(self, spec: RollupSpec) -> RollupSpec:
        """A spec by which Druid takes every event that this window lets pass, waiting in Kafka included."""
        late = None if self.late_hours is None else int(-(-self.late_hours // 1)) + WAITING_HOURS
        early = None if self.early_hours is None else int(-(-self.early_hours // 1))
        return replace(
            spec,
            late_hours=spec.late_hours if late is None else late,
            early_hours=spec.early_hours if early is None else early,
        )
