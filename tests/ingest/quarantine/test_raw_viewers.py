"""Where viewer ids come raw, nothing that a run writes holds one, and what is replayed counts the same viewer."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click import UsageError
from click.testing import CliRunner, Result

from frontrow_ingest.cli import opened, produce
from frontrow_ingest.cli import quarantine as quarantine_command
from frontrow_ingest.cli.main import command
from frontrow_ingest.collector import Context, Delivery, RecentEvents, collector_app
from frontrow_ingest.contract import ViewerKeys, decode
from frontrow_ingest.contract.codec import topic_reader
from frontrow_ingest.contract.errors import ViewerKeyError
from frontrow_ingest.ledger import Ledger
from frontrow_ingest.producer import EventProducer, KafkaSettings, MemorySink
from frontrow_ingest.quarantine import MemoryQuarantine, Rejected, TopicQuarantine, transactions
from frontrow_ingest.quarantine.replay import Outgoing
from frontrow_ingest.resume.memory_log import MemoryLog
from support.asgi import InProcess
from support.viewing_events import a_line

LIKE_A_PSEUDONYM = "AAECAwQFBgcICQoLDA0ODw"
RAWS = ("mallory@example.org", LIKE_A_PSEUDONYM, "4917612345678", "annalisa")
SECRET = bytes(range(32))
REFUSED = [
    a_line(seq=10, viewer_id=RAWS[0], country="de"),
    a_line(seq=11, viewer_id=RAWS[1], country="de"),
    a_line(seq=12, viewer_id=RAWS[1], session_id=f"{RAWS[1]}/1", battery=4),
    a_line(seq=13, viewer_id=RAWS[0], userId=RAWS[1], account=int(RAWS[2])),
    a_line(seq=14, viewer_id=int(RAWS[2])),
    a_line(seq=15, viewer_id=RAWS[1])[:-3],
    a_line(seq=16, viewer_id=RAWS[0], **{RAWS[1]: 1}),
    a_line(seq=17, viewer_id=RAWS[1])[:-1] + b', "viewer_id": ["' + RAWS[1].encode() + b'"]}',
    a_line(seq=18, viewer_id=RAWS[1], ts=12),
    a_line(seq=19, viewer_id=RAWS[3], **{RAWS[3]: 1}),
]


class Topics:
    """Kafka's topics, in memory; each run closes sinks of its own over them."""

    def __init__(self) -> None:
        self.events, self.quarantine, self.ledger = (MemorySink(topic=name) for name in ("e", "quarantine", "ledger"))

    @staticmethod
    def again(sink: MemorySink) -> MemorySink:
        made = MemorySink()
        made.records = sink.records
        return made

    def bytes(self) -> list[bytes]:
        return [key + value for sink in vars(self).values() for key, value in sink.records]

    def commit(self, batch: Sequence[Outgoing]) -> None:
        self.events.records += [(each.event_key, each.event) for each in batch if each.event is not None]
        self.quarantine.records += [(each.note_key, each.note) for each in batch]

    def viewers(self) -> dict[int, str]:
        found = [decode(value) for _, value in self.events.records]
        return {event["seq"]: event["viewer_id"] for event in found}


