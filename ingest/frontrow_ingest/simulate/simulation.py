"""The whole audience: everybody's sessions, merged into one stream in the order of event time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace
from random import Random

from frontrow_ingest.simulate import world
from frontrow_ingest.simulate.audience import LIVE_EVENT, Audience, Viewer
from frontrow_ingest.simulate.schedule import LiveSchedule, live_arrivals, vod_arrivals
from frontrow_ingest.simulate.session import NEVER, Event, Session

MAX_VIEWERS = 10_000_000
MAX_DURATION_S = 7 * 86_400
EARLIEST_MS, LATEST_MS = 946_684_800_000, 4_102_444_800_000 - 2 * MAX_DURATION_S * 1_000


def now_ms() -> int:
    """The wall clock, ms since the Unix epoch."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Simulation:
    """A seeded audience of a video service: one live event and titles on demand.

    The same arguments give the same events, byte for byte as JSON, on every machine.

    - ``viewers``: how many people show up, each at least once, from ``start_ms`` (ms since the Unix epoch; now by
      default) on for ``duration_s`` seconds of event time. ``live_share`` of them come for the live event, whose
      course is stretched over that time. ``titles`` are on demand.
    - ``late_share``: share of events whose ``received_ts`` is seconds to minutes after ``ts``, not some 45 ms.
    - ``event_id``: of the live event.
    - ``end_open``: end every session within the time. Else sessions that go on at its end have no ``end``.

    Memory grows with the sessions that run at one time (about 4 kB each), not with the length or the viewers.
    Raises ValueError for arguments out of range.
    """

    seed: int = 1
    viewers: int = 1_000
    start_ms: int = field(default_factory=now_ms)
    duration_s: float = 300.0
    live_share: float = 0.65
    titles: int = 200
    late_share: float = 0.0
    end_open: bool = False
    event_id: str = LIVE_EVENT

    def __post_init__(self) -> None:
        for name, low, high in (
            ("seed", 0, (1 << 63) - 1),
            ("viewers", 1, MAX_VIEWERS),
            ("start_ms", EARLIEST_MS, LATEST_MS),
            ("duration_s", 1, MAX_DURATION_S),
            ("live_share", 0, 1),
            ("titles", 1, world.MAX_TITLES),
            ("late_share", 0, 1),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {value}")

    @property
    def schedule(self) -> LiveSchedule:
        """The course of the live event."""
        return LiveSchedule.over(self.start_ms, int(self.duration_s * 1_000))

    def events(self) -> Iterator[Event]:
        """Every event in order of ``ts``, then session and ``seq``; each call starts anew."""
        return _Run(self).events()


class _Run:
    """One pass over a simulation: who comes next, and what every running session reports next."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._draw = Random(simulation.seed).random
        self._schedule = simulation.schedule
        self._audience = Audience(
            simulation.seed, world.titles(simulation.titles), self._schedule, self._draw, simulation.event_id
        )
        self._viewers = 0
        # (when, order among equal times, who: None for somebody new, whether for the live event)
        self._coming: list[tuple[int, int, Viewer | None, bool]] = []
        # (ts, session id, the session's next event, those after it, the session)
        self._playing: list[tuple[int, str, Event, Iterator[Event], Session]] = []
        seed, start_ms, duration_ms = simulation.seed, simulation.start_ms, self._schedule.stretch(1)
        live = round(simulation.viewers * simulation.live_share)
        self._doors = {
            True: live_arrivals(live, start_ms, duration_ms, Random(f"{seed} live").random),
            False: vod_arrivals(simulation.viewers - live, start_ms, duration_ms, Random(f"{seed} vod").random),
        }

    def events(self) -> Iterator[Event]:
        playing, end_ms = self._playing, self._schedule.end
        for live in self._doors:
            self._expect_somebody_new(live=live)
        while True:
            # Who comes in a millisecond is let in before the first event of it leaves: ids decide the order then.
            come = self._coming[0][0] if self._coming else NEVER
            while playing and playing[0][0] < come:
                _, session_id, event, later, session = playing[0]
                yield event
                if (following := next(later, None)) is None:
                    heappop(playing)
                    if self._comes_back(session):
                        break
                elif (ts := following["ts"]) < end_ms:
                    heapreplace(playing, (ts, session_id, following, later, session))
                else:
                    heappop(playing)
            else:
                if come >= end_ms:
                    return
                self._let_in()

    def _let_in(self) -> None:
        now, _, viewer, live = heappop(self._coming)
        if viewer is None:
            viewer = self._audience.viewer(self._viewers)
            self._viewers += 1
            self._expect_somebody_new(live=live)
        content = self._audience.live(viewer) if live else self._audience.on_demand()
        session_id = self._audience.session_id()
        session = Session(
            session_id,
            viewer,
            content,
            self._schedule,
            self._draw,
            start_ms=now,
            leave_ms=now + self._audience.stays_ms(content, now),
            end_by_ms=self._last_moment(now),
            late_share=self._simulation.late_share,
        )
        events = session.events()
        heappush(self._playing, (now, session_id, next(events), events, session))

    def _expect_somebody_new(self, *, live: bool) -> None:
        if (when := next(self._doors[live], None)) is not None:
            heappush(self._coming, (when, -1 if live else -2, None, live))

    def _comes_back(self, session: Session) -> bool:
        back = self._audience.comes_back(session.content, session.outcome, session.now)
        if back is None or back[0] >= self._schedule.end:
            return False
        when, live = back
        live = live and self._simulation.live_share > 0  # without an audience there is no event to change over to
        heappush(self._coming, (when, session.viewer.number, session.viewer, live))
        return True

    def _last_moment(self, now: int) -> int:
        """When a session must be over: never, or within the last second of the time, not all at once."""
        if not self._simulation.end_open:
            return NEVER
        return max(now, self._schedule.end - 1 - int(min(1_000, self._schedule.stretch(0.02)) * self._draw()))
