"""Giving events out when they happen, by a clock, at any speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush

from frontrow_ingest.simulate.session import Event

BATCH_S = 0.01
"""Events that are due within it go out together: below what anybody sees, and few wake-ups."""
NAP_S = 0.1
"""The longest sleep, so that a wish to stop is obeyed soon."""


class Pacer:
    """Lets events through when they are due: ``speed`` ms of event time pass in one ms of the clock.

    ``speed`` 0 means at once. ``lag_s`` is how far the last event was behind its time, ``worst_lag_s`` the maximum:
    a machine that cannot keep up sends late, and nothing is left out. ``idle`` is called before each sleep, and
    ``should_stop`` is asked after it; events end when it says so. ``field`` names the time that is paced by.
    """

    def __init__(
        self,
        speed: float,
        start_ms: int,
        *,
        field: str = "ts",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if speed < 0:
            raise ValueError(f"speed must be 0 (no pacing) or more, not {speed}")
        self.lag_s = 0.0
        self.worst_lag_s = 0.0
        self._speed = speed
        self._start_ms = start_ms
        self._field = field
        self._clock = clock
        self._sleep = sleep

    def paced(
        self, events: Iterable[Event], *, idle: Callable[[], None], should_stop: Callable[[], bool]
    ) -> Iterator[Event]:
        """The same events, each when it is due. The clock starts with the first."""
        if not self._speed:
            yield from events
            return
        began = self._clock()
        let_through = self._start_ms - 1  # up to here nobody needs to look at the clock
        field = self._field
        for event in events:
            if event[field] > let_through:
                due = began + (event[field] - self._start_ms) / 1_000 / self._speed
                wait = due - self._clock()
                while wait > 0:
                    idle()
                    self._sleep(min(wait, NAP_S))
                    if should_stop():
                        return
                    wait = due - self._clock()
                self.lag_s = -wait
                self.worst_lag_s = max(self.worst_lag_s, -wait)
                let_through = event[field] + int(BATCH_S * 1_000 * self._speed)
            yield event


def in_order_of_arrival(events: Iterable[Event]) -> Iterator[Event]:
    """Events that come by ``ts``, given out by ``received_ts``; holds those on their way, no others.

    No event may be received before it happened.
    """
    on_the_way: list[tuple[int, int, Event]] = []
    for number, event in enumerate(events):
        while on_the_way and on_the_way[0][0] < event["ts"]:
            yield heappop(on_the_way)[2]
        heappush(on_the_way, (event["received_ts"], number, event))
    while on_the_way:
        yield heappop(on_the_way)[2]
