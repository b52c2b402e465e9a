"""The published stack for tests on local processes: usable, restarted with what was counted, and gone."""

from __future__ import annotations

import socket

import pytest

from frontrow._http.transport import Transport
from frontrow_ingest import testing
from frontrow_ingest.druid import Supervisors, end_offsets, ensure_topic
from frontrow_ingest.producer import EventProducer
from frontrow_specs import rollup
from support.clients import a_client
from support.viewing_events import an_event
from support.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore::DeprecationWarning")]
COUNT = 500


def test_a_local_stack_for_tests_and_what_it_counted_after_a_restart() -> None:
    with testing.stack("local") as stack:
        assert stack.backend == "local"
        assert stack.bootstrap == stack.druid_bootstrap
        topic = "testing"
        ensure_topic(stack.bootstrap, topic, partitions=3)
        with Transport(stack.router_url) as transport:
            supervisors = Supervisors(transport)
            assert supervisors.names() == []
            supervisors.submit(rollup("audience").supervisor(bootstrap=stack.druid_bootstrap, topic=topic))
            supervisors.await_ingesting("audience")
            with EventProducer(stack.bootstrap, topic=topic) as producer:
                for number in range(COUNT):
                    producer.send(an_event(session_id=f"session-{number}", seq=number))
            ends = end_offsets(stack.bootstrap, topic)
            assert sum(ends.values()) == COUNT
            until("the events to be queryable", lambda: counted(stack.router_url) == COUNT)

            stack.restart_druid()
            assert end_offsets(stack.bootstrap, topic) == ends
            # What no segment holds yet is read from Kafka again, by a task that the overlord remembers.
            supervisors.await_read("audience", ends, deadline_s=120)
            assert counted(stack.router_url) == COUNT
        with Transport(stack.broker_url) as transport:
            asked = {"queryType": "dataSourceMetadata", "dataSource": "unknown"}
            assert transport.request_json("POST", "/druid/v2", asked) == []
        assert "--- the end of" in stack.log("broker")
    for url in (stack.router_url, stack.coordinator_url, stack.bootstrap):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) != 0


def counted(router_url: str) -> int:
    with a_client(router_url) as client:
        (total,) = client.timeseries("events", interval="2020-01-01/2030-01-01", granularity="all", allow_large=True)
    return int(total["events"])
