"""``frontrow collect`` as a process, without Kafka: its port, its signals, its secrets, its table."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from frontrow_ingest.cli.collect import command
from frontrow_ingest.collector.cmcd import markdown_table
from frontrow_ingest.errors import IngestError
from support.collector_process import DEADLINE_S, CollectorProcess, collecting
from support.nobody import nobody
from support.viewing_events import a_line, an_event


@pytest.fixture(scope="module", name="nobody")
def _nobody() -> Iterator[str]:
    """An address where no Kafka is."""
    with nobody() as address:
        yield address


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_without_kafka_it_says_so_and_stops_when_told(nobody: str, number: signal.Signals) -> None:
    with collecting("--bootstrap", nobody, "--ack-timeout", "0.2") as collector:
        assert collector.get("/health") == 200
        assert collector.get("/ready") == 503
        assert collector.post(a_line()) == 503
        assert collector.url.startswith("http://127.0.0.1:")
        code = collector.stop(number)
    assert code == 0, collector.text  # the event was answered 503: nothing that was taken is open
    assert "Traceback" not in collector.text


def test_with_nothing_to_deliver_it_ends_well(nobody: str) -> None:
    with collecting("--bootstrap", nobody) as collector:
        assert collector.stop() == 0
    assert "Traceback" not in collector.text


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        process = CollectorProcess("--port", str(port))
        try:
            assert process._process.wait(DEADLINE_S) == 1
        finally:
            process.end()
    assert f"error: cannot listen on 127.0.0.1 port {port}" in process.text
    assert "--port" in process.text


def test_secrets_come_from_a_file_or_the_environment_and_are_never_shown(nobody: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    env = {**os.environ, "FRONTROW_VIEWER_KEY": "2026-q4:" + bytes(range(32)).hex()}
    arguments = ("--bootstrap", nobody, "--token-file", str(token), "--raw-viewer-ids", "--ack-timeout", "0.2")
    with collecting(*arguments, env=env) as collector:
        assert collector.post(a_line(viewer_id="anna")) == 401
        assert collector.post(a_line(viewer_id="anna"), authorization="Bearer s3cret") == 503
        assert collector.post(a_line(viewer_id="anna"), path="/events?v=anna", authorization="Bearer wrong") == 401
        collector.wait("the access log", lambda: collector.text.count("POST /events 401") == 2)
        collector.stop()
    assert not [word for word in ("anna", "s3cret", "wrong", "k" * 32) if word in collector.text]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--token-file", "{}/absent"], IngestError),
        (["--token-file", "{}/empty"], IngestError),
        (["--raw-viewer-ids"], IngestError),
        (["--default", "town=Graz"], SystemExit),
        (["--default", "country"], SystemExit),
    ],
)
def test_what_cannot_be_used_is_said_at_once(tmp_path: Path, arguments: list[str], error: type[BaseException]) -> None:
    (tmp_path / "empty").write_text(" \n")
    done = CliRunner().invoke(command, [each.format(tmp_path) for each in arguments], env={"FRONTROW_VIEWER_KEY": ""})
    assert isinstance(done.exception, error)


def test_the_mapping_is_shown() -> None:
    assert CliRunner().invoke(command, ["--show-mapping"]).output == markdown_table()


def test_every_line_is_json_where_logs_are_and_none_names_anybody(nobody: str, tmp_path: Path) -> None:
    arguments = ("--bootstrap", nobody, "--ack-timeout", "0.2", "--state", str(tmp_path / "state"), "--trust-query")
    with collecting(*arguments, before=("--log-format", "json")) as collector:
        assert collector.post(a_line(session_id="s-secret"), path="/events?viewer=anna@example.org") == 503
        assert collector.post(b"{", path="/anna") == 404
        collector.wait("the access log", lambda: collector.text.count("frontrow.access") == 2)
        assert collector.stop() == 0
    lines = [json.loads(line) for line in collector.text.splitlines()]
    access = [line for line in lines if line["logger"] == "frontrow.access"]
    assert [(line["method"], line["endpoint"], line["status"]) for line in access] == [
        ("POST", "/events", 503),
        ("POST", "other", 404),
    ]
    assert not [word for word in ("anna", "s-secret", an_event()["viewer_id"]) if word in collector.text]


def test_a_state_that_another_collector_holds_is_named(nobody: str, tmp_path: Path) -> None:
    with collecting("--bootstrap", nobody, "--state", str(tmp_path)):
        second = CollectorProcess("--port", "0", "--bootstrap", nobody, "--state", str(tmp_path))
        try:
            assert second._process.wait(DEADLINE_S) == 1
        finally:
            second.end()
    assert f"is using the state in {tmp_path}" in second.text


@pytest.mark.parametrize("backend", ["kafka-python", "confluent"])
def test_with_everything_on_and_kafka_away_it_waits_and_stops_well(nobody: str, tmp_path: Path, backend: str) -> None:
    arguments = ("--quarantine", "--ledger", "--state", str(tmp_path), "--backend", backend, "--ack-timeout", "0.2")
    with collecting("--bootstrap", nobody, *arguments) as collector:
        assert [collector.get("/health"), collector.get("/ready")] == [200, 503]
        assert [collector.post(a_line()), collector.post(b"{")] == [503, 503]
        assert collector.stop() == 0
    assert "Traceback" not in collector.text
