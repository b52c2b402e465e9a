"""HTTP with real sockets: kept connections, deadlines, one safe retry, failures as typed errors."""

from __future__ import annotations

import base64
import pickle
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import ProtocolError, ReadTimeoutError

import frontrow
from frontrow import Timeouts
from frontrow._http import failure
from frontrow._http.transport import Transport
from support.loopback import CLOSE, Loopback, Reply, Request, Respond, json_reply, loopback, reply
from support.nobody import nobody
from support.waiting import until


@contextmanager
def talk(respond: Respond, credentials: str = "") -> Iterator[tuple[Loopback, Transport]]:
    with loopback(respond) as server, Transport(server.url.replace("//", "//" + credentials)) as transport:
        yield server, transport


SOON = Timeouts(connect=2, read=0.3, total=120, query=0.2)


def test_sends_json_and_gives_json() -> None:
    with loopback(lambda request: json_reply({"got": request.json})) as server, Transport(server.url) as transport:
        assert transport.request_json("POST", "/druid/v2", {"a": [1, None]}) == {"got": {"a": [1, None]}}
    assert server.requests[0].method == "POST"
    assert server.requests[0].path == "/druid/v2"
    assert server.requests[0].headers["content-type"] == "application/json"


def test_keeps_its_connection() -> None:
    with loopback(lambda _: json_reply([])) as server, Transport(server.url) as transport:
        for _ in range(5):
            transport.request_json("POST", "/druid/v2", {})
    assert len(server.requests) == 5
    assert server.connections == 1


def test_keeps_its_connection_after_a_refusal() -> None:
    with loopback(lambda _: json_reply({"error": "no"}, 400)) as server, Transport(server.url) as transport:
        for _ in range(3):
            with pytest.raises(frontrow.BadQueryError):
                transport.request_json("POST", "/druid/v2", {})
    assert server.connections == 1


def test_a_path_of_the_address_goes_before() -> None:
    with loopback(lambda _: json_reply(1)) as server, Transport(server.url + "/proxy/") as transport:
        transport.request_json("GET", "/status")
    assert server.requests[0].path == "/proxy/status"


def test_an_empty_answer_is_none() -> None:
    with loopback(lambda _: reply(b"")) as server, Transport(server.url) as transport:
        assert transport.request_json("GET", "/x") is None


def test_a_chunked_answer_is_read_whole() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = Reply((head, b"3\r\n[1,\r\n", b"2\r\n2]\r\n", b"0\r\n\r\n"), pause=0.01)
    with loopback(lambda _: answer) as server, Transport(server.url) as transport:
        assert transport.request_json("GET", "/x") == [1, 2]
        assert transport.request_json("GET", "/x") == [1, 2]
    assert server.connections == 1


def test_nobody_answers() -> None:
    with (
        nobody() as address,
        Transport(f"http://{address}") as transport,
        pytest.raises(frontrow.UnreachableError) as caught,
    ):
        transport.request_json("GET", "/status")
    assert caught.value.retryable
    assert address in str(caught.value)
    assert "frontrow stack up" in str(caught.value)


def test_no_such_host() -> None:
    transport = Transport("http://no-such-host.invalid:8888")
    with transport, pytest.raises(frontrow.UnreachableError, match="no-such-host"):
        transport.request_json("GET", "/status")


def test_no_answer_in_time() -> None:
    began = time.monotonic()
    with (
        loopback(lambda _: Reply((b"HTTP/1.1 200 OK\r\n",))) as server,
        Transport(server.url, timeouts=SOON) as transport,
    ):
        with pytest.raises(frontrow.TimedOutError, match=r"within 0\.3 s"):
            transport.request_json("POST", "/druid/v2", {})
        assert time.monotonic() - began < SOON.total / 2
        until("the server to read the request", lambda: server.requests)
    assert len(server.requests) == 1


def test_a_timeout_of_one_request() -> None:
    with (
        loopback(lambda _: Reply(())) as server,
        Transport(server.url) as transport,
        pytest.raises(frontrow.TimedOutError, match=r"0\.2 s"),
    ):
        transport.request_json("GET", "/x", timeout=0.2)


def test_an_answer_that_only_drips_ends_at_the_total_timeout() -> None:
    drip = Reply((b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b" "] * 1000), pause=0.1)
    began = time.monotonic()
    with (
        loopback(lambda _: drip) as server,
        Transport(server.url, timeouts=Timeouts(total=0.5)) as transport,
        # A busy machine may not even begin to answer by then.
        pytest.raises(frontrow.TimedOutError, match=r"(was still answering after|did not answer within) 0\.5 s"),
    ):
        transport.request_json("GET", "/x")
    assert time.monotonic() - began < 40


