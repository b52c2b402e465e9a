"""The ledger on real Kafka and Druid: every event accounted for, whatever ends the producer."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from frontrow import Client, Interval, KeyEpochsError, LedgerReport
from frontrow_ingest.ledger import kafka_ledger
from support.clients import a_client
from support.kafka_topics import stored
from support.supervised_topic import supervised_specs
from support.viewing_events import DAY_MS, a_line

pytestmark = [
    pytest.mark.stack,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
COMMAND = [sys.executable, "-c", "from frontrow_ingest.cli import main; main()"]
DEADLINE_S = 300
# Long ago, but not so long that the own time of a refused event would not be believed.
MONTHS_AGO_MS = time.time_ns() // 1_000_000 // 3_600_000 * 3_600_000 - 60 * DAY_MS
SPECS = {"audience": "events", "quarantine": "quarantine", "ledger": "ledger"}
_days = itertools.count()


@dataclass
class Line:
    """Topics and datasources of one prefix."""

    stack: Any
    prefix: str
    client: Client
    directory: Path

    @property
    def produce(self) -> list[str]:
        topics = {"--topic": "events", "--quarantine-topic": "quarantine", "--ledger-topic": "ledger"}
        named = [part for option, topic in topics.items() for part in (option, self.prefix + topic)]
        return [*COMMAND, "produce", "-", *named, "--quarantine", "--ledger", "--bootstrap", self.stack.bootstrap]

    @contextmanager
    def producer(self) -> Iterator[subprocess.Popen[bytes]]:
        with subprocess.Popen(
            self.produce, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.directory
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def account(self, day: int, **how: Any) -> LedgerReport:
        start = datetime.fromtimestamp(day / 1000, UTC)
        return self.client.ledger(interval=Interval(start, start + timedelta(hours=1)), **how)

    def wait(self, day: int, **totals: int) -> LedgerReport:
        deadline = time.monotonic() + DEADLINE_S
        while True:
            report = self.account(day)
            found = {name: report.totals[name] for name in totals}
            if found == totals:
                return report
            assert time.monotonic() < deadline, f"waited for {totals}, where there are {found}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def line(stack: Any, fresh_name: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    prefix = fresh_name("ledger") + "_"
    names = {spec: prefix + spec for spec in SPECS}
    topics = {spec: prefix + topic for spec, topic in SPECS.items()}
    with (
        supervised_specs(stack.router_url, stack.bootstrap, names, topics),
        a_client(stack.router_url, datasources=names, freshness=False) as client,
    ):
        yield Line(stack, prefix, client, tmp_path_factory.mktemp("ledger"))


@pytest.fixture
def day() -> int:
    """An hour that no other test has, ms."""
    return MONTHS_AGO_MS + next(_days) * DAY_MS


def lines(day: int, count: int, *, first: int = 0) -> bytes:
    return b"".join(
        a_line(seq=seq, session_id=f"s{day}-{seq % 7}", ts=day + seq * 1_000) + b"\n"
        for seq in range(first, first + count)
    )


def test_every_event_is_accounted_for(line: Line, day: int) -> None:
    refused = [a_line(seq=5_000 + number, ts=day, country="de") for number in range(3)]
    done = subprocess.run(
        line.produce, input=lines(day, 1_000) + b"\n".join(refused), capture_output=True, cwd=line.directory,
        timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    report = line.wait(day, sent=1_000, queryable=1_000, quarantined=3)
    assert (report.completeness, report.totals["missing"], report.totals["beyond_ledger"]) == (1.0, 0, 0)
    assert len(report.minutes) == 17
    interval = f"{report.interval}"
    told = subprocess.run(
        [*COMMAND, "ledger", "--interval", interval, "--prefix", line.prefix, "--url", line.stack.router_url, "--json"],
        capture_output=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["totals"]["sent"] == 1_000

    # A replay is in the ledger, too.
    again = subprocess.run(
        [
            *COMMAND, "quarantine", "replay", "--set", 'country="DE"', "--events", line.prefix + "events", "--topic",
            line.prefix + "quarantine", "--ledger", "--ledger-topic", line.prefix + "ledger", "--bootstrap",
            line.stack.bootstrap,
        ],
        capture_output=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert line.wait(day, sent=1_003, queryable=1_003, quarantined=0).totals["beyond_ledger"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_loses_no_count(line: Line, day: int, number: signal.Signals) -> None:
    with line.producer() as process:
        assert process.stdin is not None
        process.stdin.write(lines(day, 500))
        process.stdin.flush()
        line.wait(day, queryable=500)
        process.send_signal(number)
        process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 130
    assert line.wait(day, sent=500, queryable=500).completeness == 1.0


def test_a_producer_that_waits_has_told_already(line: Line, day: int) -> None:
    with line.producer() as process:
        assert process.stdin is not None
        process.stdin.write(lines(day, 50))
        process.stdin.flush()
        line.wait(day, sent=50, queryable=50)
        assert process.poll() is None

        # What a kill takes with it is queryable, and counted as beyond the ledger: nothing is missing by mistake.
        process.stdin.write(lines(day, 200, first=50))
        process.stdin.flush()
        line.wait(day, queryable=250)
        process.kill()
        process.wait(DEADLINE_S)
    report = line.account(day, settled_after=timedelta(0))
    assert report.totals["sent"] + report.totals["beyond_ledger"] == 250
    assert (report.totals["missing"], report.completeness) == (0, 1.0)


def test_what_never_arrived_is_missing(line: Line, day: int) -> None:
    ledger = kafka_ledger(line.stack.bootstrap, producer="lossy", topic=line.prefix + "ledger", every_s=0)
    for _ in range(7):
        ledger.counts.sent(day, 100)
    ledger.close(60)
    line.wait(day, sent=7)
    report = line.account(day, settled_after=timedelta(hours=1))
    assert (report.totals["in_flight"], report.totals["missing"], report.completeness) == (7, 0, None)
    late = line.account(day, settled_after=timedelta(0))
    assert (late.totals["missing"], late.completeness) == (7, 0.0)
    told = subprocess.run(
        [
            *COMMAND, "ledger", "--interval", str(report.interval), "--prefix", line.prefix, "--settled-after", "0",
            "--url", line.stack.router_url,
        ],
        capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "7 missing" in told.stderr


def test_a_simulated_audience_is_in_the_ledger(line: Line, day: int) -> None:
    start = datetime.fromtimestamp(day / 1000, UTC).isoformat()
    done = subprocess.run(
        [
            *COMMAND, "simulate", "--viewers", "60", "--duration", "90s", "--speed", "max", "--start", start,
            "--ledger", "--topic", line.prefix + "events", "--ledger-topic", line.prefix + "ledger", "--json",
            "--bootstrap", line.stack.bootstrap,
        ],
        capture_output=True, timeout=DEADLINE_S, check=False, cwd=line.directory,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sent = json.loads(done.stdout)["events"]
    assert line.wait(day, sent=sent, queryable=sent).completeness == 1.0


def test_viewers_of_two_keys_are_not_added_up(line: Line, day: int) -> None:
    """Raw ids through the real topics: in none of them; the same viewer after a replay; never two viewers for one."""
    keys = line.directory / "keys"
    keys.touch(0o600)
    raws = ["mallory@example.org", "mallory-4917612345678_", "annalisa"]  # one looks like a pseudonym
    minutes = {"a": 5, "b": 40}
    for epoch, minute in minutes.items():
        with keys.open("a") as file:
            file.write(f"{epoch}:{bytes(range(minute, minute + 32)).hex()}\n")
        ts = day + minute * 60_000
        text = [a_line(seq=minute + n, session_id=f"{day}", ts=ts, viewer_id=raw) for n, raw in enumerate(raws)]
        text.append(a_line(seq=minute + 9, session_id=f"{day}", ts=ts, viewer_id=raws[1], country="de"))
        done = subprocess.run(
            [*line.produce, "--raw-viewer-ids", "--viewer-key-file", str(keys)], input=b"\n".join(text),
            capture_output=True, timeout=DEADLINE_S, check=False, cwd=line.directory,
        )  # fmt: skip
        assert done.returncode == 3, done.stderr
    line.wait(day, sent=6, queryable=6, quarantined=2)

    again = [*COMMAND, "quarantine", "replay", "--set", 'country="DE"', "--ledger"]
    for option, topic in {"--events": "events", "--topic": "quarantine", "--ledger-topic": "ledger"}.items():
        again += [option, line.prefix + topic]
    again += ["--bootstrap", line.stack.bootstrap]
    done = subprocess.run(again, capture_output=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr
    line.wait(day, sent=8, queryable=8, quarantined=0)

    start = datetime.fromtimestamp(day / 1000, UTC)
    hour = Interval(start, start + timedelta(hours=1))
    with pytest.raises(KeyEpochsError) as caught:
        line.client.timeseries("unique_viewers", interval=hour, granularity="all")
    assert [epoch for epoch, _ in caught.value.parts] == ["a", "b"]
    for _, part in caught.value.parts:
        for metric in ("unique_viewers", "reach"):
            found = line.client.timeseries(metric, interval=part, granularity="all")
            assert found[0][metric] == pytest.approx(3, abs=0.01)
    assert sum(row["unique_viewers"] for row in line.client.timeseries("unique_viewers", interval=hour)) > 5
    with pytest.raises(KeyEpochsError):
        line.client.top_n("country", "unique_viewers", interval=hour)

    for topic in SPECS.values():
        wrote = b"".join(record.key + record.value for record in stored(line.stack.bootstrap, line.prefix + topic))
        assert not [raw for raw in raws if raw.encode() in wrote]
