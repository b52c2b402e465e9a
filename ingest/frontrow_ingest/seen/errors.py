"""What can go wrong with a state directory.

::

    StateError
    ├── StateInUseError     another process holds it
    ├── StateWriteError     it cannot be made, read or written: rights, a full disk
    └── StateDamagedError   its bytes are not what was written
"""

from __future__ import annotations

from pathlib import Path

from frontrow_ingest.errors import StateError


class StateInUseError(StateError):
    """Another process holds the directory; ``pid`` is its id where it is known."""

    retryable = True

    def __init__(self, directory: Path, pid: int | None) -> None:
        self.directory = directory
        self.pid = pid
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{who} is using the state in {directory}: let it end, or end it; two at once would send events twice"
        )


class StateWriteError(StateError):
    """The directory cannot be made, read or written. What was saved before is whole."""

    retryable = True

    def __init__(self, directory: Path, why: str) -> None:
        self.directory = directory
        super().__init__(
            f"the state in {directory} cannot be read or written ({why}): mend that, then run again (produce: with "
            "--resume); what was saved before is whole, and the rest is found in the topic"
        )


class StateDamagedError(StateError):
    """The bytes are not what was written: which events were sent is not known from them."""

    def __init__(self, directory: Path, why: str) -> None:
        self.directory = directory
        super().__init__(
            f"the state in {directory} is damaged ({why}), so what was sent is not known from it: move it away, then "
            "run again; produce --resume --learn learns what was sent from the topic itself"
        )
