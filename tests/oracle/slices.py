"""Breakdowns, impact and distributions, computed from the events themselves in plain Python.

As in ``metrics.py``, no code is shared with frontrow.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from oracle.metrics import EXACT, Events, by_value

Place = tuple[tuple[str, str | None], ...]


def _sums(*names: str) -> Callable[[Events], float]:
    return lambda found: sum((-1 if name[0] == "-" else 1) * (EXACT[name.lstrip("-")](found, 1) or 0) for name in names)


PARTS: Mapping[str, tuple[Callable[[Events], float], Callable[[Events], float]]] = {
    "rebuffer_ratio": (_sums("rebuffer_ms"), _sums("play_ms", "rebuffer_ms")),
    "connection_rebuffer_ratio": (
        _sums("rebuffer_ms", "-seek_rebuffer_ms"),
        _sums("play_ms", "rebuffer_ms", "-seek_rebuffer_ms"),
    ),
    "start_failure_rate": (_sums("start_failures"), _sums("attempts")),
    "exit_before_start_rate": (_sums("exits_before_start"), _sums("attempts")),
    "playback_failure_rate": (_sums("playback_failures"), _sums("ended_plays")),
    "late_share_10s": (lambda found: round((EXACT["late_share_10s"](found, 1) or 0) * len(found)), len),
    "late_share_1m": (lambda found: round((EXACT["late_share_1m"](found, 1) or 0) * len(found)), len),
    "late_share_10m": (lambda found: round((EXACT["late_share_10m"](found, 1) or 0) * len(found)), len),
    "average_bitrate": (_sums("bits"), _sums("play_ms")),
}
"""The sums whose ratio it is."""
LESS_IS_WORSE = ("average_bitrate",)


def by_values(found: Iterable[dict[str, Any]], dimensions: Sequence[str]) -> dict[tuple[str | None, ...], Events]:
    """Events by the values of several dimensions."""
    groups: dict[tuple[str | None, ...], Events] = {(): list(found)}
    for dimension in dimensions:
        groups = {
            (*key, value): inside
            for key, outer in groups.items()
            for value, inside in by_value(outer, dimension).items()
        }
    return groups


def impact(metric: str, found: Events, dimensions: Sequence[str], *, pairs: bool) -> dict[Place, dict[str, Any]]:
    """Of each slice its rate, that of all other events, and how much more of what hurts it has than by the latter."""
    part, whole = PARTS[metric]
    # Both are sums over events, so that each event has its own.
    of_each = {id(event): (part([event]), whole([event])) for event in found}
    overall = part(found)
    slices: dict[Place, dict[str, Any]] = {}
    for names in [(name,) for name in dimensions] + ([*combinations(dimensions, 2)] if pairs else []):
        for values, inside in by_values(found, names).items():
            chosen = {id(event) for event in inside}
            outside = [parts for event, parts in of_each.items() if event not in chosen]
            part_outside, whole_outside = sum(each for each, _ in outside), sum(each for _, each in outside)
            elsewhere = part_outside / whole_outside if whole_outside else None
            excess = None if elsewhere is None else part(inside) - elsewhere * whole(inside)
            if excess is not None and metric in LESS_IS_WORSE:
                excess = -excess
            slices[tuple(zip(names, values, strict=True))] = {
                metric: part(inside) / whole(inside) if whole(inside) else None,
                f"{metric}_elsewhere": elsewhere,
                "excess": excess,
                "excess_share": None if excess is None or not overall else excess / overall,
                "events": inside,
            }
    return slices


def each_once(slices: Mapping[Place, dict[str, Any]]) -> dict[Place, dict[str, Any]]:
    """Slices without the pairs that are the same events as one of their slices."""

    def events(place: Place) -> set[int]:
        return {id(event) for event in slices[place]["events"]}

    return {
        place: found
        for place, found in slices.items()
        if len(place) == 1 or all(events((part,)) != events(place) for part in place)
    }


def histogram(values: Iterable[float], splits: Sequence[float]) -> list[int]:
    """How many values lie up to the first split, above it up to the second, and so on."""
    counts = [0] * (len(splits) + 1)
    for value in values:
        counts[bisect_left(splits, value)] += 1
    return counts
