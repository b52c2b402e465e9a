"""What a failure below HTTP means: which error it is, whether to ask again, whether Druid may still be at work."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from urllib3 import exceptions as http

from frontrow._errors import BrokenAnswerError, TimedOutError, TooLargeError, TransportError, UnreachableError
from frontrow._http.answer import NotWholeError, OverLimitError


@dataclass(frozen=True)
class Failure:
    """
    Attributes:
        error: to be raised
        again: no byte of an answer came, and another attempt may meet a Druid that takes it
        working: Druid may still be at work on a query whose answer nobody waits for any more
    """

    error: BaseException
    again: bool = False
    working: bool = False


@dataclass(frozen=True)
class Request:
    """What messages tell of a request.

    Attributes:
        url: of the Druid
        where: of the request
        connect, read, total: its timeouts in seconds
    """

    url: str
    where: str
    connect: float
    read: float
    total: float


def failure_of(error: BaseException, request: Request, *, answering: bool, late: bool) -> Failure:
    """
    Args:
        answering: the answer had begun
        late: the time of the whole request was up
    """
    where = request.where
    match error:
        case http.ProxyError():
            again = isinstance(error.original_error, http.NewConnectionError) and _refused(error.original_error)
            return Failure(_unreachable(f"the proxy before {request.url} does not let through: {error}", where), again)
        case http.NewConnectionError():
            said = f"nobody answers at {request.url}. Is Druid running? Locally: frontrow stack up."
            return Failure(UnreachableError(said, url=where), again=_refused(error))
        case http.ConnectTimeoutError():
            limit = min(request.connect, request.total)
            return Failure(
                TimedOutError(f"no connection to {request.url} within {limit:g} s. Check the address.", url=where)
            )
        case http.ReadTimeoutError():
            return _timed_out(request, answering, late)
        case http.ProtocolError() if any(isinstance(cause, TimeoutError) for cause in error.args):
            return _timed_out(request, answering, late)
        case http.SSLError():
            said = f"no secure connection to {request.url}: {error}. Check the certificate and the address"
            return Failure(_unreachable(said, where))
        case http.HTTPError():
            said = f"the connection to {request.url} broke before the answer was whole."
            return Failure(BrokenAnswerError(said, url=where), again=not answering and before_answer(error))
        case NotWholeError():
            return Failure(_broken(where, str(error)))
        case orjson.JSONDecodeError():
            return Failure(_broken(where, f"it is not whole, or not JSON ({len(error.doc)} characters, {error})"))
        case OverLimitError():
            said = f"the answer of {where} is larger than may be. Ask for less, or raise Limits(answer_bytes=...)."
            return Failure(TooLargeError(said, url=where), working=True)
        case TransportError():
            return Failure(error)
        case _:
            return Failure(error, working=True)


def before_answer(error: http.HTTPError) -> bool:
    """The other side ended the connection without a byte of an answer."""
    return isinstance(error, http.ProtocolError) and any(
        isinstance(cause, ConnectionResetError | BrokenPipeError | ConnectionAbortedError) for cause in error.args
    )


def _refused(error: http.NewConnectionError) -> bool:
    return isinstance(error.__cause__, ConnectionRefusedError | ConnectionResetError)


def _timed_out(request: Request, answering: bool, late: bool) -> Failure:
    if not answering:
        said = f"{request.where} did not answer within {min(request.read, request.total):g} s."
    elif late:
        said = f"{request.where} was still answering after {request.total:g} s."
    else:
        said = f"{request.where} stopped in the middle of its answer for {request.read:g} s."
    return Failure(TimedOutError(f"{said} Ask for less, or raise the timeout.", url=request.where), working=True)


def _broken(where: str, how: str) -> BrokenAnswerError:
    return BrokenAnswerError(
        f"the answer of {where} cannot be used: {how}. A query that fails while it answers ends like this; look at the "
        "Broker's log.",
        url=where,
    )


def _unreachable(said: str, where: str) -> UnreachableError:
    return UnreachableError(f"{said.rstrip('.')}.", url=where)
