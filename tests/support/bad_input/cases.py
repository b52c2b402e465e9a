"""Every kind of bad input that is tried, through which door it comes, and where it has to end."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from frontrow_ingest.collector import CollectorSettings, Context
from frontrow_ingest.contract import Validator, encode
from support.bad_input.doors import NOW_MS, collected, commanded, produced, scanned
from support.viewing_events import a_line, an_event

ROOT = Path(__file__).parents[3]
PRODUCE, COLLECT, TOPIC, COMMAND = "produce", "collect", "topic", "command line"
BOTH = f"{PRODUCE}, {COLLECT}"
RAW = "alice@example.com"
KEY = "2026-q4:" + bytes(range(32)).hex()
GOOD = encode(Validator().event(an_event()))
CONTEXT = Context(trust_headers=True, defaults={"viewer": "AAECAwQFBgcICQoLDA0ODw", "country": "DE"})
CMCD = f'e=ps,sta=s,sid="s-1",sn=0,cid="c",ts={NOW_MS}'


@dataclass(frozen=True)
class Case:
    """One kind of bad input.

    ``run`` brings it through its doors and gives where it ended, which must be ``ends``. Where a real Kafka or Druid
    has to answer, ``test`` names the test that does it, as ``file::function``.
    """

    what: str
    doors: str
    ends: str
    run: Callable[[], str] | None = None
    test: str | None = None


def event(what: str, line: bytes, ends: str) -> Case:
    """A bad event, which both doors must refuse for the same reason."""

    def run() -> str:
        by_file, by_request = produced(line), collected(line)
        same = by_request in (f"400 {by_file}", "204" if by_file == "taken" else "")
        return by_file if same else f"{PRODUCE} {by_file}, {COLLECT} {by_request}"

    return Case(what, BOTH, ends, run)


def field(what: str, ends: str, **changes: Any) -> Case:
    return event(what, a_line(**changes), ends)


def file(what: str, ends: str, data: bytes, *options: str, again: bytes | None = None, **environment: str) -> Case:
    return Case(what, PRODUCE, ends, lambda: produced(data, *options, again=again, **environment))


def request(what: str, ends: str, body: bytes = b"", kind: str = "application/json", **how: Any) -> Case:
    return Case(what, COLLECT, ends, lambda: collected(body, kind, **how))


def cmcd(what: str, ends: str, line: str, **how: Any) -> Case:
    return replace(
        request(what, ends, line.encode(), "application/cmcd", context=CONTEXT, **how), doors=f"{COLLECT}, CMCD"
    )


def message(what: str, ends: str, value: bytes | None) -> Case:
    return Case(what, TOPIC, ends, lambda: scanned(value))


def command(what: str, ends: str, *words: str, **environment: str) -> Case:
    return Case(what, COMMAND, ends, lambda: commanded(*words, **environment)[0])


def tested(what: str, doors: str, ends: str, test: str) -> Case:
    return Case(what, doors, ends, test=test)


def _key_file(text: str, mode: int) -> Callable[[], str]:
    def run() -> str:
        from tempfile import NamedTemporaryFile

        with NamedTemporaryFile("w", suffix=".keys") as keys:
            keys.write(text)
            keys.flush()
            Path(keys.name).chmod(mode)
            return produced(a_line(viewer_id=RAW), "--raw-viewer-ids", "--viewer-key-file", keys.name)

    return run


_TWICE = b'{"country": "de", ' + a_line()[1:]
EVENTS = (
    event("JSON that is cut", a_line()[:-9], "`not_json`"),
    event("two objects on a line", a_line() + a_line(), "`not_json`"),
    event("bytes of zero", bytes(40), "`not_json`"),
    event("bytes that are not UTF-8", a_line().replace(b"title", b"t\xfftle"), "`not_utf8`"),
    event("100,000 brackets, one in another", b'{"a":' + b"[" * 100_000, "`not_json`"),
    event(
        "an object 300 deep in a field",
        a_line(content_id=...)[:-1] + b', "content_id": ' + b'{"a":' * 300 + b"1" + b"}" * 301,
        "`not_json`",
    ),
    event("not an object", b"17", "`not_an_object`"),
    event("a name twice, the last value right", _TWICE, "taken"),
    event("NaN", a_line(play_ms=...)[:-1] + b', "play_ms": NaN}', "`wrong_type play_ms`"),
    event("Infinity by a large exponent", a_line(play_ms=...)[:-1] + b', "play_ms": 1e999}', "`wrong_type play_ms`"),
    field("a NUL in a text", "`bad_format content_id`", content_id="a\0b"),
    event("half a surrogate pair", a_line().replace(b"title", b"\\ud800"), "`not_json`"),
    field("a field the contract does not know", "`unknown_field battery`", battery=7),
    field("a field that is missing", "`missing kind`", kind=...),
    field("text for a number", "`wrong_type seq`", seq="4"),
    field("true for a number", "`wrong_type seq`", seq=True),
    field("1 for true", "`wrong_type started`", started=1),
    field("4.5 for a whole number", "`wrong_type seq`", seq=4.5),
    field("null for what must be", "`wrong_type ts`", ts=None),
    field("a negative count", "`out_of_range bits`", bits=-1),
    field("beyond 32 bits", "`out_of_range seq`", seq=2**31),
    field("beyond 64 bits", "`out_of_range bits`", bits=2**70),
    field("an unknown symbol of an enum", "`not_allowed kind`", kind="rewind"),
    field("a country in small letters", "`bad_format country`", country="de"),
    field("a label too long", "`too_long content_id`", content_id="x" * 5_000),
    field("too many segments", "`too_many segments`", segments=[f"s{number}" for number in range(1_000)]),
    field("a segment twice", "`duplicate segments`", segments=["a", "a"]),
    field("play time before the first frame", "`inconsistent play_ms`", kind="attempt", started=False),
    field("a time as text", "`wrong_type ts`", ts="2026-09-21T14:13:20Z"),
    field("a time in seconds", "`out_of_range ts`", ts=1_790_000_000),
    field("a time in the year 2200", "`out_of_range ts`", ts=7_258_118_400_000),
    field("a raw viewer id", "`bad_format viewer_id`", viewer_id=RAW),
    field("a raw viewer id as a field's name", "`unknown_field`", **{RAW: 1}),
)
FILES = (
    file("an empty line", "skipped", b"\n \n\r\n"),
    file("a line of 2 MB", "`too_large`", b'{"a": "' + b"x" * 2_000_000),
    file("a file that is cut in its last line", "`not_json`", a_line() + b"\n" + a_line(seq=5)[:30]),
    file("more than 6 hours late (`--max-late 6`)", "`late ts`", a_line(), "--max-late", "6"),
    file("more than 1 hour early (`--max-early 1`)", "`early ts`", a_line(ts=4_000_000_000_000), "--max-early", "1"),
    file("an event again (`--state`)", "counts once", a_line(), "--state", "state", again=a_line()),
    file(
        "a file that shrank since the last run (`--resume`)",
        "exit 1",
        a_line() + b"\n" + a_line(seq=5) + b"\n",
        "--resume",
        again=a_line()[:50],
    ),
    file("1,000 bad lines in a row", "exit 1", b"nonsense\n" * 1_001),
    file("gzip", "exit 1", gzip.compress(a_line())),
    file("UTF-16", "exit 1", a_line().decode().encode("utf-16")),
    file("no key for raw viewer ids", "exit 1", a_line(), "--raw-viewer-ids", FRONTROW_VIEWER_KEY=""),
    file("a key that is not hexadecimal", "exit 1", a_line(), "--raw-viewer-ids", FRONTROW_VIEWER_KEY="e:xyz"),
    Case("a key file that others can read", PRODUCE, "exit 1", _key_file(KEY, 0o644)),
    Case("a key file with an epoch twice", PRODUCE, "exit 1", _key_file(f"{KEY}\n{KEY}", 0o600)),
    file("options that do not go together", "exit 2", a_line(), "--state", "state", "--workers", "2"),
)
REQUESTS = (
    request("a body without an event", "400", b" \n"),
    request("a good and a bad event", "207 `out_of_range seq`", json.dumps([an_event(), an_event(seq=-1)]).encode()),
    request("a body too large", "413", b" " * 2_000_000),
    request("a length that lies", "413", a_line(), content_length="99999999"),
    request("too many events", "413", b"[" + b",".join([b"{}"] * 5_001) + b"]"),
    request("an unknown content type", "415", a_line(), "text/plain"),
    request("a compressed body", "415", gzip.compress(a_line()), content_encoding="gzip"),
    request(
        "no token, or a wrong one",
        "401",
        a_line(),
        settings=CollectorSettings(token="s3cret"),
        authorization="Bearer x",
    ),
    request("another method", "405", method="GET"),
    request("another path", "404", path="/../events"),
    request("an event again", "204, counts once", a_line(), times=2),
    request("a session that was stopped", "410", a_line(session_id="s-1"), stopped=("s-1",)),
    request(
        "Kafka does not acknowledge", "503", a_line(), settings=CollectorSettings(ack_timeout_s=0.1), kafka_away=True
    ),
    cmcd("a value that is none", "400 `bad_format`", CMCD.replace("sn=0", "sn=(((")),
    cmcd("a key in capitals", "400 `bad_format`", CMCD.replace("sid=", "SID=")),
    cmcd("no session id", "400 `missing session_id`", CMCD.replace('sid="s-1",', "")),
    cmcd("an unknown state", "400 `not_allowed kind`", CMCD.replace("sta=s", "sta=z")),
    cmcd("a key of one's own", "204", CMCD + ",com.example-x=1"),
    cmcd("the same report again", "204, counts once", CMCD, times=2),
    cmcd("a header of the proxy with nonsense", "400 `bad_format country`", CMCD, x_frontrow_country="<script>"),
    cmcd("a raw viewer id in the header", "400 `bad_format viewer_id`", CMCD, x_frontrow_viewer=RAW),
)
MESSAGES = (
    message("an empty message", "`not_framed`", b""),
    message("JSON, or another first byte", "`not_framed`", a_line()),
    message("an unknown schema id", "`unknown_schema_id`", GOOD[:1] + b"\0\0\0\x63" + GOOD[5:]),
    message("Avro that ends too early", "`not_avro`", GOOD[:-1]),
    message("a body of set bits", "`not_avro`", GOOD[:5] + b"\xff" * 60),
    message("bytes behind the event", "`trailing_bytes`", GOOD + b"\0"),
    message("a message without a value (tombstone)", "passed over", None),
    tested(
        "those and 25 kinds more, between good ones",
        "Druid",
        "counted as unparseable, the task goes on",
        "stack/test_extension_bad_messages.py::test_bad_messages_between_good_ones",
    ),
    tested(
        "the same, looked for later",
        "Druid",
        "quarantine, each once",
        "stack/test_quarantine.py::test_what_druid_could_not_read_is_found_in_the_topic",
    ),
)
THE_REST = (
    command("an unknown option", "exit 2", "produce", "-", "--no-such"),
    command("a metric that does not exist", "exit 1", "query", "timeseries", "viewrs"),
    tested("no broker at the address", PRODUCE, "exit 1", "stack/test_producer_command.py::test_nobody_at_the_address"),
    tested("no such topic", PRODUCE, "exit 1, nothing is made", "stack/test_producer_command.py::test_a_missing_topic"),
    tested(
        "a message larger than the broker takes",
        PRODUCE,
        "that one fails, exit 1",
        "contract/record_sink.py::test_an_oversized_record_is_refused_and_the_others_pass",
    ),
    tested(
        "a broker that stays away",
        PRODUCE,
        "exit 1 within the deadline",
        "stack/test_producer_sink.py::test_a_broker_that_stays_away_ends_within_the_deadline",
    ),
    tested(
        "a broker that goes and comes",
        COLLECT,
        "503, nothing lost or doubled",
        "stack/test_collector.py::test_while_kafka_is_away_503_and_afterwards_nothing_lost_or_doubled",
    ),
    tested(
        "killed with -9 anywhere (`--resume`)",
        PRODUCE,
        "every event once",
        "stack/test_killed_producer.py::test_killed_anywhere_every_event_is_stored_once",
    ),
    tested(
        "late, by Druid's window",
        PRODUCE,
        "`late ts`, or counted in its minute",
        "stack/test_lateness.py::test_late_events",
    ),
)
CASES = (*EVENTS, *FILES, *REQUESTS, *MESSAGES, *THE_REST)
