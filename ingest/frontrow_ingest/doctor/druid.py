"""Druid: does it answer, do its supervisors ingest, and do its clock and ours agree?"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable, Iterator

import urllib3

from frontrow import DruidTransport, Timeouts, TransportError
from frontrow._http.transport import Transport
from frontrow_ingest.doctor.finding import Finding
from frontrow_ingest.druid import Supervisors, SupervisorStatus
from frontrow_ingest.errors import SupervisorError

TIMEOUTS = Timeouts(connect=3, read=10, total=15, query=8)
MAX_SKEW_S = 2.0  # a Date header has whole seconds


def examine_druid(
    url: str, *, max_lag: int, transport: DruidTransport | None = None, clock: Callable[[], float] = time.time
) -> Iterator[Finding]:
    """Look at a Druid through its Router. More than ``max_lag`` events not read yet are too many."""
    druid = transport or Transport(url, timeouts=TIMEOUTS)
    try:
        supervisors = Supervisors(druid)
        try:
            names = supervisors.names()
        except TransportError as error:
            mend = "start it (frontrow stack up), or give its Router with --url"
            yield Finding("druid", False, f"{error}", mend)
            return
        yield Finding("druid", True, f"answers at {druid.url}")
        if transport is None:
            yield _skew(url, clock)
        yield from _supervisors(supervisors, names, max_lag)
    finally:
        if transport is None:
            druid.close()


def _supervisors(supervisors: Supervisors, names: list[str], max_lag: int) -> Iterator[Finding]:
    if not names:
        yield Finding("supervisors", False, "there is none: nothing is ingested", "frontrow specs apply")
    for name in names:
        try:
            yield judge_supervisor(supervisors.status(name), max_lag, supervisors.wanted_tasks(name))
        except (TransportError, SupervisorError) as error:
            mend = "look at the overlord: frontrow stack logs coordinator"
            yield Finding(f"supervisor {name}", False, f"{error}", mend)


def judge_supervisor(status: SupervisorStatus, max_lag: int, wanted_tasks: int = 1) -> Finding:
    """What is to be said of a supervisor, whose spec wants so many tasks to read at a time."""
    what = f"supervisor {status.name}"
    lag = "lag not known yet" if status.lag is None else f"lag {status.lag:,} events"
    text = f"{status.state}, {status.tasks} tasks, {lag}"
    if status.state == "SUSPENDED":
        mend = f"resume it: POST /druid/indexer/v1/supervisor/{status.name}/resume to Druid's Router"
        return Finding(what, False, "SUSPENDED: nothing is ingested, and events go when Kafka's retention ends", mend)
    if not status.ingesting:
        said = f"; Druid says: {status.errors[-1]}" if status.errors else ""
        return Finding(what, False, text + said, "frontrow specs status; its log: frontrow stack logs coordinator")
    if status.lag is not None and status.lag > max_lag:
        return Finding(what, False, text, "wait if it falls; else give the spec more tasks (taskCount) or partitions")
    if status.tasks < wanted_tasks and status.lag is not None:  # by then those that can read do
        mend = f"give topic {status.topic} as many partitions, or the spec fewer tasks (taskCount)"
        return Finding(what, False, f"{text}; the spec wants {wanted_tasks} tasks, and a partition has one", mend)
    if status.unparseable:
        mend = "look at what was sent: frontrow schema decode --topic"
        return Finding(what, False, f"{text}; {status.unparseable:,} messages were not readable", mend)
    return Finding(what, True, text)


def _skew(url: str, clock: Callable[[], float]) -> Finding:
    """Compare our clock with the Date of an answer; half of the way there and back is taken off."""
    before = clock()
    try:
        answer = urllib3.request("GET", url.rstrip("/") + "/status/health", timeout=5.0, retries=False)
    except urllib3.exceptions.HTTPError as error:
        return Finding("clock", False, f"Druid's could not be asked ({type(error).__name__})", "try again")
    return judge_clock(answer.headers.get("Date", ""), before, clock())


def judge_clock(date: str, before: float, after: float) -> Finding:
    """Whether a Date header is that of about the time between ``before`` and ``after`` (seconds)."""
    try:
        theirs = email.utils.parsedate_to_datetime(date).timestamp() + 0.5
    except ValueError:
        return Finding("clock", True, "Druid does not tell its time; ours is not compared")
    skew = theirs - (before + after) / 2
    good = abs(skew) <= MAX_SKEW_S + (after - before) / 2
    text = f"Druid's is {abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} ours"
    return Finding("clock", good, text, "have both synchronised (chrony, systemd-timesyncd): events get wrong minutes")
