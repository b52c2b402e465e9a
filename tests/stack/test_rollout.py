"""Specs are planned, changed, taken back and reset on the real Druid, while events flow: none is lost or doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kafka.admin import KafkaAdminClient

from frontrow import FrontrowError
from frontrow._http.transport import Transport
from frontrow_ingest.cli.main import command
from frontrow_ingest.druid import Supervisors, end_offsets
from frontrow_ingest.errors import IngestError
from frontrow_ingest.rollout import Did, Rollout, Verdict, compare, look, make_plan
from frontrow_ingest.stack import LocalStack
from frontrow_ingest.stack.processes import read_records
from frontrow_specs import RollupSpec, rollup, rollup_names
from frontrow_specs.files import load_yaml
from frontrow_specs.rollups import read_rollup
from support.steady_producer import steady_producer
from support.supervised_topic import SupervisedTopic, supervised_topic
from support.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
CHANGES = Path(__file__).parents[1] / "specs" / "changes"
SMALL = CHANGES / "allowed" / "nothing" / "before.yaml"
WIDER = CHANGES / "allowed" / "added_metric" / "after.yaml"
RENAMED = CHANGES / "refused" / "renamed_metric" / "after.yaml"
WHOLE = "2020-01-01/2100-01-01"


class World:
    """One datasource and its topic, on the session's stack."""

    def __init__(self, stack: Any, topic: SupervisedTopic) -> None:
        self.topic = topic
        self.name = topic.name + "_small"
        self.transport = Transport(stack.router_url)
        self.supervisors = Supervisors(self.transport)
        where = ("--url", stack.router_url, "--prefix", topic.name + "_")
        kafka = ("--bootstrap", stack.bootstrap)
        patient = ("--deadline", "300")
        self._reads = ("--topic", topic.name)
        self._options = {
            "plan": (*where, *kafka, *self._reads),
            "apply": (*where, *kafka, *patient, *self._reads),
            "rollback": (*where, *kafka, *patient),
            "reset": (*where, *kafka, *patient),
            "history": where,
        }

    def arguments(self, verb: str, *arguments: str) -> list[str]:
        return ["specs", verb, *self._options[verb], *arguments]

    def run(self, verb: str, *arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(command, self.arguments(verb, *arguments), standalone_mode=False)
        if isinstance(done.exception, FrontrowError | IngestError):
            return 1, f"{done.output}{done.exception}"
        if done.exception is not None:
            raise done.exception
        return int(done.return_value or 0), done.output

    def total(self, metric: str = "count") -> int:
        query = {
            "queryType": "timeseries", "dataSource": self.name, "intervals": [WHOLE], "granularity": "all",
            "aggregations": [{"type": "longSum", "name": "n", "fieldName": metric}],
        }  # fmt: skip
        found = self.transport.request_json("POST", "/druid/v2", query)
        return int(found[0]["result"]["n"] or 0) if found else 0

    def await_total(self, count: int, seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while (found := self.total()) != count:
            assert found < count, f"{found} events are counted of {count} that were sent"
            assert time.monotonic() < deadline, f"waited {seconds} s for {count} events, where there are {found}"
            time.sleep(0.1)


def topics(bootstrap: str) -> set[str]:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        return set(admin.list_topics())
    finally:
        admin.close()


@pytest.fixture
def world(stack: Any, fresh_name: Callable[[str], str]) -> Iterator[World]:
    with supervised_topic(stack.router_url, stack.bootstrap, fresh_name("rollout")) as topic:
        world = World(stack, topic)
        try:
            yield world
        finally:
            topic.end(world.name)
            world.transport.close()


def test_a_spec_is_changed_while_events_flow(stack: Any, world: World) -> None:
    absent = world.topic.name + "_absent"
    code, said = world.run("plan", str(SMALL), "--topic", absent)
    assert (code, "the topic holds no records to try it with." in said) == (3, True), said
    assert absent not in topics(stack.bootstrap), "who plans makes nothing"
    assert world.run("plan", str(SMALL))[0] == 3
    code, said = world.run("apply", str(SMALL))
    assert code == 0, said
    assert f"{world.name}: started; version 20" in said
    with steady_producer(stack.bootstrap, world.topic.name, ad_ms=7) as producer:
        assert world.run("plan", str(SMALL))[0] == 0
        code, said = world.run("plan", str(WIDER))
        assert code == 3, said
        assert "from now on: metric ad_ms: added" in said
        assert "New columns with a value: ad_ms in " in said
        # Refused for the rows that there are: on a busy machine there may be none yet.
        until("rows", world.total)
        code, said = world.run("apply", str(RENAMED))
        assert (code, "nothing was submitted." in said) == (1, True)
        assert len(look(world.supervisors, world.name).versions) == 1

        code, said = world.run("apply", str(WIDER))
        assert code == 0, said
        assert f"{world.name}: changed; version 20" in said

        # The sampler would have said that Druid cannot reach this Kafka; without it the watch does.
        code, said = world.run("apply", str(SMALL), "--druid-bootstrap", "nowhere.invalid:9092")
        assert (code, "No resolvable bootstrap urls" in said) == (1, True), said
        code, said = world.run("apply", str(SMALL), "--druid-bootstrap", "nowhere.invalid:9092", "--sample", "0")
        assert code == 1, said
        assert "was put back, and ingests again; no record is lost" in said

        # Killed after it has submitted: what comes next says where it stands, and finishes it.
        arguments = [sys.executable, "-c", "from frontrow_ingest.cli import main; main()"]
        versions = len(look(world.supervisors, world.name).versions)
        killed = subprocess.Popen([*arguments, *world.arguments("apply", str(SMALL))], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 3000
        while len(look(world.supervisors, world.name).versions) == versions:
            assert time.monotonic() < deadline, "waited 300 s for the submission"
            time.sleep(0.02)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        # Unless Druid was faster than this test, and it ingests by now.
        code, said = world.run("plan", str(SMALL), "--sample", "0")
        assert code == 0 or "does not ingest: it is" in said, said
        code, said = world.run("apply", str(SMALL))
        assert code == 0, said
        stands = ("submitted before", "left as it is")
        assert any(f"{world.name}: {where}; version 20" in said for where in stands), said

        code, said = world.run("rollback", "small")
        assert code == 0, said
        assert "metric ad_ms: added" in said

        # A supervisor that vanished is started again, and goes on where it was.
        world.supervisors.terminate(world.name)
        code, said = world.run("apply", str(WIDER))
        assert code == 0, said
        assert f"{world.name}: started again; version 20" in said
        assert "  ended" in world.run("history", "small")[1]
        sent = producer.stop()
    world.await_total(sent)
    # Rows of the small spec lack the column and add nothing.
    assert 0 < world.total("ad_ms") < 7 * sent

    assert not [name for name in topics(stack.bootstrap) if name.startswith("frontrow_sample_")]

    code, said = world.run("reset", "small", "--to", "0=5", "--yes")
    assert code == 0, said
    again = int(said.split("never be counted and ")[1].split(" ")[0].replace(",", ""))
    assert 0 < again <= sent - 5
    world.await_total(sent + again)


def test_what_druid_gives_back_is_no_change(stack: Any, world: World) -> None:
    """Of every spec of the tree; suspended, so that no task is started."""
    within = replace(rollup("audience"), name="within", late_hours=48, early_hours=1)
    for spec in (*map(rollup, rollup_names()), within):
        name = f"{world.topic.name}_{spec.name}"
        wanted = spec.supervisor(bootstrap=stack.bootstrap, topic=world.topic.name, datasource=name)
        world.supervisors.replace(wanted | {"suspended": True})
        try:
            given = world.supervisors.spec(name)
            assert given is not None
            assert [change.subject for change in compare(given, wanted, has_rows=True)] == ["suspended"]
        finally:
            world.supervisors.terminate(name)


class Coordinator:
    """Druid's coordinator of the session's stack, to be killed and healed."""

    def __init__(self, local: LocalStack) -> None:
        self._local = local

    def kill(self) -> None:
        process = read_records(self._local.settings.directory / "processes.json")["coordinator"].process()
        assert process is not None
        process.kill()
        process.wait(60)

    def heal(self) -> None:
        self._local.up(deadline_s=300)


@pytest.fixture
def coordinator(local_stack: LocalStack) -> Iterator[Coordinator]:
    yield Coordinator(local_stack)
    local_stack.up(deadline_s=300)


def test_a_coordinator_killed_in_the_middle_loses_nothing(stack: Any, world: World, coordinator: Coordinator) -> None:
    small, wider = (read_rollup(load_yaml(path)) for path in (SMALL, WIDER))

    def rollout(spec: RollupSpec, verdict: Verdict) -> Rollout:
        wanted = spec.supervisor(bootstrap=stack.bootstrap, topic=world.topic.name, datasource=world.name)
        plan = make_plan(world.transport, spec, wanted)
        assert plan.verdict is verdict
        ends = partial(end_offsets, stack.bootstrap, world.topic.name)
        return Rollout(world.supervisors, plan, ends=ends, deadline_s=300)

    def killed(change: Rollout) -> Any:
        """What comes of a rollout while the coordinator is dead and is started again."""
        outcomes = []

        def finish() -> None:
            try:
                outcomes.append(change.watch())
            except Exception as error:  # told to the test below
                outcomes.append(error)

        coordinator.kill()
        thread = threading.Thread(target=finish, daemon=True)
        thread.start()
        coordinator.heal()
        thread.join(300)
        assert outcomes, "the rollout comes to an end"
        return outcomes[0]

    first = rollout(small, Verdict.CREATE)
    first.submit()
    first.watch()
    with steady_producer(stack.bootstrap, world.topic.name) as producer:
        change = rollout(wider, Verdict.CHANGE)
        change.submit()
        found = {"after the submission": killed(change)}
        change = rollout(small, Verdict.CHANGE)
        change.submit()
        deadline = time.monotonic() + 300
        while not world.supervisors.progress(world.name).answering:
            assert time.monotonic() < deadline, "waited 300 s for a task"
            time.sleep(0.02)
        found["when new tasks read"] = killed(change)
        sent = producer.stop()
    assert {moment: getattr(outcome, "did", outcome) for moment, outcome in found.items()} == dict.fromkeys(
        found, Did.CHANGED
    )
    world.await_total(sent)
    after = look(world.supervisors, world.name)
    assert after.status is not None
    assert after.status.ingesting
    assert [version.spec is None for version in after.versions] == [False] * 3, "each was submitted once"
