"""The native queries of one question: their ids, their contexts, and the time that they have together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from frontrow._errors import AskError, TimedOutError
from frontrow._http.call import NATIVE, SQL
from frontrow._http.port import DruidTransport, ReadingTransport, StreamingTransport


class Runner:
    """Sends native queries of one question, each with an id and a deadline inside Druid.

    All of them together have the total timeout.
    """

    def __init__(self, transport: DruidTransport, context: Mapping[str, Any], *, deadline: float | None = None) -> None:
        self._transport = transport
        self._context = context
        self._deadline = time.monotonic() + transport.timeouts.total if deadline is None else deadline
        self.sent: list[dict[str, Any]] = []
        self.first_id = ""

    @property
    def context(self) -> Mapping[str, Any]:
        """Of each query, unless it says otherwise."""
        return self._context

    def aside(self, seconds: float | None = None) -> Runner:
        """For queries that go before the question: in the same time, but not among what it sent.

        Args:
            seconds: of that time at most
        """
        deadline = self._deadline if seconds is None else min(self._deadline, time.monotonic() + seconds)
        return Runner(self._transport, self._context, deadline=deadline)

    def __call__(self, query: dict[str, Any]) -> list[Any]:
        asked, left = self._native(query)
        answer = self._transport.request_json("POST", NATIVE, asked, timeout=left)
        return answer if isinstance(answer, list) else [answer]

    def read(self, query: dict[str, Any], read: Callable[[bytes], Any]) -> Any:
        """What ``read`` makes of the bytes of an answer; of a transport that has no bytes, its JSON."""
        if not isinstance(self._transport, ReadingTransport):
            return self(query)
        asked, left = self._native(query)
        return self._transport.request_read(read, "POST", NATIVE, asked, timeout=left)

    def stream(self, query: dict[str, Any]) -> Iterator[bytes]:
        """The bytes that a native query answers, without a limit, and as much time inside Druid as there is in all.

        Raises:
            AskError: the transport cannot
        """
        if not isinstance(self._transport, StreamingTransport):
            raise AskError(f"{type(self._transport).__name__} has no stream, which an export comes by.")
        asked, left = self._native(query, whole=True)
        return self._transport.stream("POST", NATIVE, asked, timeout=left, limited=False)

    def _native(self, query: dict[str, Any], *, whole: bool = False) -> tuple[dict[str, Any], float]:
        """A query as it is sent, and the seconds that it has."""
        left = self.left()
        context = {
            "queryId": _new_id(),
            "timeout": _ms(left if whole else min(self._transport.timeouts.query, left)),
            **self._context,
            **(query.get("context") or {}),
        }
        query = {**query, "context": context}
        self._note(query, context["queryId"])
        return query, left

    def stream_sql(self, body: Mapping[str, Any], *, export: bool = False) -> Iterator[bytes]:
        """The bytes that Druid's SQL answers.

        Args:
            export: there is no limit of bytes, and as much time inside Druid as there is in all

        Raises:
            AskError: the transport cannot
        """
        if not isinstance(self._transport, StreamingTransport):
            raise AskError(f"{type(self._transport).__name__} has no stream, which SQL comes by.")
        left = self.left()
        context = {
            "sqlQueryId": _new_id(),
            "timeout": _ms(left if export else min(self._transport.timeouts.query, left)),
            **body["context"],
            **self._context,
        }
        query = {**body, "context": context}
        self._note(query, context["sqlQueryId"])
        return self._transport.stream("POST", SQL, query, timeout=left, limited=not export)

    def left(self) -> float:
        """Seconds until the total timeout.

        Raises:
            TimedOutError: there are none
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimedOutError(
                "the queries of this question took longer together than the total timeout. Ask for less, or raise it.",
                url=self._transport.url,
            )
        return left

    def _note(self, query: dict[str, Any], query_id: Any) -> None:
        self.sent.append(query)
        self.first_id = self.first_id or str(query_id)


def _new_id() -> str:
    return f"frontrow-{os.urandom(16).hex()}"


def _ms(seconds: float) -> int:
    # Druid takes 0 for no limit.
    return max(1, int(seconds * 1000))


def checked_context(context: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A context as it was given, empty for None.

    Raises:
        AskError: it is none
    """
    if context is not None and not (isinstance(context, Mapping) and all(isinstance(name, str) for name in context)):
        raise AskError('a context is a mapping of Druid\'s names, like {"priority": -1}.')
    return context or {}
