"""What an answer took from the cache."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Guard: TypeAlias = Literal["ledger", "segments", "time"]
"""What protects an answer from data that came after it was fetched, the strongest first."""

GUARDS: tuple[Guard, ...] = ("ledger", "segments", "time")
_WORDS = {
    "ledger": "late events by the ledger",
    "segments": "late events within an hour, replaced segments at once",
    "time": "late events within an hour",
}


@dataclass(frozen=True)
class CacheUse:
    """How much of an answer came from the cache.

    Attributes:
        buckets: parts that it is made of: buckets of time, or whole answers where there are none
        from_cache: of these, those for which Druid was not asked
        queries_sent: to Druid for this answer, those about its freshness and late data included
        oldest: when the oldest part was fetched from Druid, UTC; None if it has no part that may be cached
        guard: how data that came later is heard of, for all parts older than five seconds; None if there are none: by
            the ``ledger`` (late events, within about ten seconds, and replaced segments); by ``segments`` (a new
            version, or a new segment; late events into an old one only by time); by ``time`` alone, after at most an
            hour. Time before the last six hours is looked at twice a minute, before the last two weeks every
            five minutes
    """

    buckets: int
    from_cache: int
    queries_sent: int
    oldest: datetime | None
    guard: Guard | None

    def __str__(self) -> str:
        if not self.from_cache:
            return "nothing from cache"
        since = f", oldest of {self.oldest:%H:%M:%S} UTC" if self.oldest else ""
        guarded = f" ({_WORDS[self.guard]})" if self.guard else ""
        return f"{self.from_cache:,} of {self.buckets:,} from cache{since}{guarded}"
