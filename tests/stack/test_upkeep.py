"""Compaction merges what several tasks wrote and changes no answer; what is too old disappears, and then for good."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from frontrow import Client
from frontrow._http.transport import Transport
from frontrow_ingest.cli.main import main
from frontrow_ingest.druid import Storage, Stored, Supervisors, Unused, Upkeeping, end_offsets, ensure_topic
from frontrow_ingest.producer import EventProducer
from frontrow_ingest.simulate import Simulation
from frontrow_specs import rollup
from oracle.metrics import EXACT
from support.agreement import GROUPED, SPECS, check_datasource, interval_of, metrics_of
from support.clients import a_client

from .conftest import StackUrls

pytestmark = [
    pytest.mark.stack,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
START_MS = int(datetime(2026, 3, 1, 20, 0, tzinfo=UTC).timestamp() * 1000)


def until(what: str, probe: Callable[[], Any], deadline_s: float = 300.0) -> Any:
    """The first answer of ``probe`` that is something."""
    end = time.monotonic() + deadline_s
    while not (answer := probe()):
        assert time.monotonic() < end, f"waited {deadline_s:.0f} s for {what}"
        time.sleep(0.1)
    return answer


@dataclass
class Evening:
    """An hour of events, written into each datasource by two tasks and handed off."""

    stack: StackUrls
    transport: Transport
    client: Client
    prefix: str
    events: list[dict[str, Any]]

    def name(self, spec: str) -> str:
        return self.prefix + spec

    def stored(self, spec: str) -> Stored:
        return Storage(self.transport).stored(self.name(spec))

    def get(self, path: str) -> Any:
        return self.transport.request_json("GET", path)

    def tasks(self, spec: str, *states: str) -> list[str]:
        found = (self.get(f"/druid/indexer/v1/tasks?state={state}&datasource={self.name(spec)}") for state in states)
        return [task["id"] for tasks in found for task in tasks]

    def compactions(self) -> list[str]:
        """Tasks of compaction that have ended, of all datasources here."""
        return [task for spec in SPECS for task in self.tasks(spec, "complete") if "compact" in task]

    def answers(self) -> dict[str, Any]:
        """Every exact metric of every datasource, by each dimension."""
        found: dict[str, Any] = {}
        for spec, dimension in GROUPED:
            metrics = [name for name in metrics_of(spec) if name in EXACT]
            interval = interval_of(self.events, spec)
            found[f"{spec} {dimension}"] = self.client.top_n(dimension, metrics, n=1000, interval=interval, spec=spec)
        return found


@pytest.fixture(scope="module")
def evening(stack: StackUrls, fresh_name: Callable[[str], str]) -> Iterator[Evening]:
    topic = fresh_name("upkeep")
    ensure_topic(stack.bootstrap, topic, partitions=2)
    names = {spec: f"{topic}_{spec}" for spec in SPECS}
    events = [*Simulation(seed=7, viewers=400, start_ms=START_MS, duration_s=240, end_open=True).events()]
    events = [event for event in events if event["ts"] < START_MS + 3_600_000]
    with (
        Transport(stack.router_url) as transport,
        a_client(stack.router_url, datasources=names, freshness=False) as client,
    ):
        supervisors = Supervisors(transport)
        for spec, name in names.items():
            supervisors.submit(
                rollup(spec).supervisor(bootstrap=stack.bootstrap, topic=topic, datasource=name, task_count=2)
            )
        try:
            for name in names.values():
                supervisors.await_ingesting(name, deadline_s=300)
            with EventProducer(stack.bootstrap, topic=topic) as producer:
                for event in events:
                    producer.send(event)
            ends = end_offsets(stack.bootstrap, topic)
            for name in names.values():
                supervisors.await_read(name, ends, deadline_s=300)
        finally:
            for name in names.values():
                supervisors.terminate(name)
        found = Evening(stack, transport, client, f"{topic}_", events)
        until("hand-off", lambda: not any(found.tasks(spec, "running", "pending", "waiting") for spec in SPECS))
        _share_of_slots(transport, 0.5)
        yield found
        _share_of_slots(transport, 0.1)
        for name in names.values():
            transport.request_json("DELETE", f"/druid/coordinator/v1/config/compaction/{name}")
            transport.request_json("DELETE", f"/druid/coordinator/v1/datasources/{name}")


def test_compaction_rolls_up_further_and_changes_no_answer(evening: Evening) -> None:
    before = {spec: evening.stored(spec) for spec in SPECS}
    exact = evening.answers()
    upkeeping = Upkeeping(evening.transport)
    for spec in SPECS:
        upkeeping.apply(replace(rollup(spec), compact_after_hours=0, keep_hours=None), evening.name(spec))
    until("compaction", lambda: _compacted(evening))
    for spec in SPECS:
        old, new = before[spec], evening.stored(spec)
        assert (old.segments, new.segments) == (2, 1)
        assert new.events == old.events == len(evening.events)
        assert new.rows < old.rows
        assert new.bytes < old.bytes
        assert new.awaiting == 0
        assert new.last_compaction is not None
        assert new.last_compaction.outcome == "SUCCESS"
        check_datasource(evening.client, spec, evening.events)
    assert evening.answers() == exact
    # What is compacted stays as it is.
    ended = evening.compactions()
    _compact(evening)
    assert not any("compact" in task for spec in SPECS for task in evening.tasks(spec, "running", "pending", "waiting"))
    assert evening.compactions() == ended


def test_status_tells_of_it(evening: Evening, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["specs", "status", *SPECS, "--json", "--prefix", evening.prefix, "--url", evening.stack.router_url])
    assert ended.value.code == 1  # its supervisors have ended
    for spec, told in zip(SPECS, json.loads(capsys.readouterr().out), strict=True):
        stored = evening.stored(spec)
        assert (told["name"], told["state"]) == (evening.name(spec), "not applied")
        assert (told["stored"]["rows"], told["stored"]["bytes"]) == (stored.rows, stored.bytes)
        assert told["stored"]["ratio"] == pytest.approx(len(evening.events) / stored.rows)
        assert told["stored"]["last_compaction"]["outcome"] == "SUCCESS"
        assert (told["stored"]["compaction"], told["stored"]["retention"]) == ("0 h behind", "forever")


def test_what_is_too_old_disappears_and_then_for_good(evening: Evening, capsys: pytest.CaptureFixture[str]) -> None:
    name, upkeeping = evening.name("quality"), Upkeeping(evening.transport)
    upkeeping.apply(replace(rollup("quality"), compact_after_hours=0, keep_hours=24), name)
    until("the rule to drop it", lambda: evening.stored("quality").segments == 0)
    assert evening.stored("quality").retention == "1 d"
    assert evening.client.timeseries("events", interval=interval_of(evening.events), granularity="all", spec="quality")[
        0
    ]["events"] in (None, 0)
    assert evening.stored("audience").events == len(evening.events)  # another datasource stays
    folders = [Path(entry["dataSegment"]["loadSpec"]["path"]) for entry in _unused(evening, name)]
    assert folders
    assert all(folder.exists() for folder in folders)  # no query finds it, but there is a way back
    assert upkeeping.unused(name, for_at_least=timedelta(days=1)) == Unused(0, 0)
    purge = ["specs", "purge", "quality", "--prefix", evening.prefix, "--url", evening.stack.router_url]
    with pytest.raises(SystemExit):
        main([*purge, "--yes"])
    assert "nothing has been out of use for 1d" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main([*purge, "--yes", "--unused-for", "0"])
    assert ended.value.code == 0
    assert f"{name}: deleted {len(folders)} segments" in capsys.readouterr().out
    assert not any(folder.exists() for folder in folders)
    assert _unused(evening, name) == []


def _share_of_slots(transport: Transport, share: float) -> None:
    """How many of the task slots compaction may take; by default it would be one after the other."""
    transport.request_json("POST", f"/druid/coordinator/v1/config/compaction/taskslots?ratio={share}")


def _compact(evening: Evening) -> None:
    """Have Druid look now for what is to be compacted."""
    evening.transport.request_json("POST", "/druid/coordinator/v1/compaction/compact", {})


def _compacted(evening: Evening) -> bool:
    """Whether no task works on it, and every datasource is down to one segment, also as the Coordinator sees it, whose
    view is some seconds old. If not, Druid looks again.
    """
    if any(evening.tasks(spec, "running", "pending", "waiting") for spec in SPECS):
        return False
    found = [evening.stored(spec) for spec in SPECS]
    if all(each.segments == 1 and each.awaiting == 0 and each.last_compaction is not None for each in found):
        return True
    _compact(evening)
    return False


def _unused(evening: Evening, name: str) -> list[Any]:
    found: list[Any] = evening.get(f"/druid/coordinator/v1/metadata/datasources/{name}/unusedSegments") or []
    return found
