"""``frontrow produce`` as a process, against Kafka."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient

from frontrow_ingest.contract import decode
from support.kafka_topics import stored
from support.viewing_events import a_line, an_event

pytestmark = pytest.mark.stack
Name = Callable[[str], str]
COMMAND = [sys.executable, "-c", "from frontrow_ingest.cli import main; main()", "produce"]
DEADLINE_S = 60


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


def test_nobody_at_the_address(produce: Any, fresh_name: Name) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    started = time.monotonic()
    done = produce("-", "--bootstrap", f"127.0.0.1:{port}", "--timeout", "1", text=lines(1))
    assert time.monotonic() - started < 20
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: no Kafka broker at 127.0.0.1:{port} within 1 s")
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_topic(produce: Any, fresh_name: Name) -> None:
    topic = fresh_name("producer")
    done = produce("-", "--topic", topic, text=lines(1))
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: topic {topic} does not exist")
