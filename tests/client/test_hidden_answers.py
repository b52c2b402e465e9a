"""What answers hide by default, over a Druid in memory; the same events are counted beside it in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydruid.utils.aggregators import longsum

from frontrow import AskError, Client
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.testing import MemoryDruid
from support.clients import a_client
from support.viewing_events import an_event

NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)
HOUR = "2026-03-01T12:00/2026-03-01T13:00"
MINUTE_MS = 60_000

Event = dict[str, Any]


def viewers(count: int, *, first: int = 0, events: int = 2, minute: int = 0, **fields: Any) -> list[Event]:
    """Heartbeats of so many viewers, each of one session."""
    return [
        an_event(
            ts=NOON + minute * MINUTE_MS + number,
            seq=number,
            viewer_id=f"viewer-{first + viewer:015d}",
            session_id=f"session-{first + viewer}",
            **fields,
        )
        for viewer in range(count)
        for number in range(events)
    ]


def client_of(events: Iterable[Event], **options: Any) -> Client:
    druid = MemoryDruid()
    druid.apply("audience", "quality", "live", "retention", "ledger", "quarantine")
    druid.send("events", events)
    return Client(transport=druid, **options)


def by_country(counts: Mapping[str, int]) -> list[Event]:
    found, first = [], 0
    for country, count in counts.items():
        found += viewers(count, first=first, country=country)
        first += count
    return found


class TestTopLists:
    def test_a_small_value_and_one_to_protect_it_come_last_by_name(self) -> None:
        client = client_of(by_country({"DE": 40, "ZZ": 3, "FR": 30, "AT": 12}))
        result = client.top_n("country", ["events", "play_ms"], interval=HOUR)
        assert [tuple(row.values()) for row in result] == [
            ("DE", 80, 80 * 9_600),
            ("FR", 60, 60 * 9_600),
            ("AT", None, None),
            ("ZZ", None, None),
        ]
        assert (result.suppressed, result.suppressed_rows) == (2, (False, False, True, True))
        assert "2 rows with fewer than 10 viewers are hidden (1 of them to protect another)" in str(result)
        assert [line.split()[1] for line in str(result).splitlines()[4:6]] == ["hidden", "hidden"]

    def test_several_small_ones_protect_each_other(self) -> None:
        result = client_of(by_country({"DE": 40, "ZZ": 6, "AT": 8})).top_n("country", "events", interval=HOUR)
        assert [(row["country"], row["events"]) for row in result] == [("DE", 80), ("AT", None), ("ZZ", None)]
        assert str(result).splitlines()[3].split() == ["AT", "<10"]

    @pytest.mark.parametrize("n", [1, 2, 3, 10])
    def test_the_same_is_hidden_in_a_short_list_and_in_a_long_one(self, n: int) -> None:
        client = client_of(by_country({"DE": 40, "ZZ": 3, "FR": 30, "AT": 12}))
        result = client.top_n("country", "events", n=n, interval=HOUR)
        assert [(row["country"], row["events"]) for row in result] == [
            ("DE", 80), ("FR", 60), ("AT", None), ("ZZ", None),
        ][:n]  # fmt: skip
        hidden = {1: "2 values", 2: "2 values", 3: "1 value"}.get(n)
        assert (f"{hidden} with fewer than 10 viewers not ranked" in result.exactness) == (hidden is not None)

    def test_few_viewers_of_many_events_do_not_rank(self) -> None:
        """Where they would rank first, their place would tell."""
        events = [*by_country({"DE": 40, "FR": 30}), *viewers(2, first=900, events=500, country="ZZ")]
        result = client_of(events).top_n("country", "events", interval=HOUR)
        assert result.columns["country"] == ("DE", "FR", "ZZ")
        assert result.columns["events"] == (80, None, None)

    def test_every_way_to_a_top_list_hides(self) -> None:
        events = by_country({"DE": 40, "ZZ": 3, "FR": 30, "AT": 12})
        client = client_of(events)
        for metrics in ("peak_concurrent_viewers", ["events", "peak_concurrent_viewers"], "unique_viewers"):
            result = client.top_n("country", metrics, interval=HOUR)
            assert result.columns["country"] == ("DE", "FR", "AT", "ZZ")
            assert result.suppressed_rows == (False, False, True, True)
            for name in result.columns:
                assert name == "country" or result.columns[name][2:] == (None, None)

    def test_labels_of_which_a_row_has_several(self) -> None:
        events = [
            *viewers(40, segments=["a"]),
            *viewers(20, first=100, segments=["a", "b"]),
            *viewers(3, first=200, segments=["c"]),
            *viewers(15, first=300, segments=[]),
        ]
        result = client_of(events).top_n("segments", "events", interval=HOUR)
        assert [(row["segments"], row["events"]) for row in result] == [
            ("a", 120), ("b", 40), (None, None), ("c", None),
        ]  # fmt: skip

    def test_own_aggregations_are_hidden_too(self) -> None:
        client = client_of(by_country({"DE": 40, "ZZ": 3, "FR": 30}))
        own = {"mine": longsum("play_ms")}
        result = client.top_n("country", "events", interval=HOUR, aggregations=own)
        assert result.columns["mine"] == (40 * 2 * 9_600, None, None)
        with pytest.raises(AskError, match="viewers_hll"):
            client.top_n("country", "events", interval=HOUR, aggregations={"viewers_hll": longsum("play_ms")})

    def test_nothing_is_hidden_on_demand(self) -> None:
        client = client_of(by_country({"DE": 40, "ZZ": 3}), min_audience=0)
        result = client.top_n("country", "events", interval=HOUR)
        assert result.columns["events"] == (80, 6)
        assert (result.suppressed, result.suppressed_rows) == (0, (False, False))
        assert "viewers_hll" not in str(result.queries)

    def test_another_least_audience(self) -> None:
        client = client_of(by_country({"DE": 40, "FR": 30, "AT": 12}), min_audience=35)
        assert client.top_n("country", "events", interval=HOUR).columns["events"] == (80, None, None)

    def test_what_counts_viewers_is_asked_in_the_same_query_and_not_shown(self) -> None:
        result = client_of(by_country({"DE": 40})).top_n("country", "events", interval=HOUR)
        (query,) = result.queries
        assert [each["name"] for each in query["aggregations"]] == ["count", "viewers_hll"]
        assert list(result.columns) == list(result.types) == ["country", "events"]


class TestOverTime:
    def test_buckets_of_few_viewers_are_hidden_and_empty_ones_are_not(self) -> None:
        client = client_of([*viewers(12, minute=0), *viewers(9, minute=1), *viewers(10, minute=3)])
        result = client.timeseries(
            ["events", "rebuffer_ratio", "peak_concurrent_viewers"], interval=(at(0), at(5)), spec="quality"
        )
        assert result.columns["events"] == (24, None, 0, 20, 0)
        assert result.columns["rebuffer_ratio"][:2] == (0.04, None)
        assert result.columns["peak_concurrent_viewers"][1] is None
        assert result.suppressed_rows == (False, True, False, False, False)
        assert "1 row with fewer than 10 viewers is hidden" in str(result)
        assert "<10" in str(result)

    def test_a_filter_that_leaves_few_hides(self) -> None:
        client = client_of(by_country({"DE": 40, "ZZ": 3}))
        asked: dict[str, Any] = {"interval": HOUR, "granularity": "all"}
        assert client.timeseries("events", where={"country": "ZZ"}, **asked)[0]["events"] is None
        assert client.timeseries("events", where={"country": "DE"}, **asked)[0]["events"] == 80
        assert client.timeseries("events", where={"country": "XX"}, **asked)[0]["events"] == 0

    def test_the_control_room_counts_sessions(self) -> None:
        client = client_of([*viewers(12, minute=0), *viewers(9, minute=1)])
        result = client.timeseries("events", interval=(at(0), at(2)), spec="live", granularity="1m")
        assert result.columns["events"] == (24, None)
        assert "1 row with fewer than 10 sessions is hidden" in str(result)

    @pytest.mark.parametrize(("spec", "metric"), [("ledger", "sent"), ("quarantine", "quarantined")])
    def test_accounts_of_producers_hide_nothing(self, spec: str, metric: str) -> None:
        druid = MemoryDruid()
        druid.apply("ledger", "quarantine")
        delta = {"ts": NOON, "emitted_ts": NOON, "producer": "p", "run": "r", "schema_id": 1, "sent": 1}
        refusal = {"ts": NOON, "seen_ts": NOON, "id": "i", "action": "refused", "time_is": "event", "reason": "late",
                   "stage": "producer"}  # fmt: skip
        druid.send("ledger", [delta])
        druid.send("quarantine", [refusal])
        result = Client(transport=druid).timeseries(metric, interval=HOUR, granularity="all", spec=spec)
        assert (result[0][metric], result.suppressed) == (1, 0)
        assert result.completeness.reason == "only viewing events are held against the ledger"

    def test_druids_own_answers_say_that_they_hide_nothing(self) -> None:
        client = client_of(by_country({"ZZ": 3}))
        sums = [{"type": "longSum", "name": "n", "fieldName": "count"}]
        query = {"queryType": "timeseries", "dataSource": "audience", "intervals": ["2026-03-01/2026-03-02"],
                 "granularity": "all", "aggregations": sums}  # fmt: skip
        result = client.native(query)
        assert (result[0]["n"], result.exactness) == (6, "as Druid answers, small audiences too")


class TestCurves:
    def test_the_end_that_few_came_to_is_hidden(self) -> None:
        def to(end: int, sessions: range) -> list[Event]:
            return [
                an_event(ts=NOON, session_id=f"s{number}", content_id="film", play_ms=end, position_ms=end,
                         content_length_ms=100_000)
                for number in sessions
            ]  # fmt: skip

        client = client_of([*to(10_000, range(30)), *to(12_000, range(30, 42)), *to(20_000, range(42, 45))])
        result = client.retention("film", interval=HOUR)
        assert result.columns["position"] == tuple(range(20))
        assert result.columns["came_so_far"][9:13] == (45, 15, 15, None)
        assert [row for row in result if row["position"] == 12] == [
            {"position": 12, "sessions": None, "retention": None, "came_so_far": None, "remaining": None}
        ]
        assert result.suppressed_rows == (False,) * 12 + (True,) * 8
        assert "8 rows with fewer than 10 sessions are hidden" in str(result)


def test_a_simulated_evening_by_every_dimension() -> None:
    """What is shown is what is counted; what is hidden has few viewers, or stands beside the only one that has."""
    events = list(Simulation(seed=3, viewers=90, start_ms=NOON, duration_s=600).events())
    druid = MemoryDruid()
    druid.apply("quality")
    druid.send("events", events)
    hiding, showing = Client(transport=druid), a_client(transport=druid)
    day = "2026-03-01/2026-03-02"
    seen = 0
    for dimension in ("country", "isp", "os", "app_version", "cdn", "region"):
        groups: dict[Any, list[Event]] = defaultdict(list)
        for event in events:
            groups[event[dimension]].append(event)
        sizes = {value: len({event["viewer_id"] for event in found}) for value, found in groups.items()}
        result = hiding.top_n(dimension, "events", n=1000, interval=day, spec="quality")
        hidden = {row[dimension] for row in result if row["events"] is None}
        small = {value for value, size in sizes.items() if size < 10}
        assert small <= hidden
        assert {row[dimension]: row["events"] for row in result if row["events"] is not None} == {
            value: len(found) for value, found in groups.items() if value not in hidden
        }
        # By subtraction from the total, which anybody may ask.
        if hidden and len(hidden) < len(sizes):
            assert len(hidden) > 1
            assert sum(sizes[value] for value in hidden) >= 10
        assert hidden <= small or sum(sizes[value] for value in small) < 10 or len(small) == 1
        assert len(showing.top_n(dimension, "events", n=1000, interval=day, spec="quality")) == len(result)
        seen += len(hidden)
    assert seen > 10


def at(minute: int) -> datetime:
    return datetime.fromtimestamp((NOON + minute * MINUTE_MS) / 1000, UTC)
