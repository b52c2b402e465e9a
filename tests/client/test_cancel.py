"""A query that nobody waits for any more is ended in Druid, too."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest

import frontrow
from frontrow import Client, Timeouts
from frontrow._http.transport import Transport
from support.clients import a_client
from support.fault_proxy import Fault, FaultProxy, fault_proxy, instead
from support.interrupts import ctrl_c
from support.loopback import CLOSE, Reply, Request, json_reply, loopback, reply
from support.recorded import NATIVE_QUERY, QUERY_ID, recorded_druid, sql_query

SOON = Timeouts(connect=2, read=0.2, total=0.3, query=0.1)
HANGS = Fault(cut=0, ending="stall")


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with recorded_druid() as druid, fault_proxy(druid.url) as proxy:
        yield proxy


def test_when_its_time_is_up(proxy: FaultProxy) -> None:
    with Transport(proxy.url, timeouts=SOON) as transport:
        proxy.faults.append(HANGS)
        with pytest.raises(frontrow.TimedOutError) as caught:
            transport.request_json("POST", "/druid/v2", NATIVE_QUERY)
    assert proxy.cancelled() == [f"/druid/v2/{QUERY_ID}"]
    assert caught.value.__notes__ == [f"Query {QUERY_ID}: Druid was told to end it."]


def test_sql(proxy: FaultProxy) -> None:
    with Transport(proxy.url, timeouts=SOON) as transport:
        proxy.faults.append(HANGS)
        with pytest.raises(frontrow.TimedOutError):
            transport.request_json("POST", "/druid/v2/sql", sql_query("object"))
    assert proxy.cancelled() == [f"/druid/v2/sql/{QUERY_ID}"]


@pytest.mark.parametrize("fault", [HANGS, Fault(cut=150, ending="stall")], ids=["before", "within the answer"])
def test_when_it_is_interrupted(proxy: FaultProxy, fault: Fault) -> None:
    with a_client(proxy.url, freshness=False) as client:
        proxy.faults.append(fault)
        began = time.monotonic()
        with ctrl_c(proxy), pytest.raises(KeyboardInterrupt) as caught:
            client.timeseries("plays", last="1h")
        assert time.monotonic() - began < Timeouts().read / 2
        (query,) = proxy.queries()
        query_id = json.loads(query.body)["context"]["queryId"]
        assert proxy.cancelled() == [f"/druid/v2/{query_id}"]
        assert "was told to end it" in caught.value.__notes__[0]


def test_when_an_export_is_left_before_its_end(proxy: FaultProxy) -> None:
    with Transport(proxy.url) as transport:
        pieces = transport.stream("POST", "/druid/v2/sql", sql_query("csv"))
        assert next(pieces).startswith(b"title-000000")
        pieces.close()  # type: ignore[attr-defined]
        assert proxy.cancelled() == [f"/druid/v2/sql/{QUERY_ID}"]
        assert b"".join(transport.stream("POST", "/druid/v2/sql", sql_query("csv")))
    assert len(proxy.cancelled()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(instead(500, {"error": "x"})),
        Fault(instead(400, {"error": "x"})),
        Fault(cut=0, ending="reset"),
        Fault(cut=150, ending="close"),
        Fault(),
    ],
    ids=["500", "400", "reset", "cut", "answered"],
)
def test_a_query_that_has_ended_is_left_alone(proxy: FaultProxy, fault: Fault) -> None:
    with Transport(proxy.url) as transport:
        proxy.faults.append(fault)
        if fault == Fault():
            transport.request_json("POST", "/druid/v2", NATIVE_QUERY)
        else:
            with pytest.raises(frontrow.TransportError):
                transport.request_json("POST", "/druid/v2", NATIVE_QUERY)
    assert proxy.cancelled() == []


@pytest.mark.parametrize("answer", [reply(b"", 404), CLOSE, Reply(())], ids=["unknown", "closed", "hangs"])
def test_a_druid_that_does_not_take_it(answer: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontrow._http.transport._CANCEL_S", 0.3)

    def respond(request: Request) -> Reply:
        return answer if request.method == "DELETE" else Reply(())

    with (
        loopback(respond) as server,
        Transport(server.url, timeouts=SOON) as transport,
        pytest.raises(frontrow.TimedOutError) as caught,
    ):
        transport.request_json("POST", "/druid/v2", NATIVE_QUERY)
    assert "could not be told" in caught.value.__notes__[0]


def test_no_connection_means_no_query() -> None:
    # A full queue of connections that nobody takes: the next one is not answered.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        try:
            timeouts = Timeouts(connect=0.2, total=120)
            with Transport(f"http://127.0.0.1:{address[1]}", timeouts=timeouts) as transport:
                began = time.monotonic()
                with pytest.raises(frontrow.TimedOutError, match=r"no connection .* within 0\.2 s") as caught:
                    transport.request_json("POST", "/druid/v2", NATIVE_QUERY)
                assert time.monotonic() - began < 60
                assert not hasattr(caught.value, "__notes__")
        finally:
            for each in waiting:
                each.close()


class TestContext:
    """Of each query, from the client, the call and the query itself."""

    def test_is_sent_with_each_query(self) -> None:
        with loopback(lambda _: json_reply([])) as druid:
            with a_client(druid.url, context={"priority": -1, "lane": "reports"}) as client:
                client.timeseries("plays", last="1h", context={"priority": 5, "skipEmptyBuckets": False})
                client.top_n("cdn", "plays", last="1h")
                client.ledger(last="1h", context={"useCache": False})
                client.native({"queryType": "scan", "context": {"priority": 9}}, context={"priority": 3, "lane": "x"})
            contexts = [body["context"] for body in druid.bodies]
        assert [context["priority"] for context in contexts] == [5, 5, *[-1] * (len(contexts) - 3), 9]
        assert [context["lane"] for context in contexts] == ["reports"] * (len(contexts) - 1) + ["x"]
        # What an answer is read by is the client's own.
        assert contexts[1]["skipEmptyBuckets"] is True
        assert [context.get("useCache") for context in contexts[4:8]] == [False] * 4

    def test_may_name_the_query_and_its_time(self) -> None:
        with loopback(lambda _: json_reply([])) as druid, a_client(druid.url, freshness=False) as client:
            result = client.timeseries("plays", last="1h", context={"queryId": "mine", "timeout": 500})
        assert result.query_id == "mine"
        assert druid.bodies[0]["context"]["timeout"] == 500

    def test_time_inside_druid_is_what_is_left(self) -> None:
        timeouts = Timeouts(total=50, query=3600)
        with (
            loopback(lambda _: json_reply([])) as druid,
            a_client(druid.url, freshness=False, timeouts=timeouts) as client,
        ):
            client.timeseries("plays", last="1h")
        assert 20_000 < druid.bodies[0]["context"]["timeout"] <= 50_000

    def test_the_queries_of_a_question_share_the_total_timeout(self) -> None:
        slow = Reply((b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[", b"]"), pause=0.2)
        with (
            loopback(lambda _: slow) as druid,
            a_client(druid.url, timeouts=Timeouts(total=0.9)) as client,
            pytest.raises(frontrow.TimedOutError),
        ):
            client.ledger(last="1h")
        sent = [request.json for request in druid.requests if request.method == "POST"]
        for earlier, body in enumerate(sent):
            assert body["context"]["timeout"] <= max(1, 900 - 200 * earlier)

    @pytest.mark.parametrize("context", [5, ["lane"], {1: 2}])
    def test_that_is_none(self, context: object) -> None:
        with pytest.raises(frontrow.AskError, match="context"):
            Client(context=context)  # type: ignore[arg-type]
