"""One playback session, from the attempt to the end, as a sequence of events.

Time passes in one state after another (start-up, playing, stalled, paused, advertising); each event reports what passed
since the one before. So over a session Σ (startup + play + rebuffer + pause + ad) is its wall time, but for the silence
before a ``timeout``, which nobody measured, and a start-up that never ended.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from frontrow_ingest.simulate import world
from frontrow_ingest.simulate.audience import Content, Viewer
from frontrow_ingest.simulate.chance import Draw, Weighted, exponential, lognormal
from frontrow_ingest.simulate.incidents import incidents
from frontrow_ingest.simulate.schedule import LiveSchedule

Event = dict[str, Any]
"""An event of the contract: every field, JSON-able. ``segments`` is shared between events: read only."""

HEARTBEAT_MS = 10_000
SILENCE_MS = 30_000
"""How long a session is silent until its end is reported, with reason timeout."""
LATE_MEAN_MS = 25_000
NEVER = 1 << 62

_SPREAD = lognormal(0.5)
_WIDE = lognormal(0.9)
_STEPS = len(_SPREAD)
_TRANSIT_MS = tuple(int(45 * factor) for factor in _SPREAD)  # from the player to the collector
_STARTUP_MS = 800
_STALL_MS = 900
_SEEK_STALL_MS = 350
_LATENCY_MS = {"vod": 0, "live": 17_000, "low_latency": 2_600}


class Session:
    """One viewer plays one content from ``start_ms`` on and means to stay until ``leave_ms`` (ms since the epoch).

    The session is over by ``end_by_ms``. ``late_share`` of its events arrive late, by ``LATE_MEAN_MS`` on average.
    When ``events()`` is exhausted, ``outcome`` is the end's reason and ``now`` its time.
    """

    __slots__ = (
        "_ad_at",
        "_ad_ms",
        "_beat",
        "_bits",
        "_calm",
        "_draw",
        "_dropping",
        "_end_by",
        "_fields",
        "_kbps",
        "_late_share",
        "_latency",
        "_leave",
        "_level",
        "_pause_ms",
        "_play_ms",
        "_position",
        "_rebuffer_ms",
        "_schedule",
        "_seek_rebuffer_ms",
        "_seq",
        "_target_latency",
        "_trouble",
        "content",
        "now",
        "outcome",
        "viewer",
    )

    def __init__(
        self,
        session_id: str,
        viewer: Viewer,
        content: Content,
        schedule: LiveSchedule,
        draw: Draw,
        *,
        start_ms: int,
        leave_ms: int,
        end_by_ms: int = NEVER,
        late_share: float = 0.0,
    ) -> None:
        self.now = start_ms
        self.outcome = ""
        self.viewer = viewer
        self.content = content
        self._schedule = schedule
        self._draw = draw
        self._end_by = end_by_ms
        self._leave = min(max(leave_ms, start_ms + 1), end_by_ms)
        self._late_share = late_share
        self._seq = 0
        self._play_ms = self._rebuffer_ms = self._seek_rebuffer_ms = self._pause_ms = self._ad_ms = self._bits = 0
        self._beat = NEVER
        self._ad_at = NEVER
        self._latency = self._target_latency = int(_LATENCY_MS[content.stream_type] * _SPREAD[int(draw() * _STEPS)])
        self._position = content.position_ms
        if content.live:
            self._position = max(0, start_ms - self._latency - schedule.stream_start)
        self._fields = _fields(session_id, viewer, content)
        self._connect()
        self._set_level(viewer.device.top_level - int(self._trouble**0.5 + draw() * 1.5))
        self._dropping = 4 if viewer.device.device_type in ("other", "set_top_box") and draw() < 0.3 else 0

    def events(self) -> Iterator[Event]:
        """The session's events, in order; to be iterated once."""
        yield self._report("attempt")
        if (yield from self._start_up()):
            yield from self._play()

    def _start_up(self) -> Generator[Event, None, bool]:
        """From the attempt to the first frame; returns whether there was one."""
        draw = self._draw
        wait = 1 + int(_STARTUP_MS * self.viewer.device.startup * self._trouble**0.6 * _SPREAD[int(draw() * _STEPS)])
        patience = min(2_500 + int(exponential(14_000, draw())), self._leave - self.now)
        fate = draw()
        if fate < 0.004 and wait // 2 < patience:
            self.now += wait // 2
            yield from self._fail("business", world.BUSINESS_ERRORS)
        elif 0.004 <= fate < 0.004 + 0.006 * self._trouble and 2 * wait < patience:
            self.now += 2 * wait
            yield from self._fail("fatal", world.START_ERRORS)
        elif wait >= patience:
            self.now += patience
            yield self._end("viewer")
        else:
            self.now += wait
            self._fields["started"] = True
            self._beat = self.now + HEARTBEAT_MS
            self._ad_at = self._first_ad()
            if self.content.live:  # the live edge has moved on meanwhile
                self._position = max(0, self.now - self._latency - self._schedule.stream_start)
            first_frame = self._report("first_frame")
            first_frame["startup_ms"] = wait
            yield first_frame
            return True
        return False

    def _play(self) -> Iterator[Event]:
        """From the first frame to the end."""
        draw = self._draw
        schedule = self._schedule
        live = self.content.live
        while not self.outcome:
            stop = self._stop()
            until = min(self._beat, stop)
            chance, kinds = self._calm
            if live and schedule.goal <= self.now < schedule.goal_over:
                chance, kinds = incidents(self._trouble, live, stressed=True)
            if until > self.now and draw() < chance:
                self._watch(int((until - self.now) * draw()))
                yield from self._incident(kinds.pick(draw()))
                continue
            self._watch(until - self.now)
            if until < stop:
                self._beat += HEARTBEAT_MS
                yield self._report("heartbeat")
            elif stop >= self._leave:
                yield self._end("completed" if live and stop >= schedule.final_whistle else "viewer")
            elif stop >= self._ad_at:
                yield from self._advertise()
            else:
                yield self._end("completed")

    def _stop(self) -> int:
        """When undisturbed play stops: the viewer leaves, an advertisement comes, or the title is over."""
        stop = min(self._leave, self._ad_at)
        if (length := self.content.length_ms) is not None:
            stop = min(stop, self.now + length - self._position)
        return max(stop, self.now)

    def _incident(self, kind: str) -> Iterator[Event]:
        draw = self._draw
        if kind == "stall":
            yield from self._stall()
        elif kind == "bitrate_change":
            up = draw() < 0.5 / self._trouble or self._level == 0
            self._set_level(self._level + (1 if up else -1))
            yield self._report("bitrate_change")
        elif kind == "pause":
            yield from self._pause()
        elif kind == "seek":
            yield from self._seek()
        elif kind == "warning":
            yield self._error("warning", world.WARNINGS.pick(draw()))
        elif kind == "fatal":
            yield from self._fail("fatal", world.PLAY_ERRORS)
        else:
            self.now = min(self.now + SILENCE_MS, self._end_by)
            yield self._end("timeout")

    def _stall(self) -> Iterator[Event]:
        draw = self._draw
        yield self._report("stall")
        stalled = int(_STALL_MS * self._trouble**0.5 * _WIDE[int(draw() * _STEPS)])
        yield from self._spend("rebuffer", stalled)
        self._set_level(self._level - 1)
        if draw() < 0.08:  # the player tries another CDN
            self._connect()
        if draw() * 100_000 < stalled:  # the viewer has had enough
            self._leave = min(self._leave, self.now)

    def _pause(self) -> Iterator[Event]:
        yield self._report("pause")
        yield from self._spend("pause", 2_000 + int(exponential(40_000, self._draw())))
        if self.now < self._leave:
            yield self._report("resume")
            if self.content.live and self._draw() < 0.7:
                yield from self._seek()

    def _seek(self) -> Iterator[Event]:
        """To another place in a title; in a live event back to the live edge or, when there, half a minute back."""
        draw = self._draw
        schedule = self._schedule
        if (length := self.content.length_ms) is not None:
            self._position = int(min(max(0, self._position + length * (draw() * 0.35 - 0.1)), length * 0.97))
        else:
            behind = self._latency - _LATENCY_MS[self.content.stream_type]
            self._latency = self._latency - behind if behind > 3_000 else self._latency + 30_000
            self._target_latency = self._latency
            self._position = max(0, self.now - self._latency - schedule.stream_start)
        yield self._report("seek")
        yield from self._spend("seek_rebuffer", int(_SEEK_STALL_MS * self._trouble**0.5 * _WIDE[int(draw() * _STEPS)]))

    def _advertise(self) -> Iterator[Event]:
        yield self._report("ad_start")
        live = self.content.live
        yield from self._spend("ad", min(60_000, self._schedule.stretch(0.06)) if live else 30_000)
        self._ad_at = NEVER if live else self.now + 900_000
        if self.now < self._leave:
            yield self._report("ad_end")

    def _fail(self, error_class: str, codes: Weighted[str]) -> Iterator[Event]:
        code = codes.pick(self._draw())
        yield self._error(error_class, code)
        yield self._end(f"{error_class}_error", code, error_class)

    def _spend(self, state: str, ms: int) -> Iterator[Event]:
        """Let ``ms`` pass in a state other than playing, with heartbeats; less when the viewer leaves before."""
        end = max(self.now, min(self.now + ms, self._leave))
        while self._beat <= end:
            self._pass(state, self._beat - self.now)
            self._beat += HEARTBEAT_MS
            yield self._report("heartbeat")
        self._pass(state, end - self.now)

    def _pass(self, state: str, ms: int) -> None:
        self.now += ms
        if state == "ad":
            self._ad_ms += ms
            if self.content.live:  # the event goes on behind it
                self._position += ms
            return
        if state == "pause":
            self._pause_ms += ms
        else:
            self._rebuffer_ms += ms
            if state == "seek_rebuffer":
                self._seek_rebuffer_ms += ms
        if self.content.live:
            self._latency += ms
            if self.content.stream_type == "live":  # only low-latency players make up for a delay
                self._target_latency = self._latency

    def _watch(self, ms: int) -> None:
        """Let content play for ``ms``."""
        self.now += ms
        self._play_ms += ms
        self._bits += ms * self._kbps
        self._position += ms
        if self._latency > self._target_latency:  # played a little faster
            made_up = min(self._latency - self._target_latency, ms // 30)
            self._latency -= made_up
            self._position += made_up

    def _connect(self) -> None:
        """Let a CDN serve the session from here on; what it served until now is reported under its name as well."""
        cdn = self._fields["cdn"] = world.CDNS.pick(self._draw())
        self._trouble = world.trouble(cdn, self.viewer.place.isp, self.viewer.network)
        self._calm = incidents(self._trouble, self.content.live, stressed=False)

    def _set_level(self, level: int) -> None:
        self._level = min(max(level, 0), self.viewer.device.top_level)
        self._kbps = world.LADDER_KBPS[self._level]

    def _first_ad(self) -> int:
        if not self.content.live:
            return NEVER if "premium" in self.viewer.labels else self.now + 240_000 + int(self._draw() * 360_000)
        at_half_time = self._schedule.half_time + int(self._schedule.stretch(0.02) * self._draw())
        return at_half_time if at_half_time > self.now else NEVER

    def _error(self, error_class: str, code: str) -> Event:
        event = self._report("error")
        event["error_class"] = error_class
        event["error_code"] = code
        return event

    def _end(self, reason: str, error_code: str | None = None, error_class: str | None = None) -> Event:
        self.outcome = reason
        event = self._report("end")
        event["end_reason"] = reason
        event["error_code"] = error_code
        event["error_class"] = error_class
        return event

    def _report(self, kind: str) -> Event:
        """An event at ``now``, with what passed since the last one."""
        event = self._fields.copy()
        luck = self._draw()
        if luck >= self._late_share:
            event["received_ts"] = self.now + _TRANSIT_MS[int(luck * _STEPS)]
        else:
            event["received_ts"] = self.now + 2_000 + int(exponential(LATE_MEAN_MS, self._draw()))
        event["ts"] = self.now
        event["kind"] = kind
        event["seq"] = self._seq
        event["position_ms"] = self._position
        self._seq += 1
        if self._play_ms:
            event["play_ms"] = self._play_ms
            event["bits"] = self._bits
            event["dropped_frames"] = int(luck * luck * self._dropping)
            if self.content.length_ms is None:
                event["live_latency_ms"] = self._latency
            self._play_ms = self._bits = 0
        if self._rebuffer_ms:
            event["rebuffer_ms"] = self._rebuffer_ms
            event["seek_rebuffer_ms"] = self._seek_rebuffer_ms
            self._rebuffer_ms = self._seek_rebuffer_ms = 0
        if self._pause_ms:
            event["pause_ms"] = self._pause_ms
            self._pause_ms = 0
        if self._ad_ms:
            event["ad_ms"] = self._ad_ms
            self._ad_ms = 0
        return event


# Every field of the contract, in its order.
_BLANK: Event = {
    "session_id": "",
    "seq": 0,
    "viewer_id": "",
    "content_id": "",
    "event_id": None,
    "ts": 0,
    "received_ts": 0,
    "kind": "",
    "started": False,
    "end_reason": None,
    "error_code": None,
    "error_class": None,
    "country": "ZZ",
    "region": None,
    "device_type": "other",
    "os": None,
    "app_version": None,
    "player": None,
    "cdn": None,
    "isp": None,
    "network": "unknown",
    "stream_type": "vod",
    "segments": [],
    "play_ms": 0,
    "rebuffer_ms": 0,
    "seek_rebuffer_ms": 0,
    "pause_ms": 0,
    "ad_ms": 0,
    "startup_ms": None,
    "bits": 0,
    "dropped_frames": 0,
    "live_latency_ms": None,
    "position_ms": 0,
    "content_length_ms": None,
}


def _fields(session_id: str, viewer: Viewer, content: Content) -> Event:
    """An event with what all events of the session have in common."""
    fields = {**_BLANK, "session_id": session_id}
    fields["viewer_id"] = viewer.viewer_id
    fields["content_id"] = content.content_id
    fields["event_id"] = content.event_id
    fields["country"] = viewer.place.country
    fields["region"] = viewer.place.region
    fields["device_type"] = viewer.device.device_type
    fields["os"] = viewer.device.os
    fields["app_version"] = viewer.app_version
    fields["player"] = viewer.device.player
    fields["isp"] = viewer.place.isp
    fields["network"] = viewer.network
    fields["stream_type"] = content.stream_type
    fields["segments"] = viewer.labels
    fields["content_length_ms"] = content.length_ms
    return fields
