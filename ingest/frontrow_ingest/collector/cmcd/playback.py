"""From reports in running totals and states to events in deltas: one playback is followed from report to report."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from frontrow_ingest.collector.cmcd.keys import END_REASONS
from frontrow_ingest.collector.cmcd.report import Report
from frontrow_ingest.contract.fields import DAY_MS

YOUNG = 4  # a playback first heard of by one of its first reports is a new one, even if they come out of order
MAX_REMEMBERED = 256
_STARTED_STATES = ("p", "a", "r", "k")


@dataclass(slots=True)
class _Playback:
    """What is known of a playback after its last report."""

    sn: int
    ts: int
    state: str
    started: bool
    attempt_ts: int | None = None
    ended: bool = False
    in_ad: bool = False
    kbps: int | None = None
    content: str | None = None
    stream_type: str | None = None
    cdn: str | None = None
    position_ms: int = 0
    start_delay_ms: int | None = None
    dropped_total: int | None = None
    starved_ms: int = 0  # what bsd and bsda have told of, since the start or since we know of it
    starved_total_ms: int | None = None
    stalled_ms: int = 0  # what the states have shown
    rebuffered_ms: int = 0  # what was counted: never less than either
    fatal_code: str | None = None
    remembered: OrderedDict[int, dict[str, Any]] = field(default_factory=OrderedDict)


_NAMES = tuple(each.name for each in fields(_Playback))
_values = attrgetter(*_NAMES)


class Playbacks:
    """Turns reports into events. At most ``limit`` playbacks are known: the one silent for longest is forgotten first.

    A report that comes again before its event was ``settled`` gives the same event again, so that a client may repeat
    what was not acknowledged. One that comes later than its successor, or after it was settled, has no deltas: the
    successor's cover its time. A playback unknown so far whose report is not among its first is taken as started
    earlier: its running totals are where the counting begins. With ``tracked``, what has changed can be asked for. For
    one thread.
    """

    def __init__(self, *, limit: int, tracked: bool = False) -> None:
        self._limit = limit
        self._known: OrderedDict[str, _Playback] = OrderedDict()
        self._touched: dict[str, None] | None = {} if tracked else None

    def __len__(self) -> int:
        return len(self._known)

    def event(self, report: Report, context: Mapping[str, Any]) -> dict[str, Any]:
        """The event of a report as a mapping of contract fields; ``context`` gives those that CMCD cannot say."""
        playback = self._known.get(report.sid)
        self._touch(report.sid)
        if playback is None:
            playback = self._known[report.sid] = _first(report)
            if len(self._known) > self._limit:
                self._touch(self._known.popitem(last=False)[0])
        else:
            self._known.move_to_end(report.sid)
            if report.sn in playback.remembered:
                return playback.remembered[report.sn]
        event = {**context, **_event(playback, report, context)}
        playback.remembered[report.sn] = event
        if len(playback.remembered) > MAX_REMEMBERED:
            playback.remembered.popitem(last=False)
        return event

    def settled(self, sid: str, numbers: Iterable[int]) -> None:
        """These reports need not be remembered: their events are safe, or refused."""
        playback = self._known.get(sid)
        if playback is not None:
            self._touch(sid)
            for number in numbers:
                playback.remembered.pop(number, None)

    def forget(self, sid: str) -> None:
        """Forget a playback."""
        self._touch(sid)
        self._known.pop(sid, None)

    def changes(self) -> Iterator[tuple[str, Sequence[Any] | None]]:
        """The playbacks that have changed since the last call, as JSON values; None for a forgotten one."""
        touched, self._touched = self._touched or {}, {}
        for sid in touched:
            playback = self._known.get(sid)
            yield sid, None if playback is None else (*_values(playback)[:-1], dict(playback.remembered))

    def restore(self, sid: str, values: Sequence[Any]) -> None:
        """Follow a playback again."""
        *plain, remembered = values
        made = dict(zip(_NAMES, plain, strict=False))
        events = OrderedDict((int(number), event) for number, event in remembered.items())
        self._known[sid] = _Playback(**made, remembered=events)

    def _touch(self, sid: str) -> None:
        if self._touched is not None:
            self._touched[sid] = None


def _first(report: Report) -> _Playback:
    new = report.sn < YOUNG
    state = report.state or ""
    playback = _Playback(report.sn - 1, report.ts, state, not new and state in _STARTED_STATES)
    if not new:  # totals from before are not ours to count
        playback.dropped_total = report.dropped_total
        playback.starved_total_ms = report.starved_total_ms
    return playback


def _event(playback: _Playback, report: Report, context: Mapping[str, Any]) -> dict[str, Any]:
    late = report.sn <= playback.sn
    measures = {} if late else _measures(playback, report)
    for name in ("content", "stream_type", "cdn", "position_ms"):
        if getattr(report, name) is not None and not late:
            setattr(playback, name, getattr(report, name))
    kind = _kind(playback, report, late=late)
    _move_on(playback, report, kind, late=late)
    stream_type = report.stream_type or playback.stream_type or context.get("stream_type")
    event: dict[str, Any] = {
        "session_id": report.sid,
        "seq": report.sn,
        "ts": report.ts,
        "kind": kind,
        "started": playback.started and kind != "attempt",
        "position_ms": playback.position_ms if report.position_ms is None else report.position_ms,
        **_outcome(playback, report, kind),
        **measures,
    }
    optional = {
        "content_id": report.content or playback.content,
        "stream_type": stream_type,
        "cdn": report.cdn or playback.cdn,
        "live_latency_ms": None if stream_type == "vod" else report.latency_ms,
        "startup_ms": _startup(playback, report) if kind == "first_frame" else None,
    }
    event.update((name, value) for name, value in optional.items() if value is not None)
    return event


def _measures(playback: _Playback, report: Report) -> dict[str, int]:
    """The deltas since the last report; the time in between counts by the state that it said."""
    span = min(max(0, report.ts - playback.ts), DAY_MS)
    play = ad = stalled = seeking = 0
    if playback.started:
        if playback.state == "p":
            play, ad = (0, span) if playback.in_ad else (span, 0)
        elif playback.state == "r":
            stalled = span
        elif playback.state == "k":
            seeking = span
    starved = report.starved_ms
    if report.starved_total_ms is not None:
        starved = max(starved, report.starved_total_ms - (playback.starved_total_ms or 0))
        playback.starved_total_ms = report.starved_total_ms
    rebuffered = 0
    if playback.started:  # before the first frame, waiting is start-up
        playback.starved_ms += max(0, starved)
        playback.stalled_ms += stalled
        total = max(playback.rebuffered_ms, playback.starved_ms, playback.stalled_ms)
        rebuffered = total - playback.rebuffered_ms
        playback.rebuffered_ms = total
        play -= min(play, max(0, rebuffered - stalled))  # a stall that no state has shown was not playing
    dropped = 0
    if report.dropped_total is not None:
        before = playback.dropped_total or 0
        dropped = report.dropped_total - (before if before <= report.dropped_total else 0)
        playback.dropped_total = report.dropped_total
    kbps = report.kbps if playback.kbps is None else playback.kbps
    if report.kbps is not None:
        playback.kbps = report.kbps
    return {
        "play_ms": play,
        "ad_ms": ad,
        "rebuffer_ms": rebuffered + seeking,
        "seek_rebuffer_ms": seeking,
        "pause_ms": span if playback.state == "a" else 0,
        "bits": (kbps or 0) * play,
        "dropped_frames": dropped,
    }


def _kind(playback: _Playback, report: Report, *, late: bool) -> str:
    state, event = report.state or playback.state, report.event
    if event == "e":
        return "error"
    if state == "p" and not playback.started:
        return "first_frame"
    if state in END_REASONS and not playback.ended:
        return "end"
    if state == "s" and playback.attempt_ts is None and (late or not playback.started):
        return "attempt"
    if event in ("as", "ae", "bc"):
        return {"as": "ad_start", "ae": "ad_end", "bc": "bitrate_change"}[event]
    if event != "ps":
        return "heartbeat"
    if state == "p":
        return "resume" if playback.state == "a" else "heartbeat"
    if state == "r" and not playback.started:
        return "heartbeat"
    return {"a": "pause", "r": "stall", "k": "seek"}.get(state, "heartbeat")


def _move_on(playback: _Playback, report: Report, kind: str, *, late: bool) -> None:
    if kind == "attempt":
        playback.attempt_ts = report.ts
    playback.started = playback.started or kind == "first_frame"
    playback.ended = playback.ended or kind == "end"
    if report.start_delay_ms is not None:
        playback.start_delay_ms = report.start_delay_ms
    if kind == "error" and report.state == "f":
        playback.fatal_code = report.error or playback.fatal_code
    if late:
        return
    playback.sn = report.sn
    playback.ts = max(playback.ts, report.ts)
    playback.state = report.state or playback.state
    if report.event in ("as", "ae"):
        playback.in_ad = report.event == "as"


def _outcome(playback: _Playback, report: Report, kind: str) -> dict[str, str | None]:
    state = report.state or playback.state
    if kind == "error":
        return {"error_code": report.error, "error_class": "fatal" if state == "f" else "warning"}
    if kind != "end":
        return {}
    code = (report.error or playback.fatal_code) if state == "f" else None
    return {"end_reason": END_REASONS[state], "error_code": code}


def _startup(playback: _Playback, report: Report) -> int | None:
    if playback.start_delay_ms is not None:
        return playback.start_delay_ms
    if playback.attempt_ts is None:
        return None
    return min(max(0, report.ts - playback.attempt_ts), DAY_MS)
