"""One suite for both clients: the same questions, the same answers, the same errors; and what only asyncio has."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest

import frontrow
from frontrow import AsyncClient, Client
from support.clients import BARE
from support.fault_proxy import Fault, FaultProxy, fault_proxy, instead
from support.loopback import Reply, Request, json_reply, loopback, reply
from support.recorded import NATIVE_QUERY, recorded_druid
from support.waiting import until

HOUR = "2026-11-23T20:00/2026-11-23T20:03"
BEFORE = "2026-11-16T19:31/2026-11-16T19:34"
HANGS = Fault(cut=0, ending="stall")

# Makes a client with these options, calls this with it, gives what that gives, and closes the client.
Asks: TypeAlias = Callable[..., Any]


def blocking(call: Callable[[Any], Any], *arguments: Any, **options: Any) -> Any:
    with Client(*arguments, **{**BARE, **options}) as client:
        return call(client)


def asynchronous(call: Callable[[Any], Any], *arguments: Any, **options: Any) -> Any:
    async def asked() -> Any:
        async with AsyncClient(*arguments, **{**BARE, **options}) as client:
            answer = call(client)
            assert inspect.isawaitable(answer)
            return await answer

    return asyncio.run(asked())


@pytest.fixture(params=[blocking, asynchronous], ids=["Client", "AsyncClient"])
def asks(request: pytest.FixtureRequest) -> Asks:
    found: Asks = request.param
    return found


def druid(request: Request) -> Reply:
    query = request.json
    if "queryType" not in query:
        lines = b'["plays"]\n["LONG"]\n["BIGINT"]\n[7]\n\n'
        return reply(lines)
    if query["queryType"] == "dataSourceMetadata":
        newest = {"maxIngestedEventTime": "2026-11-23T20:59:58.123Z"}
        return json_reply([{"timestamp": "2026-11-23T20:59:58.123Z", "result": newest}])
    if query["queryType"] == "topN":
        rows = [{"cdn": "a", "plays": 3}]
        return json_reply([{"timestamp": "2026-11-23T20:00:00.000Z", "result": rows}])
    if query["queryType"] == "timeseries" and query["dataSource"] == "audience":
        return json_reply([{"timestamp": "2026-11-23T20:01:00.000Z", "result": {"plays": 7, "queryable": 7}}])
    return json_reply([])


QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "ask": lambda client: client.ask(frontrow.timeseries("plays").during(HOUR)),
    "timeseries": lambda client: client.timeseries("plays", interval=HOUR),
    "top_n": lambda client: client.top_n("cdn", "plays", interval=HOUR),
    "retention": lambda client: client.retention("title", interval=HOUR),
    "overlap": lambda client: client.overlap({"a": {"content_id": "a"}, "b": {"country": "DE"}}, interval=HOUR),
    "reach": lambda client: client.reach(interval=HOUR),
    "compare": lambda client: client.compare(frontrow.timeseries("plays", interval=HOUR), against=BEFORE),
    "sketches": lambda client: client.sketches("unique_viewers", by="country", interval=HOUR),
    "native": lambda client: client.native({"queryType": "timeBoundary", "dataSource": "audience"}),
    "sql": lambda client: client.sql("SELECT SUM(plays) AS plays FROM audience"),
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_answers(asks: Asks, kind: str) -> None:
    with loopback(druid) as server:
        answer = asks(QUESTIONS[kind], server.url)
        expected = blocking(QUESTIONS[kind], server.url)
    assert isinstance(answer, frontrow.Result)
    assert answer == expected
    assert answer.freshness == expected.freshness or kind not in ("native", "sql")


def test_the_others(asks: Asks, tmp_path: Any) -> None:
    with loopback(druid) as server:
        assert asks(lambda client: client.freshness(), server.url).newest.isoformat() == (
            "2026-11-23T20:59:58.123000+00:00"
        )
        assert asks(lambda client: client.ledger(interval=HOUR), server.url).totals["queryable"] == 7
        written = asks(lambda client: client.export("SELECT 7 AS plays", tmp_path / "x.csv"), server.url)
    assert written.rows == 1
    assert (tmp_path / "x.csv").read_text() == '"plays"\n7\n'


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda client: client.timeseries("plays", last="1h"), frontrow.BadQueryError),
        (lambda client: client.timeseries("playz", last="1h"), frontrow.AskError),
        (lambda client: client.timeseries("plays", last="9999d"), frontrow.AskError),
    ],
)
def test_errors(asks: Asks, call: Any, error: type[Exception]) -> None:
    with loopback(lambda _: json_reply({"error": "no"}, 400)) as server, pytest.raises(error):
        asks(call, server.url)


def test_options(asks: Asks) -> None:
    with loopback(lambda _: json_reply([])) as server:
        asks(
            lambda client: client.top_n("cdn", "plays", last="1h"),
            server.url,
            datasources={"audience": "a", "quality": "q"},
            context={"lane": "x"},
            freshness=False,
        )
    (body,) = server.bodies
    assert body["dataSource"] == "q"
    assert body["context"]["lane"] == "x"
    with pytest.raises(frontrow.AskError, match="a transport has its own"):
        asks(lambda client: client.freshness(), server.url, transport=object())


def test_a_closed_client_can_be_asked_for_its_name_and_metrics() -> None:
    for client in (Client("http://127.0.0.1:1"), AsyncClient("http://127.0.0.1:1")):
        assert repr(client) == f"frontrow.{type(client).__name__}('http://127.0.0.1:1')"
        assert "plays" in client.catalogue.metrics


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with recorded_druid() as recorded, fault_proxy(recorded.url) as proxy:
        yield proxy


class TestCancelling:
    """Only asyncio has it; Ctrl-C does the same to the other client."""

    def test_ends_the_query_in_druid(self, proxy: FaultProxy) -> None:
        proxy.faults.append(HANGS)

        async def cancelled() -> None:
            async with AsyncClient(proxy.url, **BARE) as client:
                asked = asyncio.create_task(client.native(NATIVE_QUERY))
                await asyncio.to_thread(until, "the query to arrive", lambda: bool(proxy.queries()))
                asked.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asked
                # By then, not some time later.
                assert proxy.cancelled() == [f"/druid/v2/{NATIVE_QUERY['context']['queryId']}"]

        asyncio.run(cancelled())

    def test_in_the_middle_of_an_answer(self, proxy: FaultProxy) -> None:
        proxy.faults.append(Fault(cut=150, ending="stall"))

        async def timed_out() -> None:
            async with AsyncClient(proxy.url, **BARE) as client:
                asked = asyncio.create_task(client.native(NATIVE_QUERY))
                await asyncio.to_thread(until, "an answer", lambda: proxy.answers)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await asked

        asyncio.run(timed_out())
        assert len(proxy.cancelled()) == 1

    def test_leaves_the_client_usable(self, proxy: FaultProxy) -> None:
        proxy.faults.append(HANGS)

        async def again() -> frontrow.Result:
            async with AsyncClient(proxy.url, **BARE) as client:
                asked = asyncio.create_task(client.native(NATIVE_QUERY))
                await asyncio.to_thread(until, "the query to arrive", lambda: bool(proxy.queries()))
                asked.cancel()
                await asyncio.wait([asked])
                return await client.native(NATIVE_QUERY)

        assert len(asyncio.run(again())) > 0

    def test_before_a_thread_is_free(self) -> None:
        """What waits its turn is never sent."""
        let_go = threading.Event()

        def slow(_: Request) -> Reply:
            let_go.wait(120)
            return json_reply([])

        async def crowded(url: str, count: Callable[[], int]) -> None:
            async with AsyncClient(url, **BARE, freshness=False) as client:
                first = [asyncio.create_task(client.timeseries("plays", last="1h")) for _ in range(8)]
                await asyncio.to_thread(until, "eight queries to arrive", lambda: count() == 8)
                ninth = asyncio.create_task(client.timeseries("plays", last="1h"))
                await asyncio.sleep(0)
                ninth.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await ninth
                let_go.set()
                await asyncio.gather(*first)

        with loopback(slow) as server:
            try:
                asyncio.run(crowded(server.url, lambda: len(server.requests)))
            finally:
                let_go.set()
        assert len(server.requests) == 8


def test_questions_at_once_do_not_wait_for_each_other() -> None:
    gate = threading.Barrier(5)

    def together(_: Request) -> Reply:
        gate.wait(60)  # all five, or BrokenBarrierError
        return json_reply([])

    async def gathered(url: str) -> list[frontrow.Result]:
        async with AsyncClient(url, **BARE, freshness=False) as client:
            return await asyncio.gather(*(client.timeseries("plays", last=f"{n + 1}h") for n in range(5)))

    with loopback(together) as server:
        assert len(asyncio.run(gathered(server.url))) == 5


def test_the_event_loop_goes_on(proxy: FaultProxy) -> None:
    proxy.faults.append(HANGS)

    async def ticks() -> None:
        async with AsyncClient(proxy.url, **BARE) as client:
            asked = asyncio.create_task(client.native(NATIVE_QUERY))
            while not proxy.answers:
                await asyncio.sleep(0.01)
            # The query hangs from here on, and nothing else does.
            for _ in range(20):
                await asyncio.sleep(0.01)
            assert not asked.done()
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked

    asyncio.run(ticks())


def test_retries_end_with_a_cancel() -> None:
    with loopback(lambda _: json_reply({"error": "busy"}, 429)) as server:

        async def impatient() -> None:
            async with AsyncClient(server.url, **BARE, freshness=False, retries=frontrow.Retries(50)) as client:
                async with asyncio.timeout(0.2):
                    await client.timeseries("plays", last="1h")

        began = time.monotonic()
        with pytest.raises(TimeoutError):
            asyncio.run(impatient())
        assert time.monotonic() - began < 60  # all fifty would take minutes


def test_what_hangs_is_refused_by_its_status(proxy: FaultProxy) -> None:
    proxy.faults.append(Fault(instead(500, {"error": "x"})))
    with pytest.raises(frontrow.ServerError):
        asynchronous(lambda client: client.native(NATIVE_QUERY), proxy.url, retries=0)
