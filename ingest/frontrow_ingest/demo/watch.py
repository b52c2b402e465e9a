"""What an operator wants to see of a live event, asked from Druid again and again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from frontrow import Client, Completeness, Freshness, Interval

_WINDOW_S = 10.0  # players report every ten seconds: a shorter window would see waves that are not there


@dataclass(frozen=True)
class Snapshot:
    """The answers of one moment.

    Attributes:
        viewers: concurrent viewers over the last ten seconds; None until there are ten seconds
        history: of ``viewers``, oldest first
        numbers: metric to value, over the whole event so far
        titles: name, or id where there is none, and plays of the top titles, best first
        freshness, completeness: of ``numbers``
    """

    viewers: float | None
    history: Sequence[float]
    numbers: Mapping[str, Any]
    titles: Sequence[tuple[str, int]]
    freshness: Freshness | None
    completeness: Completeness
    elapsed_ms: float


class Watcher:
    """Asks for one event's numbers since ``start``."""

    _AUDIENCE = ("events", "play_ms", "plays", "unique_viewers")
    _QUALITY = ("startup_time_p50", "startup_time_p95", "rebuffer_ratio", "average_bitrate", "playback_failures")

    def __init__(self, client: Client, start: datetime) -> None:
        self._client = client
        self._start = start
        self._played: deque[tuple[float, int]] = deque()
        self._history: list[float] = []

    def look(self) -> Snapshot | None:
        """The numbers now; None as long as Druid has no event of it."""
        began = time.perf_counter()
        since = Interval(self._start, datetime.now(UTC))
        audience = self._client.timeseries(self._AUDIENCE, interval=since, granularity="all")
        asked = time.monotonic()
        if not audience or not audience[0]["events"]:
            return None
        quality = self._client.timeseries(self._QUALITY, interval=since, granularity="all")
        titles = self._client.top_n("content_id", "plays", n=5, label="title", interval=since)
        viewers = self._concurrency(asked, audience[0]["play_ms"])
        return Snapshot(
            viewers=viewers,
            history=tuple(self._history),
            numbers={**audience[0], **quality[0]},
            titles=[(str(row["title"]), int(row["plays"])) for row in titles],
            freshness=audience.freshness,
            completeness=audience.completeness,
            elapsed_ms=(time.perf_counter() - began) * 1000,
        )

    def _concurrency(self, now: float, play_ms: int) -> float | None:
        """Play time that was added in the last ten seconds, per second: sessions that played."""
        self._played.append((now, play_ms))
        while len(self._played) > 2 and now - self._played[1][0] >= _WINDOW_S:
            self._played.popleft()
        then, before = self._played[0]
        if now - then < _WINDOW_S * 0.9:
            return None
        viewers = (play_ms - before) / 1000 / (now - then)
        self._history.append(viewers)
        return viewers
