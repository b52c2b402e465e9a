"""Who watches, what they choose, how long they stay, whether they come back."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from random import Random

from frontrow_ingest.simulate import world
from frontrow_ingest.simulate.chance import Draw, Weighted, exponential, lognormal
from frontrow_ingest.simulate.schedule import LiveSchedule

LIVE_CHANNEL = "arena-one"
LIVE_EVENT = "cup-final"

_VOD_STAY = lognormal(1.1)
_VOD_STAY_MEDIAN_MS = 840_000
_ZAP_MEAN_MS = 16_000
_LIVE_PLAYED_AS_LOW_LATENCY = 0.7  # of those whose player can


@dataclass(frozen=True, slots=True)
class Viewer:
    """A viewer on one device. ``labels`` is shared between viewers: read only."""

    viewer_id: str
    number: int
    place: world.Place
    device: world.Device
    app_version: str
    network: str
    labels: list[str]


@dataclass(frozen=True, slots=True)
class Content:
    """What a session plays. ``length_ms`` is None for the live event."""

    content_id: str
    event_id: str | None
    stream_type: str
    length_ms: int | None
    position_ms: int

    @property
    def live(self) -> bool:
        return self.stream_type != "vod"


class Audience:
    """Draws viewers, their choices and their patience.

    Viewer ids are HMAC-SHA-256 under a key made from the seed, 128 bits, base64url: the form of real pseudonyms.
    """

    def __init__(
        self, seed: int, titles: Weighted[world.Title], schedule: LiveSchedule, draw: Draw, event_id: str = LIVE_EVENT
    ) -> None:
        self._event_id = event_id
        self._key = hashlib.sha256(b"frontrow simulate %d" % seed).digest()
        self._session_bits = Random(f"{seed} sessions from {schedule.start}").getrandbits
        self._titles = titles
        self._schedule = schedule
        self._draw = draw

    def viewer(self, number: int) -> Viewer:
        """A new viewer."""
        draw = self._draw
        device = world.DEVICES.pick(draw())
        digest = hmac.digest(self._key, b"viewer %d" % number, "sha256")
        return Viewer(
            viewer_id=base64.urlsafe_b64encode(digest[:16])[:22].decode("ascii"),
            number=number,
            place=world.PLACES.pick(draw()),
            device=device,
            app_version=device.app_versions.pick(draw()),
            network=device.networks.pick(draw()),
            labels=world.SEGMENTS.pick(draw()),
        )

    def session_id(self) -> str:
        """The id of the next session, 128 bits in hex; another start of the run gives other ids."""
        return f"{self._session_bits(128):032x}"

    def live(self, viewer: Viewer) -> Content:
        """The live event, as the viewer's device plays it."""
        low = viewer.device.low_latency and self._draw() < _LIVE_PLAYED_AS_LOW_LATENCY
        return Content(LIVE_CHANNEL, self._event_id, "low_latency" if low else "live", None, 0)

    def on_demand(self) -> Content:
        """A title; a quarter of the sessions go on where somebody stopped."""
        draw = self._draw
        title = self._titles.pick(draw())
        position = int(title.length_ms * 0.9 * draw()) if draw() < 0.25 else 0
        return Content(title.content_id, None, "vod", title.length_ms, position)

    def stays_ms(self, content: Content, now: int) -> int:
        """How long the viewer wants to stay from ``now``, ms, if nothing goes wrong."""
        draw = self._draw
        mood = draw()
        if not content.live:
            if mood < 0.18:
                return 3_000 + int(exponential(_ZAP_MEAN_MS, draw()))
            return int(_VOD_STAY_MEDIAN_MS * _VOD_STAY[int(draw() * len(_VOD_STAY))])
        schedule = self._schedule
        if mood < 0.10:
            return 3_000 + int(exponential(_ZAP_MEAN_MS, draw()))
        if mood < 0.25 and now < schedule.half_time:
            return schedule.half_time - now + int(exponential(schedule.stretch(0.02), draw()))
        if mood < 0.32 and now < schedule.final_whistle:
            return int((schedule.final_whistle - now) * draw())
        return max(0, schedule.final_whistle - now) + int(exponential(schedule.stretch(0.02), draw()))

    def comes_back(self, content: Content, outcome: str, now: int) -> tuple[int, bool] | None:
        """When the viewer asks again after a session (ms since the epoch) and whether for the live event, or None."""
        draw = self._draw
        soon = now + 1_500 + int(exponential(5_000, draw()))
        mood = draw()
        schedule = self._schedule
        live_on = soon < schedule.final_whistle
        if outcome in ("fatal_error", "timeout"):
            return (soon, content.live and live_on) if mood < 0.65 else None
        if outcome == "completed":
            return (soon, False) if mood < (0.15 if content.live else 0.45) else None
        if outcome == "business_error":
            return None
        if content.live and schedule.half_time <= now < schedule.second_half:
            back = schedule.second_half - schedule.stretch(0.02) + int(exponential(schedule.stretch(0.02), draw()))
            return (max(soon, back), True) if mood < 0.75 else None
        if mood < 0.45:
            return soon, live_on and draw() < (0.6 if content.live else 0.3)
        return None
