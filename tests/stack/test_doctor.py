"""``frontrow doctor`` on real Kafka and Druid: well, and with everything wrong that can be made so here."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner
from kafka.admin import KafkaAdminClient, NewTopic

from frontrow._http.transport import Transport
from frontrow_ingest.cli.doctor import command
from frontrow_ingest.druid import Supervisors
from frontrow_ingest.producer import EventProducer
from frontrow_specs import rollup
from support.viewing_events import an_event
from support.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
HOUR_MS = 3_600_000
CONFIGS: Mapping[str, Mapping[str, str]] = {
    "good": {"retention.ms": str(48 * HOUR_MS)},
    "short": {"retention.ms": str(HOUR_MS)},
    "compacted": {"cleanup.policy": "compact", "retention.ms": "-1"},
    "unsafe": {"min.insync.replicas": "2"},
}


@dataclass
class Patient:
    """Topics, each with something about it, the supervisor of a datasource, and the doctor."""

    stack: Any
    http: Transport
    topics: dict[str, str]
    name: str

    @property
    def supervisors(self) -> Supervisors:
        return Supervisors(self.http)

    def submit(self) -> None:
        topic = self.topics["good"]
        spec = rollup("audience").supervisor(bootstrap=self.stack.bootstrap, topic=topic, datasource=self.name)
        self.supervisors.submit(spec)

    def doctor(self, *options: str, **where: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """Its exit status, and what it says, by what it is about."""
        where = {"url": self.stack.router_url, "bootstrap": self.stack.bootstrap, **where}
        words = [part for name, value in where.items() for part in (f"--{name}", value)]
        done = CliRunner().invoke(command, [*words, *options, "--json"], standalone_mode=False)
        assert done.exception is None, done.exception
        rows = json.loads(done.stdout)
        assert done.return_value == (0 if all(row["good"] for row in rows) else 1)
        assert all(row["mend"] for row in rows if not row["good"])
        return done.return_value, {row["what"]: row for row in rows}

    def wait(self, said: str) -> dict[str, Any]:
        """Until it says so of the supervisor."""
        row: dict[str, Any] = {"text": ""}

        def told() -> bool:
            row.update(self.doctor("--topic", self.topics["good"])[1][f"supervisor {self.name}"])
            return said in row["text"]

        until(f"the doctor to say {said}", told)
        return row


@pytest.fixture
def patient(stack: Any, fresh_name: Callable[[str], str]) -> Iterator[Patient]:
    topics = {what: fresh_name(f"doctor_{what}") for what in CONFIGS}
    admin: Any = KafkaAdminClient(bootstrap_servers=stack.bootstrap)
    try:
        admin.create_topics(
            [NewTopic(topics[what], 1, 1, topic_configs=dict(configs)) for what, configs in CONFIGS.items()],
            timeout_ms=10_000,
        )
        admin.wait_for_topics(list(topics.values()), timeout_ms=60_000)
    finally:
        admin.close()
    with Transport(stack.router_url) as http:
        made = Patient(stack, http, topics, fresh_name("doctor"))
        try:
            yield made
        finally:
            if made.name in made.supervisors.names():
                made.supervisors.terminate(made.name)


def test_what_is_well_and_what_is_not(patient: Patient, fresh_name: Callable[[str], str]) -> None:
    topics = patient.topics
    patient.submit()
    patient.supervisors.await_ingesting(patient.name, deadline_s=300)
    code, found = patient.doctor("--topic", topics["good"])
    assert code == 0, [row for row in found.values() if not row["good"]]
    assert found["broker"]["text"] == f"1 at {patient.stack.bootstrap}"
    assert found[f"topic {topics['good']}: retention"]["text"].startswith("48.0 h")
    assert found["clock"]["good"]
    assert "RUNNING, 1 tasks" in found[f"supervisor {patient.name}"]["text"]

    # Topics: one that is not there, and each with one thing wrong.
    absent = fresh_name("doctor_absent")
    asked = [part for topic in (absent, *topics.values()) for part in ("--topic", topic)]
    code, found = patient.doctor(*asked)
    assert {what for what, row in found.items() if not row["good"]} == {
        f"topic {absent}",
        f"topic {topics['short']}: retention",
        f"topic {topics['compacted']}: cleanup",
        f"topic {topics['unsafe']}: replicas",
    }
    assert "frontrow specs apply" in found[f"topic {absent}"]["mend"]
    assert "retention.ms=" in found[f"topic {topics['short']}: retention"]["mend"]
    assert found[f"topic {topics['compacted']}: retention"]["text"] == "for ever"
    assert patient.doctor("--topic", topics["short"], "--outage", "0.5")[0] == 0
    assert not patient.doctor("--topic", topics["good"], "--outage", "72")[1][f"topic {topics['good']}: retention"][
        "good"
    ]

    # A message that Druid cannot read, a supervisor that is suspended.
    with EventProducer(patient.stack.bootstrap, topic=topics["good"]) as producer:
        producer.send(an_event(ts=time.time_ns() // 1_000_000))
        producer.send_encoded(b"k", b"no event")
    assert "schema decode" in patient.wait("1 messages were not readable")["mend"]
    patient.http.request_json("POST", f"/druid/indexer/v1/supervisor/{patient.name}/suspend", {})
    assert "resume" in patient.wait("SUSPENDED")["mend"]

    # Nobody there.
    code, found = patient.doctor("--topic", topics["good"], url="http://127.0.0.1:1")
    assert (code, found["druid"]["good"], found["broker"]["good"]) == (1, False, True)
    code, found = patient.doctor("--topic", topics["good"], bootstrap="127.0.0.1:1")
    assert (code, found["druid"]["good"], found["broker"]["good"]) == (1, True, False)
