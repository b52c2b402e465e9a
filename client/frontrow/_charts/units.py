"""Values as a person reads them on an axis: milliseconds as seconds or hours, shares as per cent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# From which value on a coarser unit is easier to read, and what it is called.
_COARSER: dict[str, tuple[tuple[float, str], ...]] = {
    "ms": ((3_600_000, "h"), (60_000, "min"), (1_000, "s")),
    "bytes": ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")),
    "bit": ((1e12, "Tbit"), (1e9, "Gbit"), (1e6, "Mbit"), (1e3, "kbit")),
    "kbit/s": ((1e6, "Gbit/s"), (1e3, "Mbit/s")),
}
_SHORTENED_FROM = 10_000


@dataclass(frozen=True)
class Measure:
    """How the values of one axis are drawn.

    Attributes:
        unit: of what is drawn; empty where the catalogue has none
        divisor: of a value in its own unit
        axis_format: d3's, of the labels on the axis
        whole: there are only whole numbers
    """

    unit: str
    divisor: float
    axis_format: str
    whole: bool = False

    @property
    def is_share(self) -> bool:
        return self.unit == "%"

    @property
    def axis_title(self) -> str:
        """The unit; empty for shares, whose labels have their sign of per cent already."""
        return "" if self.is_share else self.unit

    def drawn(self, value: float | None) -> float | None:
        """A value as it is in the chart's data. Shares stay shares: the format makes them per cent."""
        if value is None:
            return None
        return value if self.divisor == 1 else value / self.divisor

    def text(self, value: float | None, *, with_unit: bool = True) -> str:
        """A value in words, of about three figures or whole."""
        if value is None:
            return "–"
        if self.is_share:
            return f"{value:.2%}" if 0 < abs(value) < 0.01 else f"{value:.1%}"
        drawn = value / self.divisor
        digits = 0 if self.whole or abs(drawn) >= 100 else 1 if abs(drawn) >= 10 else 2
        if self.whole or drawn == 0 or abs(drawn) >= 0.1:
            text = f"{drawn:,.{digits}f}"
        else:
            text = f"{drawn:.2g}" if self.divisor == 1 or abs(drawn) >= 0.01 else "<0.01"
        return f"{text} {self.unit}" if with_unit and self.unit else text


def measure(unit: str, values: Iterable[float | None]) -> Measure:
    """The measure in which these values are easiest to read."""
    known = [value for value in values if value is not None]
    largest = max(map(abs, known), default=0.0)
    if unit == "share":
        return Measure("%", 1, "%")
    whole = bool(known) and all(value == int(value) for value in known)
    divisor, shown = next(
        ((step, name) for step, name in _COARSER.get(unit, ()) if largest >= 2 * step),
        (1.0, unit),
    )
    whole = whole and divisor == 1
    return Measure(shown, divisor, "~s" if largest / divisor >= _SHORTENED_FROM else ",f", whole)
