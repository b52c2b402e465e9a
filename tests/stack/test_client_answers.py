"""The client's answers from a running Druid, against counts of the same events in plain Python."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from pydruid.utils.aggregators import doublemax, longsum
from pydruid.utils.filters import Dimension

import frontrow
from frontrow import between, eq, like, one_of
from frontrow._frames.lazy import TableColumns
from frontrow._time import parse_granularity
from frontrow_ingest.contract import ViewingEvent, encode
from frontrow_specs import rollup
from support.clients import a_client
from support.supervised_topic import supervised_topic
from support.viewing_events import an_event

pytestmark = pytest.mark.stack

START = datetime(2026, 9, 21, 13, 50, tzinfo=UTC)
MINUTES = 30
INTERVAL = (START, START + timedelta(minutes=MINUTES))
TITLES = 1_300
SILENT_ISPS = 1_200


def make_events() -> list[dict[str, Any]]:
    """Events of half an hour across an hour's end, with over 1,000 titles and over 1,000 networks without a start."""
    chance = random.Random(7)
    events = []
    for number in range(6_000):
        minute = chance.choice([0, 1, 2, 5, 12, 13, 29])
        kind = chance.choices(["heartbeat", "first_frame", "attempt", "end"], [6, 2, 2, 1])[0]
        # Every title once, a few of them often.
        title = number if number < TITLES else int(chance.paretovariate(0.7)) % TITLES
        loud = number >= SILENT_ISPS and chance.random() < 0.5
        play_ms = chance.randrange(10_000) if kind == "heartbeat" else 0
        stalled = chance.randrange(500) if play_ms else 0
        events.append(
            an_event(
                session_id=f"session-{chance.randrange(900)}",
                viewer_id=f"viewer{chance.randrange(700):016d}",
                content_id=f"title-{title:04d}",
                event_id=chance.choice([None, "final", "semi_final", "100%"]),
                ts=int(START.timestamp() * 1000) + minute * 60_000 + chance.randrange(60_000),
                kind=kind,
                started=kind != "attempt",
                end_reason="viewer" if kind == "end" else ...,
                startup_ms=chance.randrange(100, 4_000) if kind == "first_frame" and loud else ...,
                isp=f"loud-{chance.randrange(20)}" if loud else f"silent-{number % SILENT_ISPS}",
                country=chance.choice(["DE", "FR", "AT"]),
                app_version=chance.choice(["6.9", "7.0", "7.5", "8.0"]),
                segments=chance.choice([[], ["sports"], ["sports", "premium"], ["kids", "premium"]]),
                play_ms=play_ms,
                rebuffer_ms=stalled,
                seek_rebuffer_ms=stalled // 4,
                bits=play_ms * 5_000,
            )
        )
    return events


@dataclass
class World:
    client: frontrow.Client
    events: list[dict[str, Any]]
    url: str
    names: dict[str, str]

    def total(self, field: str, keep: Callable[[dict[str, Any]], bool] = lambda _: True) -> int:
        return sum(event[field] for event in self.events if keep(event))

    def ask(self, metrics: str | list[str], **how: Any) -> list[tuple[Any, ...]]:
        """Rows without their time."""
        result = self.client.timeseries(metrics, interval=INTERVAL, **{"granularity": "all", **how})
        return [tuple(row[name] for name in result.columns if name != "time") for row in result]

    def top(self, dimension: str, metrics: str | list[str], **how: Any) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.client.top_n(dimension, metrics, interval=INTERVAL, **how)]


