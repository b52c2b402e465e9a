"""What only the Druid in memory has: events as dicts, counts of rows, refusals of what it does not know."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from frontrow import AskError, BadQueryError, NotFoundError, ServerError, Timeouts
from frontrow_ingest.contract import ViewingEvent, encode
from frontrow_ingest.druid import Supervisors
from frontrow_ingest.errors import RollupError, SupervisorError
from frontrow_ingest.rollup import RowCount
from frontrow_ingest.testing import MemoryDruid
from frontrow_specs import SpecNotFound, rollup
from support.bad_messages import BAD, SCHEMA, event, good
from support.clients import a_client
from support.viewing_events import an_event

HOUR = "2026-09-21T14:00/2026-09-21T15:00"
SUPERVISOR = "/druid/indexer/v1/supervisor"


@pytest.fixture
def druid() -> MemoryDruid:
    druid = MemoryDruid()
    druid.apply("audience", "quality")
    return druid


def events_in(druid: MemoryDruid, **how: Any) -> Any:
    return a_client(transport=druid).timeseries("events", interval=HOUR, granularity="all", **how)[0]["events"]


def small_spec(**changes: Any) -> dict[str, Any]:
    """A supervisor of the small contract in ``support.bad_messages``."""
    decoder = {"type": "multiple_schemas_inline", "schemas": {"1": SCHEMA}}
    reading = {"topic": "small", "inputFormat": {"type": "avro_stream", "avroBytesDecoder": decoder}, **changes}
    schema = {
        "dataSource": "small",
        "timestampSpec": {"column": "ts", "format": "millis"},
        "dimensionsSpec": {"dimensions": ["kind"]},
        "metricsSpec": [{"type": "count", "name": "count"}, {"type": "longSum", "name": "bits", "fieldName": "bits"}],
    }
    return {"type": "kafka", "spec": {"dataSchema": schema, "ioConfig": reading}}


def test_dicts_are_counted_at_once_and_get_the_schemas_defaults(druid: MemoryDruid) -> None:
    druid.send("events", [an_event(network=..., segments=..., play_ms=...), an_event(kind="first_frame")])
    client = a_client(transport=druid)
    assert client.top_n("network", "events", interval=HOUR).columns["network"] == ("unknown", "wifi")
    assert client.top_n("segments", "plays", interval=HOUR).columns["segments"] == ("premium", "sports", None)
    assert events_in(druid) == 2


def test_dicts_and_bytes_are_the_same_event(druid: MemoryDruid) -> None:
    druid.send("events", [an_event(), encode(ViewingEvent(**an_event()))])
    assert druid.count("audience") == druid.count("quality") == RowCount(events=2, rows=1)
    assert druid.count("audience").ratio == 2


def test_what_was_sent_before_is_read_from_the_start() -> None:
    druid = MemoryDruid()
    druid.send("events", [an_event()])
    assert druid.count("audience") == RowCount(0, 0)
    druid.apply("audience")
    assert events_in(druid) == 1


def test_a_supervisor_may_begin_at_the_end() -> None:
    druid = MemoryDruid()
    druid.send("small", [event(1)])
    druid.request_json("POST", SUPERVISOR, small_spec(useEarliestOffset=False))
    druid.send("small", [event(2)])
    assert druid.count("small").events == 1


def test_a_changed_spec_counts_on_and_keeps_the_old_rows(druid: MemoryDruid) -> None:
    druid.send("events", [an_event()])
    spec = rollup("audience").supervisor(bootstrap="x")
    spec["spec"]["dataSchema"]["metricsSpec"].append({"type": "longMax", "name": "most", "fieldName": "play_ms"})
    assert Supervisors(druid).submit(spec) == "audience"
    assert events_in(druid) == 1
    druid.send("events", [an_event(play_ms=77)])
    assert events_in(druid) == 2
    most = a_client(transport=druid).timeseries(
        "events", interval=HOUR, granularity="all", aggregations={"m": {"type": "longMax", "fieldName": "most"}}
    )
    assert most.columns["m"] == (77,)


def test_a_terminated_supervisor_reads_no_more(druid: MemoryDruid) -> None:
    Supervisors(druid).terminate("audience")
    druid.send("events", [an_event()])
    assert (druid.count("audience").events, druid.count("quality").events) == (0, 1)
    druid.apply("audience")
    assert druid.count("audience").events == 1


@pytest.mark.parametrize("name", BAD)
def test_bytes_that_druid_refuses_are_refused(name: str) -> None:
    druid = MemoryDruid()
    druid.request_json("POST", SUPERVISOR, small_spec())
    druid.send("small", [good(1), BAD[name], None, good(2)])
    status = Supervisors(druid).status("small")
    assert (status.processed, status.unparseable, status.lag) == (2, 1, 0)
    assert druid.count("small").events == 2


def test_a_client_leaves_the_transport_open_and_takes_its_timeouts() -> None:
    druid = MemoryDruid(timeouts=Timeouts(query=7))
    druid.apply("audience")
    with a_client(transport=druid) as client:
        result = client.timeseries("plays", interval=HOUR)
    assert result.queries[0]["context"]["timeout"] == 7_000
    assert repr(client) == "frontrow.Client('memory://druid')"
    assert events_in(druid) == 0


@pytest.mark.parametrize("more", [{"url": "http://127.0.0.1:1"}, {"timeouts": Timeouts()}])
def test_a_transport_has_its_own_address_and_timeouts(druid: MemoryDruid, more: dict[str, Any]) -> None:
    with pytest.raises(AskError, match="its own address"):
        a_client(transport=druid, **more)


def native(druid: MemoryDruid, **parts: Any) -> Any:
    query = {"queryType": "timeseries", "dataSource": "audience", "granularity": "all", "intervals": ["2026/2027"]}
    return druid.request_json("POST", "/druid/v2", {**query, **parts})


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"queryType": "search"}, "queryType 'search'"),
        ({"queryType": "scan"}, "a query of type 'scan'"),
        ({"queryType": ["search"]}, "queryType"),
        ({"virtualColumns": [{"type": "expression"}]}, "the virtual column"),
        ({"context": {"grandTotal": True}}, "'grandTotal'"),
        ({"granularity": "none"}, "granularity 'none'"),
        ({"granularity": {"type": "duration", "duration": 1}}, "duration"),
        ({"dataSource": {"type": "union", "dataSources": ["a"]}}, "dataSource"),
        ({"aggregations": [{"type": "floatSum", "name": "x", "fieldName": "x"}]}, "'floatSum'"),
        ({"aggregations": [{"type": "count", "name": "x", "shouldFinalize": False}]}, "'count'|bytes"),
        ({"aggregations": [{"type": "longSum", "name": "x", "fieldName": "country"}]}, "folds numbers"),
        ({"aggregations": [{"type": "HLLSketchMerge", "name": "x", "fieldName": "country"}]}, "takes sets"),
        ({"filter": {"type": "regex", "dimension": "country", "pattern": "x"}}, "'regex'"),
        ({"filter": {"type": "bound", "dimension": "country", "lower": "a", "ordering": "strlen"}}, "'strlen'"),
        ({"filter": {"type": "selector", "dimension": "country", "extractionFn": {"type": "upper"}}}, "extractionFn"),
    ],
)
def test_what_it_does_not_know_is_a_bad_query_in_words(druid: MemoryDruid, parts: dict[str, Any], said: str) -> None:
    druid.send("events", [an_event()])
    with pytest.raises(BadQueryError, match=said) as caught:
        native(druid, **parts)
    assert "memory://druid" in str(caught.value)


def test_what_breaks_in_druid_breaks_here(druid: MemoryDruid) -> None:
    post = {"type": "expression", "name": "x", "expression": "n / 0"}
    with pytest.raises(ServerError):
        native(druid, aggregations=[{"type": "count", "name": "n"}], postAggregations=[post])


def test_what_is_not_json_is_not_sent(druid: MemoryDruid) -> None:
    with pytest.raises(AskError, match="JSON"):
        native(druid, filter={1, 2})


@pytest.mark.parametrize("path", ["/druid/v2/sql", f"{SUPERVISOR}/audience/reset", "/status"])
def test_an_unknown_path_is_not_found(druid: MemoryDruid, path: str) -> None:
    with pytest.raises(NotFoundError):
        druid.request_json("POST", path, {})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda spec: spec.update(type="kinesis"), "'kinesis'"),
        (lambda spec: spec["spec"]["ioConfig"]["inputFormat"].update(type="json"), "inputFormat"),
        (lambda spec: spec["spec"]["ioConfig"].update(lateMessageRejectionPeriod="PT1H"), "lateMessage"),
        (lambda spec: spec["spec"]["ioConfig"].pop("topic"), "'topic'"),
    ],
)
def test_a_spec_that_it_does_not_know_is_refused(druid: MemoryDruid, change: Any, said: str) -> None:
    spec = small_spec()
    change(spec)
    with pytest.raises(BadQueryError, match=said):
        druid.request_json("POST", SUPERVISOR, spec)
    assert druid.request_json("GET", SUPERVISOR) == ["audience", "quality"]


def test_no_such_spec_and_no_such_supervisor(druid: MemoryDruid) -> None:
    with pytest.raises(SpecNotFound):
        druid.apply("audiance")
    with pytest.raises(SupervisorError, match="specs apply"):
        Supervisors(druid).status("audiance")


def test_a_dict_that_is_no_event_says_so(druid: MemoryDruid) -> None:
    with pytest.raises(RollupError, match="'play_ms'"):
        druid.send("events", [an_event(play_ms="many")])


def test_answers_share_nothing_with_what_is_stored(druid: MemoryDruid) -> None:
    spec = druid.request_json("GET", f"{SUPERVISOR}/audience")
    spec["spec"]["dataSchema"]["dimensionsSpec"]["dimensions"].clear()
    assert druid.request_json("GET", f"{SUPERVISOR}/audience") != spec
    assert a_client(transport=druid).freshness("audience") is None


def test_dicts_need_neither_kafka_nor_avro_nor_pydantic() -> None:
    code = """
import sys
class Bare:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"kafka", "avro", "fastavro", "pydantic", "jsonschema", "datasketches"}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Bare())
import frontrow
from frontrow_ingest.testing import MemoryDruid
druid = MemoryDruid()
druid.apply("audience")
druid.send("events", [{"ts": 1790000000000, "kind": "first_frame", "country": "DE"}])
with frontrow.Client(transport=druid) as client:
    print(client.top_n("country", "plays", interval=sys.argv[1]).columns["plays"])
"""
    done = subprocess.run([sys.executable, "-c", code, HOUR], capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout.strip() == "(1,)"