@pytest.mark.parametrize(
    ("answering", "late", "said"),
    [
        (False, False, "did not answer within 2 s"),
        (True, True, "was still answering after 9 s"),
        (True, False, "stopped in the middle of its answer for 2 s"),
    ],
)
def test_what_a_timeout_says(answering: bool, late: bool, said: str) -> None:
    request = failure.Request("http://druid", "http://druid/x", connect=1, read=2, total=9)
    for error in (
        ProtocolError("aborted", TimeoutError()),
        ReadTimeoutError(HTTPConnectionPool("druid"), "/x", "late"),
    ):
        found = failure.failure_of(error, request, answering=answering, late=late)
        assert isinstance(found.error, frontrow.TimedOutError)
        assert f"http://druid/x {said}" in str(found.error)
        assert found.working


def test_a_kept_connection_that_was_closed_is_replaced_once() -> None:
    replies = iter([json_reply(1), CLOSE, json_reply(2)])
    with loopback(lambda _: next(replies)) as server, Transport(server.url) as transport:
        assert transport.request_json("POST", "/druid/v2", {}) == 1
        assert transport.request_json("POST", "/druid/v2", {}) == 2
    assert len(server.requests) == 3


def test_a_first_connection_that_is_closed_is_not_tried_again() -> None:
    with (
        loopback(lambda _: CLOSE) as server,
        Transport(server.url) as transport,
        pytest.raises(frontrow.BrokenAnswerError),
    ):
        transport.request_json("POST", "/druid/v2", {})
    assert len(server.requests) == 1


def test_what_changes_something_is_never_sent_twice() -> None:
    replies = iter([json_reply(1), CLOSE, json_reply(2)])
    with loopback(lambda _: next(replies)) as server, Transport(server.url) as transport:
        transport.request_json("POST", "/druid/indexer/v1/supervisor", {})
        with pytest.raises(frontrow.BrokenAnswerError):
            transport.request_json("POST", "/druid/indexer/v1/supervisor", {})
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "cut",
    [
        reply(b'[{"a":1},{"a"', claim=100, close=True),
        reply(b'[{"a":1},{"a"'),
        Reply((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2,\r\n",), close=True),
        reply(b"<html>welcome</html>", kind="text/html"),
    ],
    ids=["fewer bytes than claimed", "half of the JSON", "no last chunk", "HTML"],
)
def test_an_answer_that_is_not_whole(cut: Reply) -> None:
    with loopback(lambda _: cut) as server, Transport(server.url) as transport:
        with pytest.raises(frontrow.BrokenAnswerError) as caught:
            transport.request_json("POST", "/druid/v2", {})
        assert caught.value.retryable
        assert len(server.requests) == 1


def test_a_connection_is_good_again_after_a_cut_answer() -> None:
    replies = iter([reply(b"[1", claim=9, close=True), json_reply([2])])
    with loopback(lambda _: next(replies)) as server, Transport(server.url) as transport:
        with pytest.raises(frontrow.BrokenAnswerError):
            transport.request_json("POST", "/druid/v2", {})
        assert transport.request_json("POST", "/druid/v2", {}) == [2]


DRUID = {
    "error": "druidException",
    "errorCode": "invalidInput",
    "persona": "USER",
    "category": "INVALID_INPUT",
    "errorMessage": "Cannot do that",
    "errorClass": "org.apache.druid.X",
    "host": "broker:8082",
    "context": {"line": 1},
}


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, frontrow.BadQueryError, False),
        (401, frontrow.AccessError, False),
        (403, frontrow.AccessError, False),
        (404, frontrow.NotFoundError, False),
        (405, frontrow.DruidError, False),
        (429, frontrow.TooManyError, True),
        (500, frontrow.ServerError, False),
        (502, frontrow.ServerError, True),
        (503, frontrow.ServerError, True),
        (504, frontrow.ServerError, True),
    ],
)
def test_druids_own_fields(status: int, kind: type[frontrow.DruidError], retryable: bool) -> None:
    with talk(lambda _: json_reply(DRUID, status)) as (server, transport), pytest.raises(frontrow.DruidError) as caught:
        transport.request_json("POST", "/druid/v2", {})
    error = caught.value
    assert type(error) is kind
    assert error.retryable is retryable
    assert (error.status, error.error, error.error_code) == (status, "druidException", "invalidInput")
    assert (error.persona, error.category, error.error_message) == ("USER", "INVALID_INPUT", "Cannot do that")
    assert (error.error_class, error.host) == ("org.apache.druid.X", "broker:8082")
    assert "Cannot do that" in str(error)
    assert error.url == server.url + "/druid/v2"


def test_a_timeout_inside_druid_is_both_a_timeout_and_druids() -> None:
    body = {"error": "Query timeout", "errorMessage": "Query did not complete within configured timeout"}
    with (
        talk(lambda _: json_reply(body, 504)) as (_server, transport),
        pytest.raises(frontrow.QueryTimedOutError) as caught,
    ):
        transport.request_json("POST", "/druid/v2", {})
    assert isinstance(caught.value, frontrow.TimedOutError)
    assert isinstance(caught.value, frontrow.DruidError)
    assert caught.value.retryable


