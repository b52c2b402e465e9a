"""Questions to a client: names, choice of datasource, empty buckets, top lists, and what an answer carries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydruid.utils.aggregators import count, doublesum, longsum

import frontrow
from frontrow import AskError, Client
from support.clients import a_client
from support.loopback import Loopback, Reply, Request, json_reply, loopback

HALF_HOUR = "2026-11-23T20:00/2026-11-23T20:03"
AT = datetime(2026, 11, 23, 20, tzinfo=UTC)

Answer = Callable[[dict[str, Any]], Any]


@contextmanager
def asking(answer: Answer, **options: Any) -> Iterator[tuple[Client, Loopback]]:
    """A client of a Druid that answers queries by ``answer`` and has no events to tell the freshness of."""

    def respond(request: Request) -> Reply:
        query = request.json
        return json_reply([] if query["queryType"] == "dataSourceMetadata" else answer(query))

    with loopback(respond) as server, a_client(server.url, **{"freshness": False, **options}) as client:
        yield client, server


def bucket(minute: int, **values: Any) -> dict[str, Any]:
    return {"timestamp": f"2026-11-23T20:{minute:02d}:00.000Z", "result": values}


def top(rows: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"timestamp": "2026-11-23T20:00:00.000Z", "result": rows}] if rows else []


class TestNames:
    @pytest.mark.parametrize(
        ("metrics", "near"),
        [("rebufer_ratio", "rebuffer_ratio"), (["plays", "unique_viewer"], "unique_viewers"), ("xyz", "there are")],
    )
    def test_an_unknown_metric_answers_with_the_near_ones(self, metrics: Any, near: str) -> None:
        with asking(lambda _: []) as (client, server), pytest.raises(AskError, match=near):
            client.timeseries(metrics, last="1h")
        assert server.requests == []

    def test_an_unknown_dimension_answers_with_the_near_ones(self) -> None:
        with asking(lambda _: []) as (client, server):
            with pytest.raises(AskError, match="content_id"):
                client.top_n("content", "plays", last="1h")
            with pytest.raises(AskError, match="country"):
                client.timeseries("plays", last="1h", where={"contry": "DE"})
        assert server.requests == []

    @pytest.mark.parametrize("metrics", [[], (), 5, [5], [None], [["plays"]]])
    def test_what_is_no_name(self, metrics: Any) -> None:
        with asking(lambda _: []) as (client, _), pytest.raises(AskError):
            client.timeseries(metrics, last="1h")

    @pytest.mark.parametrize("dimension", [None, 5, ["cdn"]])
    def test_what_is_no_dimension(self, dimension: Any) -> None:
        with asking(lambda _: []) as (client, _), pytest.raises(AskError):
            client.top_n(dimension, "plays", last="1h")


class TestDatasource:
    @pytest.mark.parametrize(
        ("metrics", "where", "datasource"),
        [
            ("plays", None, "audience"),
            ("plays", {"cdn": "a"}, "quality"),
            (["plays", "rebuffer_ratio"], None, "quality"),
            ("reach", {"segments": "a"}, "audience"),
        ],
    )
    def test_is_chosen_by_what_is_asked(self, metrics: Any, where: Any, datasource: str) -> None:
        with asking(lambda _: []) as (client, server):
            client.timeseries(metrics, interval=HALF_HOUR, where=where)
        assert server.bodies[-1]["dataSource"] == datasource

    def test_may_have_another_name(self) -> None:
        with asking(lambda _: [], datasources={"quality": "quality_2"}) as (client, server):
            client.top_n("cdn", "plays", interval=HALF_HOUR)
            client.timeseries("plays", interval=HALF_HOUR, spec="quality")
        assert [body["dataSource"] for body in server.bodies] == ["quality_2", "quality_2"]

    def test_none_can_answer_all(self) -> None:
        with asking(lambda _: []) as (client, server), pytest.raises(AskError) as caught:
            client.top_n("content_id", "rebuffer_ratio", interval=HALF_HOUR)
        assert "quality lacks content_id" in str(caught.value)
        assert server.requests == []

    def test_unknown(self) -> None:
        with asking(lambda _: []) as (client, _), pytest.raises(AskError, match="quality"):
            client.timeseries("plays", interval=HALF_HOUR, spec="qualty")


class TestTimeseries:
    def test_empty_buckets_are_there(self) -> None:
        with asking(lambda _: [bucket(1, plays=5, play_ms=60_000, attempts=0, start_failures=0)]) as (client, _):
            result = client.timeseries(["plays", "concurrent_viewers", "start_failure_rate"], interval=HALF_HOUR)
        assert [tuple(row.values()) for row in result] == [
            (AT, 0, 0.0, None),
            (AT + timedelta(minutes=1), 5, 1.0, None),
            (AT + timedelta(minutes=2), 0, 0.0, None),
        ]
        assert dict(result.types) == {
            "time": "time",
            "plays": "integer",
            "concurrent_viewers": "number",
            "start_failure_rate": "number",
        }
        assert result.units["concurrent_viewers"] == "viewers"

    def test_all_is_one_bucket_even_of_nothing(self) -> None:
        with asking(lambda _: []) as (client, _):
            result = client.timeseries(["plays", "startup_time_p50"], interval=HALF_HOUR, granularity="all")
        assert [tuple(row.values()) for row in result] == [(AT, 0, None)]

    def test_the_interval_answered_is_whole_minutes(self) -> None:
        with asking(lambda _: []) as (client, _):
            result = client.timeseries("plays", interval="2026-11-23T20:00:20/2026-11-23T20:00:40")
        assert str(result.interval) == "2026-11-23T20:00:00.000Z/2026-11-23T20:01:00.000Z"

    def test_a_month_is_as_long_as_it_is(self) -> None:
        answer = [
            {"timestamp": f"2026-0{month}-01T00:00:00.000Z", "result": {"play_ms": 86_400_000}} for month in (1, 2)
        ]
        with asking(lambda _: answer) as (client, _):
            result = client.timeseries("concurrent_viewers", interval="2026-01-01/2026-02-15", granularity="1mo")
        assert result.columns["concurrent_viewers"] == (1 / 31, 1 / 14)

    def test_buckets_of_another_calendar_are_taken_as_they_are(self) -> None:
        # Druid's days in a zone whose midnight was once skipped.
        answer = [{"timestamp": "2026-11-23T01:00:00.000Z", "result": {"plays": 5}}]
        with asking(lambda _: answer) as (client, _):
            result = client.timeseries("plays", interval="2026-11-23/2026-11-25", granularity="1d")
        assert [tuple(row.values()) for row in result] == [(datetime(2026, 11, 23, 1, tzinfo=UTC), 5)]

    def test_finer_than_the_rows_is_refused(self) -> None:
        with asking(lambda _: [], freshness=True) as (client, server), pytest.raises(AskError, match="whole minutes"):
            client.timeseries("plays", interval=HALF_HOUR, granularity="5s")
        assert server.requests == []

    def test_a_peak_of_too_many_minutes_is_refused(self) -> None:
        with asking(lambda _: [], freshness=True) as (client, server), pytest.raises(AskError, match="buckets"):
            client.timeseries(
                "peak_concurrent_viewers", interval="2020-01-01/2026-01-01", granularity="1y", allow_large=True
            )
        assert server.requests == []

    def test_a_peak_where_nothing_was_is_null(self) -> None:
        minutes = [bucket(0, play_ms=60_000), bucket(1, play_ms=180_000)]
        with asking(lambda _: minutes) as (client, _):
            result = client.timeseries(
                "peak_concurrent_viewers", interval="2026-11-23T20:00/2026-11-23T20:10", granularity="5m"
            )
        assert result.columns["peak_concurrent_viewers"] == (3.0, None)


class TestOwnAggregations:
    def test_stand_beside_the_metrics(self) -> None:
        answer = [bucket(0, plays=5, total=7.5, rows=2)]
        with asking(lambda _: answer) as (client, server):
            result = client.timeseries(
                "plays",
                interval=HALF_HOUR,
                granularity="all",
                aggregations={"total": doublesum("play_ms"), "rows": count("rows")},
            )
        assert [dict(row) for row in result] == [{"time": AT, "plays": 5, "total": 7.5, "rows": 2}]
        assert (result.types["total"], result.types["rows"]) == ("number", "integer")
        assert {each["name"] for each in server.bodies[0]["aggregations"]} == {"plays", "total", "rows"}
        assert "own aggregations" in result.exactness

    def test_stand_alone_if_the_spec_is_named(self) -> None:
        with asking(lambda _: [bucket(0, total=7)]) as (client, _):
            own = {"total": longsum("play_ms")}
            result = client.timeseries([], interval=HALF_HOUR, granularity="all", spec="audience", aggregations=own)
            assert result.columns["total"] == (7,)
            with pytest.raises(AskError, match="spec"):
                client.timeseries([], interval=HALF_HOUR, aggregations=own)
            with pytest.raises(AskError, match="rank"):
                client.top_n("country", [], interval=HALF_HOUR, spec="audience", aggregations=own)

    @pytest.mark.parametrize(
        "wrong",
        [{"x": 5}, {"x": {"fieldName": "y"}}, {5: {"type": "count"}}, [{"type": "count"}], {"plays": count("")}],
    )
    def test_refused(self, wrong: Any) -> None:
        with asking(lambda _: []) as (client, server), pytest.raises(AskError, match="aggregation"):
            client.timeseries("plays", interval=HALF_HOUR, aggregations=wrong)
        assert server.requests == []


class TestTopN:
    def test_the_best_first_and_null_last(self) -> None:
        rows = [
            {"cdn": "a", "rebuffer_ms": 1, "play_ms": 9},
            {"cdn": None, "rebuffer_ms": 5, "play_ms": 5},
            {"cdn": "c", "rebuffer_ms": 0, "play_ms": 0},
            {"cdn": "b", "rebuffer_ms": 1, "play_ms": 9},
        ]
        with asking(lambda _: top(rows)) as (client, _):
            result = client.top_n("cdn", "rebuffer_ratio", interval=HALF_HOUR)
        assert [tuple(row.values()) for row in result] == [(None, 0.5), ("a", 0.1), ("b", 0.1), ("c", None)]
        assert result.exactness == "exact; top list exact"

    def test_no_more_than_asked(self) -> None:
        rows = [{"cdn": f"cdn-{number}", "plays": 100 - number} for number in range(50)]
        with asking(lambda _: top(rows)) as (client, _):
            result = client.top_n("cdn", "plays", n=3, interval=HALF_HOUR)
        assert result.columns["plays"] == (100, 99, 98)

    def test_many_values_are_asked_again(self) -> None:
        def answer(query: dict[str, Any]) -> Any:
            again = "filter" in query
            rows = [{"isp": f"isp-{number:04d}", "plays": 5_000 - number + again} for number in range(2_000)]
            if again:
                asked = query["filter"]["values"]
                rows = [row for row in rows if row["isp"] in asked]
            return top(rows[: query["threshold"]])  # type: ignore[arg-type]

        with asking(answer) as (client, server):
            result = client.top_n("isp", "plays", n=2, interval=HALF_HOUR)
        assert [tuple(row.values()) for row in result] == [("isp-0000", 5_001), ("isp-0001", 5_000)]
        assert server.bodies[1]["filter"] == {"type": "in", "dimension": "isp", "values": ["isp-0000", "isp-0001"]}
        assert "re-queried" in result.exactness
        assert "approximate" in result.exactness

    def test_nothing_keeps_its_columns(self) -> None:
        with asking(lambda _: []) as (client, _):
            for metric in ("plays", "peak_concurrent_viewers"):
                result = client.top_n("content_id", [metric, "tune_in"], interval=HALF_HOUR)
                assert len(result) == 0
                assert list(result.columns) == ["content_id", metric, "tune_in"]

    @pytest.mark.parametrize("n", [0, -1, 10_001, 2.5, "3", None])
    def test_how_many(self, n: Any) -> None:
        with asking(lambda _: [], freshness=True) as (client, server), pytest.raises(AskError, match="n="):
            client.top_n("cdn", "plays", n=n, interval=HALF_HOUR)
        assert server.requests == []


class TestFreshness:
    def test_is_asked_before_the_question(self) -> None:
        newest = "2026-11-23T20:02:03.456Z"

        def respond(request: Request) -> Reply:
            metadata = [{"timestamp": newest, "result": {"maxIngestedEventTime": newest}}]
            return json_reply(metadata if request.json["queryType"] == "dataSourceMetadata" else [])

        with loopback(respond) as server, a_client(server.url, datasources={"quality": "q2"}) as client:
            result = client.top_n("cdn", "plays", interval=HALF_HOUR)
        assert [body["queryType"] for body in server.bodies] == ["dataSourceMetadata", "topN"]
        assert [body["dataSource"] for body in server.bodies] == ["q2", "q2"]
        assert result.freshness is not None
        assert result.freshness.newest == AT.replace(minute=2, second=3, microsecond=456_000)
        assert len(result.queries) == 1

    def test_of_nothing(self) -> None:
        with asking(lambda _: [], freshness=True) as (client, _):
            assert client.freshness("audience") is None
            assert client.timeseries("plays", interval=HALF_HOUR).freshness is None

    def test_of_a_task_that_has_read_no_event_yet(self) -> None:
        first = "-146136543-09-08T08:23:32.096Z"  # as Druid 33 tells it
        with asking(lambda _: [{"timestamp": first, "result": {"maxIngestedEventTime": first}}]) as (client, _):
            assert client.freshness("audience") is None

    def test_may_be_left_out(self) -> None:
        with asking(lambda _: []) as (client, server):
            assert client.timeseries("plays", interval=HALF_HOUR).freshness is None
        assert [body["queryType"] for body in server.bodies] == ["timeseries"]


def test_what_is_approximate_is_said() -> None:
    with asking(lambda _: []) as (client, _):
        said = client.timeseries(["unique_viewers", "startup_time_p95", "plays"], interval=HALF_HOUR).exactness
        assert said.startswith("approximate: distinct counts ±3.3 %")
        assert "quantiles within 1 % of rank" in said
        assert "reach ±1.6 %" in client.timeseries("reach", interval=HALF_HOUR).exactness


def test_druids_refusal_comes_through() -> None:
    def respond(_: Request) -> Reply:
        return json_reply({"error": "Unknown exception", "errorMessage": "no such column"}, 500)

    with (
        loopback(respond) as server,
        a_client(server.url) as client,
        pytest.raises(frontrow.ServerError, match="column"),
    ):
        client.timeseries("plays", interval=HALF_HOUR)


def test_timeouts_of_a_client_reach_druid() -> None:
    with asking(lambda _: [], timeouts=frontrow.Timeouts(query=2.5)) as (client, server):
        client.timeseries("plays", interval=HALF_HOUR)
    assert server.bodies[0]["context"]["timeout"] == 2_500


def test_elapsed_and_query_id() -> None:
    with asking(lambda _: []) as (client, server):
        result = client.timeseries("plays", interval=HALF_HOUR)
    assert 0 < result.elapsed < 30
    assert result.query_id == server.bodies[0]["context"]["queryId"]
