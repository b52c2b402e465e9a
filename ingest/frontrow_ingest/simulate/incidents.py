"""What may happen to a session between two heartbeats, and how likely it is."""

from __future__ import annotations

from functools import lru_cache

from frontrow_ingest.simulate.chance import Weighted

GOAL_STRESS = 6.0
"""Factor on stalls and bitrate changes of the live event while everybody joins after the goal."""
MOST_LIKELY = 0.7


@lru_cache(maxsize=4_096)
def incidents(trouble: float, live: bool, *, stressed: bool) -> tuple[float, Weighted[str]]:
    """The chance of an incident in a heartbeat's interval, and which one it then is, for a connection's trouble."""
    stress = GOAL_STRESS if stressed else 1.0
    chances = (
        ("stall", 0.014 * trouble * stress),
        ("bitrate_change", (0.008 + 0.010 * trouble) * stress),
        ("pause", 0.0012 if live else 0.004),
        ("seek", 0.0010 if live else 0.010),
        ("warning", 0.0020 * trouble),
        ("fatal", 0.0003 * trouble),
        ("silence", 0.0003),
    )
    return min(MOST_LIKELY, sum(chance for _, chance in chances)), Weighted(chances)