def test_too_large_a_question_is_told_apart_from_a_wrong_one() -> None:
    body = {"error": "Resource limit exceeded", "errorMessage": "Not enough dictionary space"}
    with (
        talk(lambda _: json_reply(body, 400)) as (_server, transport),
        pytest.raises(frontrow.BadQueryError, match="Ask for less"),
    ):
        transport.request_json("POST", "/druid/v2", {})


def test_a_proxys_error_page_is_told_in_words() -> None:
    page = b"<html><head><style>h1 {color: red}</style></head><body><h1>502 Bad\nGateway</h1>nginx</body></html>"
    with (
        talk(lambda _: reply(page, 502, "text/html")) as (_server, transport),
        pytest.raises(frontrow.ServerError) as caught,
    ):
        transport.request_json("POST", "/druid/v2", {})
    assert "502 Bad Gateway nginx" in str(caught.value)
    assert "<" not in str(caught.value)
    assert "color" not in str(caught.value)
    assert caught.value.error is None


def test_a_long_reason_is_cut_in_the_message_only() -> None:
    reason = "no such thing; " * 100
    respond = json_reply({"errorMessage": reason}, 500)
    with talk(lambda _: respond) as (_, transport), pytest.raises(frontrow.ServerError) as caught:
        transport.request_json("POST", "/druid/v2", {})
    assert len(str(caught.value)) < 600
    assert caught.value.error_message == reason


@pytest.mark.parametrize("body", [b"", b"[]", b'{"error": 5, "errorMessage": ["x"]}', b"\xff\xfe"])
def test_an_odd_refusal_is_still_one(body: bytes) -> None:
    with (
        talk(lambda _: reply(body, 500)) as (_server, transport),
        pytest.raises(frontrow.ServerError, match="answers 500"),
    ):
        transport.request_json("POST", "/druid/v2", {})


def test_a_redirect_is_not_followed() -> None:
    moved = Reply((b"HTTP/1.1 307 Moved\r\nLocation: http://elsewhere.invalid/\r\nContent-Length: 0\r\n\r\n",))
    with talk(lambda _: moved) as (_server, transport), pytest.raises(frontrow.BrokenAnswerError, match="redirects"):
        transport.request_json("GET", "/x")


class TestCredentials:
    def test_are_sent_decoded(self) -> None:
        with talk(lambda _: json_reply(1), credentials="analyst:s3cret%40@") as (server, transport):
            transport.request_json("GET", "/x")
        scheme, _, token = server.requests[0].headers["authorization"].partition(" ")
        assert scheme == "Basic"
        assert base64.b64decode(token) == b"analyst:s3cret@"

    def test_are_in_no_message(self) -> None:
        def respond(request: Request) -> Reply:
            return json_reply({"error": "x"}, int(request.path[1:]))

        with loopback(respond) as server:
            address = server.url.replace("//", "//analyst:s3cret%40@")
            with Transport(address) as transport:
                texts = [repr(transport), transport.url]
                for status in (400, 401, 500):
                    with pytest.raises(frontrow.DruidError) as caught:
                        transport.request_json("GET", f"/{status}")
                    texts += [str(caught.value), repr(caught.value), caught.value.url]
            texts.append(repr(frontrow.Client(address)))
        dead = Transport("http://analyst:s3cret%40@127.0.0.1:1")
        with dead, pytest.raises(frontrow.UnreachableError) as refused:
            dead.request_json("GET", "/x")
        texts.append(str(refused.value))
        assert not [text for text in texts if "s3cret" in text or "analyst" in text]

    @pytest.mark.parametrize(
        "address", ["http://me:s3cret@host:99999", "ftp://me:s3cret@host", "http://me:s3cret@[::1", "me:s3cret@host"]
    )
    def test_are_not_shown_for_a_wrong_address(self, address: str) -> None:
        with pytest.raises(frontrow.AskError) as caught:
            Transport(address)
        assert "s3cret" not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("values", [{"read": 0}, {"connect": -1}, {"total": float("nan")}])
def test_a_timeout_must_be_a_time(values: dict[str, float]) -> None:
    with pytest.raises(frontrow.AskError, match=next(iter(values))):
        Timeouts(**values)


def test_a_body_that_is_not_json_is_refused_before_it_is_sent() -> None:
    with Transport("http://127.0.0.1:1") as transport, pytest.raises(frontrow.AskError, match="JSON"):
        transport.request_json("POST", "/druid/v2", {"x": object()})


def test_errors_come_whole_out_of_a_pickle() -> None:
    error = frontrow.ServerError("m", url="http://h/x", status=503, fields={"error": "e"})
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is frontrow.ServerError
    assert (str(again), again.url, again.status, again.error, again.retryable) == ("m", "http://h/x", 503, "e", True)
