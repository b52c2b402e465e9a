"""What breakdowns, impact and distributions hide, held against plain counting and an attacker who subtracts."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest

from frontrow import Client
from frontrow_ingest.testing import MemoryDruid
from support.viewing_events import an_event

NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)
HOUR = "2026-03-01T12:00/2026-03-01T13:00"
LEAST = 10


def evening(seed: int) -> list[dict[str, Any]]:
    """Viewers of uneven size in some countries, CDNs and minutes."""
    chance = random.Random(seed)
    cells = [
        (country, cdn, minute)
        for country in ("DE", "FR", "AT", "LI")
        for cdn in ("a", "b", "c")
        for minute in (0, 1)
        if chance.random() < 0.85
    ]
    events = []
    for country, cdn, minute in cells:
        for _ in range(chance.choice([1, 2, 5, 9, 12, 30, 60])):
            viewer = len(events)
            events.append(
                an_event(
                    ts=NOON + minute * 60_000, country=country, cdn=cdn, viewer_id=f"viewer-{viewer:015d}",
                    session_id=f"session-{viewer}", play_ms=1_000, rebuffer_ms=1_000 if cdn == "b" else 0,
                    kind="first_frame", startup_ms=chance.randrange(100, 2_000),
                )
            )  # fmt: skip
    return events


def client_of(events: list[dict[str, Any]]) -> Client:
    druid = MemoryDruid()
    druid.apply("audience", "quality")
    druid.send("events", events)
    return Client(transport=druid, freshness=False)


def subtracted(values: dict[tuple[Any, ...], int], hidden: set[tuple[Any, ...]], free: list[int]) -> set[Any]:
    """Cells of a line that its total gives away; a value is the number of its viewers."""
    found: set[Any] = set()
    for place in free:
        lines: dict[Any, list[tuple[Any, ...]]] = defaultdict(list)
        for key in values:
            lines[(*key[:place], *key[place + 1 :])].append(key)
        for line in lines.values():
            missing = [key for key in line if key in hidden]
            rest = sum(values[key] for key in missing)
            if len(line) > len(missing) > 0 and (len(missing) == 1 or rest < LEAST):
                found.update(missing)
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("granularity", ["all", "1m"])
def test_a_breakdown(seed: int, granularity: str) -> None:
    events = evening(seed)
    client = client_of(events)
    dimensions = ["country", "cdn"]
    result = client.breakdown(dimensions, ["events", "rebuffer_ratio"], interval=HOUR, granularity=granularity)
    keys = [name for name in result.columns if name in ("time", *dimensions)]
    counted: dict[tuple[Any, ...], int] = defaultdict(int)
    for event in events:
        time = datetime.fromtimestamp(event["ts"] / 1000, UTC)
        counted[tuple(time if name == "time" else event[name] for name in keys)] += 1
    shown = {tuple(row[name] for name in keys): row["events"] for row in result}
    assert shown.keys() == counted.keys()
    hidden = {key for key, value in shown.items() if value is None}
    assert {key for key, count in counted.items() if count < LEAST} <= hidden
    assert {key: value for key, value in shown.items() if value is not None} == {
        key: count for key, count in counted.items() if key not in hidden
    }
    assert subtracted(counted, hidden, [place for place, name in enumerate(keys) if name != "time"]) == set()
    assert all(row["rebuffer_ratio"] is None for row in result if row["events"] is None)
    assert result.suppressed == len(hidden)
    assert bool(hidden) == any(count < LEAST for count in counted.values())
    # Hidden rows come last in their bucket, by name.
    for bucket in {row.get("time") for row in result}:
        rows = [row for row in result if row.get("time") == bucket]
        flags = [row["events"] is None for row in rows]
        assert flags == sorted(flags)
        names = [(row["country"], row["cdn"]) for row in rows if row["events"] is None]
        assert names == sorted(names)


@pytest.mark.parametrize("n", [1, 3, 1_000])
def test_a_short_breakdown_hides_what_a_long_one_hides(n: int) -> None:
    client = client_of(evening(1))
    whole = client.breakdown(["country", "cdn"], "events", interval=HOUR)
    short = client.breakdown(["country", "cdn"], "events", interval=HOUR, n=n)
    assert list(short) == list(whole)[:n]
    peak = client.breakdown(["country", "cdn"], "peak_concurrent_viewers", interval=HOUR, n=n)
    hidden = {(row["country"], row["cdn"]) for row in whole if row["events"] is None}
    assert {(row["country"], row["cdn"]) for row in peak if row["peak_concurrent_viewers"] is None} <= hidden
    assert "are not ordered" in client.breakdown(["country", "cdn"], "events", interval=HOUR, n=1).exactness


def test_impact_ranks_no_small_slice() -> None:
    events = [event for event in evening(2) if event["country"] != "LI"]
    events += [
        an_event(ts=NOON, country="LI", cdn="b", viewer_id=f"v{number:021d}", session_id=f"x{number}",
                 play_ms=1, rebuffer_ms=90_000_000)
        for number in range(3)
    ]  # fmt: skip
    client = client_of(events)
    result = client.impact("rebuffer_ratio", ["country", "cdn"], pairs=True, n=1_000, interval=HOUR)
    viewers: dict[tuple[Any, ...], int] = defaultdict(int)
    for event in events:
        viewers[("country", event["country"], None, None)] += 1
        viewers[("cdn", event["cdn"], None, None)] += 1
        viewers[("country", event["country"], "cdn", event["cdn"])] += 1
    place = ("dimension", "value", "dimension_2", "value_2")
    shown = {tuple(row[name] for name in place): row for row in result}
    assert shown.keys() == viewers.keys()
    hidden = {key for key, row in shown.items() if row["excess"] is None}
    assert ("country", "LI", None, None) in hidden
    assert {key for key, count in viewers.items() if count < LEAST} <= hidden
    for key in hidden:
        assert all(value is None for name, value in shown[key].items() if name not in place)
    countries = {key: count for key, count in viewers.items() if key[0] == "country" and key[2] is None}
    assert subtracted(countries, hidden & countries.keys(), [1]) == set()
    flags = [row["excess"] is None for row in result]
    assert flags == sorted(flags)
    assert "not ranked" in client.impact("rebuffer_ratio", "country", n=1, interval=HOUR).exactness


def test_a_distribution_of_few_viewers_is_one_row_without_numbers() -> None:
    def starts(country: str, count: int) -> list[dict[str, Any]]:
        return [
            an_event(ts=NOON, country=country, viewer_id=f"{country}{number:020d}", session_id=f"{country}-{number}",
                     kind="first_frame", startup_ms=100 * number + 50)
            for number in range(count)
        ]  # fmt: skip

    client = client_of([*starts("DE", 40), *starts("FR", 20), *starts("LI", 3)])
    result = client.distribution(by="country", bins=[1_000], interval=HOUR)
    assert [(row["country"], row["to_ms"], row["plays"]) for row in result] == [
        ("DE", 1_000, 10), ("DE", None, 30), ("FR", None, None), ("LI", None, None),
    ]  # fmt: skip
    assert result.suppressed_rows == (False, False, True, True)
    few = client.distribution(bins=[1_000], interval=HOUR, where={"country": "LI"})
    assert [row["plays"] for row in few] == [None]
