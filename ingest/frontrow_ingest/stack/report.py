"""How a stack tells what it is doing; the command line shows it, a test ignores it."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Told what happens. Calls come from one thread, but for ``arrived``."""

    def done(self, text: str) -> None:
        """A step is finished."""

    def waiting(self, text: str) -> None:
        """What is being waited for now; told again when it changes."""

    def expect(self, byte_count: int) -> None:
        """A download of so many bytes begins."""

    def arrived(self, byte_count: int) -> None:
        """So many more bytes of it are here (negative: thrown away). Called from several threads."""


class Silent:
    """Tells nobody."""

    def done(self, text: str) -> None: ...

    def waiting(self, text: str) -> None: ...

    def expect(self, byte_count: int) -> None: ...

    def arrived(self, byte_count: int) -> None: ...
