"""The simulator's own count of what it gave out, to be compared with what Druid counts of it.

On purpose it shares no code with the rollup specs or the client.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over all events seen; all exact.

    ``first_ms`` and ``last_ms`` are the smallest and largest ``ts``, None without events. ``events_by_minute`` and
    ``play_ms_by_minute`` are by the minute of ``ts``, as ms since the Unix epoch.
    """

    events: int
    sessions: int
    viewers: int
    attempts: int
    plays: int
    exits: int
    ended_plays: int
    start_failures: int
    exits_before_start: int
    playback_failures: int
    play_ms: int
    rebuffer_ms: int
    bits: int
    first_ms: int | None
    last_ms: int | None
    events_by_minute: Mapping[int, int]
    play_ms_by_minute: Mapping[int, int]


class Tally:
    """Counts events one by one; holds the ids of the viewers seen, nothing else that grows with the audience."""

    def __init__(self) -> None:
        self.events = 0
        self._attempts = self._plays = 0
        self._ended: Counter[tuple[bool, str]] = Counter()
        self._viewers: set[str] = set()
        self._play_ms = self._rebuffer_ms = self._bits = 0
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        self._minutes: dict[int, list[int]] = {}

    def add(self, event: Mapping[str, Any]) -> None:
        """Count an event (a dict of the contract with every field)."""
        self.events += 1
        kind = event["kind"]
        play_ms = event["play_ms"]
        ts = event["ts"]
        if kind == "attempt":
            self._attempts += 1
            self._viewers.add(event["viewer_id"])
        elif kind == "first_frame":
            self._plays += 1
        elif kind == "end":
            self._ended[event["started"], event["end_reason"]] += 1
        if play_ms:
            self._play_ms += play_ms
            self._bits += event["bits"]
        self._rebuffer_ms += event["rebuffer_ms"]
        if self.first_ms is None or ts < self.first_ms:
            self.first_ms = ts
        if self.last_ms is None or ts > self.last_ms:
            self.last_ms = ts
        minute = self._minutes.get(ts // 60_000)
        if minute is None:
            minute = self._minutes[ts // 60_000] = [0, 0]
        minute[0] += 1
        minute[1] += play_ms

    def totals(self) -> Totals:
        """The counts so far."""
        ended = self._ended
        minutes = sorted(self._minutes.items())
        return Totals(
            events=self.events,
            sessions=self._attempts,
            viewers=len(self._viewers),
            attempts=self._attempts,
            plays=self._plays,
            exits=ended.total(),
            ended_plays=sum(count for (started, _), count in ended.items() if started),
            start_failures=ended[False, "fatal_error"],
            exits_before_start=ended[False, "viewer"],
            playback_failures=ended[True, "fatal_error"],
            play_ms=self._play_ms,
            rebuffer_ms=self._rebuffer_ms,
            bits=self._bits,
            first_ms=self.first_ms,
            last_ms=self.last_ms,
            events_by_minute={minute * 60_000: counts[0] for minute, counts in minutes},
            play_ms_by_minute={minute * 60_000: counts[1] for minute, counts in minutes},
        )
