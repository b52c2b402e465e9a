"""The doors through which bad input comes, each the real one over memory in the place of Kafka; where it ended."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from frontrow import FrontrowError
from frontrow_ingest.cli import opened, produce
from frontrow_ingest.cli import quarantine as quarantine_command
from frontrow_ingest.cli.main import command
from frontrow_ingest.collector import CollectorSettings, Context, Delivery, RecentEvents, collector_app
from frontrow_ingest.errors import IngestError
from frontrow_ingest.producer import EventProducer, KafkaSettings, MemorySink
from frontrow_ingest.quarantine import MemoryQuarantine, QuarantineRecord, Rejected
from frontrow_ingest.quarantine.reading import Message
from frontrow_ingest.resume.memory_log import MemoryLog
from support.asgi import Answer, InProcess

NOW_MS = 1_790_000_000_500
INPUT = "in.jsonl"


def commanded(*words: str, text: bytes = b"", **environment: str) -> tuple[str, Result]:
    """A command of ``frontrow``: how it ended, and all of it."""
    result = CliRunner().invoke(command, words, input=text, env=environment, standalone_mode=False)
    match result.exception:
        case None:
            code = result.return_value or 0
        case click.ClickException() as error:
            code = error.exit_code
        case IngestError() | FrontrowError():
            code = 1
        case error:
            raise error
    return f"exit {code}", result


def produced(data: bytes, *options: str, again: bytes | None = None, **environment: str) -> str:
    """A file of one bad event through ``frontrow produce``, or of whatever else; ``again`` replaces it for a second
    run."""
    sink, quarantine = MemorySink(), MemoryQuarantine()
    with _directory() as directory, pytest.MonkeyPatch.context() as patch:
        _put_in_place_of_kafka(patch, sink, quarantine)
        (directory / INPUT).write_bytes(data)
        words = ("produce", INPUT, "--quarantine", *options)
        end, _ = commanded(*words, **environment)
        if again is not None:
            sent = len(sink.records)
            (directory / INPUT).write_bytes(again)
            end, _ = commanded(*words, **environment)
            if end == "exit 0" and len(sink.records) == sent:
                return "counts once"
        refused = [line["reasons"][0] for line in _refused_lines(directory)]
    if end not in ("exit 0", "exit 3"):
        return end
    told = [(each["reason"], each["field"]) for each in refused]
    assert [reason for reason, _ in told] == [kept.reason for kept in quarantine.records]
    if told:
        assert end == "exit 3"
        return code_of(*told[0])
    return "taken" if sink.records else "skipped"


def collected(
    body: bytes,
    kind: str = "application/json",
    *,
    method: str = "POST",
    path: str = "/events",
    settings: CollectorSettings | None = None,
    context: Context | None = None,
    stopped: tuple[str, ...] = (),
    kafka_away: bool = False,
    times: int = 1,
    **headers: str,
) -> str:
    """A request to the collector: its status, with the first reason where there is one."""
    sink, quarantine = MemorySink(KafkaSettings(linger_ms=0)), MemoryQuarantine()
    if kafka_away:
        sink.hold()
    delivery = Delivery(lambda: sink, max_waiting=1_000, seen=RecentEvents(), quarantine=quarantine)
    settings = settings or CollectorSettings(ack_timeout_s=60)
    app = collector_app(delivery, settings=settings, context=context, stopped=stopped, clock=lambda: NOW_MS)
    delivery.start()
    try:
        with InProcess(app) as client:
            for _ in range(times):
                answer = client.request(method, path, body, content_type=kind, **headers)
    finally:
        delivery.close(0.1)
    if times > 1 and answer.status == 204:
        return "204, counts once" if len(sink.records) == 1 else "204"
    reason = _reason(answer)
    if answer.status in (400, 207) and reason:
        assert quarantine.records, "refused, and not in quarantine"
    return f"{answer.status} {reason}".rstrip()


def scanned(value: bytes | None) -> str:
    """A message of the event topic through ``frontrow quarantine scan``: its reason in the quarantine."""
    quarantine = MemoryQuarantine()
    before: list[QuarantineRecord] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quarantine_command, "read_quarantine", lambda *_, **__: iter(before))
        patch.setattr(quarantine_command, "read_topic", lambda *_, **__: iter([Message(0, 7, NOW_MS, value)]))
        patch.setattr(quarantine_command, "kafka_quarantine", lambda *_, **__: quarantine)
        end, result = commanded("quarantine", "scan", "--json")
    assert end == "exit 0"
    found = json.loads(result.stdout)
    if not found["added"]:
        return "passed over" if not found["read"] else "taken"
    (record,) = quarantine.records
    return code_of(record.reason, record.field or "")


def code_of(reason: str, name: str) -> str:
    """A reason with its field, as code."""
    return f"`{f'{reason} {name}'.rstrip()}`"


@contextmanager
def _directory() -> Iterator[Path]:
    """An empty directory to be in."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        try:
            yield Path(name)
        finally:
            os.chdir(before)


def _put_in_place_of_kafka(patch: pytest.MonkeyPatch, sink: MemorySink, quarantine: MemoryQuarantine) -> None:
    log = MemoryLog(sink)

    def producer(*_: Any, **options: Any) -> EventProducer:
        wanted = {name: options[name] for name in ("seen", "counter", "window", "viewer_keys")}
        log.sink = MemorySink()  # each run closes its own, over records that stay
        log.sink.records = sink.records
        return EventProducer(sink=log.sink, **wanted)

    patch.setattr(opened, "EventProducer", producer)
    patch.setattr("frontrow_ingest.quarantine.kafka_quarantine", lambda *_, **__: _Lasting(quarantine))
    patch.setattr(produce, "topic_log", lambda *_: log)


class _Lasting:
    """A quarantine that a run may close, over one that stays."""

    def __init__(self, lasting: MemoryQuarantine) -> None:
        self._lasting = lasting

    def put(self, rejected: Rejected) -> None:
        self._lasting.put(rejected)

    def flush(self, timeout: float) -> None:
        """All is kept at once."""

    def close(self, timeout: float) -> None:
        """It stays."""


def _refused_lines(directory: Path) -> list[dict[str, Any]]:
    found = sorted(directory.glob(f"{INPUT}.refused*.jsonl"))
    return [json.loads(line) for path in found for line in path.read_bytes().splitlines()]


def _reason(answer: Answer) -> str:
    if "json" not in answer.headers.get("content-type", ""):
        return ""
    errors = answer.json.get("errors") or []
    return code_of(errors[0]["reason"], errors[0]["field"]) if errors else ""
