"""Distributions: bins by hand, and where bins end by default."""

from __future__ import annotations

from typing import Any

import pytest

import frontrow
from frontrow import AskError, Client
from frontrow._asking.distribution import COUNTED, round_splits
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import catalogue
from support.clients import a_client

START_MS = 1_790_000_000_000 // 60_000 * 60_000
DAY = "2026-09-21/2026-09-23"


def client_of(*startups: int | None, **fields: Any) -> Client:
    druid = MemoryDruid()
    druid.apply("quality", "quarantine")
    events = [
        {
            "ts": START_MS + number * 1000,
            "kind": "first_frame",
            "session_id": f"s{number}",
            "viewer_id": f"v{number}",
            "startup_ms": startup,
            "cdn": "odd" if number % 2 else "even",
            **fields,
        }
        for number, startup in enumerate(startups)
    ]
    druid.send("events", events)
    return a_client(transport=druid)


def test_bins_by_hand() -> None:
    result = client_of(100, 400, 400, 401, None, 9000).distribution(bins=[100, 400, 1000], interval=DAY)
    assert [tuple(row.values()) for row in result] == [
        (None, 100.0, 1, 0.2, 0.2),
        (100.0, 400.0, 2, 0.4, 0.6),
        (400.0, 1000.0, 1, 0.2, 0.8),
        (1000.0, None, 1, 0.2, 1.0),
    ]
    assert dict(result.types) == {
        "from_ms": "number",
        "to_ms": "number",
        "plays": "integer",
        "share": "number",
        "share_up_to": "number",
    }
    assert dict(result.units)["to_ms"] == "ms"
    assert "exact below 512 plays" in result.exactness
    assert len(result.queries) == 1


def test_bins_of_a_round_width_by_default() -> None:
    result = client_of(*range(10, 4010, 10)).distribution(interval=DAY)
    steps = [row["to_ms"] for row in result][:-1]
    assert steps == [float(step) for step in range(200, 4001, 200)]
    assert result[0]["plays"] == 20
    assert result[-1] == {"from_ms": 4000.0, "to_ms": None, "plays": 0, "share": 0.0, "share_up_to": 1.0}
    assert len(result.queries) == 2


def test_one_slow_play_of_many_does_not_flatten_the_others() -> None:
    result = client_of(*range(0, 1000, 2), 3_600_000).distribution(interval=DAY)
    assert result[-1]["from_ms"] == 1000.0
    assert result[-1]["plays"] == 1


@pytest.mark.parametrize(
    ("least", "most", "count", "splits"),
    [
        (400, 400, 20, [401]),
        (0, 0, 20, [1]),
        (0, 100, 10, [*range(10, 101, 10)]),
        (3, 99, 10, [*range(10, 101, 10)]),
        (100, 101, 10, [101]),
        (0, 101, 10, [20, 40, 60, 80, 100, 120]),
        (-250, 240, 5, [-200, -100, 0, 100, 200, 300]),
        (0, 1e12, 1, [1e12]),
    ],
)
def test_round_splits(least: float, most: float, count: int, splits: list[float]) -> None:
    assert round_splits(least, most, count) == splits


def test_values_of_a_dimension_in_the_same_bins() -> None:
    query = frontrow.distribution(bins=[150]).of_each("cdn").during(DAY)
    result = client_of(100, 200, 100, 200, 300).ask(query)
    assert [tuple(row.values()) for row in result] == [
        ("even", None, 150.0, 2, 2 / 3, 2 / 3),
        ("even", 150.0, None, 1, 1 / 3, 1.0),
        ("odd", None, 150.0, 0, 0.0, 0.0),
        ("odd", 150.0, None, 2, 1.0, 1.0),
    ]
    assert {row["cdn"] for row in client_of(100, 200, 100).distribution(bins=[1], by="cdn", n=1, interval=DAY)} == {
        "even"
    }


@pytest.mark.parametrize("bins", [20, [100.0]])
@pytest.mark.parametrize("by", [None, "cdn"])
def test_an_empty_answer_keeps_its_columns(bins: Any, by: str | None) -> None:
    for client in (client_of(), client_of(None, None)):
        result = client.distribution(bins=bins, by=by, interval=DAY)
        assert len(result) == 0
        assert [*result.columns] == [*([by] if by else []), "from_ms", "to_ms", "plays", "share", "share_up_to"]


def test_every_sketch_of_quantiles_has_a_distribution() -> None:
    sketched = {
        name.rpartition("_p")[0]
        for name, metric in catalogue().metrics.items()
        if any(each.kind == "quantile" for each in metric.aggregates)
    }
    assert sketched == {*COUNTED}
    result = client_of().distribution("quarantined_delay", interval=DAY)
    assert [*result.columns] == ["from_ms", "to_ms", "events", "share", "share_up_to"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"metric": "startup_time_p50"}, "startup_time"),
        ({"metric": "play_ms"}, "no distribution"),
        ({"bins": 0}, "from 1 to 1,000"),
        ({"bins": True}, "neither how many"),
        ({"bins": []}, "neither how many"),
        ({"bins": "100"}, "neither how many"),
        ({"bins": [1, "2"]}, "neither how many"),
        ({"bins": [1, float("nan")]}, "neither how many"),
        ({"bins": [2, 1]}, "larger than the one before"),
        ({"bins": [1, 1]}, "larger than the one before"),
        ({"bins": list(range(1001))}, "1 to 1,000"),
        ({"by": 5}, "is not a dimension"),
        ({"by": "content_id"}, "no datasource answers"),
        ({"by": "cdn", "n": 101}, "from 1 to 100"),
    ],
)
def test_what_has_no_answer_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(AskError, match=said):
        client_of(1).distribution(**{"interval": DAY, **arguments})
