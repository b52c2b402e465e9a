"""When people come: the course of the live event and the arrival of its audience."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from frontrow_ingest.simulate.chance import Draw

# (end of the part as a share of the time, share of the viewers who arrive in it)
_LIVE_ARRIVALS = (
    (0.08, 0.14),  # the show before
    (0.20, 0.52),  # the rush around kick-off
    (0.44, 0.12),
    (0.54, 0.02),  # half-time
    (0.60, 0.06),
    (0.70, 0.03),
    (0.73, 0.09),  # the goal: friends call friends
    (0.93, 0.02),
)
_VOD_ARRIVALS = ((0.06, 0.30), (1.0, 0.70))


@dataclass(frozen=True, slots=True)
class LiveSchedule:
    """The course of the live event, ms since the epoch; it is stretched over the simulated time."""

    start: int
    kick_off: int
    half_time: int
    second_half: int
    goal: int
    goal_over: int
    final_whistle: int
    end: int

    @classmethod
    def over(cls, start_ms: int, duration_ms: int) -> LiveSchedule:
        """The event in ``duration_ms`` from ``start_ms``."""

        def at(share: float) -> int:
            return start_ms + int(duration_ms * share)

        return cls(
            start=start_ms,
            kick_off=at(0.12),
            half_time=at(0.44),
            second_half=at(0.54),
            goal=at(0.70),
            goal_over=at(0.76),
            final_whistle=at(0.93),
            end=start_ms + duration_ms,
        )

    @property
    def stream_start(self) -> int:
        """Where a position in the stream counts from: it was on for half an hour before."""
        return self.start - 1_800_000

    def stretch(self, share: float) -> int:
        """A share of the simulated time, ms."""
        return int((self.end - self.start) * share)


def live_arrivals(count: int, start_ms: int, duration_ms: int, draw: Draw) -> Iterator[int]:
    """When each of the ``count`` viewers of the live event first asks for it, in order, ms since the epoch."""
    return _arrivals(count, start_ms, duration_ms, _LIVE_ARRIVALS, draw)


def vod_arrivals(count: int, start_ms: int, duration_ms: int, draw: Draw) -> Iterator[int]:
    """The same for titles on demand."""
    return _arrivals(count, start_ms, duration_ms, _VOD_ARRIVALS, draw)


def _arrivals(
    count: int, start_ms: int, duration_ms: int, parts: tuple[tuple[float, float], ...], draw: Draw
) -> Iterator[int]:
    """``count`` times in order, one at a time: the order statistics of uniform numbers, bent to the parts' shares."""
    order = 0.0
    part, part_start, share_before = 0, 0.0, 0.0
    for left in range(count, 0, -1):
        order = 1.0 - (1.0 - order) * (1.0 - draw()) ** (1.0 / left)
        while part < len(parts) - 1 and order >= share_before + parts[part][1]:
            share_before += parts[part][1]
            part_start = parts[part][0]
            part += 1
        part_end, share = parts[part]
        within = min(1.0, (order - share_before) / share)
        yield start_ms + int(duration_ms * (part_start + within * (part_end - part_start)))
