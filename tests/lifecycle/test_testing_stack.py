"""The published stack for tests on local processes: usable, restarted with its data, and gone."""

from __future__ import annotations

import socket

import pytest

from frontrow._transport import Transport
from frontrow_ingest import testing
from frontrow_ingest.druid import Supervisors, end_offsets, ensure_topic

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240), pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def test_a_local_stack_for_tests() -> None:
    topic = "testing"
    with testing.stack("local") as stack:
        assert stack.backend == "local"
        assert stack.bootstrap == stack.druid_bootstrap
        ensure_topic(stack.bootstrap, topic, partitions=3)
        stack.restart_druid()
        assert end_offsets(stack.bootstrap, topic) == {0: 0, 1: 0, 2: 0}
        with Transport(stack.router_url) as transport:
            assert Supervisors(transport).names() == []
        with Transport(stack.broker_url) as transport:
            assert (
                transport.request_json("POST", "/druid/v2", {"queryType": "dataSourceMetadata", "dataSource": topic})
                == []
            )
        assert "--- the end of" in stack.log("broker")
    for url in (stack.router_url, stack.coordinator_url, stack.bootstrap):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) != 0