class Target:
    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def __enter__(self) -> Topics:
        return self._topics

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def topics(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Topics:
    made = Topics()
    log = MemoryLog(made.events)

    def producer(*_: Any, **options: Any) -> EventProducer:
        log.sink = made.again(made.events)
        wanted = {name: options[name] for name in ("seen", "counter", "window", "viewer_keys")}
        return EventProducer(sink=log.sink, **wanted)

    def quarantine(*_: Any, producer: str, viewer_keys: ViewerKeys | None, **__: Any) -> TopicQuarantine:
        return TopicQuarantine(made.again(made.quarantine), producer=producer, viewer_keys=viewer_keys)

    def ledger(*_: Any, producer: str, viewer_keys: ViewerKeys | None, **__: Any) -> Ledger:
        return Ledger(made.again(made.ledger), producer=producer, every_s=0, viewer_keys=viewer_keys)

    def records(*_: Any) -> Any:
        kept = MemoryQuarantine()
        kept.values = [value for _, value in made.quarantine.records]
        return iter(kept.records)

    monkeypatch.setattr(opened, "EventProducer", producer)
    monkeypatch.setattr("frontrow_ingest.quarantine.kafka_quarantine", quarantine)
    monkeypatch.setattr("frontrow_ingest.ledger.kafka_ledger", ledger)
    monkeypatch.setattr(produce, "topic_log", lambda *_: log)
    monkeypatch.setattr(quarantine_command, "read_quarantine", records)
    monkeypatch.setattr(transactions, "TransactionalTarget", lambda *_, **__: Target(made))
    monkeypatch.chdir(tmp_path)
    keys = tmp_path / "keys"
    keys.touch(0o600)
    keys.write_text("a:" + SECRET.hex())
    return made


Run = Callable[..., Result]


@pytest.fixture
def run(topics: Topics) -> Iterator[Run]:
    """The command line, with its logs as JSON on standard error; the logs of other tests are not touched."""
    root = logging.getLogger()
    before, level = [*root.handlers], root.level

    def invoke(*words: str) -> Result:
        result = CliRunner().invoke(command, ["--log-format", "json", *words], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result

    yield invoke
    root.handlers[:] = before
    root.setLevel(level)


def produced(run: Run) -> list[bytes]:
    """Good lines of every viewer, the refused ones, and all that was said of them."""
    good = [a_line(seq=number, viewer_id=raw) for number, raw in enumerate(RAWS)]
    Path("in.jsonl").write_bytes(b"\n".join((*good, *REFUSED, *good)) + b"\n")
    words = ("produce", "in.jsonl", "--resume", "--raw-viewer-ids", "--viewer-key-file", "keys", "--json")
    said = []
    for _ in range(2):
        result = run(*words, "--quarantine", "--ledger")
        said += [result.stdout_bytes, result.stderr_bytes]
    return said


def test_nothing_that_a_run_wrote_holds_a_raw_id(run: Run, topics: Topics) -> None:
    written = produced(run)
    for words in (("list",), ("list", "--json"), ("replay", "--dry-run", "--set", 'country="DE"')):
        result = run("quarantine", *words)
        written += [result.stdout_bytes, result.stderr_bytes]
    for record in json.loads(run("quarantine", "list", "--json").stdout):
        written.append(run("quarantine", "show", record["id"]).stdout_bytes)
    written += topics.bytes()
    written += [path.read_bytes() for path in Path("in.jsonl.state").iterdir()]
    assert len(topics.quarantine.records) == len(REFUSED)
    for secret in (*RAWS, SECRET.hex()[:16]):
        assert not [text for text in written if secret.encode() in text]
    assert not [text for text in written if SECRET[:16] in text]
    elsewhere = {path.name for path in Path().iterdir()} - {"in.jsonl", "in.jsonl.refused.jsonl", "keys"}
    assert elsewhere == {"in.jsonl.state"}  # the refused file holds the lines as they came, as it says
    told = {record["redacted"] for record in json.loads(run("quarantine", "list", "--json").stdout)}
    assert told == {"no", "masked", "withheld"}


def test_what_is_replayed_counts_the_same_viewer(run: Run, topics: Topics) -> None:
    produced(run)
    with Path("keys").open("a") as keys:  # rotated since
        keys.write("\nb:" + bytes(range(1, 33)).hex())
    named = [topics.viewers()[number] for number in range(len(RAWS))]
    fix = ("--set", 'country="DE"', "--drop", "battery", "--drop", "userId", "--drop", "account", "--drop", RAWS[1])
    fix = (*fix, "--set", f"ts={json.loads(REFUSED[0])['ts']}", "--ledger")
    run("quarantine", "replay", *fix)
    assert topics.viewers() == {**dict(enumerate(named)), 10: named[0], 11: named[1], 18: named[1]}

    # The whole originals of the others are raw: without the key nothing of them is sent.
    wholes = ("--originals", "in.jsonl.refused.jsonl")
    report = json.loads(run("quarantine", "replay", *fix, *wholes, "--json").stdout)
    assert (report["sent"], "--viewer-key-file" in str(report["unavailable"])) == (0, True)
    run("quarantine", "replay", *fix, *wholes, "--viewer-key-file", "keys")
    added = {12: named[1], 13: named[0], 16: named[0]}
    assert {seq: name for seq, name in topics.viewers().items() if seq in (12, 13, 14, 15, 16, 17)} == added
    # The session's own id holds the raw one there: that is what the sender called it.
    events = b"".join(value for _, value in topics.events.records).replace(f"{RAWS[1]}/1".encode(), b"")
    assert not [raw for raw in RAWS if raw.encode() in events]


def test_keys_without_the_epoch_are_named(run: Run, topics: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    produced(run)
    monkeypatch.setenv("FRONTROW_VIEWER_KEY", f"a:{SECRET.hex()}")
    dry = run(
        "quarantine", "replay", "--dry-run", "--originals", "in.jsonl.refused.jsonl", "--json", "--drop", "battery"
    )
    assert json.loads(dry.stdout)["sent"] == 1
    Path("keys").write_text("z:" + SECRET.hex())
    with pytest.raises(ViewerKeyError, match="no key of epoch a among z"):
        run("quarantine", "replay", "--originals", "in.jsonl.refused.jsonl", "--viewer-key-file", "keys")


@pytest.mark.parametrize("with_keys", [True, False])
def test_the_collector_keeps_them_as_pseudonyms_or_not_at_all(tmp_path: Path, with_keys: bool) -> None:
    file = tmp_path / "keys"
    file.touch(0o600)
    file.write_text("a:" + SECRET.hex())
    keys = ViewerKeys.from_file(file)
    kept, sink = MemoryQuarantine(viewer_keys=keys if with_keys else None), MemorySink(KafkaSettings(linger_ms=0))
    delivery = Delivery(lambda: sink, max_waiting=99, seen=RecentEvents(), quarantine=kept)
    app = collector_app(delivery, context=Context(trust_headers=True, pseudonymize=keys.pseudonym))
    delivery.start()
    try:
        with InProcess(app) as client:
            for line in REFUSED:
                client.post(line)
                client.post(b"\n".join([line, line]), "application/x-ndjson")
                with suppress(ValueError):
                    client.post(json.dumps([json.loads(line)]).encode())
            client.post(b"e=ps,sta=z", "application/cmcd", x_frontrow_viewer=RAWS[1])
    finally:
        delivery.close(60)
    wrote = b"".join([*kept.values, *(key + value for key, value in sink.records)])
    assert not [raw for raw in RAWS if raw.encode() in wrote]
    records = {record.number: record for record in kept.records if record.reason == "bad_format" and record.field}
    assert {record.redacted for record in records.values()} == ({"no"} if with_keys else {"withheld"})
    if with_keys:
        originals = [json.loads(record.original or b"{}") for record in kept.records if record.redacted == "no"]
        assert keys.pseudonym(RAWS[1]) in [each.get("viewer_id") for each in originals]


def test_the_epoch_of_pseudonyms_that_others_made_can_be_named(run: Run, topics: Topics) -> None:
    Path("in.jsonl").write_bytes(a_line())
    run("produce", "in.jsonl", "--ledger", "--viewer-key-epoch", "2026-q4")
    told = [topic_reader("ledger")(value) for _, value in topics.ledger.records]
    assert [(delta["viewer_key_epoch"], delta["sent"]) for delta in told] == [("2026-q4", 1)]
    with pytest.raises(ViewerKeyError, match="is no name of an epoch"):
        run("produce", "in.jsonl", "--ledger", "--viewer-key-epoch", "a b")
    for options in ((), ("--ledger", "--raw-viewer-ids", "--viewer-key-file", "keys")):
        with pytest.raises(UsageError, match="goes with --ledger"):
            run("produce", "in.jsonl", "--viewer-key-epoch", "a", *options)


def test_a_rejected_event_shows_no_original() -> None:
    assert RAWS[0] not in repr(Rejected(REFUSED[0], [], *[None] * 3))  # type: ignore[arg-type]
