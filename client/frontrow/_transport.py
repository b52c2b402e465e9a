"""HTTP to Druid: one pool of kept connections, deadlines, answers as JSON, failures as typed errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
import urllib3
from urllib3.util import parse_url

from frontrow._errors import AskError, BrokenAnswerError, TimedOutError, UnreachableError, druid_error


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, between two bytes of the answer, and for a query inside Druid."""

    connect: float = 3.0
    read: float = 60.0
    query: float = 60.0


class Transport:
    """Talks to one address. Safe for several threads. Closes its connections at the end of a ``with`` block."""

    def __init__(self, url: str, *, timeouts: Timeouts | None = None, connections: int = 8) -> None:
        try:
            parsed = parse_url(url)
        except urllib3.exceptions.LocationParseError as error:
            raise AskError(f"{url!r} is not an address: write it like http://127.0.0.1:8888.") from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise AskError("the address must begin with http:// or https:// and name a host.")
        self.timeouts = timeouts or Timeouts()
        self._base = parsed._replace(auth=None, path=None, query=None, fragment=None).url
        self._prefix = (parsed.path or "").rstrip("/")
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if parsed.auth:
            headers |= urllib3.make_headers(basic_auth=parsed.auth)
        self._pool = urllib3.connection_from_url(
            self._base, maxsize=connections, block=False, headers=headers, retries=False
        )

    @property
    def url(self) -> str:
        """The address, without credentials."""
        return self._base + self._prefix

    def __repr__(self) -> str:
        return f"Transport({self.url!r})"

    def __enter__(self) -> Transport:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every kept connection."""
        self._pool.close()

    def request_json(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
        """The JSON that Druid answers; None for an empty answer.

        Args:
            path: from the root of the address, with a leading slash
            body: sent as JSON unless None
            timeout: seconds between two bytes of the answer, instead of the transport's

        Raises:
            UnreachableError, TimedOutError, BrokenAnswerError, DruidError: see :mod:`frontrow._errors`
        """
        data = self.request(method, path, None if body is None else orjson.dumps(body), timeout=timeout)
        if not data:
            return None
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise BrokenAnswerError(
                f"the answer of {self.url}{path} is not whole, or not JSON ({len(data)} bytes, {error}). "
                "A query that fails while it answers ends like this; look at the Broker's log.",
                url=self.url + path,
            ) from error

    def request(self, method: str, path: str, body: bytes | None, *, timeout: float | None = None) -> bytes:
        """As :meth:`request_json`, with the body and the answer as bytes."""
        where = self.url + path
        limit = urllib3.Timeout(connect=self.timeouts.connect, read=timeout or self.timeouts.read)
        try:
            answer = self._send(method, self._prefix + path, body, limit)
            data = answer.data
        except urllib3.exceptions.NewConnectionError as error:
            raise UnreachableError(
                f"nobody answers at {self.url}. Is Druid running? Locally: frontrow stack up.", url=where
            ) from error
        except (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.ReadTimeoutError) as error:
            raise TimedOutError(
                f"{where} did not answer within {timeout or self.timeouts.read:g} s. "
                "Ask for less, or raise the timeout.",
                url=where,
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise BrokenAnswerError(
                f"the connection to {self.url} broke: {type(error).__name__}.", url=where
            ) from error
        if 200 <= answer.status < 300:
            return data
        if 300 <= answer.status < 400:
            raise BrokenAnswerError(
                f"{where} redirects to {answer.headers.get('Location')}: use that address instead.", url=where
            )
        raise druid_error(answer.status, _json_or_none(data), data[:2000].decode("utf-8", "replace"), url=where)

    def _send(self, method: str, path: str, body: bytes | None, limit: urllib3.Timeout) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.urlopen(
                method, path, body=body, timeout=limit, redirect=False, headers=self._pool.headers
            )
        except urllib3.exceptions.ProtocolError as error:
            # Druid closed a kept connection while it was idle; nothing of this request was read or answered.
            if not _closed_before_answer(error):
                raise
            return self._pool.urlopen(
                method, path, body=body, timeout=limit, redirect=False, headers=self._pool.headers
            )


def _closed_before_answer(error: urllib3.exceptions.ProtocolError) -> bool:
    return any(
        isinstance(cause, ConnectionResetError | BrokenPipeError | ConnectionAbortedError) for cause in error.args
    )


def _json_or_none(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
