"""Whether every event is accounted for: Druid's totals beside the simulator's own count of the same events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from frontrow import Client, Interval
from frontrow_ingest.simulate import Totals

_AUDIENCE = (
    "events",
    "attempts",
    "plays",
    "ended_plays",
    "exits",
    "start_failures",
    "exits_before_start",
    "playback_failures",
    "play_ms",
)
_QUALITY = ("events", "rebuffer_ms", "bits")
_OTHERS = ("events", "plays")
_ASKED = (("audience", _AUDIENCE), ("quality", _QUALITY), ("live", _OTHERS), ("retention", _OTHERS))


@dataclass(frozen=True)
class Comparison:
    """One number, counted by the simulator and by Druid."""

    metric: str
    datasource: str
    simulated: int
    druid: int

    @property
    def equal(self) -> bool:
        return self.simulated == self.druid


class Account:
    """Compares what Druid has gained since this object was made: earlier events of the same minutes do not matter."""

    def __init__(self, client: Client, interval: Interval) -> None:
        self._client = client
        self._interval = interval
        self._before = self._totals()

    def compare(self, totals: Totals) -> list[Comparison]:
        """Every total, as it is now."""
        now = self._totals()
        return [
            Comparison(metric, datasource, getattr(totals, metric), now[datasource, metric] - before)
            for (datasource, metric), before in self._before.items()
        ]

    def settle(self, totals: Totals, *, deadline_s: float = 180.0) -> list[Comparison]:
        """Compare until all is equal, or the deadline has come."""
        deadline = time.monotonic() + deadline_s
        while True:
            found = self.compare(totals)
            if all(comparison.equal for comparison in found) or time.monotonic() > deadline:
                return found
            time.sleep(0.1)

    def _totals(self) -> Mapping[tuple[str, str], int]:
        counted = {
            (datasource, metric): value
            for datasource, metrics in _ASKED
            for row in self._client.timeseries(metrics, interval=self._interval, granularity="all", spec=datasource)
            for metric, value in row.items()
            if metric != "time"
        }
        # What the producer says that it sent, beside what it sent.
        return {**counted, ("ledger", "events"): self._client.ledger(interval=self._interval).totals["sent"]}
