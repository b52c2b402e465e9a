"""HTTP to Druid: one pool of kept connections, deadlines, answers as JSON, failures as typed errors."""

from __future__ import annotations

import base64
import gc
import time
from dataclasses import dataclass, fields
from typing import Any, Protocol
from urllib.parse import unquote

import orjson
import urllib3
from urllib3.util import parse_url

from frontrow._errors import AskError, BrokenAnswerError, TimedOutError, TransportError, UnreachableError, druid_error

_CHUNK = 1 << 16
_LARGE = 1 << 20


@dataclass(frozen=True)
class Timeouts:
    """Seconds.

    Attributes:
        connect: until the connection stands
        read: between two pieces of the answer
        total: from sending to the last byte of the answer, whatever the pieces do
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
        """The JSON that Druid answers; None for an empty answer. See :meth:`Transport.request_json`."""
        ...

    def close(self) -> None:
        """Let go of what is held; a second call does nothing."""
        ...


class Transport:
    """Over HTTP to one address. Safe for several threads. Closes its connections at the end of a ``with`` block."""

    def __init__(self, url: str, *, timeouts: Timeouts | None = None, connections: int = 8) -> None:
        self.timeouts = timeouts or Timeouts()
        self._base, self._prefix, auth = _parts(url)
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if auth:
            self._headers["Authorization"] = f"Basic {base64.b64encode(unquote(auth).encode()).decode()}"
        self._pool = urllib3.connection_from_url(self._base, maxsize=connections, block=False, retries=False)

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
            timeout: seconds between two pieces of the answer, instead of the transport's

        Raises:
            UnreachableError, TimedOutError, BrokenAnswerError, DruidError: see :mod:`frontrow._errors`
        """
        data = self.request(method, path, None if body is None else _dumps(body), timeout=timeout)
        if not data:
            return None
        try:
            return _loads(data)
        except orjson.JSONDecodeError as error:
            raise BrokenAnswerError(
                f"the answer of {self.url}{path} is not whole, or not JSON ({len(data)} bytes, {error}). "
                "A query that fails while it answers ends like this; look at the Broker's log.",
                url=self.url + path,
            ) from None

    def request(self, method: str, path: str, body: bytes | None, *, timeout: float | None = None) -> bytes:
        """As :meth:`request_json`, with the body and the answer as bytes."""
        where = self.url + path
        read = timeout or self.timeouts.read
        try:
            answer = self._send(method, path, body, urllib3.Timeout(connect=self.timeouts.connect, read=read))
            data = self._read(answer, where)
        except urllib3.exceptions.HTTPError as error:
            raise self._error(error, where, read) from error
        if 200 <= answer.status < 300:
            return data
        if 300 <= answer.status < 400:
            raise BrokenAnswerError(f"{where} redirects to another place. Use the address it leads to.", url=where)
        raise druid_error(answer.status, _json_or_none(data), data[:2000].decode("utf-8", "replace"), url=where)

    def _send(self, method: str, path: str, body: bytes | None, limit: urllib3.Timeout) -> urllib3.BaseHTTPResponse:
        for_query = path.startswith("/druid/v2")
        made = self._pool.num_connections
        try:
            return self._urlopen(method, path, body, limit)
        except urllib3.exceptions.ProtocolError as error:
            # Druid may close a kept connection just as it is used again; then it has not answered with a single byte.
            # Once more, on another connection, if the request changes nothing.
            kept = self._pool.num_connections == made
            if not (kept and _closed_before_answer(error) and (for_query or method == "GET")):
                raise
            return self._urlopen(method, path, body, limit)

    def _urlopen(self, method: str, path: str, body: bytes | None, limit: urllib3.Timeout) -> urllib3.BaseHTTPResponse:
        return self._pool.urlopen(
            method,
            self._prefix + path,
            body=body,
            headers=self._headers,
            timeout=limit,
            redirect=False,
            preload_content=False,
        )

    def _read(self, answer: urllib3.BaseHTTPResponse, where: str) -> bytes:
        """All of the answer; then the connection goes back to the pool, or is closed if there is more to read."""
        deadline = time.monotonic() + self.timeouts.total
        pieces = []
        try:
            while piece := answer.read1(_CHUNK):
                pieces.append(piece)
                if time.monotonic() > deadline:
                    raise TimedOutError(
                        f"{where} was still answering after {self.timeouts.total:g} s. Ask for less, "
                        "or raise the total timeout.",
                        url=where,
                    )
        except BaseException:
            answer.close()
            raise
        answer.release_conn()
        return b"".join(pieces)

    def _error(self, error: urllib3.exceptions.HTTPError, where: str, read: float) -> TransportError:
        match error:
            case urllib3.exceptions.NewConnectionError():
                return UnreachableError(
                    f"nobody answers at {self.url}. Is Druid running? Locally: frontrow stack up.", url=where
                )
            case urllib3.exceptions.ConnectTimeoutError():
                return TimedOutError(
                    f"no connection to {self.url} within {self.timeouts.connect:g} s. Check the address.", url=where
                )
            case urllib3.exceptions.ReadTimeoutError():
                return TimedOutError(
                    f"{where} did not answer within {read:g} s. Ask for less, or raise the timeout.", url=where
                )
            case urllib3.exceptions.SSLError():
                return UnreachableError(
                    f"no secure connection to {self.url}: {error}. Check the certificate and the address.", url=where
                )
            case _:
                return BrokenAnswerError(f"the connection to {self.url} broke before the answer was whole.", url=where)


def _parts(url: str) -> tuple[str, str, str | None]:
    """Base, path and credentials of an address. What is wrong is told without the address: it may hold a password."""
    try:
        parsed = parse_url(url)
    except urllib3.exceptions.LocationParseError:
        raise AskError("that is not an address: write it like http://127.0.0.1:8888.") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise AskError("the address must begin with http:// or https:// and name a host.")
    base = parsed._replace(auth=None, path=None, query=None, fragment=None).url
    return base, (parsed.path or "").rstrip("/"), parsed.auth


def _dumps(body: Any) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise AskError(f"the query cannot be written as JSON: {error}.") from error


def _loads(data: bytes) -> Any:
    # Every row is a new object, and the garbage collector would look at all of them again and again, in vain: twice the
    # time for a large answer.
    paused = len(data) > _LARGE and gc.isenabled()
    if paused:
        gc.disable()
    try:
        return orjson.loads(data)
    finally:
        if paused:
            gc.enable()


def _closed_before_answer(error: urllib3.exceptions.ProtocolError) -> bool:
    return any(
        isinstance(cause, ConnectionResetError | BrokenPipeError | ConnectionAbortedError) for cause in error.args
    )


def _json_or_none(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
