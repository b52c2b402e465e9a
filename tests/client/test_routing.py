"""Which datasource a question goes to: the cheapest that can answer, and live only for what is fine and recent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from frontrow import AskError, Client, Interval, Result
from frontrow._asking.routing import Question
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import catalogue, rollup
from support.clients import a_client

NOW = datetime.now(UTC)
HOUR_AGO = (NOW - timedelta(hours=1), NOW)
DAYS_AGO = (NOW - timedelta(days=3), NOW - timedelta(days=3) + timedelta(hours=1))


@pytest.fixture(scope="module")
def client() -> Client:
    return a_client(transport=MemoryDruid(), freshness=False)


def asked(result: Result) -> Any:
    return result.query["dataSource"]


@pytest.mark.parametrize(
    ("metrics", "how", "spec"),
    [
        (["plays", "concurrent_viewers"], {}, "audience"),
        (["plays"], {"granularity": "1h"}, "audience"),
        (["plays"], {"where": {"cdn": "aurora"}}, "quality"),
        (["plays", "rebuffer_ratio"], {}, "quality"),
        (["plays"], {"granularity": "10s"}, "live"),
        (["rebuffer_ratio", "active_sessions"], {"granularity": "30s", "where": {"cdn": "aurora"}}, "live"),
        (["plays"], {"granularity": "all", "spec": "live"}, "live"),
        (["position_sessions"], {"granularity": "1h"}, "retention"),
        (["events"], {"granularity": "all", "where": {"position": "7"}}, "retention"),
        (["quarantined"], {}, "quarantine"),
        (["sent"], {}, "ledger"),
    ],
)
def test_the_cheapest_that_can_answer(client: Client, metrics: list[str], how: dict[str, Any], spec: str) -> None:
    assert asked(client.timeseries(metrics, interval=HOUR_AGO, **how)) == spec


@pytest.mark.parametrize(
    ("metrics", "how", "said"),
    [
        (["plays"], {"granularity": "5s"}, "live lacks buckets of less than whole 10 seconds"),
        (["plays"], {"granularity": "10s", "interval": DAYS_AGO}, "live lacks what was before"),
        (["plays"], {"granularity": "10s", "where": {"country": "DE"}}, "live lacks country"),
        (["reach"], {"granularity": "10s"}, "audience lacks buckets of less than whole minutes"),
        (["position_sessions"], {"granularity": "1m"}, "retention lacks buckets of less than whole hours"),
        (["rebuffer_ratio"], {"where": {"content_id": "x"}}, "live lacks coarser buckets, unless you name it as spec"),
        (["plays", "sent"], {}, "ledger lacks plays. Ask in two questions"),
    ],
)
def test_what_no_datasource_can_answer_is_told(
    client: Client, metrics: list[str], how: dict[str, Any], said: str
) -> None:
    with pytest.raises(AskError, match=said):
        client.timeseries(metrics, **{"interval": HOUR_AGO, **how})


def test_the_interval_is_of_whole_rows(client: Client) -> None:
    moment = NOW.replace(minute=30, second=34, microsecond=0) - timedelta(hours=2)
    asked_for = (moment, moment + timedelta(seconds=1))
    for how, start, length in (
        ({"granularity": "10s"}, moment.replace(second=30), timedelta(seconds=10)),
        ({"granularity": "1m"}, moment.replace(second=0), timedelta(minutes=1)),
        ({"granularity": "all", "spec": "retention"}, moment.replace(minute=0, second=0), timedelta(hours=1)),
    ):
        interval = client.timeseries("events", interval=asked_for, **how).interval  # type: ignore[arg-type]
        assert interval is not None
        assert (interval.start, interval.end - interval.start) == (start, length)


def test_now_is_not_widened(client: Client) -> None:
    interval = client.timeseries("position_sessions", last="2h", granularity="all").interval
    assert interval is not None
    assert NOW <= interval.end <= datetime.now(UTC)
    assert interval.start == interval.start.replace(minute=0, second=0, microsecond=0)


def test_all_that_live_keeps_can_be_asked_for(client: Client) -> None:
    assert asked(client.timeseries("plays", last="24h", granularity="30s")) == "live"


def test_a_named_datasource_that_has_dropped_rows_says_so(client: Client) -> None:
    assert "live keeps nothing before" in client.timeseries("plays", interval=DAYS_AGO, spec="live").exactness
    assert "keeps" not in client.timeseries("plays", interval=HOUR_AGO, spec="live").exactness


def test_buckets_that_no_hours_make_are_refused(client: Client) -> None:
    interval = "2026-03-01/2026-03-03"
    asked = {"interval": interval, "granularity": "1d", "spec": "retention"}
    client.timeseries("events", time_zone="Europe/Berlin", **asked)
    with pytest.raises(AskError, match="whole hours"):
        client.timeseries("events", time_zone="Asia/Kolkata", **asked)


def test_the_peak_of_live_is_of_ten_seconds() -> None:
    druid = MemoryDruid()
    druid.apply("audience", "live")
    event = {"kind": "heartbeat", "started": True, "content_id": "t"}
    druid.send("events", [{**event, "ts": 1_790_000_000_000 + at, "play_ms": 5_000} for at in (0, 1_000, 30_000)])
    client = a_client(transport=druid)
    interval = "2026-09-21T14/2026-09-21T15"
    how: dict[str, Any] = {"interval": interval, "granularity": "all"}
    assert client.timeseries("peak_concurrent_viewers", **how)[0]["peak_concurrent_viewers"] == 0.25
    assert client.timeseries("peak_concurrent_viewers", spec="live", **how)[0]["peak_concurrent_viewers"] == 1.0
    top = client.top_n("content_id", "peak_concurrent_viewers", interval=interval, spec="live")
    assert top[0]["peak_concurrent_viewers"] == 1.0


def test_the_catalogue_names_the_cheaper_datasource_first() -> None:
    """By rows of a simulated evening; those that are only for what others cannot answer come last."""
    druid = MemoryDruid()
    druid.apply("audience", "quality")
    druid.send("events", Simulation(seed=2, viewers=400, start_ms=1_790_000_000_000, duration_s=900).events())
    assert druid.count("audience").rows < druid.count("quality").rows
    order = ["audience", "quality", "live", "retention"]
    for metric in catalogue().metrics.values():
        known = [name for name in metric.datasources if name in order]
        assert known == sorted(known, key=order.index), metric.name
    assert [name for name in order if rollup(name).keep_hours] == ["live"]


def test_a_spec_of_minutes_that_drops_old_rows_is_asked_for_what_it_keeps() -> None:
    kept = replace(rollup("audience"), keep_hours=24)
    (recent, old) = (Question((catalogue().metric("plays"),), (), Interval(*when), None, named=False)
                     for when in (HOUR_AGO, DAYS_AGO))  # fmt: skip
    assert recent.lacks(kept) == []
    assert "what was before" in old.lacks(kept)[0]
