"""What a Druid does for frontrow's adapters, as tests. A subclass gives the Druid: in memory, or a real one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydruid.utils.aggregators import doublemax, longsum
from pydruid.utils.filters import Dimension

from frontrow import BadQueryError, NotFoundError, between, eq, like, one_of
from frontrow_ingest.errors import SupervisorError
from frontrow_ingest.rollout.sampling import SAMPLER
from frontrow_specs import catalogue, rollup_names
from oracle.metrics import DISTINCT, EXACT, QUANTILES
from support.agreement import CASES, GROUPED, SPECS, check_datasource, check_grains, check_top, check_total, interval_of
from support.clients import a_client

from .druid_native import NATIVE
from .druid_native_filters import BAD_QUERIES, FILTERED
from .druid_sketches import SKETCHED, check_hll_bounds, check_quantile_sketches, check_sketches
from .druid_world import (
    COUNTED,
    DEADLINE_S,
    Counted,
    Harness,
    World,
    await_events,
    await_outcome,
    encoded,
    make_counted,
    make_world,
    small_day,
)

Event = dict[str, Any]
FILTERS: dict[str, tuple[Any, Callable[[Event], bool]]] = {
    "equal": ({"country": "DE"}, lambda event: event["country"] == "DE"),
    "one of": ({"country": ["DE", "CH"]}, lambda event: event["country"] in ("DE", "CH")),
    "null": ({"event_id": None}, lambda event: event["event_id"] is None),
    "null or": (one_of("error_code", [None, "PAYMENT_DUE"]), lambda e: e["error_code"] in (None, "PAYMENT_DUE")),
    "and": (
        {"device_type": ["tv", "mobile"], "country": "DE"},
        lambda event: event["device_type"] in ("tv", "mobile") and event["country"] == "DE",
    ),
    "or": (
        eq("country", "FR") | eq("stream_type", "vod"),
        lambda event: event["country"] == "FR" or event["stream_type"] == "vod",
    ),
    "not": (~eq("country", "DE"), lambda event: event["country"] != "DE"),
    "not, nulls too": (~eq("event_id", "cup-final"), lambda event: event["event_id"] != "cup-final"),
    "not null": (~eq("event_id", None), lambda event: event["event_id"] is not None),
    "not of and": (
        ~(eq("country", "DE") & eq("event_id", "cup-final")),
        lambda event: (event["country"], event["event_id"]) != ("DE", "cup-final"),
    ),
    "like": (like("content_id", "%-h_rb%"), lambda event: "-h" in event["content_id"] and "rb" in event["content_id"]),
    "not like": (~like("event_id", "%"), lambda event: event["event_id"] is None),
    "between": (between("country", "C", "F"), lambda event: "C" <= event["country"] < "F"),
    "up to": (between("event_id", None, "zzz"), lambda event: event["event_id"] is not None),
    "numbers from, of texts": (between("app_version", "7", numeric=True), lambda _: False),
    "numbers up to, of texts": (between("app_version", None, "9", numeric=True), lambda _: False),
    "nothing": ({"country": "nowhere"}, lambda _: False),
    "label": ({"segments": "sports"}, lambda event: "sports" in event["segments"]),
    "labels": (
        eq("segments", "sports") & eq("segments", "family"),
        lambda event: {"sports", "family"} <= {*event["segments"]},
    ),
    "not label": (~eq("segments", "sports"), lambda event: "sports" not in event["segments"]),
    "no label": ({"segments": None}, lambda event: not event["segments"]),
    "pydruid's": (Dimension("country") != "DE", lambda event: event["country"] != "DE"),
}


class DruidBehaviour:
    """The suite. Where it is run, a fixture ``harness`` of the module's scope says which Druid."""

    @pytest.fixture(scope="class")
    @classmethod
    def world(cls, harness: Harness) -> World:
        return make_world(harness)

    @pytest.fixture(scope="class")
    @classmethod
    def counted(cls, harness: Harness) -> Counted:
        return make_counted(harness)

    def test_every_metric_of_the_catalogue_is_asked(self) -> None:
        assert {metric for _, metric in CASES} == {*EXACT, *DISTINCT, *QUANTILES} == {*catalogue().metrics}
        assert {*SPECS, *COUNTED} == {*rollup_names()}

    @pytest.mark.parametrize("spec", SPECS)
    def test_every_metric_of_all_time(self, world: World, spec: str) -> None:
        check_total(world.client, spec, world.evening)

    @pytest.mark.parametrize("spec", SPECS)
    def test_every_metric_by_the_minute(self, world: World, spec: str) -> None:
        check_grains(world.client, spec, world.evening)

    @pytest.mark.parametrize(("spec", "dimension"), GROUPED)
    def test_every_metric_by_each_dimension(self, world: World, spec: str, dimension: str) -> None:
        check_top(world.client, spec, dimension, world.evening)

    @pytest.mark.parametrize("spec", COUNTED)
    def test_every_metric_of_refusals_and_of_the_ledger(self, counted: Counted, spec: str) -> None:
        """Of all time, by the minute, and by each dimension."""
        check_datasource(counted.client, spec, counted.records[spec])

    @pytest.mark.parametrize("metric", ["plays", "rebuffer_ratio", "peak_concurrent_viewers", "startup_time_p90"])
    def test_the_first_metric_ranks(self, world: World, metric: str) -> None:
        answer = world.client.top_n("error_code", metric, interval=interval_of(world.evening), spec="quality")
        values = [row[metric] for row in answer]
        known = [value for value in values if value is not None]
        assert values == sorted(known, reverse=True) + [None] * (len(values) - len(known))

    @pytest.mark.parametrize("name", FILTERS)
    def test_a_filter_is_a_selection(self, world: World, name: str) -> None:
        where, keep = FILTERS[name]
        kept = [event for event in world.evening if keep(event)]
        asked = {"interval": interval_of(world.evening), "granularity": "all", "where": where}
        (row,) = world.client.timeseries(["events", "play_ms"], **asked)
        assert (row["events"], row["play_ms"]) == (len(kept), sum(event["play_ms"] for event in kept))

    def test_only_the_labels_asked_for_show(self, world: World) -> None:
        where = {"segments": ["sports", "trial"]}
        found = world.client.top_n("segments", "events", interval=interval_of(world.evening), where=where)
        assert {row["segments"]: row["events"] for row in found} == {
            label: sum(label in event["segments"] for event in world.evening) for label in ("sports", "trial")
        }

    def test_the_callers_own_aggregations(self, world: World) -> None:
        own = {"total": longsum("play_ms"), "most": doublemax("play_ms")}
        asked = {"interval": interval_of(world.day), "granularity": "all", "aggregations": own}
        (row,) = world.client.timeseries("events", spec="audience", **asked)
        assert (row["events"], row["total"], row["most"]) == (8, 15_000, 8_000.0)

    @pytest.mark.parametrize("name", NATIVE)
    def test_a_native_query_is_answered_to_the_letter(self, world: World, name: str) -> None:
        spec, query, expected = NATIVE[name]
        found = world.native(query, spec)
        assert found == json.loads(json.dumps(expected)), json.dumps(found)

    @pytest.mark.parametrize("name", FILTERED)
    def test_a_native_filter_is_druids_selection(self, world: World, name: str) -> None:
        spec, query, expected = FILTERED[name]
        assert world.native(query, spec) == expected

    @pytest.mark.parametrize("name", SKETCHED)
    def test_a_native_query_of_sketches_is_answered_to_the_letter(self, world: World, name: str) -> None:
        spec, query, expected = SKETCHED[name]
        assert world.native(query, spec) == expected

    @pytest.mark.parametrize("check", [check_hll_bounds, check_sketches, check_quantile_sketches])
    def test_sketches(self, world: World, check: Callable[[Any], None]) -> None:
        check(world.native)

    @pytest.mark.parametrize("name", BAD_QUERIES)
    def test_a_bad_query_is_refused(self, world: World, name: str) -> None:
        with pytest.raises(BadQueryError) as caught:
            world.native(BAD_QUERIES[name])
        assert (caught.value.status, caught.value.retryable) == (400, False)
        assert caught.value.error_message

    def test_freshness_is_the_newest_event(self, world: World) -> None:
        newest = max(event["ts"] for event in world.day)
        for spec in SPECS:
            fresh = world.client.freshness(spec)
            assert fresh is not None
            assert fresh.newest == datetime.fromtimestamp(newest / 1000, UTC)

    def test_an_unknown_datasource_is_empty(self, world: World) -> None:
        nowhere = a_client(transport=world.harness.transport, datasources={"audience": "no_such_datasource"})
        interval = interval_of(world.day)
        (row,) = (answer := nowhere.timeseries(["events", "reach"], interval=interval, granularity="all"))
        assert (row["events"], row["reach"], answer.freshness) == (0, 0, None)
        assert len(nowhere.top_n("country", "events", interval=interval)) == 0

    def test_bad_messages_are_counted_and_the_others_count(self, world: World) -> None:
        for name in world.names.values():
            await_outcome(world.supervisors, name, processed=len(world.evening) + len(world.day), unparseable=world.bad)

    def test_a_supervisor_tells_of_itself(self, world: World) -> None:
        name = world.names["audience"]
        assert name in world.supervisors.names()
        status = world.supervisors.status(name)
        assert (status.name, status.state, status.tasks, status.errors) == (name, "RUNNING", 1, ())
        assert status.topic == world.harness.supervisor("audience", name)["spec"]["ioConfig"]["topic"]

    def test_what_was_sent_can_be_awaited(self, world: World) -> None:
        sent = len(world.evening) + len(world.day) + world.bad + 1  # and one without a value
        world.supervisors.await_read(world.names["audience"], {0: sent}, deadline_s=DEADLINE_S)

    def test_the_same_spec_again_changes_nothing(self, world: World) -> None:
        name = world.names["quality"]
        read = len(world.evening) + len(world.day)
        await_outcome(world.supervisors, name, tasks=1, processed=read)
        assert world.supervisors.submit(world.harness.supervisor("quality", name)) == name
        # Tasks that were started anew would count from nothing.
        await_outcome(world.supervisors, name, tasks=1, processed=read)
        assert len(world.supervisors.history(name)) == 1
        check_total(world.client, "quality", world.evening)

    def test_the_sampler_tells_what_records_would_become(self, world: World) -> None:
        spec = world.harness.supervisor("quality", "sampled")["spec"] | {"type": "kafka"}
        spec["dataSchema"]["granularitySpec"]["rollup"] = False
        asked = {"type": "kafka", "spec": spec, "samplerConfig": {"numRows": 105, "timeoutMs": 100_000}}
        answer = world.harness.transport.request_json("POST", SAMPLER, asked, timeout=600)
        assert (answer["numRowsRead"], answer["numRowsIndexed"]) == (105, 100)
        good = [row for row in answer["data"] if not row.get("unparseable")]
        assert [row["parsed"]["country"] for row in good] == [event["country"] for event in world.evening[:100]]
        assert [row["parsed"]["play_ms"] for row in good] == [event["play_ms"] for event in world.evening[:100]]
        assert [row["input"]["viewer_id"] for row in good] == [event["viewer_id"] for event in world.evening[:100]]
        assert all("Message is not the Avro record" in row["error"] for row in answer["data"] if row not in good)
        with pytest.raises(NotFoundError):
            world.harness.transport.request_json("GET", "/druid/indexer/v1/supervisor/sampled")

    def test_a_supervisor_whose_kafka_has_no_address(self, world: World) -> None:
        name = world.harness.datasource("nowhere")
        spec = world.harness.supervisor("audience", name)
        spec["spec"]["ioConfig"]["consumerProperties"]["bootstrap.servers"] = "nowhere.invalid:9092"
        assert world.supervisors.submit(spec) == name
        deadline = time.monotonic() + DEADLINE_S
        while len((status := world.supervisors.status(name)).errors) < 3:
            assert time.monotonic() < deadline, f"waited {DEADLINE_S} s for errors of {status}"
            time.sleep(0.1)
        assert (status.state, status.tasks) == ("PENDING", 0)
        assert "Failed to construct kafka consumer" in status.errors
        world.supervisors.terminate(name)
        asked = {"type": "kafka", "spec": spec["spec"] | {"type": "kafka"}}
        with pytest.raises(BadQueryError, match="No resolvable bootstrap urls"):
            world.harness.transport.request_json("POST", SAMPLER, asked, timeout=600)

    def test_an_unknown_supervisor(self, world: World) -> None:
        with pytest.raises(SupervisorError, match="no_such_supervisor"):
            world.supervisors.status("no_such_supervisor")
        with pytest.raises(SupervisorError, match="no_such_supervisor"):
            world.supervisors.terminate("no_such_supervisor")
        assert world.supervisors.history("no_such_supervisor") == []
        assert world.supervisors.spec("no_such_supervisor") is None

    def test_an_unknown_path(self, world: World) -> None:
        with pytest.raises(NotFoundError):
            world.harness.transport.request_json("GET", "/druid/indexer/v1/no_such_path")

    def test_a_wrong_spec_is_refused(self, world: World) -> None:
        spec = world.harness.supervisor("audience", "refused")
        spec["spec"]["dataSchema"]["metricsSpec"].append({"type": "no_such_aggregator", "name": "x"})
        with pytest.raises(SupervisorError, match="no_such_aggregator"):
            world.supervisors.submit(spec)
        assert "refused" not in world.supervisors.names()

    def test_what_was_read_outlives_its_supervisor(self, world: World) -> None:
        """Last, because it ends the one of ``audience``."""
        name = world.names["audience"]
        world.supervisors.terminate(name)
        assert name not in world.supervisors.names()
        with pytest.raises(SupervisorError):
            world.supervisors.status(name)
        await_events(world.client, "audience", len(world.evening) + len(world.day))
        # A new supervisor goes on where the old one stopped.
        world.supervisors.submit(world.harness.supervisor("audience", name))
        world.supervisors.await_ingesting(name, deadline_s=DEADLINE_S)
        world.harness.produce([encoded(small_day()[0])])
        await_events(world.client, "audience", len(world.evening) + len(world.day) + 1)
        # Druid remembers both, the newest first, and that the first was ended.
        versions = world.supervisors.history(name)
        assert [version.spec is None for version in versions] == [False, True, False]
        assert sorted((version.number for version in versions), reverse=True) == [one.number for one in versions]
        assert versions[0].spec == world.supervisors.spec(name)
        # Told to go back by two records, it reads these again: they are the two newest.
        topic, tasks = world.supervisors.offsets(name)
        end = len(world.evening) + len(world.day) + world.bad + 2
        assert tasks[-1][0] == {0: end - 1}, "the first one may still publish"
        world.supervisors.reset_offsets(name, topic, {0: end - 2})
        world.supervisors.await_offsets(name, {0: end - 2}, deadline_s=DEADLINE_S)
        await_events(world.client, "audience", len(world.evening) + len(world.day) + 2)
