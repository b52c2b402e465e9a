"""The same twenty failures, asked through pydruid (native and DB-API) and through frontrow: what each of them does.

A proxy breaks the recorded answers of a Druid; no stack is needed. The exit code is 1 if frontrow hangs, or gives a
part of an answer as if it were all. Run: ``python tests/bench/bench_failures.py``.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
import urllib.request  # noqa: F401 - pydruid uses it without importing it
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydruid.client import PyDruid
from pydruid.db import connect
from pydruid.utils.aggregators import longsum
from rich.console import Console
from rich.table import Table

import frontrow

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.fault_proxy import (
    Answer,
    Fault,
    FaultProxy,
    chunked,
    fault_proxy,
    instead,
    packed,
    sized,
    unframed,
)
from support.interrupts import ctrl_c
from support.recorded import NO_CAPACITY, TIMED_OUT, recorded_druid

PATIENCE_S = 4.0
TIMEOUTS = frontrow.Timeouts(connect=1, read=1, total=3, query=0.9)
INTERVAL = "2026-09-21T12:00/2026-09-21T12:03"

Way = Callable[[str], int]
"""Asks the Druid at an address; the number of rows."""


@dataclass(frozen=True)
class Failure:
    """What goes wrong: for the first request, or ``lasting``; after another answer; or the caller is interrupted."""

    name: str
    fault: Fault | None
    lasting: bool = False
    second: bool = False
    interrupt: bool = False


def to_first_row(answer: Answer) -> Answer:
    return Answer(answer.status, answer.headers, answer.body[: answer.body.index(b"},") + 1])


FAILURES = [
    Failure("nobody listens", None),
    Failure("reset before the answer, once", Fault(cut=0, ending="reset")),
    Failure("a kept connection ends early", Fault(cut=0, ending="close"), second=True),
    Failure("429, once", Fault(instead(429, NO_CAPACITY))),
    Failure("503, Retry-After: 1, once", Fault(instead(503, b"<h1>Busy</h1>", Retry_After="1"))),
    Failure("503, a page, lasting", Fault(instead(503, b"<h1>Unavailable</h1>")), lasting=True),
    Failure("504, Druid's own timeout", Fault(instead(504, TIMED_OUT))),
    Failure("a redirect to a login page", Fault(instead(302, b"", Location="/login"))),
    Failure("200, a page", Fault(instead(200, b"<h1>Welcome</h1>"))),
    Failure("200, no bytes", Fault(instead(200, b""))),
    Failure("never answers", Fault(cut=0, ending="stall")),
    Failure("stalls in the body", Fault(cut=-60, ending="stall")),
    Failure("drips, 20 bytes a second", Fault(drip=0.05)),
    Failure("cut, less than its length", Fault(cut=-60, ending="close")),
    Failure("cut, no last chunk", Fault(chunked, cut=-60, ending="close")),
    Failure("cut, without any framing", Fault(unframed, cut=-60, ending="close")),
    Failure("fails while it answers", Fault(lambda answer: chunked(to_first_row(answer)))),
    Failure("a length too short", Fault(lambda answer: sized(answer, claim=len(to_first_row(answer).body)))),
    Failure("a cut gzip", Fault(lambda answer: packed(answer, lambda data: data[:-30]))),
    Failure("interrupted (Ctrl-C)", Fault(cut=0, ending="stall"), interrupt=True),
]


def pydruid_native(url: str) -> int:
    query = PyDruid(url, "druid/v2").timeseries(
        datasource="audience",
        granularity="minute",
        intervals=[INTERVAL],
        aggregations={"plays": longsum("plays")},
    )
    return len(query.result)


def pydruid_dbapi(url: str) -> int:
    host, _, port = url.removeprefix("http://").partition(":")
    cursor = connect(host=host, port=int(port), path="/druid/v2/sql/", scheme="http").cursor()
    return len(cursor.execute("SELECT content_id, plays FROM audience").fetchall())


def through_frontrow(url: str) -> int:
    with frontrow.Client(url, freshness=False, timeouts=TIMEOUTS) as client:
        return len(client.timeseries("plays", interval=INTERVAL))


def twice_through_frontrow(url: str) -> int:
    with frontrow.Client(url, freshness=False, timeouts=TIMEOUTS) as client:
        client.timeseries("plays", interval=INTERVAL)
        return len(client.timeseries("plays", interval=INTERVAL))


def twice(way: Way) -> Way:
    def ask(url: str) -> int:
        way(url)
        return way(url)

    return twice_through_frontrow if way is through_frontrow else ask


WAYS: dict[str, tuple[Way, int]] = {
    "pydruid, native": (pydruid_native, 3),
    "pydruid, DB-API": (pydruid_dbapi, 2),
    "frontrow": (through_frontrow, 3),
}


def in_a_thread(way: Way, url: str) -> tuple[int | BaseException | None, float]:
    """The rows, the error, or None if it still waits, and the seconds that it took."""
    outcome: list[int | BaseException] = []

    def ask() -> None:
        try:
            outcome.append(way(url))
        except BaseException as error:
            outcome.append(error)

    began = time.monotonic()
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    return (outcome[0] if outcome else None), time.monotonic() - began


def interrupted(way: Way, proxy: FaultProxy) -> tuple[int | BaseException | None, float]:
    """The same in this thread, with a Ctrl-C while it waits."""

    began = time.monotonic()
    try:
        with ctrl_c(proxy):
            return way(proxy.url), 0.0
    except KeyboardInterrupt as error:
        return error, time.monotonic() - began


def judged(outcome: int | BaseException | None, took: float, rows: int, proxy: FaultProxy) -> tuple[str, str]:
    """In a word (hang, part, whole, error), and in words."""
    after = f" after {took:.1f} s" if took > 0.5 else ""
    ended = "; query ended" if proxy.cancelled() else ""
    match outcome:
        case None:
            return "hang", f"still waits after {took:.0f} s"
        case int() if outcome != rows:
            return "part", f"{outcome} of {rows} rows, as if whole"
        case int():
            return "whole", f"all {rows} rows{after}"
        case KeyboardInterrupt():
            return "error", f"KeyboardInterrupt{ended or '; query runs on'}"
        case _:
            root = type(outcome).__mro__
            known = any(kind.__module__.startswith(("frontrow", "pydruid")) for kind in root)
            return "error", f"{type(outcome).__name__}{after}{ended}{'' if known else ' (not its own)'}"


def tried(failure: Failure, way: Way, rows: int, druid: str) -> tuple[str, str]:
    if failure.fault is None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        outcome, took = in_a_thread(way, url)
        return judged(outcome, took, rows, FaultProxy(url))
    with fault_proxy(druid) as proxy:
        if failure.second:
            way = twice(way)
            proxy.faults.append(Fault())
        proxy.faults.append(failure.fault)
        if failure.lasting:
            proxy.otherwise = failure.fault
        outcome, took = interrupted(way, proxy) if failure.interrupt else in_a_thread(way, proxy.url)
        return judged(outcome, took, rows, proxy)


def shown(names: Sequence[str], counts: dict[str, dict[str, int]]) -> Table:
    table = Table("of twenty failures", *names)
    for kind, words in (
        ("whole", "the whole answer after all"),
        ("error", "an error"),
        ("hang", f"nothing within {PATIENCE_S:g} s"),
        ("part", "a part of the answer, as if whole"),
    ):
        table.add_row(words, *(str(counts[name].get(kind, 0)) for name in names))
    return table


def main() -> int:
    names = list(WAYS)
    table = Table("failure", *names, title="the same twenty failures")
    counts: dict[str, dict[str, int]] = {name: {} for name in names}
    with recorded_druid() as druid:
        for failure in FAILURES:
            said = []
            for name, (way, rows) in WAYS.items():
                kind, words = tried(failure, way, rows, druid.url)
                counts[name][kind] = counts[name].get(kind, 0) + 1
                said.append(words)
            table.add_row(failure.name, *said)
    console = Console()
    console.print(table)
    console.print(shown(names, counts))
    return 1 if counts["frontrow"].keys() & {"hang", "part"} else 0


if __name__ == "__main__":
    sys.exit(main())
