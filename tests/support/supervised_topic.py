"""A topic of given messages and a supervisor that reads it, for tests of what Druid makes of them."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import urllib3

from frontrow._http.transport import Transport
from frontrow_ingest.druid import Supervisors, ensure_topic
from frontrow_specs import rollup

with warnings.catch_warnings():
    # kafka-python reads its own files through a deprecated function while it is imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient


DEADLINE_S = 300.0
ANSWER_S = 120.0  # for Druid or Kafka to answer; at most


class SupervisedTopic:
    """One topic, one supervisor and one datasource of the same name."""

    def __init__(self, router_url: str, bootstrap: str, name: str) -> None:
        self.url = router_url
        self.bootstrap = bootstrap
        self.name = name
        self.pool = urllib3.PoolManager()

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Druid's parsed answer; an AssertionError with its words unless it is 2xx."""
        response = self.pool.request(
            method,
            self.url + path,
            body=None if body is None else json.dumps(body),
            headers={"Content-Type": "application/json"},
            timeout=ANSWER_S,
        )
        assert response.status < 300, f"{method} {path}: {response.status} {response.data.decode()[:2000]}"
        return json.loads(response.data or b"null")

    def send(self, messages: Sequence[bytes | None]) -> None:
        """Write the messages in order, to one partition."""
        producer = KafkaProducer(bootstrap_servers=self.bootstrap, acks="all", linger_ms=5)
        try:
            for message in messages:
                producer.send(self.name, value=message, key=b"k")
            producer.flush(ANSWER_S)
        finally:
            producer.close(10)

    def wait(self, what: str, probe: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
        """Poll until ``probe`` answers something true and return it; name the last answer when it never does."""
        end = time.monotonic() + deadline_s
        while True:
            answer = probe()
            if answer:
                return answer
            assert time.monotonic() < end, f"waited {deadline_s:.0f} s for {what}; statistics: {self.statistics()}"
            time.sleep(0.25)

    def statistics(self) -> dict[str, int]:
        """The rows of all tasks by outcome: processed, processedWithError, thrownAway, unparseable."""
        counts: dict[str, int] = {}
        answer = self.pool.request("GET", f"{self.url}/druid/indexer/v1/supervisor/{self.name}/stats", timeout=ANSWER_S)
        # An error while its tasks are only starting.
        for group in json.loads(answer.data).values() if answer.status == 200 else ():
            for task in group.values():
                for outcome, number in task.get("totals", {}).get("buildSegments", {}).items():
                    counts[outcome] = counts.get(outcome, 0) + int(number)
        return counts

    def state(self) -> str:
        """The supervisor's detailed state."""
        payload = self.call("GET", f"/druid/indexer/v1/supervisor/{self.name}/status")["payload"]
        return str(payload["detailedState"])

    def parse_errors(self) -> list[str]:
        """What was wrong with the messages last refused."""
        found = self.call("GET", f"/druid/indexer/v1/supervisor/{self.name}/parseErrors")
        return [detail for entry in found for detail in entry["details"]]

    def tasks(self, state: str, datasource: str | None = None) -> list[dict[str, Any]]:
        """The tasks in one state, of its own datasource unless another is named."""
        where = f"state={state}&datasource={datasource or self.name}"
        found: list[dict[str, Any]] = self.call("GET", f"/druid/indexer/v1/tasks?{where}")
        return found

    def query(self, **parts: Any) -> list[dict[str, Any]]:
        """A native query over all of the datasource's time."""
        found: list[dict[str, Any]] = self.call(
            "POST",
            "/druid/v2",
            {
                "dataSource": self.name,
                "granularity": "all",
                "intervals": ["1970/2100"],
                "context": {"useCache": False, "populateCache": False},
                **parts,
            },
        )
        return found

    def total(self, column: str) -> int:
        """The sum of a stored column."""
        sums = [{"type": "longSum", "name": "total", "fieldName": column}]
        found = self.query(queryType="timeseries", aggregations=sums)
        return int(found[0]["result"]["total"] or 0) if found else 0

    def spec(
        self, input_format: dict[str, Any], dimensions: list[Any], metrics: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """A supervisor spec by minute with a count, reading from the start."""
        return {
            "type": "kafka",
            "spec": {
                "dataSchema": {
                    "dataSource": self.name,
                    "timestampSpec": {"column": "ts", "format": "millis"},
                    "dimensionsSpec": {"dimensions": dimensions},
                    "metricsSpec": [{"type": "count", "name": "count"}, *metrics],
                    "granularitySpec": {"segmentGranularity": "HOUR", "queryGranularity": "MINUTE", "rollup": True},
                },
                "ioConfig": {
                    "topic": self.name,
                    "inputFormat": input_format,
                    "consumerProperties": {"bootstrap.servers": self.bootstrap},
                    "useEarliestOffset": True,
                    "taskCount": 1,
                    "replicas": 1,
                    "taskDuration": "PT1H",
                    "startDelay": "PT0S",
                    "period": "PT2S",
                },
                "tuningConfig": {"type": "kafka", "maxSavedParseExceptions": 100},
            },
        }

    def supervise(self, spec: dict[str, Any]) -> None:
        """Submit the spec."""
        self.call("POST", "/druid/indexer/v1/supervisor", spec)

    def end(self, datasource: str) -> None:
        """End a supervisor and its tasks, and drop the datasource."""
        self.pool.request("POST", f"{self.url}/druid/indexer/v1/supervisor/{datasource}/terminate", timeout=ANSWER_S)
        # A supervisor ended before it has heard of its task's start leaves the task behind.
        for state in ("running", "pending", "waiting"):
            for task in self.tasks(state, datasource):
                self.call("POST", f"/druid/indexer/v1/task/{task['id']}/shutdown")
        self.pool.request("DELETE", f"{self.url}/druid/coordinator/v1/datasources/{datasource}", timeout=ANSWER_S)

    def clear(self) -> None:
        """End its own supervisor, drop its own datasource, and the topic."""
        self.end(self.name)
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        admin.delete_topics([self.name])
        admin.close()


@contextmanager
def supervised_topic(router_url: str, bootstrap: str, name: str, *, partitions: int = 1) -> Iterator[SupervisedTopic]:
    """Make the topic, and take everything away again at the end."""
    ensure_topic(bootstrap, name, partitions=partitions)
    topic = SupervisedTopic(router_url, bootstrap, name)
    try:
        yield topic
    finally:
        topic.clear()


@contextmanager
def supervised_specs(
    router_url: str, bootstrap: str, names: Mapping[str, str], topics: Mapping[str, str]
) -> Iterator[None]:
    """Let specs ingest for as long as the block runs; ``names`` has their datasources and ``topics`` what they read."""
    with Transport(router_url) as transport:
        supervisors = Supervisors(transport)
        try:
            for spec, topic in topics.items():
                ensure_topic(bootstrap, topic)
                supervisors.submit(rollup(spec).supervisor(bootstrap=bootstrap, topic=topic, datasource=names[spec]))
            for name in names.values():
                supervisors.await_ingesting(name, deadline_s=DEADLINE_S)
            yield
        finally:
            for name in names.values():
                supervisors.terminate(name)
