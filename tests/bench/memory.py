"""What a piece of work takes of memory at most. Linux: the kernel's high-water mark, set back before the work.

Not ``getrusage``: its mark outlives ``exec``, so a small process that a large one started would show none of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def _kib(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def with_peak(work: Callable[[], T]) -> tuple[T, float]:
    """What ``work`` gave, and the MiB that this process took at most meanwhile, beyond what it had before."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _kib("VmRSS")
    result = work()
    return result, (_kib("VmHWM") - before) / 1024
