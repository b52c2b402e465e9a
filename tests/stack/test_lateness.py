"""Late and early events on real Kafka and Druid: counted in their own minute, or in quarantine with their delay."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from frontrow import Interval
from frontrow._http.transport import Transport
from frontrow_ingest.druid import Supervisors
from frontrow_ingest.producer import EventProducer
from support.clients import a_client
from support.viewing_events import a_line, an_event

pytestmark = [pytest.mark.stack, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
COMMAND = [sys.executable, "-c", "from frontrow_ingest.cli import main; main()"]
DEADLINE_S = 300
HOUR_MS = 3_600_000


def run(*arguments: str, text: bytes = b"", directory: Path, codes: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(
        [*COMMAND, *arguments], input=text, capture_output=True, cwd=directory, timeout=2 * DEADLINE_S, check=False
    )
    assert done.returncode in codes, done.stderr
    return done.stdout.decode()


def wait(what: str, probe: Callable[[], Any], value: Any) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while (found := probe()) != value:
        assert time.monotonic() < deadline, f"waited for {what} {value}, where it is {found}"
        time.sleep(0.1)


def test_late_events(stack: Any, fresh_name: Callable[[str], str], tmp_path: Path) -> None:
    prefix = fresh_name("late") + "_"
    window = ("--max-late", "6", "--max-early", "1")
    events, quarantine = prefix + "events", prefix + "quarantine"
    names = {spec: prefix + spec for spec in ("audience", "quality", "quarantine")}
    where = ("--url", stack.router_url, "--bootstrap", stack.bootstrap, "--prefix", prefix)
    patient = (*where, "--deadline", "280")
    now = time.time_ns() // 1_000_000
    with (
        Transport(stack.router_url) as transport,
        a_client(stack.router_url, datasources=names, freshness=False) as client,
    ):
        supervisors = Supervisors(transport)
        try:
            run("specs", "apply", "audience", "quality", "--topic", events, *window, *patient, directory=tmp_path)
            run("specs", "apply", "quarantine", "--topic", quarantine, *patient, directory=tmp_path)
            given = transport.request_json("GET", f"/druid/indexer/v1/supervisor/{names['audience']}")
            assert given["spec"]["ioConfig"]["lateMessageRejectionPeriod"] == "PT108000S"

            delays_h = (0, 3, 5, 10, 30, -12)
            lines = [
                a_line(seq=number, ts=now - hours * HOUR_MS, received_ts=now) for number, hours in enumerate(delays_h)
            ]
            said = run(
                "produce", "-", "--topic", events, "--quarantine", "--quarantine-topic", quarantine, "--json",
                "--bootstrap", stack.bootstrap, *window, text=b"\n".join(lines), directory=tmp_path, codes=(3,),
            )  # fmt: skip
            assert json.loads(said)["refused_by_reason"] == {"late ts": 2, "early ts": 1}

            def counted(hours: int) -> int:
                start = datetime.fromtimestamp((now - hours * HOUR_MS) // 60_000 * 60, UTC)
                found = client.timeseries(
                    "events", interval=Interval(start, start + timedelta(minutes=1)), granularity="all"
                )
                return int(found[0]["events"])

            for hours in delays_h[:3]:
                wait(f"the events of {hours} h ago", lambda hours=hours: counted(hours), 1)
            assert [counted(hours) for hours in delays_h[3:]] == [0, 0, 0]

            def answer(spec: str, *metrics: str) -> list[Any]:
                found = client.timeseries(
                    metrics, interval="2020-01-01/2100-01-01", granularity="all", spec=spec, allow_large=True
                )
                return [found[0][metric] for metric in metrics]

            wait("late and early", lambda: answer("quarantine", "late_events", "early_events"), [2, 1])
            # By the moment of refusal, which was some time after ``now``.
            (longest,) = answer("quarantine", "quarantined_delay_p95")
            assert 30 * HOUR_MS <= longest <= time.time_ns() // 1_000_000 - (now - 30 * HOUR_MS)
            wait("lateness", lambda: answer("quality", "events", "late_share_10m"), [3, 2 / 3])
            assert answer("quality", "lateness") == [8 * HOUR_MS / 3]

            # What a producer without a window sends is dropped by Druid, but not before a day has passed.
            with EventProducer(stack.bootstrap, topic=events) as producer:
                for seq, hours in ((20, 29), (21, 31), (22, -12)):
                    producer.send(an_event(seq=seq, ts=now - hours * HOUR_MS))
            wait("the event of 29 h ago", lambda: counted(29), 1)
            assert (counted(31), counted(-12)) == (0, 0)

            # The same again changes nothing.
            wait("what is counted", lambda: supervisors.status(names["audience"]).processed, 4)
            run("specs", "apply", "audience", "quality", "--topic", events, *window, *patient, directory=tmp_path)
            # Tasks that were started anew would count from nothing.
            wait("what is still counted", lambda: supervisors.status(names["audience"]).processed, 4)
            assert len(supervisors.history(names["audience"])) == 1
        finally:
            for name in names.values():
                if name in supervisors.names():
                    supervisors.terminate(name)
