"""Waiting until a supervisor has read its topic: not a moment earlier, and not forever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaProducer

from frontrow._http.transport import Transport
from frontrow_ingest.contract import ViewingEvent, encode
from frontrow_ingest.druid import Supervisors, end_offsets, event_ends
from frontrow_ingest.errors import SupervisorError
from frontrow_ingest.producer import EventProducer
from frontrow_specs import rollup
from support.clients import a_client
from support.supervised_topic import supervised_topic
from support.viewing_events import an_event
from support.waiting import until

pytestmark = pytest.mark.stack
COUNT = 5_000


def test_read_means_queryable(stack: Any, fresh_name: Callable[[str], str]) -> None:
    name = fresh_name("read")
    with supervised_topic(stack.router_url, stack.bootstrap, name, partitions=2) as topic, Transport(topic.url) as http:
        with EventProducer(stack.bootstrap, topic=name) as producer:
            for number in range(COUNT):
                producer.send(an_event(session_id=f"session-{number}", seq=number))
            producer.send_encoded(b"bad", b"not an event")
        ends = event_ends(stack.bootstrap, name)
        assert ends == end_offsets(stack.bootstrap, name)
        assert sum(ends.values()) == COUNT + 1
        supervisors = Supervisors(http)
        supervisors.submit(rollup("audience").supervisor(bootstrap=stack.bootstrap, topic=name, datasource=name))
        supervisors.await_ingesting(name, deadline_s=300)
        supervisors.await_read(name, ends, deadline_s=300)
        with a_client(topic.url, datasources={"audience": name}) as client:

            def counted() -> int:
                (total,) = client.timeseries(
                    "events", interval="2020-01-01/2030-01-01", granularity="all", allow_large=True
                )
                return int(total["events"])

            # The Broker hears of a task's first segment a moment later than the task has its rows.
            until("what was read to be queryable", lambda: counted() == COUNT)

        def told() -> tuple[int | None, int | None]:
            status = supervisors.status(name)
            return status.processed, status.unparseable

        until("the counts of its tasks", lambda: told() == (COUNT, 1))
        with pytest.raises(SupervisorError, match="has read up to 5,001 of 6,001 events after 1 s"):
            supervisors.await_read(name, {0: sum(ends.values()) + 1_000}, deadline_s=1)


def test_marks_of_transactions_are_no_events(stack: Any, fresh_name: Callable[[str], str]) -> None:
    """As a replay leaves them: two of committed ones, between events and at the end, and one that was given up."""
    name = fresh_name("marks")
    with supervised_topic(stack.router_url, stack.bootstrap, name) as topic, Transport(topic.url) as http:
        assert event_ends(stack.bootstrap, name) == {0: 0}
        producer: Any = KafkaProducer(bootstrap_servers=stack.bootstrap, transactional_id=name)
        try:
            producer.init_transactions()
            for number in range(3):
                producer.begin_transaction()
                for seq in range(5):
                    event = ViewingEvent(**an_event(session_id=f"session-{number}", seq=seq))
                    producer.send(name, key=b"k", value=encode(event))
                producer.flush(60)
                if number < 2:
                    producer.commit_transaction()
                else:
                    producer.abort_transaction()
        finally:
            producer.close(10)
        assert end_offsets(stack.bootstrap, name) == {0: 18}
        ends = event_ends(stack.bootstrap, name)
        assert ends == {0: 11}
        supervisors = Supervisors(http)
        supervisors.submit(rollup("audience").supervisor(bootstrap=stack.bootstrap, topic=name, datasource=name))
        supervisors.await_ingesting(name, deadline_s=300)
        supervisors.await_read(name, ends, deadline_s=300)
