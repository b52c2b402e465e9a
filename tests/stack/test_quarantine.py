"""Refused events on real Kafka and Druid: kept, asked for, found in the topic, replayed once, without raw ids."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.kafka_topics import stored
from support.viewing_events import a_line, an_event

pytest.register_assert_rewrite("contract.quarantine_sink")

from contract.quarantine_sink import QuarantineSinkBehaviour  # noqa: E402
from frontrow import Client  # noqa: E402
from frontrow._http.transport import Transport  # noqa: E402
from frontrow_ingest.contract import Validator, encode  # noqa: E402
from frontrow_ingest.druid import Supervisors, ensure_topic  # noqa: E402
from frontrow_ingest.errors import DeliveryError  # noqa: E402
from frontrow_ingest.producer import KafkaSettings  # noqa: E402
from frontrow_ingest.producer.kafka_producer import KafkaSink  # noqa: E402
from frontrow_ingest.quarantine import QuarantineRecord, QuarantineSink, kafka_quarantine  # noqa: E402
from frontrow_ingest.quarantine.reading import TopicReader, read_quarantine, read_topic  # noqa: E402
from frontrow_ingest.quarantine.replay import Outgoing  # noqa: E402
from frontrow_ingest.quarantine.transactions import TransactionalTarget  # noqa: E402
from frontrow_specs import rollup  # noqa: E402
from support.clients import a_client  # noqa: E402

pytestmark = [
    pytest.mark.stack,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
Name = Callable[[str], str]
COMMAND = [sys.executable, "-c", "from frontrow_ingest.cli import main; main()"]
RAW_IDS = ("alice@example.com", "bob-the-viewer", "4917612345678")
DEADLINE_S = 300


class KafkaHarness:
    def __init__(self, bootstrap: str, topic: str) -> None:
        self._bootstrap = bootstrap
        self._topic = topic

    def sink(self) -> QuarantineSink:
        settings = KafkaSettings(create_topic=True)
        return kafka_quarantine(self._bootstrap, topic=self._topic, producer="suite", settings=settings)

    def records(self) -> list[QuarantineRecord]:
        return list(read_quarantine(self._bootstrap, self._topic))

    def raw(self) -> bytes:
        return b"".join(record.key + record.value for record in stored(self._bootstrap, self._topic))


@pytest.fixture
def harness(stack: Any, fresh_name: Name) -> KafkaHarness:
    return KafkaHarness(stack.bootstrap, fresh_name("quarantine"))


class TestKafkaQuarantine(QuarantineSinkBehaviour):
    """The suite, with the module's harness."""


