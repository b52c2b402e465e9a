"""What a run of ``frontrow simulate`` says: progress on standard error, a summary at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from rich.console import Console

from frontrow_ingest.simulate.run import Summary
from frontrow_ingest.simulate.tally import Tally

REFRESH_S = 0.2
LINE_EVERY_S = 10.0
LAG_WORTH_TELLING_S = 1.0


@contextmanager
def progress(tally: Tally, start_ms: int, duration_s: float, *, shown: bool) -> Iterator[Callable[[float], None]]:
    """A function to be called often with the lag: a line that renews itself on a terminal, one every 10 s elsewhere."""
    if not shown:
        yield lambda _lag_s: None
        return
    console = Console(stderr=True)
    status = console.status("starting") if sys.stderr.isatty() else None
    every_s = REFRESH_S if status else LINE_EVERY_S
    began = said = time.monotonic()
    before = 0

    def say(lag_s: float) -> None:
        nonlocal said, before
        now = time.monotonic()
        if now - said < every_s:
            return
        rate = (tally.events - before) / (now - said)
        said, before = now, tally.events
        text = f"{now - began:.0f} s · event time {_passed(tally, start_ms)} of {duration_s:.0f} s"
        text += f" · {tally.events:,} events · {rate:,.0f}/s"
        if lag_s > LAG_WORTH_TELLING_S:
            text += f" · {lag_s:.1f} s behind"
        if status:
            status.update(text)
        else:
            console.print(text, highlight=False)

    if status:
        status.start()
    try:
        yield say
    finally:
        if status:
            status.stop()


def _passed(tally: Tally, start_ms: int) -> str:
    last_ms = tally.last_ms
    return f"{(last_ms - start_ms) / 1_000:.0f}" if last_ms is not None else "0"


def summary_text(summary: Summary, where: str) -> str:
    """The summary for people; ``where`` tells where the events went."""
    totals = summary.totals
    span_s = (totals.last_ms - totals.first_ms) / 1_000 if totals.first_ms is not None and totals.last_ms else 0.0
    rows = [
        ("events", totals.events, f"{where}{'; stopped before the end' if summary.interrupted else ''}"),
        ("sessions", totals.sessions, f"{totals.plays:,} started, {totals.exits:,} ended"),
        ("viewers", totals.viewers, ""),
    ]
    width = max(len(f"{number:,}") for _, number, _ in rows)
    text = [f"{name:10}  {number:>{width},}  {what}".rstrip() for name, number, what in rows]
    text.append(f"{span_s:,.1f} s of event time in {summary.elapsed_s:.1f} s: {summary.per_second:,.0f} events/s")
    if summary.worst_lag_s > LAG_WORTH_TELLING_S:
        text.append(f"this machine was up to {summary.worst_lag_s:.1f} s behind: fewer viewers, or a lower --speed")
    return "\n".join(text)


def summary_object(summary: Summary) -> dict[str, object]:
    """The summary for programs: the tally and the run."""
    totals = asdict(summary.totals)
    for name in ("events_by_minute", "play_ms_by_minute"):
        totals[name] = {str(minute): count for minute, count in totals[name].items()}
    return {
        **totals,
        "elapsed_s": round(summary.elapsed_s, 3),
        "events_per_s": round(summary.per_second),
        "worst_lag_s": round(summary.worst_lag_s, 3),
        "interrupted": summary.interrupted,
        "failure": str(summary.failure) if summary.failure else None,
    }
