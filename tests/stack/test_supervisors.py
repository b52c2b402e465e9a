"""Waiting until a supervisor has read its topic: not a moment earlier, and not forever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from frontrow import Client
from frontrow._transport import Transport
from frontrow_ingest.druid import Supervisors, end_offsets
from frontrow_ingest.errors import SupervisorError
from frontrow_ingest.producer import EventProducer
from frontrow_specs import rollup
from support.supervised_topic import supervised_topic
from support.viewing_events import an_event

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
COUNT = 5_000


def test_read_means_queryable(stack: Any, fresh_name: Callable[[str], str]) -> None:
    name = fresh_name("read")
    with supervised_topic(stack.router_url, stack.bootstrap, name, partitions=2) as topic, Transport(topic.url) as http:
        with EventProducer(stack.bootstrap, topic=name) as producer:
            for number in range(COUNT):
                producer.send(an_event(session_id=f"session-{number}", seq=number))
            producer.send_encoded(b"bad", b"not an event")
        ends = end_offsets(stack.bootstrap, name)
        assert sum(ends.values()) == COUNT + 1
        supervisors = Supervisors(http)
        supervisors.submit(rollup("audience").supervisor(bootstrap=stack.bootstrap, topic=name, datasource=name))
        supervisors.await_ingesting(name)
        supervisors.await_read(name, ends)
        with Client(topic.url, datasources={"audience": name}) as client:
            (total,) = client.timeseries(
                "events", interval="2020-01-01/2030-01-01", granularity="all", allow_large=True
            )
        assert total["events"] == COUNT
        status = supervisors.status(name)
        assert (status.processed, status.unparseable) == (COUNT, 1)
        with pytest.raises(SupervisorError, match="has read up to 5,001 of 6,001 events after 1 s"):
            supervisors.await_read(name, {0: sum(ends.values()) + 1_000}, deadline_s=1)
