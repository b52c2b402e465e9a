"""Waiting until something is so, with a deadline that says what was waited for."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(what: str, condition: Callable[[], object], seconds: float = 300) -> None:
    """Ask again and again, ten times a second; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)
