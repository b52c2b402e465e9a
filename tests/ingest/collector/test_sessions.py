"""Sessions that fall silent are ended once; memory stays bounded; what clients say is kept from logs."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from frontrow_ingest.collector import CollectorSettings, Context, RecentEvents
from frontrow_ingest.collector.sessions import END_SEQ, Sessions, StopList
from frontrow_ingest.contract import Refusal, Validator, ViewingEvent, pseudonymize
from frontrow_ingest.errors import DeliveryError, IngestError
from frontrow_ingest.quarantine import Rejected, Stage
from support.cmcd_lines import SID, T0, a_report, numbers
from support.viewing_events import a_line, an_event

KEY = b"a key of more than sixteen bytes"
SETTINGS = CollectorSettings(silent_after_s=60)


def checked(**changes: Any) -> ViewingEvent:
    return Validator().event(an_event(**changes))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def followed(clock: Clock, **changes: Any) -> Sessions:
    return Sessions(**{"limit": 100, "silent_after_s": 60, "clock": clock, **changes})


def test_a_silent_session_is_ended_with_what_was_last_known(clock: Clock) -> None:
    sessions = followed(clock)
    sessions.heard([checked(seq=1, ts=T0, cdn="north"), checked(seq=2, ts=T0 + 9, cdn="south", position_ms=77)])
    clock.now += 60
    [end] = sessions.silent(10)
    assert (end.kind, end.end_reason, end.seq, end.ts, end.started) == ("end", "timeout", END_SEQ, T0 + 9, True)
    assert (end.cdn, end.country, end.segments, end.position_ms) == ("south", "DE", ("sports", "premium"), 77)
    assert (end.play_ms, end.viewer_id, end.session_id) == (0, an_event()["viewer_id"], an_event()["session_id"])


def test_an_end_that_is_not_safe_is_given_again_and_a_safe_one_is_not(clock: Clock) -> None:
    sessions = followed(clock)
    sessions.heard([checked()])
    clock.now += 61
    ends = sessions.silent(10)
    assert sessions.silent(10) != []
    sessions.gone(ends)
    assert sessions.silent(10) == []
    clock.now += 61
    assert (sessions.silent(10), len(sessions)) == ([], 0)


def test_a_session_ends_once(clock: Clock) -> None:
    sessions = followed(clock)
    end = checked(kind="end", end_reason="viewer", error_code="E1", seq=9)
    assert sessions.ended_once(end) is end
    sessions.heard([end])
    again = sessions.ended_once(checked(kind="end", end_reason="completed", seq=10))
    assert (again.kind, again.end_reason, again.play_ms) == ("heartbeat", None, 9_600)
    clock.now += 61
    assert sessions.silent(10) == []


def test_after_a_fatal_error_silence_is_that_error(clock: Clock) -> None:
    sessions = followed(clock)
    sessions.heard([checked(kind="error", error_class="fatal", error_code="E9")])
    clock.now += 61
    [end] = sessions.silent(10)
    assert (end.end_reason, end.error_code) == ("fatal_error", "E9")


def test_the_session_silent_for_longest_is_forgotten_first(clock: Clock) -> None:
    sessions = followed(clock, limit=2)
    for session_id in ("a", "b", "a", "c"):
        sessions.heard([checked(session_id=session_id)])
    clock.now += 61
    assert [end.session_id for end in sessions.silent(10)] == ["a", "c"]
    assert len(sessions.silent(1)) == 1


def test_the_stop_list_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "stop"
    stopped = StopList(path)
    for text, expected in ((None, False), ("s-1\ns-2\n", True), ("s-2\n", False), (None, False)):
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text)
        stopped.refresh()
        assert ("s-1" in stopped) is expected
    assert "s-1" not in StopList(None)


def test_the_collector_ends_silent_sessions_by_itself(rig: Any) -> None:
    collector = rig(SETTINGS)
    collector.post(a_line(seq=4))
    collector.seconds += 61
    collector.client.wait(lambda: len(collector.events) == 2)
    assert [(event["kind"], event["seq"]) for event in collector.events] == [("heartbeat", 4), ("end", END_SEQ)]
    collector.post(a_line(kind="end", end_reason="viewer", seq=5))
    assert [event["kind"] for event in collector.events] == ["heartbeat", "end", "heartbeat"]
    assert "frontrow_collector_timeouts_total 1.0" in collector.client.get("/metrics").body.decode()


def test_cmcd_over_http_with_what_it_cannot_say_from_the_deployment(rig: Any) -> None:
    context = Context(
        trust_headers=True,
        trust_query=True,
        defaults={"segments": "free, trial", "country": "ZZ"},
        pseudonymize=lambda raw: pseudonymize(raw, KEY),
    )
    collector = rig(SETTINGS, context=context)
    lines = [
        a_report(0, 0, "ps", "s", com_example="x"),
        a_report(1, 700, "ps", "p", br=numbers(3_000)),
        a_report(2, 10_700, dfa=4),
    ]
    headers = {"x_frontrow_viewer": "änna@example.org", "x_frontrow_country": "AT", "x_frontrow_device_type": "tv"}
    path = "/events?country=DE&os=tizen"
    for _ in range(2):
        answer = collector.client.post("\n".join(lines).encode(), "application/cmcd", path, **headers)
        assert answer.status == 204
    attempt, first, beat = collector.events
    assert [event["kind"] for event in (attempt, first, beat)] == ["attempt", "first_frame", "heartbeat"]
    assert {event["viewer_id"] for event in collector.events} == {pseudonymize("änna@example.org", KEY)}
    assert (beat["country"], beat["os"], beat["device_type"], beat["segments"]) == (
        "AT",
        "tizen",
        "tv",
        ["free", "trial"],
    )
    assert (beat["play_ms"], beat["bits"], beat["dropped_frames"], first["startup_ms"]) == (10_000, 30_000_000, 4, 700)
    page = collector.client.get("/metrics").body.decode()
    assert "frontrow_collector_unknown_keys_total 2.0" in page


def test_headers_and_query_count_only_where_they_are_trusted(rig: Any) -> None:
    collector = rig(SETTINGS, context=Context(defaults={"viewer": an_event()["viewer_id"]}))
    body = a_report(0, 0, "ps", "s").encode()
    collector.client.post(body, "application/cmcd", "/events?country=DE", x_frontrow_country="AT")
    assert [(event["country"], event["device_type"]) for event in collector.events] == [("ZZ", "other")]


def test_cmcd_that_kafka_did_not_take_is_not_lost_when_it_comes_again(rig: Any) -> None:
    collector = rig(context=Context(defaults={"viewer": an_event()["viewer_id"]}))
    lines = [a_report(0, 0, "ps", "p", dfa=1), a_report(1, 5_000, dfa=3), a_report(2, 9_000, dfa=7)]
    assert collector.cmcd(lines[0]).status == 204
    collector.sink.hold()
    with collector.impatient():
        assert [collector.cmcd(lines[1]).status, collector.cmcd(lines[2]).status] == [503, 503]
    collector.sink.release()
    collector.client.wait(lambda: not collector.delivery.waiting)
    assert collector.cmcd(*lines[1:]).status == 204
    stored = {event["seq"]: event for event in collector.events}
    assert len(stored) == len(collector.events) == 3
    assert [(event["play_ms"], event["dropped_frames"]) for event in stored.values()] == [
        (0, 1),
        (5_000, 2),
        (4_000, 4),
    ]


class Kept:
    """A quarantine and a counter that note what they are told."""

    def __init__(self) -> None:
        self.rejected: list[Rejected] = []
        self.counted: list[tuple[str, int]] = []
        self.error: IngestError | None = None
        self.flushed = 0

    def put(self, rejected: Rejected) -> None:
        if self.error is not None:
            raise self.error
        self.rejected.append(rejected)

    def flush(self, timeout: float) -> None:  # noqa: ARG002  # the name is the port's
        self.flushed += 1

    def close(self, timeout: float) -> None: ...

    def sent(self, ts: int, size: int) -> None:  # noqa: ARG002  # the name is the port's
        self.counted.append(("sent", ts))

    def refused(self, size: int) -> None:
        self.counted.append(("refused", size))

    def duplicate(self, ts: int) -> None:
        self.counted.append(("duplicate", ts))


def kept_by(kept: Kept) -> dict[str, Any]:
    return {"quarantine": kept, "counter": kept}


def test_refused_events_go_to_quarantine_and_everything_is_counted_once_it_is_safe(rig: Any) -> None:
    kept = Kept()
    collector = rig(delivery=kept_by(kept))
    good, bad = a_line(), a_line(seq=-1)
    body = good + b"\n" + bad
    collector.sink.hold()
    with collector.impatient():
        assert collector.post(body, "application/jsonl").status == 503
    assert (kept.rejected, kept.counted) == ([], [])
    collector.sink.release()
    collector.client.wait(lambda: not collector.delivery.waiting)
    assert collector.post(body, "application/jsonl").status == 207
    originals = {rejected.original for rejected in kept.rejected}
    assert originals == {bad}
    rejected = kept.rejected[0]
    assert (rejected.stage, rejected.position.number, rejected.event_ms) == (Stage.COLLECTOR, 1, an_event()["ts"])
    assert isinstance(rejected.refusals[0], Refusal)
    assert [what for what, _ in kept.counted].count("sent") == 1


@pytest.mark.parametrize(("error", "status"), [(DeliveryError("no"), 503), (IngestError("too much is refused"), 400)])
def test_a_quarantine_that_does_not_keep(rig: Any, error: IngestError, status: int) -> None:
    kept = Kept()
    kept.error = error
    collector = rig(delivery=kept_by(kept))
    assert collector.post(a_line(seq=-1)).status == status


@pytest.mark.parametrize(
    "body",
    [
        a_line(viewer_id="anna@example.org", seq=-1),
        b'[{"viewer_id":"anna@example.org"}]',
        b'{"viewer_id":"anna@example.org',
    ],
)
def test_raw_ids_stay_at_the_door(rig: Any, body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    kept = Kept()
    context = Context(pseudonymize=lambda raw: pseudonymize(raw, KEY))
    collector = rig(CollectorSettings(token="s3cret"), context=context, delivery=kept_by(kept))
    answer = collector.post(body, authorization="Bearer s3cret")
    path = "/events?viewer=anna@example.org"
    collector.client.post(a_line(viewer_id="anna@example.org"), path=path, authorization="Bearer s3cret")
    collector.client.post(a_line(), path="/anna@example.org", authorization="Bearer s3cret")
    assert (answer.status, len(kept.rejected)) == (400, 1)
    assert collector.events[0]["viewer_id"] == pseudonymize("anna@example.org", KEY)
    said = caplog.text + repr(kept.rejected) + answer.body.decode() + collector.client.get("/metrics").body.decode()
    assert "POST /events 204" in caplog.text
    assert "anna" not in said
    assert "s3cret" not in said
    assert "203.0.113.9" not in said


def test_the_memory_of_what_was_seen_is_bounded() -> None:
    seen = RecentEvents(limit=3)
    assert [seen.is_new("s", number) for number in (0, 1, 2, 3, 2, 0)] == [True, True, True, True, False, False]
    assert [seen.is_new("s", number) for number in (4, 5, 6, 7, 0)] == [True] * 5


@pytest.mark.parametrize("wrong", [{"max_events": 0}, {"ack_timeout_s": 0}, {"token": ""}, {"max_session_s": -1}])
def test_settings_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CollectorSettings(**wrong)


def test_a_default_of_an_unknown_field() -> None:
    with pytest.raises(ValueError, match="no field town"):
        Context(defaults={"town": "Graz"})


def sids(events: Sequence[dict[str, Any]]) -> set[str]:
    return {event["session_id"] for event in events}


def test_a_mixed_array_of_raw_viewers(rig: Any) -> None:
    collector = rig(context=Context(pseudonymize=lambda raw: pseudonymize(raw, KEY)))
    batch = [an_event(viewer_id="anna", session_id=SID), an_event(viewer_id=17), an_event(viewer_id="")]
    answer = collector.post(json.dumps(batch).encode())
    assert (answer.status, sids(collector.events)) == (207, {SID})
    assert {error["field"] for error in answer.json["errors"]} == {"viewer_id"}
