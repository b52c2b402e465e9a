"""What every answer carries by default: completeness, which never fails a question, and marks of settled buckets."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import frontrow
from frontrow import Client, Result, Timeouts
from frontrow_ingest.testing import MemoryDruid
from support.clients import a_client
from support.fault_proxy import Fault, fault_proxy
from support.loopback import CLOSE, Reply, Request, json_reply, loopback, reply
from support.viewing_events import an_event

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TEN_MINUTES = "2026-03-01T12:00/2026-03-01T12:10"


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def world(*, sent: int = 400, counted: int = 399) -> MemoryDruid:
    """Events of many viewers in the second minute, of which a ledger tells."""
    druid = MemoryDruid()
    druid.apply("audience", "quality", "live", "retention", "ledger")
    times = {"ts": _ms(NOON + MINUTE), "emitted_ts": _ms(NOON)}
    druid.send("ledger", [{**times, "producer": "p", "run": "r", "schema_id": 1, "sent": sent}])
    druid.send(
        "events",
        [
            an_event(ts=_ms(NOON + MINUTE) + number, viewer_id=f"v{number:021d}", session_id=f"s{number}",
                     content_length_ms=7_200_000)
            for number in range(counted)
        ],
    )  # fmt: skip
    return druid


class TestCompleteness:
    @pytest.mark.parametrize(
        "ask",
        [
            lambda client: client.timeseries("plays", interval=TEN_MINUTES),
            lambda client: client.timeseries("plays", interval=TEN_MINUTES, where={"country": "FR"}),
            lambda client: client.timeseries("rebuffer_ratio", interval=TEN_MINUTES),
            lambda client: client.timeseries("plays", interval=TEN_MINUTES, spec="live"),
            lambda client: client.top_n("country", "plays", interval=TEN_MINUTES),
            lambda client: client.retention("title-17", interval=TEN_MINUTES),
        ],
    )
    def test_is_in_every_answer(self, ask: Callable[[Client], Result]) -> None:
        result = ask(Client(transport=world()))
        assert (result.completeness.share, result.completeness.missing) == (0.9975, 1)
        by = " by the hour" if result.completeness.by == "hour" else ""
        assert f"99.75 % complete{by} (1 missing)" in str(result)

    def test_is_unknown_where_it_was_not_asked(self) -> None:
        result = Client(transport=world(), completeness=False).timeseries("plays", interval=TEN_MINUTES)
        assert str(result.completeness) == "completeness unknown: not asked"

    def test_is_not_among_the_queries_of_the_question(self) -> None:
        result = Client(transport=world()).timeseries("plays", interval=TEN_MINUTES)
        assert [query["dataSource"] for query in result.queries] == ["audience"]

    def test_charts_of_a_board_ask_it_once(self) -> None:
        with loopback(lambda _: json_reply([])) as druid, Client(druid.url, freshness=False) as client:
            with ThreadPoolExecutor(8) as threads:
                list(threads.map(lambda _: client.timeseries("plays", interval=TEN_MINUTES), range(20)))
            assert sum(body["dataSource"] == "ledger" for body in druid.bodies) == 1
            client.timeseries("plays", interval="2026-03-01T12:00/2026-03-01T12:11")
            assert sum(body["dataSource"] == "ledger" for body in druid.bodies) == 2


BROKEN: dict[str, tuple[Callable[[Request], Reply], str]] = {
    "refused": (lambda _: json_reply({"error": "Unknown exception", "errorMessage": "no column"}, 500), "ServerError"),
    "no answer of Druid's": (lambda _: reply(b"<html>", kind="text/html"), "BrokenAnswerError"),
    "closed": (lambda _: CLOSE, "BrokenAnswerError"),
    "of another form": (lambda _: json_reply([{"timestamp": 5}]), "TypeError"),
    "of no form": (lambda _: json_reply(["x"]), "TypeError"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_failing_ledger_does_not_fail_the_question(name: str) -> None:
    broken, said = BROKEN[name]

    def druid(request: Request) -> Reply:
        if request.json["dataSource"] == "ledger":
            return broken(request)
        return json_reply([{"timestamp": "2026-03-01T12:01:00.000Z", "result": {"plays": 70, "viewers_hll": 60.0}}])

    with loopback(druid) as server, Client(server.url, freshness=False, retries=0) as client:
        result = client.timeseries("plays", interval=TEN_MINUTES)
    assert result[1]["plays"] == 70
    assert result.completeness.share is None
    assert result.completeness.reason.startswith(said)
    assert f"completeness unknown: {said}" in str(result)


def test_a_ledger_that_hangs_holds_the_question_up_for_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontrow._session.COMPLETENESS_S", 0.2)

    def druid(request: Request) -> Reply:
        if request.method == "DELETE":  # the query that took too long
            return json_reply({})
        if request.json["dataSource"] == "ledger":
            return Reply((b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), pause=1.0)
        return json_reply([])

    with loopback(druid) as server, Client(server.url, freshness=False) as client:
        began = time.monotonic()
        result = client.timeseries("plays", interval=TEN_MINUTES)
    assert len(result) == 10
    assert result.completeness.reason.startswith("TimedOutError")
    assert time.monotonic() - began < 5


class TestSettled:
    @pytest.fixture
    def client(self) -> Client:
        """Minutes 0 to 3 have events, the newest ten seconds into minute 3."""
        druid = MemoryDruid()
        druid.apply("audience", "quality", "live")
        druid.send("events", [an_event(ts=_ms(NOON) + second * 1000) for second in (5, 65, 125, 190)])
        return a_client(transport=druid)

    def test_marks_what_is_not_over(self, client: Client) -> None:
        result = client.timeseries("events", interval=(NOON, NOON + 5 * MINUTE))
        assert result.settled == (True, True, True, False, False)
        lines = str(result).splitlines()
        assert [" ~" in line for line in lines[2:7]] == [False, False, False, True, True]
        assert "~ bucket not complete yet" in lines[-1]

    def test_cuts_it_on_demand(self, client: Client) -> None:
        result = client.timeseries("events", interval=(NOON, NOON + 5 * MINUTE), settled=True)
        assert result.columns["events"] == (1, 1, 1)
        assert str(result.interval) == "2026-03-01T12:00:00.000Z/2026-03-01T12:03:00.000Z"
        assert result.settled == (True,) * 3
        fluent = frontrow.timeseries("events").during((NOON, NOON + 5 * MINUTE)).only_settled()
        assert client.ask(fluent) == result

    def test_a_first_bucket_that_is_cut_is_not_whole(self, client: Client) -> None:
        asked: dict[str, Any] = {"interval": (NOON + MINUTE, NOON + 4 * MINUTE), "granularity": "2m"}
        assert client.timeseries("events", **asked).settled == (False, False)
        result = client.timeseries("events", settled=True, **asked)
        assert (len(result), result.interval) == (0, frontrow.Interval(NOON + MINUTE, NOON + MINUTE))
        assert list(result.columns) == ["time", "events"]

    def test_it_looks_at_freshness_where_the_client_does_not(self, client: Client) -> None:
        del client
        druid = MemoryDruid()
        druid.apply("audience")
        druid.send("events", [an_event(ts=_ms(NOON) + 65_000)])
        blind = a_client(transport=druid, freshness=False)
        interval = (NOON, NOON + 3 * MINUTE)
        assert blind.timeseries("events", interval=interval).settled == (True,) * 3
        assert blind.timeseries("events", interval=interval, settled=True).columns["events"] == (0,)

    def test_one_bucket_of_all(self, client: Client) -> None:
        asked: dict[str, Any] = {"granularity": "all"}
        for metric in ("events", "peak_concurrent_viewers"):
            over, running = (
                client.timeseries(metric, interval=(NOON, NOON + minutes * MINUTE), **asked) for minutes in (3, 5)
            )
            assert (over.settled, running.settled) == ((True,), (False,))

    def test_the_zone_of_the_question(self, client: Client) -> None:
        result = client.timeseries("events", interval=(NOON, NOON + MINUTE), time_zone="Europe/Berlin")
        assert result.time_zone == "Europe/Berlin"
        assert "2026-03-01 13:00:00+01:00" in str(result)


def test_a_druid_that_is_away_is_told_at_once() -> None:
    """By freshness, which goes before completeness; and by the question itself where that is not asked."""
    for options in ({}, {"freshness": False}):
        with (
            Client("http://127.0.0.1:1", retries=0, timeouts=Timeouts(connect=1), **options) as client,  # type: ignore[arg-type]
            pytest.raises(frontrow.UnreachableError),
        ):
            client.timeseries("plays", last="1h")


@pytest.mark.parametrize("ending", ["reset", "close"])
def test_a_connection_that_breaks_during_completeness(ending: Any) -> None:
    """The first answer, which is the ledger's, breaks off; the question is answered."""
    with (
        loopback(lambda _: json_reply([])) as druid,
        fault_proxy(druid.url) as proxy,
        Client(proxy.url, freshness=False, retries=0) as client,
    ):
        proxy.faults.append(Fault(cut=10, ending=ending))
        result = client.timeseries("plays", interval=TEN_MINUTES)
    assert result.completeness.share is None
    assert len(result) == 10
