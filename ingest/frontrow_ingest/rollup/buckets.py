"""Druid's granularities: in which bucket of time a moment lies. Moments are ms since the Unix epoch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from frontrow import AskError
from frontrow._time import Granularity, parse_granularity
from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.values import only, required

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
EARLIEST_MS = -62_135_596_800_000
LATEST_MS = 253_402_300_799_999
"""The ends of Python's calendar, the years 1 to 9999."""

_NAMES = {
    "second": "PT1S",
    "minute": "PT1M",
    "five_minute": "PT5M",
    "ten_minute": "PT10M",
    "fifteen_minute": "PT15M",
    "thirty_minute": "PT30M",
    "hour": "PT1H",
    "six_hour": "PT6H",
    "eight_hour": "PT8H",
    "day": "P1D",
    "week": "P1W",
    "month": "P1M",
    "quarter": "P3M",
    "year": "P1Y",
}


@dataclass(frozen=True)
class Buckets:
    """Buckets of a granularity; without one, a single bucket of all time."""

    granularity: Granularity | None

    @property
    def is_all(self) -> bool:
        return self.granularity is None

    @property
    def zone(self) -> str:
        return "UTC" if self.granularity is None else self.granularity.zone

    def floor(self, ms: int) -> int:
        """The start of a moment's bucket."""
        return EARLIEST_MS if self.granularity is None else to_ms(self.granularity.floor(to_datetime(ms)))

    def after(self, start: int) -> int:
        """The end of the bucket that begins at ``start``."""
        return LATEST_MS if self.granularity is None else to_ms(self.granularity.after(to_datetime(start)))


def parse_buckets(json: Any) -> Buckets:
    """Buckets from Druid's JSON: a name like ``MINUTE`` or ``all``, or a period.

    Raises:
        RollupError: it is none, or not one that is known here
    """
    if isinstance(json, dict):
        kind = json.get("type")
        if kind == "period":
            only(json, "a period granularity", "type period timeZone origin")
            buckets = _period(required(json, "period", "a period granularity"), json.get("timeZone") or "UTC")
            return buckets if json.get("origin") is None else _from_origin(buckets, json["origin"])
        json = only(json, f"a granularity of type {kind!r}", "type").get("type")
    name = json.lower() if isinstance(json, str) else json
    if name == "all":
        return Buckets(None)
    if name not in _NAMES:
        raise RollupError(f"the granularity {json!r} is not known here; there are all, {', '.join(_NAMES)}, a period.")
    return _period(_NAMES[name], "UTC")


def to_datetime(ms: int) -> datetime:
    """A moment as a datetime in UTC."""
    return _EPOCH + ms * _MS


def to_ms(moment: datetime) -> int:
    """A moment as ms since the Unix epoch."""
    return (moment - _EPOCH) // _MS


def _from_origin(buckets: Buckets, origin: Any) -> Buckets:
    try:
        start = datetime.fromisoformat(origin)
    except (TypeError, ValueError):
        raise RollupError(f"the origin {origin!r} is not a moment in ISO 8601.") from None
    if buckets.granularity is None or not buckets.granularity.is_of_clock:
        raise RollupError("an origin is known here for hours, minutes and seconds only.")
    return Buckets(replace(buckets.granularity, origin=start if start.tzinfo else start.replace(tzinfo=UTC)))


def _period(text: str, zone: str) -> Buckets:
    try:
        found = parse_granularity(text, zone)
    except AskError as error:
        raise RollupError(str(error)) from error
    return Buckets(found)
