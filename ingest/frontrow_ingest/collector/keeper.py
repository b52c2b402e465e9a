"""The port behind which a state directory, or nothing, keeps what the next run of the collector needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

Ends = Mapping[int, int]
"""By partition: the offset that the topic's next record will have."""
Found = Callable[[Sequence[Mapping[str, Any]]], None]


class Followed(IntEnum):
    """What is followed from event to event; the numbers are stored."""

    SESSION = 1
    PLAYBACK = 2


class Change(NamedTuple):
    """A session or playback as it is now, as JSON values; None when it was forgotten."""

    what: Followed
    id: str
    values: Sequence[Any] | None


@dataclass(frozen=True)
class Snapshot:
    """What has changed since the snapshot before.

    Attributes:
        ends: every event before them that came to this collector is in the snapshots
        journal: the first part of the journal that is not in them
    """

    ends: Ends
    journal: int
    changes: Sequence[Change]


class Keeper(Protocol):
    """Keeps it. For the delivery's thread; every method raises a StateError."""

    @property
    def crowded(self) -> bool:
        """Whether the memory of seen events needs saving before more are taken."""
        ...

    def save_seen(self) -> None:
        """Save which events were seen; all must be acknowledged."""
        ...

    def recover(self, found: Found) -> None:
        """Learn from the topic what was stored since the last save: mark it as seen, and tell of it."""
        ...

    def checkpoint(self) -> Ends:
        """Save which events were seen, all of which are acknowledged, and tell where the topic ends."""
        ...

    def save(self, snapshots: Iterable[Snapshot]) -> None:
        """Save snapshots, one after another. When it raises, the next call saves them, too."""
        ...
