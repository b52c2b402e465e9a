"""What a question may cost: how many buckets, how wide a span, how large an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from frontrow._errors import AskError
from frontrow._time import Granularity, Interval, parse_granularity, parse_interval

_NAMED = {
    "second": "PT1S", "minute": "PT1M", "five_minute": "PT5M", "ten_minute": "PT10M", "fifteen_minute": "PT15M",
    "thirty_minute": "PT30M", "hour": "PT1H", "six_hour": "PT6H", "eight_hour": "PT8H", "day": "P1D", "week": "P7D",
    "month": "P1M", "quarter": "P3M", "year": "P1Y",
}  # fmt: skip
_LOOKED_UP = frozenset(("dataSourceMetadata", "segmentMetadata", "timeBoundary"))
"""Native queries that read no rows."""


@dataclass(frozen=True)
class Limits:
    """Questions beyond these are refused before they are sent, unless asked with ``allow_large=True``.

    Attributes:
        buckets: of time in one query; 50,000 are five weeks of minutes
        span: from the start of the interval to its end
        answer_bytes: of an answer, unpacked. Only Druid's answer shows it; a larger one is not read to its end, and
            ``allow_large`` changes nothing about it
    """

    buckets: int = 50_000
    span: timedelta = timedelta(days=400)
    answer_bytes: int = 1 << 30

    def __post_init__(self) -> None:
        if not (self.buckets > 0 and self.span > timedelta(0) and self.answer_bytes > 0):
            raise AskError("limits are above 0.")

    def check(self, interval: Interval, *granularities: Granularity) -> None:
        """
        Args:
            granularities: those in which the question is asked

        Raises:
            AskError: it is beyond a limit
        """
        span = interval.end - interval.start
        if span > self.span:
            raise AskError(
                f"{interval} spans {_words(span)}, more than {_words(self.span)}. Ask for less, or give "
                "allow_large=True (--allow-large); Client(limits=Limits(span=...)) moves the limit."
            )
        for granularity in granularities:
            if not granularity.is_all and (count := -(-span // granularity.shortest)) > self.buckets:
                raise AskError(
                    f"{interval} has {count:,} buckets of {granularity.period}, more than {self.buckets:,}. Ask for a "
                    "shorter interval or a coarser granularity, or give allow_large=True (--allow-large); "
                    "Client(limits=Limits(buckets=...)) moves the limit."
                )

    def check_native(self, query: Mapping[str, Any]) -> None:
        """The same for Druid's JSON, as far as its interval and granularity can be read here.

        Raises:
            AskError: it is beyond a limit
        """
        if query.get("queryType") in _LOOKED_UP:
            return
        granularity = _granularity(query.get("granularity"))
        for interval in _intervals(query.get("intervals")):
            self.check(interval, *([granularity] if granularity else []))


def _words(span: timedelta) -> str:
    return f"{span.days:,} days" if span.days else str(span)


def _intervals(given: Any) -> Iterator[Interval]:
    if isinstance(given, Mapping):
        given = given.get("intervals")
    for each in [given] if isinstance(given, str) else given if isinstance(given, Sequence) else ():
        try:
            yield parse_interval(each, None)
        except AskError:
            # Druid reads more forms than this client; it will say what is wrong with one.
            continue


def _granularity(given: Any) -> Granularity | None:
    if isinstance(given, Mapping):
        match given:
            case {"type": "duration", "duration": int(ms)} if ms >= 1000:
                given = f"PT{ms // 1000}S"
            case {"period": str(period)}:
                given = period
            case _:
                return None
    if not isinstance(given, str):
        return None
    try:
        return parse_granularity(_NAMED.get(given.lower(), given), "UTC")
    except AskError:
        return None
