"""What a run of ``frontrow produce`` says: progress on the way, a summary at the end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from frontrow_ingest.producer.events import EventProducer
from frontrow_ingest.producer.run import Summary, Tally
from frontrow_ingest.producer.worker import State

LINE_EVERY_S = 10.0
Read = Callable[[int], bytes]


@contextmanager
def progress(
    total_bytes: int | None, tally: Tally, producer: EventProducer, *, shown: bool
) -> Iterator[Callable[[Read], Read]]:
    """Show progress on standard error: a bar on a terminal, a line every 10 s elsewhere.

    Yields a function that wraps ``read``: progress moves with what is read, so that it costs nothing per line.
    ``total_bytes`` is None for a stream without a known end.
    """
    if not shown:
        yield lambda read: read
    elif sys.stderr.isatty():
        with _bar() as bar:
            task = bar.add_task("connected", total=total_bytes)

            def advance(size: int) -> None:
                bar.update(task, advance=size, description=_state(tally, producer))

            yield lambda read: _watched(read, advance)
    else:
        said = time.monotonic()

        def say(_size: int) -> None:
            nonlocal said
            if time.monotonic() - said >= LINE_EVERY_S:
                said = time.monotonic()
                print(_state(tally, producer), file=sys.stderr, flush=True)  # noqa: T201

        yield lambda read: _watched(read, say)


@contextmanager
def watched_workers(total_bytes: int | None, state: Callable[[], State], *, shown: bool) -> Iterator[None]:
    """Show the common progress of several workers, as :func:`progress` does for one."""
    if not shown:
        yield
        return
    ended = threading.Event()
    bar = _bar() if sys.stderr.isatty() else None
    task = bar.add_task("started", total=total_bytes) if bar is not None else None

    def show() -> None:
        while not ended.wait(0.5 if bar is not None else LINE_EVERY_S):
            now = state()
            text = _text(now.tally, now.stats.acknowledged)
            if bar is not None and task is not None:
                bar.update(task, completed=now.tally.read_bytes, description=text)
            else:
                print(text, file=sys.stderr, flush=True)  # noqa: T201

    watcher = threading.Thread(target=show, daemon=True)
    with bar or nullcontext():
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()


def _bar() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True))


def _watched(read: Read, note: Callable[[int], None]) -> Read:
    def watched(size: int) -> bytes:
        chunk = read(size)
        note(len(chunk))
        return chunk

    return watched


def _state(tally: Tally, producer: EventProducer) -> str:
    return _text(tally, producer.stats.acknowledged)


def _text(tally: Tally, acknowledged: int) -> str:
    return f"{tally.lines:,} read · {acknowledged:,} acknowledged · {tally.refused.total():,} refused"


def summary_text(summary: Summary, refused_to: Path | None, *, bootstrap: str, topic: str) -> str:
    """The summary for people."""
    tally, stats = summary.tally, summary.stats
    lost = stats.failed + stats.in_flight
    width = max(
        len(f"{number:,}")
        for number in (tally.lines, stats.sent, stats.acknowledged, stats.duplicates, summary.refused)
    )
    blank = f", {tally.blank:,} of them blank" if tally.blank else ""
    stopped = "; stopped before the end of the input" if tally.interrupted or summary.failure else ""
    rows = [
        ("read", tally.lines, f"lines, {_bytes(tally.read_bytes)}{blank}{stopped}"),
        ("sent", stats.sent, f"events, {_bytes(stats.bytes)} as Avro, to topic {topic} at {bootstrap}"),
        ("acknowledged", stats.acknowledged, f"{summary.per_second:,.0f} events/s over {summary.elapsed_s:.1f} s"),
    ]
    if stats.shed:
        rows.append(("shed", stats.shed, "events dropped: no room in flight (--max-in-flight, --when-full)"))
    if lost:
        rows.append(("not acknowledged", lost, "may or may not be stored: " + _counts(stats.errors)))
    if stats.duplicates:
        rows.append(("not sent again", stats.duplicates, "events that were sent before"))
    rows.append(("refused", summary.refused, f"written to {refused_to}" if refused_to else ""))
    text = [f"{name:16}  {number:>{width},}  {what}".rstrip() for name, number, what in rows]
    text += [f"  {count:>{width + 16},}  {reason}" for reason, count in summary.tally.refused.most_common()]
    return "\n".join(text)


def summary_object(summary: Summary, refused_to: Path | None) -> dict[str, object]:
    """The summary for programs."""
    tally, stats = summary.tally, summary.stats
    return {
        "read": tally.lines,
        "blank": tally.blank,
        "read_bytes": tally.read_bytes,
        "sent": stats.sent,
        "sent_bytes": stats.bytes,
        "acknowledged": stats.acknowledged,
        "not_acknowledged": stats.failed + stats.in_flight,
        "errors": dict(stats.errors),
        "shed": stats.shed,
        "duplicates": stats.duplicates,
        "refused": summary.refused,
        "refused_by_reason": dict(tally.refused.most_common()),
        "refused_file": str(refused_to) if refused_to else None,
        "interrupted": tally.interrupted,
        "failure": str(summary.failure) if summary.failure else None,
        "elapsed_s": round(summary.elapsed_s, 3),
        "events_per_s": round(summary.per_second),
    }


def _counts(errors: Mapping[str, int]) -> str:
    return ", ".join(f"{name} × {count:,}" for name, count in errors.items()) or "no answer"


def _bytes(number: int) -> str:
    size = float(number)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"
