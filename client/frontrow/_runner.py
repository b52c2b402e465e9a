"""The native queries of one question: their ids, their contexts, and the time that they have together."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from frontrow._errors import AskError, TimedOutError
from frontrow._transport import DruidTransport


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

    def aside(self) -> Runner:
        """For queries that go before the question: in the same time, but not among what it sent."""
        return Runner(self._transport, self._context, deadline=self._deadline)

    def __call__(self, query: dict[str, Any]) -> list[Any]:
        timeouts = self._transport.timeouts
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimedOutError(
                f"the queries of this question took more than {timeouts.total:g} s together. Ask for less, or raise "
                "the total timeout.",
                url=self._transport.url,
            )
        context = {
            "queryId": f"frontrow-{os.urandom(16).hex()}",
            # Druid takes 0 for no limit.
            "timeout": max(1, int(min(timeouts.query, left) * 1000)),
            **self._context,
            **(query.get("context") or {}),
        }
        query = {**query, "context": context}
        self.sent.append(query)
        self.first_id = self.first_id or str(context["queryId"])
        answer = self._transport.request_json("POST", "/druid/v2", query, timeout=left)
        return answer if isinstance(answer, list) else [answer]


def checked_context(context: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A context as it was given, empty for None.

    Raises:
        AskError: it is none
    """
    if context is not None and not (isinstance(context, Mapping) and all(isinstance(name, str) for name in context)):
        raise AskError('a context is a mapping of Druid\'s names, like {"priority": -1}.')
    return context or {}
