"""Reach over time against Python's sets: by hand, over random events, across time zones, and the native query."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow import AskError, Client, KeyEpochsError
from frontrow_ingest.testing import MemoryDruid
from oracle.sets import reach
from support.clients import BARE
from support.counted_records import a_delta
from support.set_answers import check_reach

START_MS = int(datetime(2026, 9, 21, 14, tzinfo=UTC).timestamp() * 1000)
MINUTE_MS = 60_000
INTERVAL = "2026-09-21T14:00/2026-09-21T14:10"


def client_of(*events: dict[str, Any]) -> Client:
    druid = MemoryDruid()
    druid.apply("audience", "ledger")
    druid.send("events", events)
    return Client(transport=druid, **BARE)


def came(viewer: str, minute: float, **fields: Any) -> dict[str, Any]:
    return {"ts": START_MS + int(minute * MINUTE_MS), "kind": "heartbeat", "viewer_id": viewer, **fields}


CAME = [came("a", 0), came("b", 0.5), came("a", 1), came("c", 3), came("b", 3.9), came("d", 3, country="DE")]


def test_by_hand() -> None:
    result = client_of(*CAME).reach(interval="2026-09-21T14:00/2026-09-21T14:05")
    assert list(result.columns["reach"]) == [2, 2, 2, 4, 4]
    assert list(result.columns["new"]) == [2, 0, 0, 2, 0]
    assert result.columns["reach_low"] == result.columns["reach_high"] == result.columns["reach"]
    assert result.columns["time"][3] == datetime(2026, 9, 21, 14, 3, tzinfo=UTC)
    assert "reach" in result.exactness


def test_buckets_that_are_cut() -> None:
    client = client_of(*CAME)
    five = client.reach(interval="2026-09-21T14:03/2026-09-21T14:07", granularity="5m")
    assert list(five.columns["reach"]) == [3, 3]
    assert five.columns["time"][0] == datetime(2026, 9, 21, 14, tzinfo=UTC)
    (whole,) = client.reach(interval=INTERVAL, granularity="all", where={"country": "DE"})
    assert (whole["reach"], whole["new"]) == (1, 1)
    assert list(client_of().reach(interval=INTERVAL).columns["new"]) == [0] * 10


_events = st.builds(
    came,
    viewer=st.sampled_from([f"v{number}" for number in range(15)]),
    minute=st.floats(-1, 11),
    country=st.sampled_from(["DE", "FR"]),
)


@settings(max_examples=50, deadline=None)
@given(events=st.lists(_events, max_size=60), size=st.sampled_from([1, 2, 5]))
def test_random_events(events: list[dict[str, Any]], size: int) -> None:
    result = client_of(*events).reach(interval=INTERVAL, granularity=f"{size}m")
    edges = [START_MS + minute * MINUTE_MS for minute in range(0, 11, size)]
    check_reach(result.columns, reach(events, edges), exact=True)


def test_days_of_a_time_zone() -> None:
    # The clock goes back on the 25th of October: a day of 25 hours.
    moments = [datetime(2026, 10, day, hour, 30, tzinfo=UTC) for day, hour in ((24, 21), (24, 22), (25, 22), (25, 23))]
    events = [came(str(n), 0, ts=int(moment.timestamp() * 1000)) for n, moment in enumerate(moments)]
    result = client_of(*events).reach(
        interval="2026-10-24T00:00+02:00/2026-10-27T00:00+01:00", granularity="1d", time_zone="Europe/Berlin"
    )
    assert list(result.columns["new"]) == [1, 2, 1]


def test_too_many_buckets_are_refused() -> None:
    assert len(client_of().reach(interval="2026-09-21T14:00/2026-09-21T17:20")) == 200
    with pytest.raises(AskError, match="more than 200 buckets"):
        client_of().reach(interval="2026-09-21T14:00/2026-09-21T17:21")
    with pytest.raises(AskError, match="whole minutes"):
        client_of().reach(interval=INTERVAL, granularity="10s")


def test_two_viewer_keys_are_refused_also_where_no_bucket_has_both() -> None:
    druid = MemoryDruid()
    druid.apply("audience", "ledger")
    druid.send("events", CAME)
    druid.send("ledger", [a_delta(ts=START_MS + n * MINUTE_MS, viewer_key_epoch=f"e{n // 5}") for n in range(10)])
    client = Client(transport=druid, **BARE)
    assert len(client.timeseries("reach", interval=INTERVAL)) == 10
    with pytest.raises(KeyEpochsError, match="more than one viewer key"):
        client.reach(interval=INTERVAL)
