"""Impact: excess by hand, and the fault that the simulator hides."""

from __future__ import annotations

from typing import Any

import pytest

import frontrow
from frontrow import AskError, Client
from frontrow._asking.impact import rate_of
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.simulate.world import HIDDEN_FAULT
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import catalogue
from oracle.slices import LESS_IS_WORSE, PARTS
from support.clients import a_client

START_MS = 1_790_000_000_000 // 60_000 * 60_000
DAY = "2026-09-21/2026-09-23"


def client_of(events: list[dict[str, Any]]) -> Client:
    druid = MemoryDruid()
    druid.apply("audience", "quality")
    druid.send("events", events)
    return a_client(transport=druid)


def event(number: int, **fields: Any) -> dict[str, Any]:
    moment = {"ts": START_MS + number, "kind": "heartbeat", "session_id": f"s{number}", "viewer_id": f"v{number}"}
    return {**moment, "country": "DE", "device_type": "tv"} | fields


FEW = [
    event(1, cdn="a", isp="x", play_ms=90, rebuffer_ms=10, segments=["s", "t"]),
    event(2, cdn="a", isp="y", play_ms=100, segments=["t"]),
    event(3, cdn="b", isp="y", play_ms=196, rebuffer_ms=4),
    event(4, cdn="b", isp="y", kind="first_frame", startup_ms=5),
]


def test_excess_by_hand() -> None:
    result = client_of(FEW).impact("rebuffer_ratio", ["cdn", "isp"], interval=DAY)
    assert [(row["dimension"], row["value"]) for row in result] == [
        ("isp", "x"),
        ("cdn", "a"),
        ("cdn", "b"),
        ("isp", "y"),
    ]
    _, a, b, _ = result
    assert dict(a) == {
        "dimension": "cdn",
        "value": "a",
        "rebuffer_ratio": 0.05,
        "rebuffer_ratio_elsewhere": 0.02,
        "excess": 6.0,
        "excess_share": 6 / 14,
        "unique_viewers": 2.0,
        "plays": 0,
    }
    assert (b["excess"], b["plays"]) == (-6.0, 1)
    assert dict(result.units)["excess"] == "ms"
    assert "do not add up" in result.exactness.replace("does not", "do not")


def test_pairs() -> None:
    query = frontrow.impact("rebuffer_ratio", "cdn").by("isp").with_pairs().first(3).during(DAY)
    result = client_of(FEW).ask(query)
    # All of isp x is on cdn a, and all of cdn b on isp y: each is shown once.
    assert [tuple(row.values())[:4] for row in result] == [
        ("isp", "x", None, None),
        ("cdn", "a", None, None),
        ("cdn", "a", "isp", "y"),
    ]
    said = "shown once, as the slice they are all of: cdn a and isp x (all of isp x), cdn b and isp y (all of cdn b)"
    assert said in result.exactness
    assert said in str(result)
    assert len(result.queries) == 4  # one in total, one for each dimension, one for both


def test_a_pair_of_the_same_sums_and_other_events_is_shown() -> None:
    # The second event of isp x has nothing to add to any number but the events.
    more = event(5, cdn="c", isp="x", viewer_id="v1", session_id="s1")
    result = client_of([*FEW, more]).impact("rebuffer_ratio", ["cdn", "isp"], pairs=True, interval=DAY)
    assert ("cdn", "a", "isp", "x") in [tuple(row.values())[:4] for row in result]
    assert "cdn c and isp x (all of cdn c)" in result.exactness


def test_of_many_pairs_that_are_one_slice_a_few_are_named() -> None:
    events = [event(number, cdn=f"c{number}", isp=None, play_ms=10, rebuffer_ms=number) for number in range(6)]
    result = client_of(events).impact("rebuffer_ratio", ["cdn", "isp"], pairs=True, interval=DAY)
    assert not [row for row in result if row["dimension_2"]]
    assert "cdn c3 and isp null (all of cdn c3), 3 more" in result.exactness


def test_what_is_hidden_is_not_named() -> None:
    events = [
        event(number, cdn="a" if number < 20 else "b", isp="x" if number < 20 else f"y{number % 2}", play_ms=10)
        for number in range(23)
    ]
    druid = MemoryDruid()
    druid.apply("quality")
    druid.send("events", events)
    result = Client(transport=druid).impact("rebuffer_ratio", ["cdn", "isp"], pairs=True, interval=DAY)
    hidden = {tuple(row.values())[:4] for row, gone in zip(result, result.suppressed_rows, strict=True) if gone}
    assert ("cdn", "b", "isp", "y0") in hidden
    assert "y0" not in result.exactness


