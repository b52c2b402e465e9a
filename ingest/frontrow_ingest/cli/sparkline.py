"""Numbers as a row of bars, one character each."""

from __future__ import annotations

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = "_.-:=+*#"
_MARK, _ASCII_MARK = "┊", "|"


def sparkline(values: Sequence[float | None], width: int = 60, *, unsettled: int = 0, ascii_only: bool = False) -> str:
    """Values as bars: from 0, so that a bar twice as high is twice as much, to the largest, which is a full one.

    Args:
        values: None is a gap
        width: characters at most, 3 or more; where there are more values, a bar is the largest of several
        unsettled: so many of the last values may still change; a mark stands before them
        ascii_only: for what cannot show the bars
    """
    bars, mark = (_ASCII_BARS, _ASCII_MARK) if ascii_only else (_BARS, _MARK)
    cut = len(values) - min(unsettled, len(values))
    settled, moving = values[:cut], values[cut:]
    room = max(3, width) - bool(moving)
    several = max(1, -(-len(values) // room))
    while -(-len(settled) // several) + -(-len(moving) // several) > room:
        several += 1
    known = [value for value in values if value is not None]
    bottom, high = min([0.0, *known]), max([0.0, *known])

    def bar(value: float | None) -> str:
        if value is None:
            return " "
        return bars[min(7, int((value - bottom) / (high - bottom) * 7.999))] if high > bottom else bars[0]

    first, second = ("".join(map(bar, _largest(part, several))) for part in (settled, moving))
    return f"{first}{mark}{second}" if moving else first


def fits(encoding: str | None) -> bool:
    """Whether an output's encoding has the bars."""
    try:
        (_BARS + _MARK).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _largest(values: Sequence[float | None], several: int) -> list[float | None]:
    """Of each so many values; None only where all of them are."""
    groups = (values[at : at + several] for at in range(0, len(values), several))
    return [max((value for value in group if value is not None), default=None) for group in groups]
