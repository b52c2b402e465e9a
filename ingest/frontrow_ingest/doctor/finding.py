"""What a look at one thing finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what, whether that will do, how it is, and what to do if it will not."""

    what: str
    good: bool
    text: str
    mend: str = ""
