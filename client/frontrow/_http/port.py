"""What the client needs of whatever carries its requests. No HTTP here: importing this is cheap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Protocol, runtime_checkable

from frontrow._errors import AskError


@dataclass(frozen=True)
class Timeouts:
    """Seconds.

    Attributes:
        connect: until the connection stands
        read: between two pieces of the answer
        total: for all of a request, from its sending to the last byte of the answer, further attempts included
        query: for a query inside Druid, which ends it by itself then; best shorter than ``read``
    """

    connect: float = 3.0
    read: float = 65.0
    total: float = 300.0
    query: float = 60.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise AskError(f"the timeout {field.name}={getattr(self, field.name)!r} is not a time above 0 s.")


class DruidTransport(Protocol):
    """What carries requests to a Druid and its answers back: HTTP, or a double that answers by itself.

    A failure is one of the errors under :class:`TransportError`, whoever carries; what cannot be sent is an AskError.
    """

    @property
    def url(self) -> str:
        """Where the Druid is, for messages; without credentials."""
        ...

    @property
    def timeouts(self) -> Timeouts:
        """How long to wait for it."""
        ...

    def request_json(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
        """The JSON that Druid answers; None for an empty answer.

        Args:
            method: of HTTP
            path: from the root of the address, with a leading slash
            body: sent as JSON unless None
            timeout: seconds for all of it, instead of the total timeout

        Raises:
            TransportError: no answer; its subclasses tell why
        """
        ...

    def close(self) -> None:
        """Let go of what is held; a second call does nothing."""
        ...


@runtime_checkable
class StreamingTransport(DruidTransport, Protocol):
    """One that also gives an answer piece by piece, which SQL needs."""

    def stream(
        self, method: str, path: str, body: Any = None, *, timeout: float | None = None, limited: bool = True
    ) -> Iterator[bytes]:
        """See :meth:`Transport.stream`."""
        ...


@runtime_checkable
class ReadingTransport(DruidTransport, Protocol):
    """One that gives an answer as bytes to whoever reads it, which need not be JSON's reader."""

    def request_read(
        self, read: Callable[[bytes], Any], method: str, path: str, body: Any = None, *, timeout: float | None = None
    ) -> Any:
        """See :meth:`Transport.request_read`."""
        ...