@dataclass
class Line:
    """An event topic and a quarantine topic, the datasources that read them, and the command line."""

    bootstrap: str
    events: str
    quarantine: str
    client: Client
    directory: Path

    def run(self, *arguments: str, text: bytes = b"") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, *arguments, "--bootstrap", self.bootstrap],
            input=text, capture_output=True, cwd=self.directory, timeout=DEADLINE_S, check=False,
            env={**os.environ, "FRONTROW_PRODUCER": "press", "COLUMNS": "200"},
        )  # fmt: skip
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def manage(self, *arguments: str) -> Any:
        done = self.run("quarantine", *arguments, "--topic", self.quarantine, "--json")
        assert done.returncode in (0, 3), done.stderr
        return json.loads(done.stdout)

    def replay(self, *arguments: str) -> Any:
        return self.manage("replay", "--events", self.events, *arguments)

    def wait(self, metric: str, spec: str, value: int, **where: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while True:
            answer = self.client.timeseries(
                metric,
                interval="2020-01-01/2100-01-01",
                granularity="all",
                spec=spec,
                where=where or None,
                allow_large=True,
            )
            if (found := answer[0][metric]) == value:
                return
            assert time.monotonic() < deadline, f"waited for {metric} {value} in {spec}, where it is {found}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def line(stack: Any, fresh_name: Name, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    topics = {"events": fresh_name("quarantine_events"), "quarantine": fresh_name("quarantine")}
    names = {"audience": topics["events"], "quarantine": topics["quarantine"]}
    for topic in topics.values():
        ensure_topic(stack.bootstrap, topic)
    with (
        Transport(stack.router_url) as transport,
        a_client(stack.router_url, datasources=names, freshness=False) as client,
    ):
        supervisors = Supervisors(transport)
        try:
            for spec, name in names.items():
                supervisors.submit(rollup(spec).supervisor(bootstrap=stack.bootstrap, topic=name, datasource=name))
            for name in names.values():
                supervisors.await_ingesting(name, deadline_s=DEADLINE_S)
            yield Line(stack.bootstrap, topics["events"], topics["quarantine"], client, tmp_path_factory.mktemp("line"))
        finally:
            for name in names.values():
                supervisors.terminate(name)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_from_refusal_to_replay(line: Line) -> None:
    ts = now_ms() - 5_000
    lines = [
        a_line(seq=1, ts=ts),
        a_line(seq=2, ts=ts, country="de"),
        a_line(seq=3, ts=ts, battery=4),
        a_line(seq=4, ts=ts, viewer_id=RAW_IDS[0], session_id=f"{RAW_IDS[0]}/1"),
        a_line(seq=5, ts=ts, userId=RAW_IDS[1], account=int(RAW_IDS[2])),
        b'{"viewer_id": "' + RAW_IDS[1].encode(),
        a_line(seq=6, ts=12),
    ]
    (line.directory / "in.jsonl").write_bytes(b"\n".join(lines))
    done = line.run(
        "produce", "in.jsonl", "--topic", line.events, "--quarantine", "--quarantine-topic", line.quarantine
    )
    assert done.returncode == 3, done.stderr
    said = done.stdout + done.stderr

    found = line.manage("list")
    assert [(each["source"], each["number"], each["reason"]) for each in found] == [
        ("in.jsonl", 2, "bad_format"), ("in.jsonl", 3, "unknown_field"), ("in.jsonl", 4, "bad_format"),
        ("in.jsonl", 5, "unknown_field"), ("in.jsonl", 6, "not_json"), ("in.jsonl", 7, "out_of_range"),
    ]  # fmt: skip
    assert {each["producer"] for each in found} == {"press"}
    assert [each["redacted"] for each in found] == ["no", "no", "masked", "masked", "withheld", "no"]
    assert [each["time_is"] for each in found] == ["event"] * 4 + ["refusal"] * 2
    assert len(line.manage("list", "--reason", "bad_format", "--since", "1h")) == 2
    assert len(line.manage("list", "--since", "2099-01-01")) == 0
    assert [each["number"] for each in line.manage("list", "--limit", "2")] == [6, 7]
    shown = line.run("quarantine", "show", found[0]["id"], "--topic", line.quarantine)
    assert "country must be two upper-case letters" in shown.stdout
    assert lines[1].decode() in shown.stdout
    said += shown.stdout + line.run("quarantine", "list", "--topic", line.quarantine).stdout

    # Asked like any other number.
    line.wait("quarantined", "quarantine", 6)
    line.wait("quarantined", "quarantine", 2, reason="bad_format")
    line.wait("quarantined", "quarantine", 4, time_is="event")
    line.wait("events", "audience", 1)

    # The fix: the country is set, the unknown field is dropped.
    fix = ("--set", 'country="DE"', "--drop", "battery", "--drop", "userId", "--drop", "account")
    dry = line.replay("--dry-run", *fix)
    assert (dry["sent"], dry["without_original"]) == (2, {"masked": 2, "withheld": 1})
    assert dry["still_refused"] == {"out_of_range ts": 1}
    assert len(stored(line.bootstrap, line.events)) == 1
    assert line.replay(*fix)["sent"] == 2
    assert line.replay(*fix)["sent"] == 0
    line.wait("events", "audience", 3)
    line.wait("replayed", "quarantine", 2)
    line.wait("quarantine_open", "quarantine", 4)
    assert [each["number"] for each in line.manage("list", "--open")] == [4, 5, 6, 7]

    # The whole originals of the masked ones are in the refused file.
    pseudonym = ("--set", 'viewer_id="AAECAwQFBgcICQoLDA0ODw"', "--originals", "in.jsonl.refused.jsonl")
    report = line.replay(*fix, *pseudonym, "--dry-run")
    assert (report["sent"], report["without_original"]) == (2, {})
    assert line.replay(*fix, *pseudonym)["sent"] == 2
    line.wait("events", "audience", 5)

    # No raw viewer id left the process but into the refused file.
    wrote = b"".join(record.key + record.value for record in stored(line.bootstrap, line.quarantine)).decode("latin-1")
    for raw in RAW_IDS:
        assert raw not in said + wrote
        assert raw in (line.directory / "in.jsonl.refused.jsonl").read_text()


def test_what_druid_could_not_read_is_found_in_the_topic(line: Line, stack: Any) -> None:
    before = len(line.manage("list"))
    good = encode(Validator().event(an_event(ts=now_ms(), seq=100)))
    bad = [b"junk", good[:-1], good + b"\x00", b"\x01\x00\x00\x00\x63" + good[5:], RAW_IDS[0].encode()]
    sink = KafkaSink(stack.bootstrap, topic=line.events, settings=KafkaSettings())
    for value in [good, *bad]:
        sink.send_encoded(b"k", value)
    sink.close(60)
    for added in (5, 0):
        report = line.manage("scan", "--events", line.events)
        assert (report["unreadable"], report["added"]) == (5, added)
    found = line.manage("list", "--stage", "topic")
    assert len(line.manage("list")) == before + 5
    assert sorted(each["reason"] for each in found) == [
        "not_avro", "not_framed", "not_framed", "trailing_bytes", "unknown_schema_id",
    ]  # fmt: skip
    line.wait("quarantined", "quarantine", 5, stage="topic")
    place = next(each for each in found if each["reason"] == "trailing_bytes")
    partition = int(re.sub(r".*-", "", place["source"]))
    with closing(TopicReader(stack.bootstrap)) as reader:
        assert reader.one(line.events, partition, place["number"]) == good + b"\x00"
        assert reader.one(line.events, partition, 10_000_000) is None
    with Transport(stack.router_url) as transport:
        deadline = time.monotonic() + DEADLINE_S
        while (status := Supervisors(transport).status(line.events)).unparseable != len(bad):
            assert time.monotonic() < deadline, f"Druid counts {status.unparseable} unparseable messages"
            time.sleep(0.1)


def test_a_replay_that_is_overtaken_keeps_nothing(stack: Any, fresh_name: Name) -> None:
    topics = {"events": fresh_name("replay_events"), "quarantine": fresh_name("replay")}
    for topic in topics.values():
        ensure_topic(stack.bootstrap, topic)
    batch = [Outgoing(b"s", b"event", b"id", b"note", 0)]
    with (
        TransactionalTarget(stack.bootstrap, **topics) as first,
        TransactionalTarget(stack.bootstrap, **topics) as second,
    ):
        with pytest.raises(DeliveryError, match="replay again"):
            first.commit(batch)
        second.commit(batch)
    for topic, value in zip(topics.values(), (b"event", b"note"), strict=True):
        assert [message.value for message in read_topic(stack.bootstrap, topic)] == [value]
