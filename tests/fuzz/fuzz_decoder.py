"""Coverage-guided fuzzing of what lies in a topic: ``make fuzz``, or ``python tests/fuzz/fuzz_decoder.py``.

A message is read, or refused as one of the known errors, just as a walk over its bytes by the schema judges it; what is
read can be written and is then read as the same; and whatever it is, the quarantine takes it. Anything else is a
finding: the fuzzer stops and keeps the input. It needs ``atheris``, which is no dependency: it has wheels for Linux on
x86-64 only. Arguments are libFuzzer's; without any it runs for 30 seconds, from a corpus that the simulator makes.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

try:
    import atheris
except ModuleNotFoundError:
    sys.exit("atheris is not installed: .venv/bin/python -m pip install atheris (Linux on x86-64)")

with atheris.instrument_imports(include=["frontrow_ingest.contract", "frontrow_ingest.quarantine"]):
    from frontrow_ingest.contract import EventRefusedError, Refusal, Validator, WireError
    from frontrow_ingest.contract.codec import encode_unchecked, topic_encoder, topic_reader
    from frontrow_ingest.contract.strict_avro import NotStrictError, check_body
    from frontrow_ingest.quarantine import MemoryQuarantine, Position, Rejected, Stage, rejected_json, rejected_message
from frontrow_ingest.ledger import Ledger
from frontrow_ingest.producer import MemorySink
from frontrow_ingest.simulate import Simulation
from frontrow_specs import released_schemas, topic_names

SECONDS = 30
MAX_BYTES = 700
IN_CORPUS = "--in-corpus"
SEEN_MS = 1_790_000_000_000
HERE = Position("topic-0", 1)
FRAME = struct.Struct(">BI")
WRITTEN = {(topic, number): schema for topic in topic_names() for number, schema in released_schemas(topic).items()}
PLACES = sorted(WRITTEN)


def one_input(data: bytes) -> None:
    """A byte that chooses topic and schema, then the body; and all of it as a message of its own."""
    whole_message(data)
    if not data:
        return
    topic, number = PLACES[data[0] % len(PLACES)]
    message = FRAME.pack(1, number) + data[1:]
    judged = walked(WRITTEN[topic, number], message)
    try:
        found = topic_reader(topic)(message)
    except WireError as error:
        if judged and "Unicode" not in str(error):  # the walk does not look into texts
            raise AssertionError("the walk takes what was refused") from error
        return
    assert judged, "the walk refuses what was read"
    again = topic_reader(topic)(topic_encoder(topic)(found))
    assert again == found, "what is read is not what was written of it"
    if topic == "events":
        try:
            Validator().event(found)
        except EventRefusedError:
            kept(Rejected(message, [Refusal("ts", "late", "is too old")], Stage.TOPIC, HERE, SEEN_MS))


def whole_message(data: bytes) -> None:
    """A message, or a line, as a stranger may write it."""
    try:
        topic_reader("events")(data)
    except WireError as error:
        kept(rejected_message(data, error, position=HERE, seen_ms=SEEN_MS))
    try:
        Validator().line(data)
    except EventRefusedError as error:
        kept(rejected_json(data, error.refusals, stage=Stage.PRODUCER, position=HERE, seen_ms=SEEN_MS))


def kept(rejected: Rejected) -> None:
    """It is taken, and what is kept can be read again."""
    quarantine = MemoryQuarantine(producer="fuzzer")
    quarantine.put(rejected)
    assert len(quarantine.records) == 1


def walked(schema: object, message: bytes) -> bool:
    """Whether the bytes are a record of the schema, and nothing behind it."""
    try:
        return check_body(schema, message, FRAME.size) == len(message)
    except NotStrictError:
        return False


def seeds() -> Iterator[bytes]:
    """Messages of every topic, each behind the byte that chooses its schema; and lines."""
    events = list(islice(Simulation(seed=7, viewers=200, start_ms=SEEN_MS, duration_s=60).events(), 0, 400, 20))
    quarantine, ledger = MemoryQuarantine(producer="fuzzer"), MemorySink()
    for line in (b"no event", b'{"viewer_id": "a", "x": [1, {"y": "z"}]}', b"\x01\0\0\0\x09body"):
        quarantine.put(
            rejected_json(line, [Refusal("", "not_json", "x")], stage=Stage.PRODUCER, position=HERE, seen_ms=1)
        )
        yield line
    counting = Ledger(ledger, producer="fuzzer", every_s=0)
    counting.counts.sent(SEEN_MS, 100)
    counting.close(1)
    of_events = [encode_unchecked(event) for event in events]
    for topic, values in (
        ("events", of_events),
        ("quarantine", quarantine.values),
        ("ledger", [value for _, value in ledger.records]),
    ):
        for value in values:
            yield value
            yield bytes([PLACES.index((topic, FRAME.unpack_from(value)[1]))]) + value[FRAME.size :]


def main() -> int:
    """Try the seeds, then fuzz, in a process of its own: the fuzzer ends it without clearing up."""
    if sys.argv[1:2] == [IN_CORPUS]:
        atheris.Setup([sys.argv[0], *sys.argv[2:]], one_input)
        atheris.Fuzz()
    arguments = sys.argv[1:] or [f"-max_total_time={SECONDS}", f"-max_len={MAX_BYTES}"]
    with tempfile.TemporaryDirectory(prefix="frontrow-fuzz-") as corpus:
        for number, seed in enumerate(seeds()):
            one_input(seed)
            Path(corpus, str(number)).write_bytes(seed)
        return subprocess.run([sys.executable, __file__, IN_CORPUS, *arguments, corpus], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
