"""Through a proxy that breaks answers: each failure is its error in time, and no part of an answer passes for all."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

import frontrow
from frontrow import Retries, Timeouts
from frontrow._http.transport import Transport
from support.fault_proxy import Answer, Fault, FaultProxy, Shape, chunked, fault_proxy, instead, packed, sized, unframed
from support.recorded import NATIVE_QUERY, NO_CAPACITY, NOTHING, SQL, TIMED_OUT, TIMESERIES, recorded_druid, sql_query

SOON = Timeouts(connect=2, read=0.15, total=0.3, query=0.1)
WHOLE = orjson.loads(TIMESERIES)
RECORDED = Answer(200, {"Content-Type": "application/json"}, TIMESERIES)


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with recorded_druid() as druid, fault_proxy(druid.url) as proxy:
        yield proxy


def ask(transport: Transport) -> Any:
    return transport.request_json("POST", "/druid/v2", NATIVE_QUERY)


def export(transport: Transport, form: str) -> bytes:
    return b"".join(transport.stream("POST", "/druid/v2/sql", sql_query(form)))


def squeezed(answer: Answer) -> bytes:
    return packed(answer)


@pytest.mark.parametrize("ending", ["close", "reset"])
@pytest.mark.parametrize("shape", [sized, chunked, unframed, squeezed])
def test_a_native_answer_cut_at_any_byte(proxy: FaultProxy, shape: Shape, ending: Any) -> None:
    whole = shape(RECORDED)
    # The last chunk is known by its size.
    enough = len(whole) - (len(b"\r\n\r\n") if shape is chunked else 0)
    passed = []
    with Transport(proxy.url, gzip=True) as transport:
        # Where a reset comes differs by what the client had read: every third byte will do.
        for cut in range(0, len(whole) + 1, 1 if ending == "close" else 3):
            proxy.faults.append(Fault(shape, cut=cut, ending=ending))
            try:
                assert ask(transport) == WHOLE
            except frontrow.BrokenAnswerError:
                continue
            passed.append(cut)
    # After a reset a client may not see what came before it.
    assert all(cut >= enough for cut in passed)
    assert ending == "reset" or len(whole) in passed


@pytest.mark.parametrize("shape", [sized, chunked, unframed])
@pytest.mark.parametrize("form", list(SQL))
def test_an_export_cut_at_any_byte(proxy: FaultProxy, form: str, shape: Shape) -> None:
    whole = shape(Answer(200, {"Content-Type": "application/json"}, SQL[form]))
    enough = len(whole) - (len(b"\r\n\r\n") if shape is chunked else 0)
    # Druid's JSON ends with the bracket; the line's end after it says no more.
    if shape is unframed and form in ("object", "array"):
        enough -= 1
    with Transport(proxy.url) as transport:
        for cut in range(len(whole)):
            proxy.faults.append(Fault(shape, cut=cut, ending="close"))
            if cut < enough:
                with pytest.raises(frontrow.BrokenAnswerError):
                    export(transport, form)
            else:
                assert export(transport, form).strip() == SQL[form].strip()
        assert export(transport, form) == SQL[form]


@pytest.mark.parametrize("form", list(SQL))
def test_a_query_that_fails_while_it_answers(proxy: FaultProxy, form: str) -> None:
    """Druid ends such an answer like a whole one, with its last chunk, after some whole row."""
    body = SQL[form]
    rows = body[: body.index(b"}" if b"}" in body else b"]" if b"]" in body else b"\n") + 1]
    with Transport(proxy.url) as transport:
        proxy.faults.append(Fault(lambda answer: chunked(Answer(200, answer.headers, rows))))
        with pytest.raises(frontrow.BrokenAnswerError, match="fails while it answers"):
            export(transport, form)


@pytest.mark.parametrize("form", list(NOTHING))
def test_an_answer_without_rows_is_whole(proxy: FaultProxy, form: str) -> None:
    with Transport(proxy.url) as transport:
        proxy.faults.append(Fault(lambda answer: chunked(Answer(200, answer.headers, NOTHING[form]))))
        assert export(transport, form) == NOTHING[form]


FAILURES: dict[str, tuple[Fault, type[frontrow.TransportError]]] = {
    "no answer": (Fault(cut=0, ending="stall"), frontrow.TimedOutError),
    "late": (Fault(delay=600), frontrow.TimedOutError),
    "half of the head": (Fault(cut=30, ending="stall"), frontrow.TimedOutError),
    "a head that drips": (Fault(drip=0.1), frontrow.TimedOutError),
    "half of the body": (Fault(cut=150, ending="stall"), frontrow.TimedOutError),
    "a length too long, kept": (Fault(lambda answer: sized(answer, claim=999)), frontrow.TimedOutError),
    "a length too long, closed": (
        Fault(lambda answer: sized(answer, claim=999), ending="close"),
        frontrow.BrokenAnswerError,
    ),
    "a length too short": (Fault(lambda answer: sized(answer, claim=99)), frontrow.BrokenAnswerError),
    "a length at a row's end": (
        Fault(lambda answer: sized(answer, claim=TIMESERIES.index(b"}},") + 2)),
        frontrow.BrokenAnswerError,
    ),
    "no bytes at all": (Fault(lambda _: sized(Answer(200, {}, b""))), frontrow.BrokenAnswerError),
    "no HTTP": (Fault(lambda _: b"SSH-2.0-OpenSSH_9.6\r\n"), frontrow.BrokenAnswerError),
    "wrong chunks": (
        Fault(lambda answer: chunked(answer).replace(b"\r\n10\r\n", b"\r\nzz\r\n", 1)),
        frontrow.BrokenAnswerError,
    ),
    "no gzip": (Fault(lambda answer: sized(answer, **{"Content-Encoding": "gzip"})), frontrow.BrokenAnswerError),
    "half of a gzip": (
        Fault(lambda answer: packed(answer, lambda data: data[:60])),
        frontrow.BrokenAnswerError,
    ),
    "a damaged gzip": (
        Fault(lambda answer: packed(answer, lambda data: data[:-8] + bytes(8))),
        frontrow.BrokenAnswerError,
    ),
    "more after the gzip": (Fault(lambda answer: packed(answer, lambda data: data + b"x")), frontrow.BrokenAnswerError),
    "an encoding that nobody asked for": (
        Fault(lambda answer: sized(answer, **{"Content-Encoding": "br"})),
        frontrow.BrokenAnswerError,
    ),
    "the answer to another query": (
        Fault(lambda answer: sized(answer, **{"X-Druid-Query-Id": "another"})),
        frontrow.BrokenAnswerError,
    ),
    "a page that welcomes": (Fault(instead(200, b"<html>welcome</html>")), frontrow.BrokenAnswerError),
    "a redirect": (Fault(instead(302, b"", Location="/login")), frontrow.BrokenAnswerError),
    "a page of failure": (Fault(instead(502, b"<h1>Bad gateway</h1>")), frontrow.ServerError),
    "a page of failure, cut": (
        Fault(instead(502, b"<h1>Bad gateway</h1>"), cut=90, ending="close"),
        frontrow.ServerError,
    ),
    "no capacity": (Fault(instead(429, NO_CAPACITY)), frontrow.TooManyError),
    "not available": (Fault(instead(503, b"<h1>Unavailable</h1>")), frontrow.ServerError),
    "timed out in Druid": (Fault(instead(504, TIMED_OUT)), frontrow.QueryTimedOutError),
    "not allowed": (Fault(instead(403, {"error": "Unauthorized"})), frontrow.AccessError),
}


@pytest.mark.parametrize("name", list(FAILURES))
def test_each_failure_is_its_error_in_time(proxy: FaultProxy, name: str) -> None:
    fault, kind = FAILURES[name]
    patient = Timeouts()
    began = time.monotonic()
    with Transport(proxy.url, timeouts=SOON if kind is frontrow.TimedOutError else patient) as transport:
        with proxy.always(fault), pytest.raises(frontrow.TransportError) as caught:
            ask(transport)
        assert type(caught.value) is kind
        # Far from both: those that wait have a third of a second, and without a deadline they would have no end.
        assert time.monotonic() - began < min(patient.read, patient.total) / 2
        transport.timeouts = patient
        assert ask(transport) == WHOLE


def test_a_body_that_drips_ends_at_the_total_timeout(proxy: FaultProxy) -> None:
    with Transport(proxy.url, timeouts=Timeouts(read=60, total=0.5)) as transport:
        proxy.faults.append(Fault(unframed, drip=0.2))  # more than a minute for all of it
        began = time.monotonic()
        with pytest.raises(frontrow.TimedOutError, match=r"0\.5 s"):
            ask(transport)
        assert time.monotonic() - began < 30


def test_a_kept_connection_that_ends_early_is_not_noticed(proxy: FaultProxy) -> None:
    with Transport(proxy.url, connections=4) as transport:
        for _ in range(3):
            proxy.faults += [Fault(ending="close")] * 2
            assert ask(transport) == ask(transport) == WHOLE


def test_a_bomb_is_not_unpacked(proxy: FaultProxy) -> None:
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    assert len(bomb) < 60_000
    shape: Shape = lambda _: sized(Answer(200, {}, bomb), **{"Content-Encoding": "gzip"})  # noqa: E731
    with Transport(proxy.url, answer_bytes=1_000_000) as transport:
        proxy.faults.append(Fault(shape))
        before = len(proxy.cancelled())
        with pytest.raises(frontrow.TooLargeError, match="answer_bytes"):
            ask(transport)
        assert len(proxy.cancelled()) == before + 1
    with Transport(proxy.url, answer_bytes=len(TIMESERIES)) as transport:
        assert ask(transport) == WHOLE
    with Transport(proxy.url, answer_bytes=len(TIMESERIES) - 1) as transport, pytest.raises(frontrow.TooLargeError):
        ask(transport)


class TestRetries:
    AGAIN = Retries(attempts=2, wait=0.02)

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(instead(429, NO_CAPACITY)),
            Fault(instead(503, b"<h1>Unavailable</h1>")),
            Fault(instead(503, b"", Retry_After="0")),
            Fault(cut=0, ending="close"),
            Fault(cut=0, ending="reset"),
        ],
        ids=["429", "503", "503 with a time", "closed", "reset"],
    )
    def test_what_may_pass_is_asked_again(self, proxy: FaultProxy, fault: Fault) -> None:
        with Transport(proxy.url, retries=self.AGAIN) as transport:
            proxy.faults += [fault, fault]
            assert ask(transport) == WHOLE
        with Transport(proxy.url, retries=self.AGAIN) as transport:
            proxy.faults += [fault, fault, fault]
            with pytest.raises(frontrow.TransportError) as caught:
                ask(transport)
            assert caught.value.__notes__ == ["Asked 3 times."]
            assert ask(transport) == WHOLE
        with Transport(proxy.url) as transport:
            proxy.faults.append(fault)
            with pytest.raises(frontrow.TransportError):
                ask(transport)

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(instead(500, {"error": "x"})),
            Fault(instead(502, b"<h1>Bad gateway</h1>")),
            Fault(instead(504, TIMED_OUT)),
            Fault(instead(400, {"error": "x"})),
            Fault(cut=10, ending="close"),
            Fault(cut=200, ending="reset"),
        ],
        ids=["500", "502", "504", "400", "closed in the head", "reset in the body"],
    )
    def test_anything_else_is_not(self, proxy: FaultProxy, fault: Fault) -> None:
        with Transport(proxy.url, retries=self.AGAIN) as transport:
            proxy.faults.append(fault)
            before = len(proxy.queries())
            with pytest.raises(frontrow.TransportError):
                ask(transport)
            assert len(proxy.queries()) == before + 1

    def test_what_changes_something_is_never_sent_twice(self, proxy: FaultProxy) -> None:
        with Transport(proxy.url, retries=self.AGAIN) as transport:
            proxy.faults.append(Fault(instead(503, b"")))
            before = len(proxy.queries())
            with pytest.raises(frontrow.ServerError):
                transport.request_json("POST", "/druid/indexer/v1/supervisor", {})
            assert len(proxy.queries()) == before + 1

    def test_the_time_that_is_asked_for_is_waited(self, proxy: FaultProxy) -> None:
        with Transport(proxy.url, retries=self.AGAIN) as transport:
            proxy.faults.append(Fault(instead(429, NO_CAPACITY, Retry_After="1")))
            began = time.monotonic()
            assert ask(transport) == WHOLE
            assert time.monotonic() - began >= 1

    def test_a_time_beyond_the_deadline_is_not_waited_for(self, proxy: FaultProxy) -> None:
        with Transport(proxy.url, retries=self.AGAIN, timeouts=Timeouts(total=120)) as transport:
            proxy.faults.append(Fault(instead(429, NO_CAPACITY, Retry_After="3600")))
            began = time.monotonic()
            with pytest.raises(frontrow.TooManyError) as caught:
                ask(transport)
            assert time.monotonic() - began < 60
            assert caught.value.retry_after == 3600

    def test_an_outage_is_not_multiplied(self, proxy: FaultProxy) -> None:
        retries = Retries(attempts=2, wait=0.0, budget=5)
        with proxy.always(Fault(instead(503, b""))), Transport(proxy.url, retries=retries) as transport:
            for _ in range(20):
                with pytest.raises(frontrow.ServerError):
                    ask(transport)
        assert len(proxy.queries()) == 20 + retries.budget

    def test_all_attempts_share_one_deadline(self, proxy: FaultProxy) -> None:
        # One after another they would take minutes.
        retries, timeouts = Retries(5_000, wait=0.01, budget=5_000), Timeouts(total=0.5)
        with (
            proxy.always(Fault(instead(503, b""), delay=0.05)),
            Transport(proxy.url, retries=retries, timeouts=timeouts) as transport,
            pytest.raises(frontrow.TransportError),
        ):
            ask(transport)
        left = [orjson.loads(request.body)["context"]["timeout"] for request in proxy.queries()]
        assert len(left) < 50
        for earlier, request in enumerate(left):
            assert request <= max(1, 500 - 50 * earlier)
