"""What a timeseries looks like at a glance: for each metric a row of bars, its extremes and its last value."""

from __future__ import annotations

from itertools import pairwise

from rich.cells import cell_len
from rich.console import Console

from frontrow import Result
from frontrow._shown.display import format_value, hidden_text
from frontrow_ingest.cli.sparkline import fits, sparkline

_IN_A_PIPE = 60
_LEAST = 8
_BESIDE = ("_low", "_high", "_change", "_change_share")


def summary(result: Result, console: Console) -> list[str]:
    """A line for each metric, as wide as the terminal; nothing for what is no timeseries.

    Below :data:`_LEAST` bars beside the words, the bars get a line of their own.
    """
    metrics = [name for name, kind in result.types.items() if kind in ("integer", "number") and _alone(name, result)]
    if not is_timeseries(result) or not metrics:
        return []
    moving, ascii_only = unsettled(result), not fits(console.encoding)
    words = {name: _words(result, name, moving, "," if ascii_only else " ·") for name in metrics}
    longest = max(map(cell_len, metrics))
    width = console.width if console.is_terminal else _IN_A_PIPE + longest + max(map(len, words.values())) + 4
    room = width - longest - max(map(len, words.values())) - 4
    lines = []
    for name, said in words.items():
        together = room >= _LEAST
        bars = sparkline(result.columns[name], room if together else width, unsettled=moving, ascii_only=ascii_only)
        lines += [f"{name:<{longest}}  {bars}  {said}"] if together else [name, bars, said]
    return [line.replace("–", "-") for line in lines] if ascii_only else lines


def is_timeseries(result: Result) -> bool:
    """Whether its rows are buckets of time, one after the other."""
    times = result.columns.get("time", ())
    return (
        result.types.get("time") == "time"
        and len(times) > 1
        and "string" not in result.types.values()
        and all(None not in pair and pair[0] < pair[1] for pair in pairwise(times))
    )


def unsettled(result: Result) -> int:
    """How many of the last buckets are not settled; see :attr:`frontrow.Result.settled`."""
    count = 0
    for settled in reversed(result.settled or ()):
        if settled:
            break
        count += 1
    return count


def _alone(name: str, result: Result) -> bool:
    """Whether a column has a line of its own: bounds and changes are told by those of their metric."""
    base = next((name.removesuffix(end) for end in _BESIDE if name.endswith(end)), None)
    return name != "elapsed" and (base is None or base not in result.types)


def _words(result: Result, name: str, moving: int, between: str) -> str:
    values = result.columns[name]
    known = [value for value in values if value is not None]
    last = hidden_text(result) if result.suppressed_rows[-1] else format_value(values[-1])
    last = f"last {last}{' (not complete)' if moving else ''}"
    if not known:
        return "no value" if all(not hidden for hidden in result.suppressed_rows) else last
    return f"min {format_value(min(known))}{between} max {format_value(max(known))}{between} {last}"
