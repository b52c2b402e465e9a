"""``frontrow produce`` as a process, against Kafka."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from kafka.admin import KafkaAdminClient

from frontrow_ingest.contract import decode
from frontrow_ingest.contract.codec import topic_reader
from support.kafka_topics import stored
from support.nobody import nobody
from support.viewing_events import a_line, an_event
from support.waiting import until

pytestmark = pytest.mark.stack
Name = Callable[[str], str]
COMMAND = [sys.executable, "-c", "from frontrow_ingest.cli import main; main()", "produce"]
DEADLINE_S = 300


@pytest.fixture
def produce(stack: Any, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str, text: bytes = b"") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, "--bootstrap", stack.bootstrap, *arguments],
            input=text,
            capture_output=True,
            cwd=tmp_path,
            timeout=DEADLINE_S,
            check=False,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def stored_events(bootstrap: str, topic: str) -> list[dict[str, Any]]:
    return [decode(record.value) for record in stored(bootstrap, topic)]


def lines(count: int) -> bytes:
    return b"".join(a_line(seq=number, session_id=f"s-{number % 40}") + b"\n" for number in range(count))


def test_every_line_is_stored_once(stack: Any, fresh_name: Name, produce: Any, tmp_path: Path) -> None:
    topic = fresh_name("producer")
    (tmp_path / "in.jsonl").write_bytes(lines(3_000) + b"broken\n")
    done = produce("in.jsonl", "--topic", topic, "--create-topic", "--json")
    assert done.returncode == 3, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["read"], summary["acknowledged"], summary["refused"]) == (3_001, 3_000, 1)
    events = stored_events(stack.bootstrap, topic)
    assert sorted(event["seq"] for event in events) == list(range(3_000))
    assert events[0].keys() == {*an_event(), "end_reason", "error_code", "error_class", "startup_ms", "pause_ms"} | {
        "ad_ms",
        "content_length_ms",
    }
    seen: dict[str, int] = {}
    for event in events:
        assert seen.get(event["session_id"], -1) < event["seq"]
        seen[event["session_id"]] = event["seq"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_delivers_what_was_read_and_tells_it(
    stack: Any, fresh_name: Name, tmp_path: Path, number: signal.Signals
) -> None:
    topic = fresh_name("producer")
    with subprocess.Popen(
        [*COMMAND, "-", "--bootstrap", stack.bootstrap, "--topic", topic, "--create-topic", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as process:
        assert process.stdin is not None
        try:
            process.stdin.write(lines(500) + a_line(seq=9_999)[:40])
            process.stdin.flush()
            _wait_for_events(stack.bootstrap, topic, 500)
            process.send_signal(number)
            out, err = process.communicate(timeout=DEADLINE_S)
        finally:
            process.kill()
    assert process.returncode == 130, err
    summary = json.loads(out)
    assert summary["interrupted"]
    assert (summary["read"], summary["acknowledged"], summary["refused"]) == (500, 500, 0)
    assert len(stored_events(stack.bootstrap, topic)) == 500
    assert list(tmp_path.iterdir()) == []


def _wait_for_events(bootstrap: str, topic: str, count: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not _exists(bootstrap, topic) or len(stored(bootstrap, topic)) < count:
        assert time.monotonic() < deadline, f"{count} events were not stored"


def _exists(bootstrap: str, topic: str) -> bool:
    admin: Any = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        return topic in admin.list_topics()
    finally:
        admin.close()


@pytest.mark.parametrize("backend", ["kafka-python", "confluent"])
def test_workers_give_one_account(stack: Any, fresh_name: Name, produce: Any, tmp_path: Path, backend: str) -> None:
    topic, refused, told = (fresh_name(name) for name in ("producer", "quarantine", "ledger"))
    late = a_line(ts=1_000_000_000_000) + b"\n"
    text = b"".join(lines(1_000) + bad for bad in (b"broken\n", late, b"broken\n"))
    (tmp_path / "in.jsonl").write_bytes(text)
    arguments = ["--topic", topic, "--create-topic", "--json", "--workers", "2", "--backend", backend]
    arguments += ["--quarantine", "--quarantine-topic", refused, "--ledger", "--ledger-topic", told]
    arguments += ["--max-late", "175000", "--producer", "twins"]
    for source, given in (("in.jsonl", b""), ("-", text)):
        done = produce(source, *arguments, text=given)
        assert done.returncode == 3, done.stderr
        summary = json.loads(done.stdout)
        assert (summary["read"], summary["acknowledged"], summary["refused"]) == (3_003, 3_000, 3)
        assert summary["refused_by_reason"] == {"not_json": 2, "late ts": 1}
        records = [json.loads(line) for line in (tmp_path / summary["refused_file"]).read_text().splitlines()]
        assert sorted(record["line"] for record in records) == [1_001, 2_002, 3_003]
        assert all(text[record["offset"] :].startswith((b"broken\n", late)) for record in records)
    assert len(stored(stack.bootstrap, topic)) == 6_000
    assert not list(tmp_path.glob(".*"))
    read = topic_reader("quarantine")
    kept = sorted((each["source"], each["number"], each["reason"]) for each in map(read, values(stack, refused)))
    assert kept == [
        (source, number, reason)
        for source in ("in.jsonl", "stdin")
        for number, reason in ((1_001, "not_json"), (2_002, "late"), (3_003, "not_json"))
    ]
    deltas = [topic_reader("ledger")(value) for value in values(stack, told)]
    assert (sum(each["sent"] for each in deltas), sum(each["refused"] for each in deltas)) == (6_000, 6)
    assert len({each["run"] for each in deltas}) == 4, "each process tells of what it did itself"


def values(stack: Any, topic: str) -> list[bytes]:
    return [record.value for record in stored(stack.bootstrap, topic)]


@pytest.fixture
def piped(stack: Any, fresh_name: Name, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The command with two workers, waiting for more behind 500 events that are stored; and its topic."""
    topic = fresh_name("producer")
    command = [*COMMAND, "-", "--bootstrap", stack.bootstrap, "--topic", topic, "--create-topic", "--json"]
    with subprocess.Popen(
        [*command, "--workers", "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as process:
        assert process.stdin is not None
        try:
            for _ in range(2):
                process.stdin.write(lines(250))
                process.stdin.flush()
            _wait_for_events(stack.bootstrap, topic, 500)
            yield process, topic
        finally:
            process.kill()


def test_a_signal_lets_workers_deliver(stack: Any, piped: tuple[subprocess.Popen[bytes], str]) -> None:
    process, topic = piped
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 130, err
    summary = json.loads(out)
    assert summary["interrupted"]
    assert (summary["read"], summary["acknowledged"]) == (500, 500)
    assert len(stored(stack.bootstrap, topic)) == 500


def test_a_signal_stops_workers_in_a_file(stack: Any, fresh_name: Name, tmp_path: Path) -> None:
    topic, count = fresh_name("producer"), 50_000
    (tmp_path / "in.jsonl").write_bytes(lines(count))
    # So little in flight that there is time for a signal, also when this process gets little.
    options = ["--topic", topic, "--create-topic", "--json", "--workers", "2", "--max-in-flight", "1024"]
    with subprocess.Popen(
        [*COMMAND, "in.jsonl", "--bootstrap", stack.bootstrap, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as process:
        try:
            _wait_for_events(stack.bootstrap, topic, 1)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=DEADLINE_S)
        finally:
            process.kill()
    assert process.returncode == 130, err
    summary = json.loads(out)
    assert 0 < summary["read"] == summary["acknowledged"] < count
    assert len(stored(stack.bootstrap, topic)) == summary["acknowledged"]


def test_a_killed_worker_is_told(piped: tuple[subprocess.Popen[bytes], str]) -> None:
    process, _ = piped
    workers = [child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())]
    assert len(workers) == 2
    workers[0].kill()
    out, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert b"ended by signal 9" in err
    assert 0 < json.loads(out)["acknowledged"] <= 500


def test_workers_tell_a_missing_topic_once(produce: Any, fresh_name: Name) -> None:
    topic = fresh_name("producer")
    done = produce("-", "--topic", topic, "--workers", "2", text=lines(1))
    assert done.returncode == 1
    assert done.stderr.count(f"topic {topic} does not exist") == 1


def test_metrics_are_shown_while_it_runs(stack: Any, fresh_name: Name, tmp_path: Path) -> None:
    topic = fresh_name("producer")
    command = [*COMMAND, "-", "--bootstrap", stack.bootstrap, "--topic", topic, "--create-topic", "--metrics-port", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        try:
            process.stdin.write(lines(300))
            process.stdin.flush()
            _wait_for_events(stack.bootstrap, topic, 300)
            url = process.stderr.readline().decode().removeprefix("metrics at ").strip()
            page = ""

            def told() -> bool:
                # A record is stored before its producer hears so.
                nonlocal page
                page = urllib.request.urlopen(url, timeout=DEADLINE_S).read().decode()
                return "frontrow_producer_acknowledged_total 300.0" in page

            until("the metrics of 300 events", told)
            process.stdin.close()
            assert process.wait(DEADLINE_S) == 0
        finally:
            process.kill()
    assert "frontrow_producer_in_flight_events 0.0" in page


def test_the_last_events_of_a_topic_can_be_decoded(stack: Any, fresh_name: Name, produce: Any) -> None:
    topic = fresh_name("producer")
    assert produce("-", "--topic", topic, "--create-topic", text=lines(100)).returncode == 0
    asked = ["--topic", topic, "--last", "3", "--bootstrap", stack.bootstrap]
    done = subprocess.run(
        [*COMMAND[:-1], "schema", "decode", *asked], capture_output=True, timeout=DEADLINE_S, check=True
    )
    found = [json.loads(line)["seq"] for line in done.stdout.splitlines()]
    last = [decode(record.value)["seq"] for record in stored(stack.bootstrap, topic)]
    assert len(found) == 6
    assert set(found) <= set(last)
    assert max(last) in found


def test_nobody_at_the_address(produce: Any, fresh_name: Name) -> None:
    with nobody() as address:
        done = produce("-", "--bootstrap", address, "--timeout", "1", text=lines(1))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: no Kafka broker at {address} within 1 s")
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_topic(produce: Any, fresh_name: Name) -> None:
    topic = fresh_name("producer")
    done = produce("-", "--topic", topic, text=lines(1))
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: topic {topic} does not exist")
