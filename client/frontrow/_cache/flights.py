"""The same thing, wanted by several at once, is asked for once."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from frontrow._errors import FrontrowError, TimedOutError

T = TypeVar("T")
_LOOK_S = 0.05  # so often who waits looks whether it still should


class _Flight:
    def __init__(self) -> None:
        self.over = threading.Event()
        self.landed = False
        self.value: Any = None
        self.error: FrontrowError | None = None


class Flights:
    """Who comes first asks, the others wait for what it gets. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flying: dict[Hashable, _Flight] = {}

    def share(self, key: Hashable, ask: Callable[[], T], left: Callable[[], float]) -> tuple[T, bool]:
        """What ``ask`` gives, and whether another one had asked.

        Who waits gets the other's failure, too: Druid would say the same again. Only if the other one was interrupted,
        or its own time was up, it asks itself.

        Args:
            ask: gives what nobody changes
            left: seconds to wait at most; raises when there are none
        """
        while True:
            own = _Flight()
            try:
                with self._lock:
                    flight = self._flying.setdefault(key, own)
                if flight is own:
                    own.value = value = ask()
                    own.landed = True
                    return value, False
            except FrontrowError as error:
                own.error = None if isinstance(error, TimedOutError) else error
                raise
            finally:
                # Whatever happened: nobody is to wait for one who has gone.
                with self._lock:
                    if self._flying.get(key) is own:
                        del self._flying[key]
                own.over.set()
            from frontrow._http.deadline import check_stopped  # comes with HTTP, which nothing was asked by before

            while not flight.over.wait(min(left(), _LOOK_S)):
                check_stopped()
            if flight.error is not None:
                raise copy.copy(flight.error) from flight.error
            if flight.landed:
                return flight.value, True
