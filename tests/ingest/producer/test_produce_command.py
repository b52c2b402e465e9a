"""``frontrow produce`` over a sink in memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click import UsageError
from click.testing import CliRunner, Result

from frontrow_ingest.cli import opened, produce
from frontrow_ingest.cli.produce_options import GROUPS
from frontrow_ingest.contract import decode
from frontrow_ingest.errors import DeliveryError, IngestError
from frontrow_ingest.producer import BrokerUnreachableError, EventProducer, MemorySink
from support.viewing_events import a_line

Produce = Callable[..., Result]


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def run(sink: MemorySink, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Produce:
    """Run the command in an empty directory; Kafka is the memory sink."""
    monkeypatch.setattr(opened, "EventProducer", lambda *_, **__: EventProducer(sink=sink))
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, text: bytes = b"") -> Result:
        # standalone off, as the real entry point does: the exit status is what the command returns
        return CliRunner().invoke(produce.command, list(arguments), input=text, standalone_mode=False)

    return invoke


def write(path: str, *lines: bytes) -> Path:
    file = Path(path)
    file.write_bytes(b"\n".join(lines))
    return file


def test_a_good_file(run: Produce, sink: MemorySink, tmp_path: Path) -> None:
    write("in.jsonl", a_line(seq=1), a_line(seq=2))
    result = run("in.jsonl")
    assert result.return_value == 0
    assert [decode(value)["seq"] for _, value in sink.records] == [1, 2]
    assert "acknowledged" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_standard_input(run: Produce, sink: MemorySink) -> None:
    assert run("-", text=a_line() + b"\n\n").return_value == 0
    assert len(sink.records) == 1


def test_an_empty_file(run: Produce, tmp_path: Path) -> None:
    write("empty.jsonl")
    result = run("empty.jsonl", "--json")
    assert result.return_value == 0
    assert json.loads(result.stdout)["read"] == 0
    assert len(list(tmp_path.iterdir())) == 1


def test_some_refused_lines(run: Produce, sink: MemorySink) -> None:
    write("in.jsonl", a_line(), b"nonsense", a_line(country="de"))
    result = run("in.jsonl", "--json")
    assert result.return_value == produce.EXIT_REFUSED
    found = json.loads(result.stdout)
    assert (found["sent"], found["refused"], found["refused_file"]) == (1, 2, "in.jsonl.refused.jsonl")
    assert found["refused_by_reason"] == {"not_json": 1, "bad_format country": 1}
    records = [json.loads(line) for line in Path(found["refused_file"]).read_text().splitlines()]
    assert [record["line"] for record in records] == [2, 3]
    assert records[1]["text"].encode() == a_line(country="de")


def test_refused_lines_of_standard_input(run: Produce) -> None:
    assert run("-", text=b"nonsense").return_value == produce.EXIT_REFUSED
    assert Path("stdin.refused.jsonl").exists()


def test_another_place_for_refused_lines(run: Produce) -> None:
    write("in.jsonl", b"nonsense")
    for _ in range(2):
        assert run("in.jsonl", "--refused", "elsewhere.jsonl").return_value == produce.EXIT_REFUSED
    assert len(Path("elsewhere.jsonl").read_text().splitlines()) == 2


def test_refused_lines_do_not_go_into_the_input(run: Produce) -> None:
    write("in.jsonl", b"nonsense")
    result = run("in.jsonl", "--refused", "./in.jsonl")
    assert "input itself" in str(result.exception)
    assert Path("in.jsonl").read_bytes() == b"nonsense"


def test_a_failed_delivery(run: Produce, sink: MemorySink) -> None:
    sink.fail_with(DeliveryError("no"))
    write("in.jsonl", a_line(), b"nonsense")
    result = run("in.jsonl")
    assert result.return_value == produce.EXIT_FAILED
    assert "not acknowledged" in result.stdout
    assert result.stderr.startswith("error: 1 events were not delivered")


def test_nothing_a_viewer_could_be_known_by_is_printed(run: Produce) -> None:
    write("in.jsonl", a_line(), a_line(country="de"), a_line(viewer_id="mallory@example.org"))
    result = run("in.jsonl")
    for secret in ("AAECAwQFBgcICQoLDA0ODw", "mallory", "5f0c1a52"):
        assert secret not in result.output


@pytest.mark.parametrize(
    ("content", "said"),
    [(gzip.compress(b"{}", mtime=0), "gunzip -c"), ("{}".encode("utf-16"), "iconv")],
)
def test_a_file_that_is_no_text(run: Produce, sink: MemorySink, content: bytes, said: str) -> None:
    Path("in.jsonl").write_bytes(content)
    result = run("in.jsonl")
    assert isinstance(result.exception, IngestError)
    assert said in str(result.exception)
    assert sink.records == []


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read(run: Produce, name: str) -> None:
    result = run(name)
    assert isinstance(result.exception, IngestError)
    assert "cannot be read" in str(result.exception)


def test_kafka_away(run: Produce, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise BrokerUnreachableError("b:1", 1.0, "refused")

    monkeypatch.setattr(opened, "EventProducer", away)
    write("in.jsonl", a_line())
    assert isinstance(run("in.jsonl").exception, BrokerUnreachableError)


def test_options_reach_kafka(run: Produce, sink: MemorySink, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def note(*arguments: Any, **options: Any) -> EventProducer:
        seen.extend((arguments, options))
        return EventProducer(sink=sink)

    monkeypatch.setattr(opened, "EventProducer", note)
    monkeypatch.setenv("FRONTROW_BOOTSTRAP", "env:1")
    run("-", "--topic", "t", "--compression", "zstd", "--max-in-flight", "2048", "--timeout", "3", "--create-topic")
    arguments, options = seen
    settings = options["settings"]
    assert (arguments, options["topic"]) == (("env:1",), "t")
    assert (settings.compression, settings.max_in_flight_bytes, settings.create_topic) == ("zstd", 2048, True)
    assert (settings.delivery_timeout_s, settings.block_timeout_s, settings.connect_timeout_s) == (3, 3, 3)


def test_help_has_every_option_in_a_group(run: Produce) -> None:
    text = run("--help").output
    *_, other = text.split("\nOther:\n")
    assert "--" not in other.replace("--help", "")
    assert all(f"\n{title}:\n" in text for title in GROUPS)
    assert all(f"{option.opts[0]} " in text for option in produce.command.params[1:])


@pytest.mark.parametrize("option", ["--resume", "--state=state", "--raw-viewer-ids"])
def test_workers_share_no_memory(run: Produce, option: str) -> None:
    write("in.jsonl", a_line())
    assert isinstance(run("in.jsonl", "--workers", "2", option).exception, UsageError)


def test_help_tells_the_exit_statuses(run: Produce) -> None:
    text = run("--help").output
    for status in (produce.EXIT_FAILED, produce.EXIT_REFUSED, produce.EXIT_INTERRUPTED):
        assert f"{status} " in text
