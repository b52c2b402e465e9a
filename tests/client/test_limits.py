"""Questions that cost too much are refused before they are sent, unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from frontrow import AskError, Client, Limits
from support.clients import a_client
from support.loopback import Loopback, json_reply, loopback

DAY = "2026-01-01/2026-01-02"
YEARS = "2020-01-01/2026-01-01"
Ask = Callable[..., Any]


@pytest.fixture
def druid() -> Iterator[Loopback]:
    with loopback(lambda _: json_reply([])) as server:
        yield server


def native(granularity: Any, intervals: Any, kind: str = "timeseries") -> dict[str, Any]:
    return {"queryType": kind, "dataSource": "x", "granularity": granularity, "intervals": intervals}


TOO_LARGE: dict[str, tuple[str, Ask]] = {
    "minutes of a day": (
        "1,440 buckets of PT1M, more than 1,000",
        lambda client, **how: client.timeseries("plays", interval=DAY, **how),
    ),
    "peaks of a day": (
        "1,440 buckets of PT1M",
        lambda client, **how: client.timeseries("peak_concurrent_viewers", interval=DAY, granularity="1d", **how),
    ),
    "years": (
        "2,192 days, more than 400 days",
        lambda client, **how: client.timeseries("plays", interval=YEARS, granularity="all", **how),
    ),
    "a top list of years": (
        "2,192 days",
        lambda client, **how: client.top_n("cdn", "plays", interval=YEARS, **how),
    ),
    "a top list of peaks": (
        "buckets of PT1M",
        lambda client, **how: client.top_n("country", "peak_concurrent_viewers", interval=DAY, **how),
    ),
    "a ledger of a day": ("buckets of PT1M", lambda client, **how: client.ledger(interval=DAY, **how)),
    "a native query of minutes": (
        "1,440 buckets",
        lambda client, **how: client.native(native("minute", [DAY]), **how),
    ),
    "a native query of a period": (
        "buckets of PT1S",
        lambda client, **how: client.native(native({"type": "period", "period": "PT1S"}, DAY), **how),
    ),
    "a native query of a duration": (
        "buckets of PT1S",
        lambda client, **how: client.native(native({"type": "duration", "duration": 1000}, DAY), **how),
    ),
    "a native query of years": (
        "2,192 days",
        lambda client, **how: client.native(native("all", {"type": "intervals", "intervals": [YEARS]}), **how),
    ),
}


@pytest.mark.parametrize("name", list(TOO_LARGE))
def test_too_large_a_question(druid: Loopback, name: str) -> None:
    said, ask = TOO_LARGE[name]
    with a_client(druid.url, freshness=False, limits=Limits(buckets=1000)) as client:
        with pytest.raises(AskError, match=said) as caught:
            ask(client)
        assert "allow_large=True" in str(caught.value)
        assert druid.requests == []
        ask(client, allow_large=True)
        assert druid.requests
    with a_client(druid.url, freshness=False, limits=Limits(10_000_000, timedelta(days=9999))) as client:
        ask(client)


@pytest.mark.parametrize(
    "query",
    [
        native("hour", [DAY]),
        native("none", [DAY]),
        native("all", ["2026-01-01/P1M"]),
        native({"type": "uniform"}, [DAY]),
        native("minute", ["a week ago"]),
        native("all", None),
        native("all", 5),
        {"queryType": "dataSourceMetadata", "dataSource": "x"},
        native("all", ["1000/3000"], "timeBoundary"),
    ],
)
def test_a_native_query_that_is_small_or_cannot_be_read_is_druids_to_judge(
    druid: Loopback, query: dict[str, Any]
) -> None:
    with a_client(druid.url) as client:
        client.native(query)
    assert len(druid.requests) == 1


def test_the_limits_that_nobody_set() -> None:
    with Client("http://127.0.0.1:1") as client:
        with pytest.raises(AskError, match=r"51,84\d buckets of PT1M, more than 50,000"):
            client.timeseries("plays", last="36d")
        with pytest.raises(AskError, match="401 days, more than 400 days"):
            client.top_n("cdn", "plays", last="401d")


def test_a_span_below_a_day() -> None:
    limits = Limits(span=timedelta(hours=2))
    with (
        Client("http://127.0.0.1:1", limits=limits) as client,
        pytest.raises(AskError, match="spans 3:00:00, more than"),
    ):
        client.top_n("cdn", "plays", interval="2026-01-01T00:00/2026-01-01T03:00")


@pytest.mark.parametrize("values", [{"buckets": 0}, {"span": timedelta(0)}, {"answer_bytes": -1}])
def test_what_makes_no_sense(values: dict[str, Any]) -> None:
    with pytest.raises(AskError, match="limits"):
        Limits(**values)
