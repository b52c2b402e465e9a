"""For how long an answer is good: by the age of the time that it is about."""

from __future__ import annotations

STEP_MS = 5_000
"""What is young is good until the next whole step of the clock: whoever asks within one step shares the answer."""

SETTLED_MS = 120_000
"""Time that ended so long ago is settled: most of its events are there."""

LONGEST_MS = 3_600_000
MINUTE_MS = 60_000
LAG_MS = 30_000
"""So long after a producer told of events, they are queryable; until then an answer may lack them."""


def step_of(moment: int) -> int:
    """The start of a moment's step, ms."""
    return moment - moment % STEP_MS


def good_for(age_ms: int) -> int:
    """How long an answer about time of this age is good, ms: five seconds below two minutes, then twice as long with
    every minute, an hour at most. These are the steps that Netflix told of for its cache before Druid (2026-04).
    """
    if age_ms < SETTLED_MS:
        return STEP_MS
    # Ten doublings are beyond the longest.
    return min(STEP_MS << min(age_ms // MINUTE_MS - 1, 10), LONGEST_MS)


def age_of(end: int, now: int, newest: int | None) -> int:
    """How old time that ends at ``end`` is, ms.

    By the clock, but no older than the newest event makes it: where Druid lags behind, or this clock is ahead, what
    looks old may still be on its way.
    """
    return 0 if newest is None else min(now, newest) - end
