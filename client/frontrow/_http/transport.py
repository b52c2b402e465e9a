"""HTTP to Druid: one pool of kept connections, deadlines, answers that are whole, failures as typed errors."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import urllib3

from frontrow._errors import AskError, BrokenAnswerError, FrontrowError, druid_error
from frontrow._http.answer import Ending, NotWholeError, Unpacker, json_value, query_answer
from frontrow._http.call import Call, call_of
from frontrow._http.connect import Credentials, Way, address_of
from frontrow._http.deadline import Within, unstopped
from frontrow._http.failure import Failure, Request, before_answer, failure_of
from frontrow._http.port import Timeouts
from frontrow._http.retry import NO_RETRIES, STATUSES, Budget, Retries, retry_after
from frontrow._http.tls import Tls, TokenLike
from frontrow._limits import Limits

_CHUNK = 1 << 16
_REASON = 1 << 16  # bytes of a refusal that are read
_CANCEL_S = 1.0
_ANY = 1 << 62  # bytes


class Transport:
    """Over HTTP to one address. Safe for several threads. Closes its connections at the end of a ``with`` block.

    A query that its caller no longer waits for, because its time is up, it was interrupted, or its answer is too large,
    is ended in Druid, too, where it names its ``queryId`` (SQL: ``sqlQueryId``) in its context. A note at the error
    says whether Druid took that.

    Args:
        url: may hold ``user:password@``
        connections: kept at most
        auth: user and password, instead
        token: for bearer authorization, or what gives it anew for each request
        tls: certificates for an ``https`` address
        proxy: address of an HTTP proxy to go through; may hold ``user:password@``
        retries: see :class:`Retries`; none unless given
        answer_bytes: an answer may have at most, unpacked
        gzip: ask for packed answers; unless told, from any address but this machine's own
    """

    def __init__(
        self,
        url: str,
        *,
        timeouts: Timeouts | None = None,
        connections: int = 8,
        auth: tuple[str, str] | None = None,
        token: TokenLike | None = None,
        tls: Tls | None = None,
        proxy: str | None = None,
        retries: Retries = NO_RETRIES,
        answer_bytes: int = Limits.answer_bytes,
        gzip: bool | None = None,
    ) -> None:
        self.timeouts = timeouts or Timeouts()
        self._address = address_of(url)
        self._credentials = Credentials(self._address.auth, auth, token)
        self._way = Way(self._address, tls=tls, proxy=proxy)
        self._pool = self._way.pool(connections)
        self._retries, self._budget = retries, Budget(retries.budget)
        self._most = answer_bytes
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if gzip if gzip is not None else not self._address.is_here:
            self._headers["Accept-Encoding"] = "gzip"

    @property
    def url(self) -> str:
        """The address, without credentials."""
        return str(self._address)

    @property
    def asker(self) -> str | Callable[[], str]:
        """Who asks, without a secret; or the function that gives tokens."""
        return self._credentials.asker

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
        """The JSON that Druid answers; None for an empty answer, which no query has.

        Args:
            path: from the root of the address, with a leading slash
            body: sent as JSON unless None
            timeout: seconds for all of it, instead of the total timeout

        Raises:
            TransportError: which of them, see :mod:`frontrow._errors`
        """
        call = call_of(method, path, body)
        if call.form in ("lines", "csv"):
            raise AskError("lines and CSV are not JSON: stream them.")

        return self._read(call, query_answer if call.form == "json" else json_value, timeout)

    def request_read(
        self, read: Callable[[bytes], Any], method: str, path: str, body: Any = None, *, timeout: float | None = None
    ) -> Any:
        """What ``read`` makes of the bytes of an answer, about which nothing is known but that HTTP gave all of them.

        Args:
            read: raises NotWholeError, or JSON's error, for an answer that is not whole
            method, path, body, timeout: as for :meth:`request_json`

        Raises:
            TransportError: as for :meth:`request_json`
        """
        return self._read(call_of(method, path, body), read, timeout)

    def _read(self, call: Call, read: Callable[[bytes], Any], timeout: float | None) -> Any:
        with self._answer(call, timeout, self._most) as pieces:
            return read(b"".join(pieces))

    def stream(
        self, method: str, path: str, body: Any = None, *, timeout: float | None = None, limited: bool = True
    ) -> Iterator[bytes]:
        """The answer's bytes as they come, none of them kept: JSON, lines or CSV, as the query asks for.

        The answer is whole only if the iteration ends without an error. A query is ended in Druid if the iterator is
        closed before its end.

        Args:
            limited: to the bytes that an answer may have

        Raises:
            TransportError: as for :meth:`request_json`; BrokenAnswerError at the end of an answer that is cut off
        """
        call = call_of(method, path, body)
        ending = Ending(call.form)
        with self._answer(call, timeout, self._most if limited else _ANY) as pieces:
            for piece in pieces:
                ending.feed(piece)
                yield piece
            ending.finish()

    @contextmanager
    def _answer(self, call: Call, timeout: float | None, most: int) -> Iterator[Iterator[bytes]]:
        """The pieces of an answer. Its connection is kept if the block reads them all without an error."""
        total = self.timeouts.total if timeout is None else timeout
        deadline = time.monotonic() + total
        request = Request(self.url, self.url + call.path, self.timeouts.connect, self.timeouts.read, total)
        response = self._opened(call, request, deadline)
        try:
            yield self._pieces(response, call, deadline, most)
        except BaseException as error:
            response.close()
            failure = failure_of(error, request, answering=True, late=time.monotonic() >= deadline)
            self._give_up(failure, call)
            if failure.error is error:
                raise
            raise failure.error from error
        response.release_conn()
        self._budget.earn()

    def _opened(self, call: Call, request: Request, deadline: float) -> urllib3.BaseHTTPResponse:
        """An answer that has begun and is no refusal, after as many attempts as may be."""
        attempt = 0
        while True:
            outcome = self._attempt(call, request, deadline)
            if not isinstance(outcome, Failure):
                return outcome
            pause = self._retries.pause(attempt, getattr(outcome.error, "retry_after", None))
            if not (
                outcome.again
                and call.repeatable
                and attempt < self._retries.attempts
                and time.monotonic() + pause < deadline
                and self._budget.spend()
            ):
                self._give_up(outcome, call)
                if attempt:
                    outcome.error.add_note(f"Asked {attempt + 1} times.")
                raise outcome.error
            time.sleep(pause)
            attempt += 1

    def _attempt(self, call: Call, request: Request, deadline: float) -> urllib3.BaseHTTPResponse | Failure:
        headers = {**self._headers, **self._credentials.headers()}
        try:
            response = self._sent(call, headers, deadline)
        except FrontrowError:
            raise
        except BaseException as error:
            failure = failure_of(error, request, answering=False, late=time.monotonic() >= deadline)
            if failure.error is not error:
                failure.error.__cause__ = error
            return failure
        status = response.status
        if 200 <= status < 300:
            return response
        data = self._reason(response, deadline)
        where = request.where
        if 300 <= status < 400:
            said = f"{where} redirects to another place. Use the address it leads to."
            return Failure(BrokenAnswerError(said, url=where))
        text = data[:2000].decode("utf-8", "replace")
        later = retry_after(response.headers)
        refused = druid_error(status, _json_or_none(data), text, url=where, retry_after=later)
        return Failure(refused, again=status in STATUSES)

    def _sent(self, call: Call, headers: dict[str, str], deadline: float) -> urllib3.BaseHTTPResponse:
        while True:
            left = max(deadline - time.monotonic(), 0.001)
            body = call.payload(left)
            with Within(deadline, self.timeouts.read) as used:
                try:
                    return self._urlopen(self._pool, call.method, call.path, body, headers, left)
                except urllib3.exceptions.ProtocolError as error:
                    # Druid may close a kept connection just as it is used again; then it has not answered with a
                    # single byte. Again on another, at last on a new one, if the request changes nothing.
                    if used.connected or not call.repeatable or not before_answer(error):
                        raise

    def _urlopen(
        self,
        pool: urllib3.HTTPConnectionPool,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        left: float,
    ) -> urllib3.BaseHTTPResponse:
        return pool.urlopen(
            method,
            self._way.prefix + path,
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(connect=min(self.timeouts.connect, left), read=min(self.timeouts.read, left)),
            redirect=False,
            # Through a proxy the address is not the pool's.
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )

    def _pieces(self, response: urllib3.BaseHTTPResponse, call: Call, deadline: float, most: int) -> Iterator[bytes]:
        """All of an answer.

        Raises:
            HTTPError, NotWholeError, OverLimitError
        """
        if call.id_header and (told := response.headers.get(call.id_header, call.query_id)) != call.query_id:
            raise NotWholeError(f"it is of another query, {str(told)[:100]}")
        unpacker = Unpacker(response.headers.get("Content-Encoding"), most)
        while True:
            with Within(deadline, self.timeouts.read):
                piece = response.read(_CHUNK, decode_content=False)
            if not piece:
                break
            if time.monotonic() > deadline:
                raise urllib3.exceptions.ReadTimeoutError(self._pool, call.path, "the time for this request is up")
            yield unpacker.feed(piece)
        unpacker.finish()

    def _reason(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        """The start of a refusal's body, as far as it comes: the status says what matters."""
        found = b""
        try:
            unpacker = Unpacker(response.headers.get("Content-Encoding"), _REASON)
            with Within(deadline, self.timeouts.read):
                while piece := response.read1(_CHUNK, decode_content=False):
                    found += unpacker.feed(piece)
            response.release_conn()
        except Exception:
            response.close()
        except BaseException:
            response.close()
            raise
        return found

    def _give_up(self, failure: Failure, call: Call) -> None:
        """Tell Druid to end a query that it may still be at work on; a note at the error says whether it took that."""
        if not failure.working or call.cancel is None:
            return
        taken = self._cancelled(call.cancel)
        said = "Druid was told to end it." if taken else "Druid could not be told to end it; its own timeout does."
        failure.error.add_note(f"Query {call.query_id}: {said}")

    def _cancelled(self, path: str) -> bool:
        # On a connection of its own, in little time: the one of the query is of no use, and someone waits.
        with unstopped(), contextlib.suppress(Exception), contextlib.closing(self._way.pool(1)) as pool:
            headers = {**self._headers, **self._credentials.headers()}
            with Within(time.monotonic() + _CANCEL_S, _CANCEL_S):
                response = self._urlopen(pool, "DELETE", path, None, headers, _CANCEL_S)
                response.close()
            return 200 <= response.status < 300
        return False


def _json_or_none(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
