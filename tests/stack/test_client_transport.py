"""The client's HTTP with the real Druid: what becomes of queries that nobody waits for, or that fail midway."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import frontrow
from frontrow import AsyncClient, Timeouts
from frontrow._http.transport import Transport
from frontrow_ingest.contract import ViewingEvent, encode
from frontrow_specs import rollup
from support.clients import a_client
from support.fault_proxy import Fault, FaultProxy, chunked, fault_proxy
from support.interrupts import ctrl_c
from support.query_command import run
from support.slow_queries import slow_native, slow_sql
from support.supervised_topic import supervised_topic
from support.terminal import terminal
from support.viewing_events import an_event
from support.waiting import until

pytestmark = pytest.mark.stack

FRONTROW = Path(sys.executable).parent / "frontrow"

AT = datetime(2026, 9, 21, 12, 30, tzinfo=UTC)
HOUR = "2026-09-21T12:00/2026-09-21T13:00"

# Druid itself would let these queries run for two minutes. Before two seconds it is surely at work on them: what it has
# not begun, it does not end when told.
AT_WORK_S = 2
IMPATIENT = Timeouts(read=AT_WORK_S, total=300, query=120)
PATIENT = Timeouts(read=300, total=300, query=120)
BY_ITSELF_S = 100.0


@pytest.fixture(scope="module")
def table(stack: Any, fresh_name: Callable[[str], str]) -> Iterator[str]:
    """A datasource of a few rows."""
    name = fresh_name("transport")
    with supervised_topic(stack.router_url, stack.bootstrap, name) as topic:
        events = [an_event(ts=int(AT.timestamp() * 1000), content_id=f"title-{number}") for number in range(100)]
        topic.send([encode(ViewingEvent(**event)) for event in events])
        topic.supervise(rollup("audience").supervisor(bootstrap=stack.bootstrap, topic=name, datasource=name))
        with a_client(stack.router_url, datasources={"audience": name}, freshness=False) as client:

            def counted() -> bool:
                return client.timeseries("events", interval=HOUR, granularity="all")[0]["events"] == len(events)

            topic.wait("the events", counted)
        # Brokers learn of a table for SQL a little later.
        with Transport(stack.router_url) as transport:

            def known() -> bool:
                listed = {"query": f"SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME = '{name}'"}  # noqa: S608
                return bool(transport.request_json("POST", "/druid/v2/sql", listed))

            topic.wait("the table in SQL", known)
            # Druid's first query of a kind takes it longest.
            for path, query in (("", slow_native(name, HOUR, timeout=200)), ("/sql", first_sql(name))):
                with pytest.raises(frontrow.DruidError):
                    transport.request_json("POST", f"/druid/v2{path}", query)
        try:
            yield name
        finally:
            topic.end(name)


def first_sql(table: str) -> dict[str, Any]:
    return slow_sql(table, "array", rows=False, timeout=1_000)


@pytest.fixture
def proxy(stack: Any) -> Iterator[FaultProxy]:
    with fault_proxy(stack.router_url) as proxy:
        yield proxy


def ended(proxy: FaultProxy) -> tuple[dict[str, Any], float]:
    """What Druid answered to the query, and the seconds that it was at work on it."""
    answer, took = proxy.answer_to("POST")
    return json.loads(answer.body), took


def test_ctrl_c_ends_the_query_in_druid(proxy: FaultProxy, table: str) -> None:
    with (
        a_client(proxy.url, timeouts=PATIENT) as client,
        ctrl_c(proxy, after_s=AT_WORK_S),
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        client.native(slow_native(table, HOUR))
    refusal, took = ended(proxy)
    assert (refusal["error"], refusal["category"]) == ("Query cancelled", "CANCELED")
    assert took < BY_ITSELF_S
    query_id = json.loads(proxy.queries()[0].body)["context"]["queryId"]
    assert proxy.cancelled() == [f"/druid/v2/{query_id}"]
    assert caught.value.__notes__ == [f"Query {query_id}: Druid was told to end it."]


def test_a_cancelled_task_ends_the_query_in_druid(proxy: FaultProxy, table: str) -> None:
    async def impatient() -> None:
        async with AsyncClient(proxy.url, timeouts=PATIENT) as client:
            asked = asyncio.ensure_future(client.native(slow_native(table, HOUR)))
            while not proxy.queries():
                await asyncio.sleep(0.01)
            await asyncio.wait([asked], timeout=AT_WORK_S)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked

    asyncio.run(impatient())
    refusal, took = ended(proxy)
    assert refusal["error"] == "Query cancelled"
    assert took < BY_ITSELF_S
    assert len(proxy.cancelled()) == 1


def test_a_read_timeout_ends_the_query_in_druid(proxy: FaultProxy, table: str) -> None:
    with a_client(proxy.url, timeouts=IMPATIENT) as client, pytest.raises(frontrow.TimedOutError):
        client.native(slow_native(table, HOUR))
    refusal, took = ended(proxy)
    assert refusal["error"] == "Query cancelled"
    assert took < BY_ITSELF_S


def test_sql_is_ended_too(proxy: FaultProxy, table: str) -> None:
    with Transport(proxy.url, timeouts=IMPATIENT) as transport, pytest.raises(frontrow.TimedOutError):
        transport.request_json("POST", "/druid/v2/sql", slow_sql(table, "array", rows=False, sqlQueryId="slow-sum"))
    refusal, took = ended(proxy)
    assert refusal["error"] == "Query cancelled"
    assert took < BY_ITSELF_S
    assert proxy.cancelled() == ["/druid/v2/sql/slow-sum"]


def test_druid_gets_the_time_that_is_left_and_keeps_to_it(proxy: FaultProxy, table: str) -> None:
    timeouts = Timeouts(read=300, total=300, query=1.5)
    with a_client(proxy.url, timeouts=timeouts) as client, pytest.raises(frontrow.QueryTimedOutError):
        client.native(slow_native(table, HOUR))
    refusal, took = ended(proxy)
    assert refusal["error"] == "Query timeout"
    given = json.loads(proxy.queries()[0].body)["context"]["timeout"]
    assert 0 < given <= 1_500
    assert given / 1_000 <= took < BY_ITSELF_S
    assert proxy.cancelled() == []


@pytest.mark.parametrize("form", ["array", "arrayLines", "csv"])
def test_an_export_that_fails_midway_is_not_taken_for_whole(stack: Any, table: str, form: str) -> None:
    # Over HTTP this answer of Druid ends like any other.
    with Transport(stack.broker_url) as transport:
        pieces, first = begun(transport, table, form)
        assert first
        with pytest.raises(frontrow.BrokenAnswerError, match="fails while"):
            deque(pieces, maxlen=0)


def begun(transport: Transport, table: str, form: str) -> tuple[Iterator[bytes], bytes]:
    """An endless answer that Druid has begun, and its first piece; Druid ends it when its time is up.

    A busy Druid gets more time: it must not be up before the answer begins.
    """
    for seconds in (1, 5, 25, 125):
        query = slow_sql(table, form, rows=True, sqlQueryId=f"export-{form}-{seconds}", timeout=seconds * 1_000)
        pieces = transport.stream("POST", "/druid/v2/sql", query, limited=False)
        try:
            return pieces, next(pieces)
        except frontrow.QueryTimedOutError:
            continue
    raise AssertionError("Druid has not begun to answer after 125 s")


def test_whole_answers_in_every_form(stack: Any) -> None:
    for url, gzip in ((stack.router_url, False), (stack.router_url, True), (stack.broker_url, True)):
        with Transport(url, gzip=gzip) as transport:
            for form in ("object", "array", "objectLines", "arrayLines", "csv"):
                for row in ("a", "none"):
                    sql = f"SELECT x, x || 'b' AS y FROM (VALUES ('a'), ('c')) t(x) WHERE x = '{row}'"  # noqa: S608
                    query = {"query": sql, "resultFormat": form}
                    body = b"".join(transport.stream("POST", "/druid/v2/sql", query))
                    assert (b"ab" in body) == (row == "a")
            nothing = {"queryType": "dataSourceMetadata", "dataSource": "no_such_datasource"}
            assert transport.request_json("POST", "/druid/v2", nothing) == []


def test_a_real_answer_cut_anywhere_is_refused(proxy: FaultProxy) -> None:
    query = {"query": "SELECT x, x || x AS y FROM (VALUES ('a'), ('b'), ('c')) t(x)", "resultFormat": "arrayLines"}
    with Transport(proxy.url) as transport:
        whole = b"".join(transport.stream("POST", "/druid/v2/sql", query))
        for left_out in range(5, 60, 5):
            proxy.faults.append(Fault(chunked, cut=-left_out, ending="close"))
            with pytest.raises(frontrow.BrokenAnswerError):
                list(transport.stream("POST", "/druid/v2/sql", query))
        assert b"".join(transport.stream("POST", "/druid/v2/sql", query)) == whole


def test_a_context_goes_to_druid(proxy: FaultProxy) -> None:
    with a_client(proxy.url, context={"priority": -1}) as client:
        client.timeseries("plays", last="5m", spec="audience", context={"useCache": False})
    sent = [json.loads(request.body)["context"] for request in proxy.queries()]
    assert [(context["priority"], context["useCache"]) for context in sent] == [(-1, False)] * 2


class TestCommandLine:
    def test_ctrl_c_in_a_watched_round_ends_the_query_in_druid(
        self, proxy: FaultProxy, table: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "slow.json"
        file.write_text(json.dumps(slow_native(table, HOUR)))
        command = [FRONTROW, "query", "native", file, "--watch=60", "--url", proxy.url]
        with terminal(command) as shown:
            until("the query", proxy.queries)
            time.sleep(AT_WORK_S)
            shown.press("\x03")
            assert shown.ended() == 130
        refusal, _ = ended(proxy)
        assert (refusal["error"], refusal["category"]) == ("Query cancelled", "CANCELED")
        query_id = json.loads(proxy.queries()[0].body)["context"]["queryId"]
        assert proxy.cancelled() == [f"/druid/v2/{query_id}"]

    def test_sql_with_parameters_to_standard_output_and_to_files(
        self, stack: Any, table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sql = f'SELECT content_id, SUM("count") AS "events", MAX(__time) AS newest FROM "{table}" '  # noqa: S608
        asked = [
            "sql",
            f"{sql} WHERE country = ? AND __time >= ? GROUP BY 1 ORDER BY 1 LIMIT 3",
            "--url",
            stack.router_url,
        ]
        asked += ["--param", "DE", "--param", "time:2026-09-21T12:00Z"]
        expected = [{"content_id": f"title-{number}", "events": 1, "newest": AT} for number in (0, 1, 10)]
        assert run(*asked, "--json") == 0
        found = json.loads(capsys.readouterr().out)["rows"]
        assert [{**row, "newest": datetime.fromisoformat(row["newest"])} for row in found] == expected
        for option in ("--parquet", "--output"):
            path = tmp_path / f"{option[2:]}.parquet"
            assert run(*asked, option, str(path)) == 0
            assert pq.read_table(path).to_pylist() == expected
