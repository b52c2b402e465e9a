"""The service that is simulated: places, networks, devices, CDNs, titles. All names of companies are invented.

The hidden fault, for whoever wants to check a hunt for it: CDN ``cumulus`` towards access network ``rheinfunk`` (a
third of the German audience, mostly in region NW). The pair is bad; either name
alone looks only a little below average.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from frontrow_ingest.simulate.chance import Weighted, zipf

HIDDEN_FAULT = ("cumulus", "rheinfunk")
"""(cdn, isp) whose sessions start slowly, stall often and fail."""
HIDDEN_FAULT_TROUBLE = 9.0


@dataclass(frozen=True, slots=True)
class Device:
    """A kind of device: what it is, what runs on it, how it is connected, how far its picture goes."""

    device_type: str
    os: str
    player: str
    app_versions: Weighted[str]
    networks: Weighted[str]
    top_level: int  # index into LADDER_KBPS
    startup: float  # factor on the start-up time
    low_latency: bool  # whether its player can play low-latency streams


@dataclass(frozen=True, slots=True)
class Place:
    """A country, a region of it and an access network there."""

    country: str
    region: str | None
    isp: str


LADDER_KBPS = (400, 800, 1_600, 3_000, 4_500, 6_000, 8_500, 14_000)
"""The renditions, kbit/s."""

_NEW_APP = Weighted([("8.2.0", 0.55), ("8.1.3", 0.35), ("7.9.1", 0.10)])
_OLD_APP = Weighted([("8.1.3", 0.45), ("7.9.1", 0.40), ("6.4.0", 0.15)])
_HOME = Weighted([("wifi", 0.72), ("ethernet", 0.25), ("unknown", 0.03)])
_DESK = Weighted([("wifi", 0.60), ("ethernet", 0.40)])
_ON_THE_GO = Weighted([("wifi", 0.58), ("cellular", 0.42)])

DEVICES = Weighted(
    [
        (Device("tv", "tizen", "shaka", _OLD_APP, _HOME, 7, 1.5, False), 0.19),
        (Device("tv", "webos", "shaka", _OLD_APP, _HOME, 7, 1.6, False), 0.12),
        (Device("tv", "android", "exoplayer", _NEW_APP, _HOME, 7, 1.2, True), 0.12),
        (Device("set_top_box", "linux", "exoplayer", _OLD_APP, _HOME, 6, 1.4, False), 0.10),
        (Device("console", "orbis", "shaka", _OLD_APP, _HOME, 7, 1.1, False), 0.04),
        (Device("desktop", "windows", "hls.js", _NEW_APP, _DESK, 6, 0.8, True), 0.11),
        (Device("desktop", "macos", "hls.js", _NEW_APP, _DESK, 6, 0.7, True), 0.06),
        (Device("mobile", "android", "exoplayer", _NEW_APP, _ON_THE_GO, 4, 0.9, True), 0.12),
        (Device("mobile", "ios", "avplayer", _NEW_APP, _ON_THE_GO, 4, 0.7, True), 0.09),
        (Device("tablet", "ipados", "avplayer", _NEW_APP, _HOME, 5, 0.8, True), 0.04),
        (Device("other", "unknown", "unknown", _OLD_APP, _HOME, 3, 1.8, False), 0.01),
    ]
)

PLACES = Weighted(
    [
        (Place("DE", "NW", "rheinfunk"), 0.090),
        (Place("DE", "HE", "rheinfunk"), 0.030),
        (Place("DE", "NW", "nordkabel"), 0.045),
        (Place("DE", "BY", "nordkabel"), 0.060),
        (Place("DE", "BE", "nordkabel"), 0.040),
        (Place("DE", "BY", "isarnetz"), 0.075),
        (Place("DE", "HH", "isarnetz"), 0.030),
        (Place("AT", "9", "donaunetz"), 0.050),
        (Place("AT", "5", "donaunetz"), 0.030),
        (Place("CH", "ZH", "alpenlink"), 0.060),
        (Place("CH", "GE", "alpenlink"), 0.020),
        (Place("FR", "IDF", "fibre-lumiere"), 0.090),
        (Place("FR", "ARA", "fibre-lumiere"), 0.040),
        (Place("FR", "PAC", "onde-bleue"), 0.040),
        (Place("GB", "ENG", "thamesline"), 0.120),
        (Place("GB", "SCT", "thamesline"), 0.030),
        (Place("ES", "MD", "fibra-sol"), 0.070),
        (Place("ES", "CT", "fibra-sol"), 0.040),
        (Place("PL", "MZ", "wislanet"), 0.035),
        (Place("ZZ", None, "unknown"), 0.005),
    ]
)

CDNS = Weighted([("aurora", 0.46), ("boreal", 0.32), ("cumulus", 0.22)])

_CDN_TROUBLE = {"aurora": 0.75, "boreal": 1.0, "cumulus": 1.25}
_ISP_TROUBLE = {"fibre-lumiere": 0.7, "alpenlink": 0.75, "onde-bleue": 1.4, "wislanet": 1.3, "unknown": 1.5}
_NETWORK_TROUBLE = {"ethernet": 0.55, "wifi": 1.0, "cellular": 2.1, "unknown": 1.2}


def trouble(cdn: str, isp: str, network: str) -> float:
    """How badly a connection plays, as a factor: 1 is ordinary, 0.3 excellent, above 5 hardly usable."""
    base = _CDN_TROUBLE[cdn] * _ISP_TROUBLE.get(isp, 1.0) * _NETWORK_TROUBLE[network]
    return base * HIDDEN_FAULT_TROUBLE if (cdn, isp) == HIDDEN_FAULT else base


LABELS = ("family", "new", "premium", "sports", "student", "trial")


def _label_sets() -> Weighted[list[str]]:
    """Nobody has more than four labels; most have one or two."""
    share_of_size = (0.16, 0.38, 0.29, 0.13, 0.04)
    sets: list[tuple[list[str], float]] = []
    for size, share in enumerate(share_of_size):
        combos: list[list[str]] = [list(combo) for combo in combinations(LABELS, size)]
        sets += [(combo, share / len(combos)) for combo in combos]
    return Weighted(sets)


SEGMENTS = _label_sets()

START_ERRORS = Weighted([("MANIFEST_TIMEOUT", 0.5), ("MANIFEST_404", 0.2), ("DRM_INIT", 0.2), ("DECODER_INIT", 0.1)])
BUSINESS_ERRORS = Weighted([("GEO_BLOCKED", 0.5), ("TOO_MANY_STREAMS", 0.3), ("PAYMENT_DUE", 0.2)])
PLAY_ERRORS = Weighted([("SEGMENT_TIMEOUT", 0.6), ("SEGMENT_5XX", 0.25), ("DECODER", 0.10), ("DRM_RENEWAL", 0.05)])
WARNINGS = Weighted([("SEGMENT_RETRY", 0.7), ("CAPTIONS_MISSING", 0.2), ("AD_EMPTY", 0.1)])

_FIRST = (
    "quiet", "northern", "paper", "silver", "broken", "electric", "last", "hidden", "golden", "winter",
    "crimson", "second", "hollow", "distant", "velvet", "salt", "lonely", "painted", "burning", "glass",
)  # fmt: skip
_SECOND = (
    "harbour", "detective", "garden", "orchestra", "river", "kingdom", "letters", "island", "kitchen", "signal",
    "mountain", "summer", "machine", "brothers", "archive", "horizon", "market", "crown", "lighthouse", "station",
)  # fmt: skip
MAX_TITLES = len(_FIRST) * len(_SECOND)


@dataclass(frozen=True, slots=True)
class Title:
    """A title on demand."""

    content_id: str
    length_ms: int


def titles(count: int) -> Weighted[Title]:
    """The catalogue of titles on demand, the most popular first; popularity follows Zipf's law.

    Raises ValueError for a count that is not in 1 to MAX_TITLES.
    """
    if not 1 <= count <= MAX_TITLES:
        raise ValueError(f"titles must be from 1 to {MAX_TITLES}, not {count}")
    named = []
    for rank, weight in enumerate(zipf(count)):
        row, column = divmod(rank, len(_FIRST))
        name = f"{_FIRST[(7 * column + 4 * row) % len(_FIRST)]}-{_SECOND[(column + row) % len(_SECOND)]}"
        minutes = 22 + (rank * 37) % 89
        named.append((Title(name, minutes * 60_000), weight))
    return Weighted(named)
