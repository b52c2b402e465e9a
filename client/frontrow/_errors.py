"""Errors of the client.

::

    FrontrowError
    ├── AskError              the question is wrong: a name, an interval, a filter (nothing was sent)
    ├── MissingExtraError     an optional package is not installed
    └── TransportError        the question was sent, or should have been
        ├── UnreachableError  nobody answers at that address              retryable
        ├── TimedOutError     no answer in time                            retryable
        ├── BrokenAnswerError the answer is cut off, or is not Druid's     retryable
        └── DruidError        Druid refused or failed; has Druid's own fields
            ├── BadQueryError      400
            ├── AccessError        401, 403
            ├── NotFoundError      404
            ├── TooManyError       429                                     retryable
            └── ServerError        5xx                                     retryable for 502, 503, 504

``retryable`` says whether the same call may succeed later. A message never holds a credential.
"""

from __future__ import annotations

from typing import Any


class FrontrowError(Exception):
    """Root of the client's errors."""

    retryable: bool = False


class AskError(FrontrowError):
    """The question is wrong: a name, an interval, a filter. Nothing was sent."""


class MissingExtraError(FrontrowError):
    """An optional package is not installed."""


class TransportError(FrontrowError):
    """The question was sent, or should have been, and has no answer. ``url`` is without credentials."""

    def __init__(self, message: str, *, url: str) -> None:
        super().__init__(message)
        self.url = url


class UnreachableError(TransportError):
    """Nobody answers at that address."""

    retryable = True


class TimedOutError(TransportError):
    """No answer came in time."""

    retryable = True


class BrokenAnswerError(TransportError):
    """The answer is cut off, or is not one of Druid's."""

    retryable = True


class DruidError(TransportError):
    """Druid refused or failed.

    Attributes:
        status: HTTP status
        error, error_code, category, persona, error_class, host: Druid's own fields; None where it sent none
    """

    def __init__(self, message: str, *, url: str, status: int, fields: dict[str, Any]) -> None:
        super().__init__(message, url=url)
        self.status = status
        self.error: str | None = fields.get("error")
        self.error_code: str | None = fields.get("errorCode")
        self.category: str | None = fields.get("category")
        self.persona: str | None = fields.get("persona")
        self.error_class: str | None = fields.get("errorClass")
        self.host: str | None = fields.get("host")


class BadQueryError(DruidError):
    """400: Druid does not accept the query."""


class AccessError(DruidError):
    """401 or 403: who asks is not known, or may not ask this."""


class NotFoundError(DruidError):
    """404: no such path or thing."""


class TooManyError(DruidError):
    """429: Druid has no capacity for more queries now."""

    retryable = True


class ServerError(DruidError):
    """5xx: Druid, or what stands before it, failed."""

    def __init__(self, message: str, *, url: str, status: int, fields: dict[str, Any]) -> None:
        super().__init__(message, url=url, status=status, fields=fields)
        self.retryable = status in (502, 503, 504)


def druid_error(status: int, body: Any, text: str, *, url: str) -> DruidError:
    """The error that an answer with a status of failure stands for.

    Args:
        body: its JSON, or None if it is not JSON
        text: the start of it as text
    """
    fields = body if isinstance(body, dict) else {}
    said = fields.get("errorMessage") or fields.get("error") or " ".join(text.split())[:300] or "no reason given"
    timed_out = fields.get("error") == "Query timeout" or fields.get("category") == "TIMEOUT"
    kind: type[DruidError]
    if status in (401, 403):
        kind, advice = AccessError, "Check the credentials and what they may read."
    elif status == 404:
        kind, advice = NotFoundError, "Check the address: it should be Druid's Router or Broker."
    elif status == 429:
        kind, advice = TooManyError, "Ask again later, or ask less at once."
    elif status == 400:
        kind, advice = BadQueryError, "Correct the query."
    elif timed_out:
        kind, advice = ServerError, "Ask for less, or raise the timeout."
    else:
        kind, advice = ServerError, "Look at Druid's log, or ask again later."
    return kind(f"Druid answers {status}: {said}. {advice}", url=url, status=status, fields=fields)