def test_less_bitrate_is_worse() -> None:
    events = [
        event(1, cdn="a", play_ms=100, bits=1_000),
        event(2, cdn="b", play_ms=100, bits=3_000),
        event(3, cdn="b", play_ms=200, bits=5_000),
    ]
    result = client_of(events).impact("average_bitrate", "cdn", interval=DAY)
    first, second = result
    assert (first["value"], first["average_bitrate"], first["average_bitrate_elsewhere"]) == ("a", 10.0, 8_000 / 300)
    # What it lacks of the bits that the others' rate would have given.
    assert first["excess"] == pytest.approx(8_000 / 300 * 100 - 1_000)
    assert first["excess_share"] == pytest.approx(first["excess"] / 9_000)
    assert second["excess"] == pytest.approx(10 * 300 - 8_000)
    units = dict(result.units)
    assert (units["excess"], units["average_bitrate_elsewhere"]) == ("bit", "kbit/s")
    assert [row["value"] for row in client_of(events).impact("average_bitrate", "cdn", n=1, interval=DAY)] == ["a"]


def test_a_slice_of_everything_has_nothing_elsewhere() -> None:
    result = client_of(FEW).impact("rebuffer_ratio", ["country", "cdn"], interval=DAY)
    assert [*result[-1].values()][:6] == ["country", "DE", 14 / 400, None, None, None]


def test_labels_overlap_and_only_those_asked_for_show() -> None:
    client = client_of([event(1, segments=["s", "t"], kind="attempt"), event(2, kind="attempt")])
    result = client.impact("start_failure_rate", "segments", interval=DAY, where={"segments": ["s"]})
    assert [row["value"] for row in result] == ["s"]
    assert len(client.impact("start_failure_rate", "segments", interval=DAY)) == 3


def test_nothing_at_all() -> None:
    result = client_of([]).impact("start_failure_rate", ["cdn", "isp"], pairs=True, interval=DAY)
    assert len(result) == 0
    assert [*result.columns] == [*result.types]
    assert {"dimension_2", "value_2", "start_failure_rate_elsewhere"} <= {*result.columns}


def test_the_fault_that_the_simulator_hides_is_found() -> None:
    simulation = Simulation(seed=11, viewers=500, start_ms=START_MS, duration_s=180)
    client = client_of(list(simulation.events()))
    cdn, isp = HIDDEN_FAULT
    for metric in ("rebuffer_ratio", "connection_rebuffer_ratio"):
        (first,) = client.impact(metric, "cdn", n=1, interval=DAY)
        assert first["value"] == cdn
        assert first["excess_share"] > 0.25
        pair = next(
            row for row in client.impact(metric, ["cdn", "isp"], pairs=True, interval=DAY) if row["dimension_2"]
        )
        assert (pair["value"], pair["value_2"]) == HIDDEN_FAULT
        assert pair[metric] > 3 * pair[f"{metric}_elsewhere"]
        # Among many slices, larger ones hold it, too; it is the worst of those with much of the excess.
        dimensions = ["cdn", "isp", "country", "device_type", "network", "app_version"]
        many = client.impact(metric, dimensions, pairs=True, interval=DAY, n=100)
        assert (many[0]["dimension"], many[0]["value"]) == ("cdn", cdn)
        worst = max((row for row in many if row["excess"] > 0.5 * many[0]["excess"]), key=lambda row: row[metric])
        assert {worst["value"], worst["value_2"]} == {cdn, isp}


def test_every_share_of_the_catalogue_is_a_rate() -> None:
    metrics = catalogue().metrics
    shares = {name for name, metric in metrics.items() if metric.unit == "share"}
    assert {*PARTS} == shares | {*LESS_IS_WORSE}
    assert {name for name in PARTS if metrics[name].worse == "less"} == {*LESS_IS_WORSE}
    units = {name: rate_of(name).unit for name in PARTS}
    assert units == {
        "rebuffer_ratio": "ms",
        "connection_rebuffer_ratio": "ms",
        "start_failure_rate": "sessions",
        "exit_before_start_rate": "sessions",
        "playback_failure_rate": "plays",
        "late_share_10s": "events",
        "late_share_1m": "events",
        "late_share_10m": "events",
        "average_bitrate": "bit",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"metric": "plays"}, "plays is not one sum .* rebuffer_ratio, connection_rebuffer_ratio, start_failure_rate"),
        ({"metric": "average_view_duration"}, "is not one sum"),
        ({"metric": "live_latency"}, "is not one sum"),
        ({"metric": "startup_time_p95"}, "is not one sum"),
        ({"metric": "rebufer_ratio"}, "rebuffer_ratio"),
        ({"metric": ["rebuffer_ratio"]}, "is not a metric"),
        ({"dimensions": ()}, "name 1 to 8"),
        ({"dimensions": "cdn", "pairs": True}, "two dimensions"),
        ({"dimensions": ["cdn", "cdn"]}, "each dimension once"),
        ({"dimensions": "content_id"}, "no datasource answers"),
        ({"n": 1001}, "from 1 to 1,000"),
    ],
)
def test_what_has_no_answer_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(AskError, match=said):
        client_of([]).impact(**{"metric": "rebuffer_ratio", "dimensions": ["cdn", "isp"], "interval": DAY, **arguments})
