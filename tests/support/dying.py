"""A process that kills itself at a random point of what it does."""

from __future__ import annotations

import functools
import os
import random
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

# A class, the name of its method, and in which of so many first calls to die.
Point: TypeAlias = tuple[Any, str, int]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def at_point(points: Sequence[Point], chance: random.Random, *, within_s: float) -> None:
    """Die in a call of one, before or after it, at once or a little later, while other threads are at work."""
    place, name, calls = chance.choice(points)
    left = chance.randrange(calls)
    after = chance.random() < 0.5
    delay_s = chance.choice((0.0, chance.uniform(0.0, within_s)))
    original: Callable[..., Any] = getattr(place, name)

    @functools.wraps(original)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        if left != -1:
            return original(*arguments, **options)
        if delay_s:
            threading.Timer(delay_s, die).start()
            return original(*arguments, **options)
        if after:
            original(*arguments, **options)
        return die()

    setattr(place, name, wrapped)