@pytest.fixture(scope="module")
def world(stack: Any, fresh_name: Callable[[str], str]) -> Iterator[World]:
    name = fresh_name("client")
    events = make_events()
    names = {spec: f"{name}_{spec}" for spec in ("audience", "quality")}
    with supervised_topic(stack.router_url, stack.bootstrap, name) as topic:
        topic.send([encode(ViewingEvent(**event)) for event in events])
        try:
            for spec, datasource in names.items():
                topic.supervise(rollup(spec).supervisor(bootstrap=stack.bootstrap, topic=name, datasource=datasource))
            with a_client(stack.router_url, datasources=names) as client:
                found = World(client, events, stack.router_url, names)
                deadline = time.monotonic() + 300
                for spec in names:
                    while (counted := found.ask("events", spec=spec)) != [(len(events),)]:
                        # Most likely no task of the stack is free.
                        assert time.monotonic() < deadline, f"waited for {len(events)} events in {spec}, not {counted}"
                        time.sleep(0.25)
                yield found
        finally:
            for datasource in names.values():
                topic.end(datasource)


def minute_of(event: dict[str, Any]) -> datetime:
    moment = datetime.fromtimestamp(event["ts"] // 60_000 * 60, UTC)
    assert INTERVAL[0] <= moment < INTERVAL[1]
    return moment


def test_sums_by_minute_with_the_empty_minutes(world: World) -> None:
    counted = Counter(minute_of(event) for event in world.events)
    plays = Counter(minute_of(event) for event in world.events if event["kind"] == "first_frame")
    result = world.client.timeseries(["events", "plays"], interval=INTERVAL, granularity="1m")
    expected = [START + timedelta(minutes=minute) for minute in range(MINUTES)]
    assert list(result.columns["time"]) == expected
    assert list(result.columns["events"]) == [counted[minute] for minute in expected]
    assert list(result.columns["plays"]) == [plays[minute] for minute in expected]
    assert result.exactness == "exact"


def test_a_bucket_counts_with_its_part_inside_the_interval(world: World) -> None:
    hours = world.ask(["play_ms", "concurrent_viewers", "tune_in"], granularity="1h")
    for (play_ms, concurrent, tune_in), minutes, hour in zip(hours, (10, 20), (13, 14), strict=True):
        inside = [event for event in world.events if minute_of(event).hour == hour]
        assert play_ms == sum(event["play_ms"] for event in inside)
        assert concurrent == play_ms / (minutes * 60_000)
        assert tune_in == sum(event["kind"] == "first_frame" for event in inside) / minutes


def test_ratios_are_exact_and_null_over_nothing(world: World) -> None:
    play, stalled, seek = (world.total(field) for field in ("play_ms", "rebuffer_ms", "seek_rebuffer_ms"))
    assert world.ask(["rebuffer_ratio", "connection_rebuffer_ratio", "average_bitrate"]) == [
        (stalled / (play + stalled), (stalled - seek) / (play + stalled - seek), 5_000.0)
    ]
    assert world.ask(["rebuffer_ratio", "events", "startup_time_p50"], where={"country": "XX"}) == [(None, 0, None)]


def test_sketches_are_within_their_bounds(world: World) -> None:
    ((viewers, sessions, reach),) = world.ask(["unique_viewers", "active_sessions", "reach"])
    assert viewers == pytest.approx(len({event["viewer_id"] for event in world.events}), rel=0.05)
    assert sessions == pytest.approx(len({event["session_id"] for event in world.events}), rel=0.05)
    assert reach == pytest.approx(len({event["viewer_id"] for event in world.events}), rel=0.025)
    starts = sorted(event["startup_ms"] for event in world.events if "startup_ms" in event)
    ((p50, p95),) = world.ask(["startup_time_p50", "startup_time_p95"])
    for share, found in ((0.5, p50), (0.95, p95)):
        rank = sum(value <= found for value in starts) / len(starts)
        assert rank == pytest.approx(share, abs=0.015)


@pytest.mark.parametrize("granularity", ["all", "1h", "5m"])
def test_a_peak_is_the_largest_minute_of_each_bucket(world: World, granularity: str) -> None:
    by_minute: Counter[datetime] = Counter()
    for event in world.events:
        by_minute[minute_of(event)] += event["play_ms"]
    result = world.client.timeseries("peak_concurrent_viewers", interval=INTERVAL, granularity=granularity)
    starts = [*result.columns["time"], INTERVAL[1]]
    expected = [
        max((by_minute[minute] / 60_000 for minute in by_minute if first <= minute < second), default=None)
        for first, second in pairwise(starts)
    ]
    assert list(result.columns["peak_concurrent_viewers"]) == expected


def test_top_of_few_values_is_exact(world: World) -> None:
    by_country: Counter[str] = Counter()
    for event in world.events:
        by_country[event["country"]] += event["play_ms"]
    result = world.client.top_n("country", ["play_ms", "viewer_hours"], interval=INTERVAL)
    ranked = sorted(by_country.items(), key=lambda item: -item[1])
    assert [tuple(row.values()) for row in result] == [(name, ms, ms / 3_600_000) for name, ms in ranked]
    assert result.exactness == "exact; top list exact"


def test_top_of_many_values_has_whole_numbers_and_says_so(world: World) -> None:
    counted = Counter(event["content_id"] for event in world.events)
    assert len(counted) == TITLES
    result = world.client.top_n("content_id", "events", interval=INTERVAL, n=5)
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    assert [tuple(row.values()) for row in result] == ranked[:5]
    assert "re-queried" in result.exactness
    assert len(result.queries) == 2


def test_top_by_ratio_with_nulls_last(world: World) -> None:
    few = between("isp", "loud", "silent-5")  # under 1,000 values: more would be chosen approximately
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for event in world.events:
        if "loud" <= event["isp"] < "silent-5":
            sums[event["isp"]][0] += event["rebuffer_ms"]
            sums[event["isp"]][1] += event["play_ms"] + event["rebuffer_ms"]
    ratios = {isp: stalled / whole if whole else None for isp, (stalled, whole) in sums.items()}
    ranked = sorted(ratios.items(), key=lambda item: (item[1] is None, -(item[1] or 0), item[0]))
    assert ranked[-1][1] is None
    assert world.top("isp", "rebuffer_ratio", n=8, where=few) == ranked[:8]
    assert world.top("isp", "rebuffer_ratio", n=1_000, where=few) == ranked


def test_top_by_quantile_is_not_crowded_out_by_values_without_one(world: World) -> None:
    starts: dict[str, list[int]] = defaultdict(list)
    for event in world.events:
        starts[event["isp"]] += [event["startup_ms"]] if "startup_ms" in event else []
    assert sum(not values for values in starts.values()) > 1_000
    found = world.top("isp", "startup_time_p95", n=10)
    assert len(found) == 10
    values = [value for _, value in found]
    assert values == sorted(values, reverse=True)
    for isp, value in found:
        assert value in starts[isp]


def test_top_by_distinct_count(world: World) -> None:
    viewers = defaultdict(set)
    for event in world.events:
        viewers[event["event_id"]].add(event["viewer_id"])
    found = world.top("event_id", ["reach", "unique_viewers"])
    assert {name for name, *_ in found} == set(viewers)
    for name, reach, unique in found:
        assert reach == pytest.approx(len(viewers[name]), rel=0.025)
        assert unique == pytest.approx(len(viewers[name]), rel=0.05)


def test_top_by_peak(world: World) -> None:
    by_minute: Counter[tuple[str, datetime]] = Counter()
    plays: Counter[str] = Counter()
    for event in world.events:
        by_minute[event["content_id"], minute_of(event)] += event["play_ms"]
        plays[event["content_id"]] += event["kind"] == "first_frame"
    peaks: dict[str, float] = {}
    for (title, _), play_ms in by_minute.items():
        peaks[title] = max(peaks.get(title, 0), play_ms / 60_000)
    ranked = sorted(peaks.items(), key=lambda item: -item[1])[:7]
    found = world.top("content_id", ["peak_concurrent_viewers", "plays"], n=7)
    assert found == [(title, peak, plays[title]) for title, peak in ranked]
    (second,) = world.top("country", ["plays", "peak_concurrent_viewers"], n=1)
    assert second[2] == max(
        sum(event["play_ms"] for event in world.events if (minute_of(event), event["country"]) == (minute, second[0]))
        / 60_000
        for minute in {minute_of(event) for event in world.events}
    )


def test_labels_count_a_row_for_each(world: World) -> None:
    counted = Counter(label for event in world.events for label in event["segments"] or [None])
    assert dict(world.top("segments", "events")) == counted
    # Filtered by labels, only these show, also where rows have others beside them.
    assert dict(world.top("segments", "events", where={"segments": ["premium"]})) == {"premium": counted["premium"]}
    both = dict(world.top("segments", "events", where=one_of("segments", ["premium", "kids"])))
    assert both == {"premium": counted["premium"], "kids": counted["kids"]}
    peaks = world.top("segments", ["peak_concurrent_viewers", "events"], where={"segments": "kids"})
    assert [(name, events) for name, _, events in peaks] == [("kids", counted["kids"])]


@pytest.mark.parametrize(
    ("where", "keep"),
    [
        ({"country": "DE"}, lambda event: event["country"] == "DE"),
        ({"country": ["DE", "AT"], "event_id": None}, lambda event: event["country"] != "FR" and not event["event_id"]),
        (~eq("event_id", "final"), lambda event: event["event_id"] != "final"),
        (one_of("event_id", [None, "final"]), lambda event: event["event_id"] in (None, "final")),
        (like("event_id", "semi%"), lambda event: event["event_id"] == "semi_final"),
        (
            like("event_id", "100!%", escape="!") | eq("country", "AT"),
            lambda e: e["event_id"] == "100%" or e["country"] == "AT",
        ),
        (between("content_id", "title-0002", "title-0010"), lambda e: "title-0002" <= e["content_id"] < "title-0010"),
        (~like("event_id", "semi%"), lambda event: event["event_id"] != "semi_final"),
        (~(eq("event_id", "final") & eq("country", "DE")), lambda e: (e["event_id"], e["country"]) != ("final", "DE")),
        (~~eq("event_id", "final"), lambda event: event["event_id"] == "final"),
        (Dimension("country") != "DE", lambda event: event["country"] != "DE"),
        ({"country": "nowhere"}, lambda _: False),
    ],
)
def test_filters_mean_what_they_say(world: World, where: Any, keep: Callable[[dict[str, Any]], bool]) -> None:
    expected = sum(keep(event) for event in world.events)
    assert world.ask("events", where=where) == [(expected,)]


def test_pydruids_aggregators(world: World) -> None:
    ((plays, total, rows),) = world.ask(
        "plays", aggregations={"total": longsum("play_ms"), "most": doublemax("play_ms")}, where={"country": "DE"}
    )
    assert total == world.total("play_ms", lambda event: event["country"] == "DE")
    assert plays > 0
    assert 0 < rows <= total


def test_freshness_is_the_newest_event_to_the_millisecond(world: World) -> None:
    newest = max(event["ts"] for event in world.events)
    for spec in ("audience", "quality"):
        fresh = world.client.freshness(spec)
        assert fresh is not None
        assert fresh.newest == datetime.fromtimestamp(newest / 1000, UTC)
        assert fresh.age > timedelta(0)


def test_a_datasource_that_is_not_there_is_empty(world: World) -> None:
    with a_client(world.url, datasources={"audience": "no_such_datasource"}) as client:
        result = client.timeseries(["events", "rebuffer_ratio"][:1], interval=INTERVAL, granularity="all")
        assert [row["events"] for row in result] == [0]
        assert result.freshness is None
        top = client.top_n("country", "events", interval=INTERVAL)
        assert len(top) == 0
        assert list(top.columns) == ["country", "events"]


def test_native_queries_in_every_shape(world: World) -> None:
    source = {"dataSource": world.names["audience"], "intervals": ["2026-09-21/2026-09-22"]}
    sums = [{"type": "longSum", "name": "events", "fieldName": "count"}]
    grouped = world.client.native(
        {"queryType": "groupBy", "granularity": "hour", "dimensions": ["country"], "aggregations": sums, **source}
    )
    assert list(grouped.columns) == ["time", "country", "events"]
    assert sum(grouped.columns["events"]) == len(world.events)
    assert {moment.hour for moment in grouped.columns["time"]} == {13, 14}
    scanned = world.client.native({"queryType": "scan", "columns": ["__time", "country", "count"], **source})
    assert dict(scanned.types) == {"__time": "time", "country": "string", "count": "integer"}
    assert sum(scanned.columns["count"]) == len(world.events)
    empty = world.client.native({"queryType": "scan", "columns": ["country"], **source, "intervals": ["2020/2021"]})
    assert list(empty.columns) == ["country"]


def test_scans_and_groups_go_into_arrow_and_into_files(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = {"dataSource": world.names["audience"], "intervals": ["2026-09-21/2026-09-22"]}
    columns = ["__time", "content_id", "country", "event_id", "count", "play_ms"]
    scan = {"queryType": "scan", "columns": columns, **source}
    sums = [{"type": "longSum", "name": name, "fieldName": name} for name in ("count", "play_ms")]
    group = {
        "queryType": "groupBy", "granularity": "minute", "dimensions": columns[1:4], "aggregations": sums, **source
    }  # fmt: skip
    by_python = [world.client.native(query) for query in (scan, group)]
    monkeypatch.setattr("frontrow._frames.native.LARGE", 0)
    by_arrow = [world.client.native(query) for query in (scan, group)]
    expected: Counter[tuple[str, str, str | None]] = Counter()
    for event in world.events:
        expected[event["content_id"], event["country"], event["event_id"]] += event["play_ms"]
    for slow, fast in zip(by_python, by_arrow, strict=True):
        assert (isinstance(slow.columns, TableColumns), isinstance(fast.columns, TableColumns)) == (False, True)
        assert dict(slow.types) == dict(fast.types)
        assert Counter(map(str, slow)) == Counter(map(str, fast))
        found: Counter[tuple[str, str, str | None]] = Counter()
        for row in fast.to_arrow().to_pylist():
            found[row["content_id"], row["country"], row["event_id"]] += row["play_ms"]
        assert +found == +expected
        assert fast.to_pandas().attrs["frontrow"]["query_id"] == fast.query_id
    done = world.client.export(scan, tmp_path / "rows.parquet")
    written = pyarrow.parquet.read_table(done.path)
    assert written.schema == by_arrow[0].to_arrow().schema
    assert Counter(map(str, written.to_pylist())) == Counter(map(str, by_arrow[0].to_arrow().to_pylist()))
    # Every column there is: sketches, and labels of which a row may have several.
    whole = {name: value for name, value in scan.items() if name != "columns"}
    assert world.client.export(whole, tmp_path / "whole.parquet").rows == done.rows
    labels = pyarrow.parquet.read_table(tmp_path / "whole.parquet").column("segments").to_pylist()
    known = {label for event in world.events for label in event["segments"]}
    assert {label for each in labels for label in each or ()} == known
    assert world.client.export(whole, tmp_path / "whole.csv").rows == done.rows
    with pytest.raises(frontrow.BadQueryError):
        world.client.export({**scan, "intervals": ["nonsense"]}, tmp_path / "none.csv")
    assert {path.name for path in tmp_path.iterdir()} == {"rows.parquet", "whole.parquet", "whole.csv"}


def test_sql_in_its_types_frames_and_files(world: World, tmp_path: Path) -> None:
    client, source = world.client, f'"{world.names["audience"]}"'
    said = 'say "a,b", \\ and\ntwo lines, ü'
    (row,) = client.sql(
        'SELECT CAST(? AS VARCHAR) AS "text", CAST(? AS TIMESTAMP) AS "at", CAST(? AS BIGINT) AS "large", '
        'CAST(? AS DOUBLE) AS "share", CAST(? AS BOOLEAN) AS "live", CAST(? AS VARCHAR) AS "nothing", '
        "ARRAY['a', 'b'] AS \"labels\"",
        [said, INTERVAL[0], 2**62, 0.25, True, None],
    )
    assert dict(row) == {
        "text": said, "at": INTERVAL[0], "large": 2**62, "share": 0.25, "live": True, "nothing": None,
        "labels": ["a", "b"],
    }  # fmt: skip
    text = f"""
        SELECT TIME_FLOOR(__time, 'PT1H') AS "hour", NULLIF(country, 'DE') AS "place", SUM("count") AS "events",
            SUM(play_ms) / 1000.0 AS "seconds", SUM("count") > 20 AS "many"
        FROM {source} WHERE __time >= ? AND __time < ? GROUP BY 1, 2 ORDER BY 1, 2
    """  # noqa: S608 - the name is of this test
    result = client.sql(text, INTERVAL)
    assert list(result.types.values()) == ["time", "string", "integer", "number", "any"]
    assert sum(result.columns["events"]) == len(world.events)
    assert {moment.hour for moment in result.columns["hour"]} == {13, 14}
    assert result.columns["place"].count(None) == 2
    table = result.to_arrow()
    assert [tuple(column.to_pylist()) for column in table.columns] == list(result.columns.values())
    assert client.export(text, tmp_path / "events.parquet", parameters=INTERVAL).rows == len(result)
    assert pyarrow.parquet.read_table(tmp_path / "events.parquet") == table
    empty = client.sql(text, [INTERVAL[0], INTERVAL[0]])
    assert empty.to_arrow().schema == table.schema
    with pytest.raises(frontrow.BadQueryError, match="no_such_column"):
        client.export(text.replace("country", "no_such_column"), tmp_path / "none.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["events.parquet"]


def test_a_wrong_native_query_comes_back_with_druids_words(world: World) -> None:
    with pytest.raises(frontrow.BadQueryError) as caught:
        world.client.native({"queryType": "timeseries", "dataSource": "x", "intervals": ["nonsense"]})
    assert caught.value.status == 400
    assert caught.value.error_message or caught.value.error
    assert not caught.value.retryable


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
@pytest.mark.parametrize(
    "text", ["1m", "7m", "1h", "5h", "24h", "1d", "3d", "1w", "7d", "2w", "1mo", "5mo", "1y", "3y"]
)
def test_druid_cuts_time_into_the_same_buckets(stack: Any, text: str, zone: str) -> None:
    granularity = parse_granularity(text, zone)
    chance = random.Random(f"{text} {zone}")
    # Druid goes through every bucket of the interval: a year of minutes, half a century of days and months.
    of_clock = granularity.unit in ("minute", "hour")
    years = (2026, 2027) if of_clock else (1975, 2030)
    first, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in years)
    moments = [datetime.fromtimestamp(chance.randrange(first, end), UTC) for _ in range(40)]
    rows = [[int(moment.timestamp() * 1000)] for moment in sorted(moments)]
    query = {
        "queryType": "groupBy",
        "dataSource": {"type": "inline", "columnNames": ["__time"], "columnTypes": ["LONG"], "rows": rows},
        "intervals": [f"{years[0]}/{years[1]}"],
        "granularity": granularity.to_druid(),
        "dimensions": [],
        "aggregations": [{"type": "count", "name": "rows"}],
    }
    with a_client(stack.broker_url) as client:
        found = client.native(query, allow_large=True)
    assert set(found.columns["time"]) == {granularity.floor(moment) for moment in moments}
