"""Distinct viewers are refused where the viewer key changed, and only there."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from frontrow import AskError, Client, KeyEpochsError
from frontrow_ingest.testing import MemoryDruid
from support.clients import a_client
from support.viewing_events import an_event

NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)
HOUR = "2026-03-01T12:00/2026-03-01T13:00"
OLD, NEW = "A" * 22, "B" * 22  # of one viewer, under two keys


def told(minute: int, epoch: str | None) -> dict[str, Any]:
    times = {"ts": NOON + minute * 60_000, "emitted_ts": NOON}
    return {**times, "producer": "p", "run": "r", "schema_id": 1, "sent": 1, "viewer_key_epoch": epoch}


def watched(minute: int, viewer: str) -> dict[str, Any]:
    return an_event(ts=NOON + minute * 60_000, seq=minute, viewer_id=viewer)


@pytest.fixture
def druid() -> MemoryDruid:
    """The key is changed at 12:30; late events of before carry the new one until 12:28."""
    druid = MemoryDruid()
    druid.apply("audience", "quality", "ledger")
    druid.send("events", [watched(5, OLD), watched(29, OLD), watched(28, NEW), watched(50, NEW)])
    druid.send("ledger", [told(5, "a"), told(29, "a"), told(28, "b"), told(50, "b"), told(7, None)])
    return druid


@pytest.fixture
def client(druid: MemoryDruid) -> Client:
    return a_client(transport=druid)


@pytest.mark.parametrize("metric", ["unique_viewers", "reach", ["plays", "unique_viewers"]])
def test_across_two_keys_it_is_refused_with_the_parts_that_can_be_asked(client: Client, metric: Any) -> None:
    with pytest.raises(KeyEpochsError, match="under both would count twice") as caught:
        client.timeseries(metric, interval=HOUR, granularity="all")
    assert caught.value.parts == (
        ("a", "2026-03-01T12:00Z/2026-03-01T12:28Z"),
        ("b", "2026-03-01T12:30Z/2026-03-01T13:00Z"),
    )
    for _, part in caught.value.parts:
        assert part in str(caught.value)
        assert client.timeseries("unique_viewers", interval=part, granularity="all")[0]["unique_viewers"] == 1
    assert isinstance(caught.value, AskError)
    assert pickle.loads(pickle.dumps(caught.value)).parts == caught.value.parts  # noqa: S301 - our own
    with pytest.raises(KeyEpochsError):
        client.top_n("country", metric, interval=HOUR)


def test_buckets_within_one_key_are_answered(client: Client) -> None:
    with pytest.raises(KeyEpochsError, match=r"2026-03-01T12:20Z/2026-03-01T12:30Z holds .* Finer buckets"):
        client.timeseries("unique_viewers", interval=HOUR, granularity="10m")
    found = client.timeseries("unique_viewers", interval="2026-03-01T12:00/2026-03-01T12:28", granularity="1m")
    assert sum(row["unique_viewers"] for row in found) == 1


@pytest.mark.parametrize("metrics", ["plays", "concurrent_viewers"])
def test_what_counts_no_viewers_is_not_looked_at(client: Client, metrics: str) -> None:
    client.timeseries(metrics, interval=HOUR, granularity="all")


def test_it_can_be_left_out(druid: MemoryDruid) -> None:
    found = a_client(transport=druid, key_epochs=False).timeseries("unique_viewers", interval=HOUR, granularity="all")
    assert found[0]["unique_viewers"] == 2


def test_an_aggregation_of_ones_own_over_viewers_is_looked_at(client: Client) -> None:
    own = {"type": "HLLSketchMerge", "fieldName": "viewers_hll"}
    with pytest.raises(KeyEpochsError):
        client.timeseries([], aggregations={"own": own}, spec="audience", interval=HOUR, granularity="all")


def test_without_a_ledger_nothing_is_known() -> None:
    druid = MemoryDruid()
    druid.apply("audience")
    druid.send("events", [watched(5, OLD), watched(50, NEW)])
    found = a_client(transport=druid).timeseries("unique_viewers", interval=HOUR, granularity="all")
    assert found[0]["unique_viewers"] == 2


def test_epochs_that_overlap_all_the_way_have_no_part(druid: MemoryDruid, client: Client) -> None:
    druid.send("ledger", [told(1, "b"), told(0, "a"), told(59, "a")])
    with pytest.raises(KeyEpochsError, match=r"a: .*12:00Z/2026-03-01T12:01Z"):
        client.timeseries("unique_viewers", interval=HOUR, granularity="all")
