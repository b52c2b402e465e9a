"""SIGTERM as Ctrl-C."""

from __future__ import annotations

from types import FrameType


def as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    """A signal handler: end as Ctrl-C would, so that what was started is ended too."""
    raise KeyboardInterrupt
