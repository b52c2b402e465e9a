"""Overlap, reach and comparisons, computed from the events themselves by Python's sets.

Shares no code with frontrow: what Druid and the client make of the same events is held against this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise
from typing import Any

MINUTE_MS = 60_000
Events = Sequence[dict[str, Any]]
Belongs = Callable[[dict[str, Any]], bool]


def viewers(events: Events, belongs: Belongs = lambda _: True) -> set[str]:
    """Who is in an audience."""
    return {event["viewer_id"] for event in events if event.get("viewer_id") is not None and belongs(event)}


def overlaps(events: Events, audiences: dict[str, Belongs]) -> dict[str, int]:
    """The size of every combination, by what it is called."""
    sets = {name: viewers(events, belongs) for name, belongs in audiences.items()}
    found = {name: len(members) for name, members in sets.items()}
    for left, right in combinations(sets, 2):
        found[f"{left} & {right}"] = len(sets[left] & sets[right])
    found[" & ".join(sets)] = len(set.intersection(*sets.values()))
    for name, members in sets.items():
        found[f"{name} only"] = len(members.difference(*(other for key, other in sets.items() if key != name)))
    found[" | ".join(sets)] = len(set.union(*sets.values()))
    return found


def reach(events: Events, edges: Sequence[int]) -> list[tuple[int, int]]:
    """For each bucket between two edges (ms): distinct viewers since the first edge, and how many of them are new."""
    seen: set[str] = set()
    found = []
    for start, end in pairwise(edges):
        here = viewers([event for event in events if start <= event["ts"] < end])
        found.append((len(seen | here), len(here - seen)))
        seen |= here
    return found


def event_times(events: Events, event_id: str) -> tuple[int, int, int] | None:
    """The minutes of the first event of a live event and of its first play, and the end of its last minute; ms."""
    times = [event["ts"] // MINUTE_MS * MINUTE_MS for event in events if event["event_id"] == event_id]
    plays = [
        event["ts"] // MINUTE_MS * MINUTE_MS
        for event in events
        if event["event_id"] == event_id and event["kind"] == "first_frame"
    ]
    return (min(times), min(plays or times), max(times) + MINUTE_MS) if times else None
