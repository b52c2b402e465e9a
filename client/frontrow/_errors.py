"""Errors of the client.

::

    FrontrowError
    ├── AskError              the question is wrong: a name, an interval, a filter (nothing was sent)
    │   └── KeyEpochsError    distinct viewers across two viewer keys; has the parts that can be asked alone
    ├── MissingExtraError     an optional package is not installed
    └── TransportError        the question was sent, or should have been
        ├── UnreachableError  nobody answers at that address              retryable
        ├── TimedOutError     no answer in time                            retryable
        ├── BrokenAnswerError the answer is cut off, or is not Druid's     retryable
        ├── TooLargeError     the answer is larger than may be
        └── DruidError        Druid refused or failed; has Druid's own fields
            ├── BadQueryError      400
            ├── AccessError        401, 403
            ├── NotFoundError      404
            ├── TooManyError       429                                     retryable
            └── ServerError        5xx                                     retryable for 502, 503, 504
                └── QueryTimedOutError  504 by Druid's own deadline; a TimedOutError, too

``retryable`` says whether the same call may succeed later. A message never holds a credential.
"""

from __future__ import annotations

import re
from typing import Any

_LONGEST = 400


class FrontrowError(Exception):
    """Root of the client's errors.

    Attributes:
        retryable: the same call may succeed later
    """

    retryable: bool = False


class AskError(FrontrowError):
    """The question is wrong: a name, an interval, a filter. Nothing was sent."""


class KeyEpochsError(AskError):
    """Distinct viewers were asked for across two epochs of the viewer key: under each, a viewer has another pseudonym.

    Attributes:
        parts: the epochs by name and where each can be asked alone, as ``start/end``
    """

    def __init__(self, message: str, parts: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.parts = parts


class MissingExtraError(FrontrowError):
    """An optional package is not installed."""


class TransportError(FrontrowError):
    """The question was sent, or should have been, and has no answer. ``url`` is without credentials."""

    def __init__(self, message: str, *, url: str) -> None:
        super().__init__(message)
        self.url = url

    def __reduce__(self) -> tuple[Any, ...]:
        # Facts are attributes and not arguments; so pickled, an error comes whole out of a process pool.
        return _restored, (type(self), self.args, self.__dict__)


class UnreachableError(TransportError):
    """Nobody answers at that address."""

    retryable = True


class TimedOutError(TransportError):
    """No answer came in time."""

    retryable = True


class BrokenAnswerError(TransportError):
    """The answer is cut off, or is not one of Druid's."""

    retryable = True


class TooLargeError(TransportError):
    """The answer has more bytes than ``Limits.answer_bytes``."""


class DruidError(TransportError):
    """Druid refused or failed.

    Attributes:
        status: HTTP status
        retry_after: seconds after which to ask again, where it, or what stands before it, names them
        error, error_code, category, persona, error_message, error_class, host: Druid's own fields; None where it
            sent none
    """

    def __init__(
        self, message: str, *, url: str, status: int, fields: dict[str, Any], retry_after: float | None = None
    ) -> None:
        super().__init__(message, url=url)
        self.status = status
        self.retry_after = retry_after
        self.error: str | None = fields.get("error")
        self.error_code: str | None = fields.get("errorCode")
        self.category: str | None = fields.get("category")
        self.persona: str | None = fields.get("persona")
        self.error_message: str | None = fields.get("errorMessage")
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

    def __init__(
        self, message: str, *, url: str, status: int, fields: dict[str, Any], retry_after: float | None = None
    ) -> None:
        super().__init__(message, url=url, status=status, fields=fields, retry_after=retry_after)
        self.retryable: bool = status in (502, 503, 504)


class QueryTimedOutError(ServerError, TimedOutError):
    """Druid ended the query because its time was up."""


def druid_error(status: int, body: Any, text: str, *, url: str, retry_after: float | None = None) -> DruidError:
    """The error that an answer with a status of failure stands for.

    Args:
        body: its JSON, or None if it is not JSON
        text: the start of it as text
    """
    fields = {name: value for name, value in body.items() if isinstance(value, str)} if isinstance(body, dict) else {}
    kind, advice = _kind(status, fields)
    said = fields.get("errorMessage") or fields.get("error") or _without_markup(text)
    if len(said) > _LONGEST:
        said = f"{said[:_LONGEST]}…"
    message = f"{url} answers {status}: {said.rstrip('.')}. {advice}"
    return kind(message, url=url, status=status, fields=fields, retry_after=retry_after)


def _kind(status: int, fields: dict[str, str]) -> tuple[type[DruidError], str]:
    short_of = fields.get("error") == "Resource limit exceeded" or fields.get("category") == "CAPACITY_EXCEEDED"
    timed_out = fields.get("error") == "Query timeout" or fields.get("category") == "TIMEOUT"
    match status:
        case 400:
            return BadQueryError, "Ask for less at once." if short_of else "Correct the query."
        case 401 | 403:
            return AccessError, "Check the credentials and what they may read."
        case 404:
            return NotFoundError, "Check the address: it should be Druid's Router or Broker."
        case 429:
            return TooManyError, "Ask again later, or ask less at once."
        case _ if re.match(r"Lookup \[frontrow\.\S+\] not found", fields.get("errorMessage", "")):
            return ServerError, "Load it: frontrow lookups load FILE."
        case 504 if timed_out:
            return QueryTimedOutError, "Ask for less, or raise the timeout."
        case _ if status >= 500:
            return ServerError, "Look at Druid's log, or ask again later."
        case _:
            return DruidError, "Check the address: it should be Druid's Router or Broker."


def _without_markup(text: str) -> str:
    """The words of a proxy's error page, or of a plain answer."""
    words = " ".join(re.sub(r"(?is)<(style|script).*?</\1>|<[^>]*>", " ", text).split())
    return words or "no reason given"


def _restored(kind: type[TransportError], args: tuple[Any, ...], facts: dict[str, Any]) -> TransportError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error
