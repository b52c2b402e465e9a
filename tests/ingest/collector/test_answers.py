"""Every way in which the collector answers."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from frontrow_ingest.collector import CollectorSettings
from frontrow_ingest.contract import decode
from frontrow_ingest.errors import DeliveryError
from frontrow_ingest.producer import BrokerUnreachableError, MemorySink
from support.viewing_events import a_line, an_event

LINES = "application/x-ndjson"


def events(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [an_event(seq=number, **changes) for number in range(count)]


@pytest.mark.parametrize(
    ("body", "kind", "count"),
    [
        (a_line(), "application/json", 1),
        (b" \n" + a_line() + b"\n", "application/json; charset=utf-8", 1),
        (json.dumps(events(3)).encode(), "Application/JSON", 3),
        (b"\n".join(a_line(seq=number) for number in range(3)), LINES, 3),
        (b"\r\n\r\n".join(a_line(seq=number) for number in range(3)) + b"\r\n", "application/jsonl", 3),
    ],
)
def test_events_are_stored_and_answered_with_nothing(rig: Any, body: bytes, kind: str, count: int) -> None:
    collector = rig()
    answer = collector.post(body, kind)
    assert (answer.status, answer.body) == (204, b"")
    assert [event["seq"] for event in collector.events] == [4] if count == 1 else list(range(count))
    assert collector.events[0]["viewer_id"] == an_event()["viewer_id"]


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"nonsense", "application/json", "not_json"),
        (b"[nonsense]", "application/json", "not_json"),
        (b"\xff", "application/json", "not_utf8"),
        (b"[\xff]", "application/json", "not_utf8"),
        (b"17", "application/json", "not_an_object"),
        (b"[17]", "application/json", "not_an_object"),
        (b"[null]", "application/json", "not_an_object"),
        (b"[[]]", "application/json", "not_an_object"),
        (a_line(ts=1), LINES, "out_of_range"),
        (a_line(kind=...), "application/json", "missing"),
        (json.dumps([an_event(viewer_id="anna@example.org")]).encode(), "application/json", "bad_format"),
        (b"e=ps,sta", "application/cmcd", "missing"),
        (b"E=ps", "application/cmcd", "bad_format"),
        (b"\xff\xfe", "application/cmcd", "bad_format"),
    ],
)
def test_what_is_wrong_is_listed_without_a_value(rig: Any, body: bytes, kind: str, reason: str) -> None:
    collector = rig()
    answer = collector.post(body, kind)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    problem = answer.json
    assert (problem["status"], problem["accepted"], problem["refused"]) == (400, 0, 1)
    assert reason in {error["reason"] for error in problem["errors"]}
    assert problem["errors"][0].keys() == {"index", "field", "reason", "message"}
    assert b"anna" not in answer.body
    assert collector.events == []


def test_of_a_mixed_batch_the_good_events_are_taken(rig: Any) -> None:
    collector = rig()
    batch = [an_event(seq=0), an_event(seq=-1), an_event(seq=2), an_event(seq=3, kind="x", ts=5)]
    answer = collector.post(json.dumps(batch).encode())
    assert (answer.status, answer.json["accepted"], answer.json["refused"]) == (207, 2, 2)
    found = [(error["index"], error["field"], error["reason"]) for error in answer.json["errors"]]
    assert found == [(1, "seq", "out_of_range"), (3, "ts", "out_of_range"), (3, "kind", "not_allowed")]
    assert [event["seq"] for event in collector.events] == [0, 2]


def test_a_long_list_of_errors_is_cut(rig: Any) -> None:
    answer = rig().post(b"\n".join([b"{}"] * 50), LINES)
    assert (answer.status, len(answer.json["errors"]), answer.json["more"]) == (400, 100, True)
    assert answer.json["refused"] == 50


@pytest.mark.parametrize("body", [b"", b" \n ", b"[]", b"[ ]"])
def test_a_body_without_events(rig: Any, body: bytes) -> None:
    assert rig().post(body).status == 400


def test_the_token(rig: Any) -> None:
    collector = rig(CollectorSettings(token="s3cret-ü"))
    for given in (None, "Bearer wrong", "Bearer", "Basic s3cret-ü", "s3cret-ü", "Bearer s3cret-ü2"):
        headers = {} if given is None else {"authorization": given}
        answer = collector.post(a_line(), **headers)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert b"s3cret" not in answer.body
    assert collector.client.get("/health").status == 200
    assert collector.post(a_line(), authorization="bearer s3cret-ü").status == 204
    assert len(collector.events) == 1


def test_too_much(rig: Any) -> None:
    collector = rig(CollectorSettings(max_body_bytes=2_000, max_events=3))
    assert collector.post(b" " * 2_001).status == 413
    parts = [b" " * 1_000] * 3
    streamed = collector.client.run(
        collector.client.call("POST", "/events", parts, {"content_type": "application/json"})
    )
    assert streamed.status == 413
    assert collector.post(b" " * 9, content_length="99999").status == 413
    assert collector.post(b"[{},{},{},{}]").status == 413
    assert collector.post(b"{}\n{}\n{}\n{}", LINES).status == 413
    assert collector.cmcd("e=t", "e=t", "e=t", "e=t").status == 413
    assert collector.events == []


@pytest.mark.parametrize("kind", ["", "text/plain", "application/avro", "application/json-seq", "json"])
def test_an_unknown_content_type_is_answered_with_the_known_ones(rig: Any, kind: str) -> None:
    answer = rig().post(a_line(), kind)
    assert answer.status == 415
    assert "application/cmcd" in answer.json["detail"]


def test_a_compressed_body_is_not_taken(rig: Any) -> None:
    collector = rig()
    assert collector.post(a_line(), content_encoding="gzip").status == 415
    assert collector.post(a_line(), content_encoding="identity").status == 204


def test_other_methods_and_paths(rig: Any) -> None:
    client = rig().client
    assert client.get("/events").status == 405
    assert client.get("/elsewhere").status == 404


def test_a_repeated_request_counts_once(rig: Any) -> None:
    collector = rig()
    body = json.dumps([*events(3), an_event(seq=1)]).encode()
    assert [collector.post(body).status for _ in range(3)] == [204] * 3
    assert [event["seq"] for event in collector.events] == [0, 1, 2]
    page = collector.client.get("/metrics").body.decode()
    assert 'frontrow_collector_events_total{outcome="accepted"} 3.0' in page
    assert 'frontrow_collector_events_total{outcome="duplicate"} 9.0' in page


def test_a_session_that_was_stopped_is_told_so(rig: Any) -> None:
    collector = rig(stopped=["s-1"])
    assert collector.post(a_line(session_id="s-1")).status == 410
    assert collector.cmcd('e=ps,sta=s,sid="s-1",sn=0,cid="c",ts=1790000000000', x="y").status == 400  # nobody's viewer
    both = json.dumps([an_event(session_id="s-1"), an_event(session_id="s-2")]).encode()
    assert collector.post(both).status == 204
    assert [event["session_id"] for event in collector.events] == ["s-2"]


def test_a_session_that_is_too_old_is_told_to_stop(rig: Any) -> None:
    collector = rig(CollectorSettings(max_session_s=3_600))
    assert collector.post(a_line(seq=0)).status == 204
    collector.seconds += 3_600
    assert collector.post(a_line(seq=1)).status == 204
    collector.seconds += 1
    assert collector.post(a_line(seq=2)).status == 410
    assert collector.post(a_line(seq=0, session_id="new")).status == 204


def test_pages_of_other_origins(rig: Any) -> None:
    asked = {"origin": "https://tv.example", "access_control_request_method": "POST"}
    client = rig(CollectorSettings(origins=("https://tv.example",))).client
    answer = client.request("OPTIONS", "/events", **asked, access_control_request_headers="content-type")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "https://tv.example")
    posted = client.post(a_line(), origin="https://tv.example")
    assert posted.headers["access-control-allow-origin"] == "https://tv.example"
    assert client.request("OPTIONS", "/events", **{**asked, "origin": "https://other.example"}).status == 400
    assert rig().client.request("OPTIONS", "/events", **asked).status == 405


def test_nothing_is_answered_for_before_it_is_safe(rig: Any) -> None:
    collector = rig(CollectorSettings(retry_after_s=7))
    collector.post(a_line(seq=0))
    collector.sink.hold()
    with collector.impatient():
        answer = collector.post(a_line(seq=1))
    assert (answer.status, answer.headers["retry-after"]) == (503, "7")
    assert "send again later" in answer.json["detail"]
    assert len(collector.events) == 1
    collector.sink.release()
    assert collector.post(a_line(seq=1)).status == 204
    assert [event["seq"] for event in collector.events] == [0, 1]


def test_what_kafka_has_lost_is_sent_again(rig: Any) -> None:
    sinks = [MemorySink(), MemorySink()]
    connections = iter(sinks)
    collector = rig(open_sink=lambda: next(connections))
    collector.post(a_line(seq=0))
    sinks[0].fail_with(DeliveryError("no"))
    assert collector.post(a_line(seq=1)).status == 503
    assert [collector.post(a_line(seq=number)).status for number in (0, 1)] == [204, 204]
    assert [[decode(value)["seq"] for _, value in sink.records] for sink in sinks] == [[0], [1]]


def test_when_too_many_wait_others_are_turned_away(rig: Any) -> None:
    collector = rig(CollectorSettings(max_events=10), delivery={"max_waiting": 4})
    collector.post(a_line(seq=0))
    collector.sink.hold()

    async def rush() -> list[int]:
        asked = [
            collector.client.call("POST", "/events", [a_line(seq=number)], {"content_type": "application/json"})
            for number in range(1, 9)
        ]
        return sorted(answer.status for answer in await asyncio.gather(*asked))

    with collector.impatient(1):
        statuses = collector.client.run(rush())
    assert statuses == [429] * 4 + [503] * 4
    collector.sink.release()
    collector.client.wait(lambda: not collector.delivery.waiting)
    assert collector.post(json.dumps(events(9)).encode()).status == 204
    assert sorted(event["seq"] for event in collector.events) == list(range(9))


def test_a_request_of_any_size_is_taken_when_nothing_waits(rig: Any) -> None:
    assert rig(delivery={"max_waiting": 4}).post(json.dumps(events(9)).encode()).status == 204


def test_kafka_that_is_not_there_yet(rig: Any) -> None:
    sink, there = MemorySink(), threading.Event()

    def connect() -> MemorySink:
        if not there.is_set():
            raise BrokerUnreachableError("127.0.0.1:9", 1.0, "no")
        return sink

    collector = rig(open_sink=connect)
    with collector.impatient():
        assert collector.post(a_line()).status == 503
    ready = collector.client.get("/ready")
    assert (ready.status, collector.client.get("/health").status) == (503, 200)
    assert b"no Kafka broker at 127.0.0.1:9" in ready.body
    there.set()
    collector.client.wait(lambda: not collector.delivery.trouble)
    assert collector.client.get("/ready").status == 200
    assert collector.post(a_line()).status == 204
    assert len(sink.records) == 1


def test_no_answer_while_stopping_says_that_it_is_safe(rig: Any) -> None:
    collector = rig()
    collector.delivery.close(60)
    assert collector.post(a_line()).status == 503
    assert collector.client.get("/health").status == 500
