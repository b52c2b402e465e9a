"""A stack of its own, through the command line: up, seen, healed, interrupted, down; and nothing is left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from frontrow_ingest.stack import LocalStack, Ports, StackSettings, free_ports
from frontrow_ingest.stack.processes import read_records
from support.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


class Command:
    """Runs ``frontrow stack`` for one directory and one set of ports."""

    def __init__(self, directory: Path, ports: Ports) -> None:
        self.directory = directory
        self.ports = ports
        self.options = [f"--port={name}={number}" for name, number in ports.by_name().items()]

    def arguments(self, verb: str, *more: str) -> list[str]:
        code = "from frontrow_ingest.cli import main; main()"
        options = [*self.options, "--no-class-archives"] if verb == "up" else []
        return [sys.executable, "-c", code, "stack", verb, "--dir", str(self.directory), *options, *more]

    def run(self, verb: str, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.arguments(verb, *more), capture_output=True, text=True, timeout=300, check=False)

    def start(self, verb: str, *more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.arguments(verb, *more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_heed_ctrl_c,
        )

    def processes(self) -> dict[str, psutil.Process]:
        records = read_records(self.directory / "processes.json")
        return {name: found for name, record in records.items() if (found := record.process())}


def _heed_ctrl_c() -> None:
    """As from a terminal: what a script starts in the background ignores Ctrl-C, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    command = Command(tmp_path / "state", free_ports())
    seen: dict[int, psutil.Process] = {}
    yield command
    seen.update({process.pid: process for process in command.processes().values()})
    LocalStack(StackSettings(command.directory, ports=command.ports)).down()
    assert not [process for process in seen.values() if process.is_running() and process.status() != "zombie"]


def listening(ports: Ports) -> set[int]:
    wanted = set(ports.by_name().values())
    return {c.laddr[1] for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN} & wanted


def living_in(directory: Path) -> list[int]:
    """Processes whose working directory it is."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(directory) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def test_a_life(command: Command) -> None:
    # Two at once are one stack.
    both = [command.start("up"), command.start("up")]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted("the stack runs already" in text for text in said) == [False, True]
    processes = command.processes()
    assert len(processes) == 7

    # Only the loopback address listens, whatever the port.
    for name, process in processes.items():
        for connection in process.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr[0] in ("127.0.0.1", "::ffff:127.0.0.1"), (name, connection.laddr)

    status = command.run("status", "--json")
    assert status.returncode == 0
    assert {service["state"] for service in json.loads(status.stdout)} == {"running"}

    # A port that another stack holds is named with its owner.
    other = Command(command.directory.parent / "other", command.ports).run("up")
    assert other.returncode == 1
    assert (
        f"port {command.ports.zookeeper} (zookeeper) is taken by process {processes['zookeeper'].pid}" in other.stderr
    )

    # What was killed is seen, and healed; the others are left alone.
    processes["historical"].kill()
    until("the historical to be gone", lambda: "historical" not in command.processes())
    status = command.run("status")
    assert status.returncode == 1
    assert "dead" in status.stdout
    healed = command.run("up")
    assert healed.returncode == 0, healed.stderr
    after = command.processes()
    assert {name for name in after if after[name].pid != processes[name].pid} == {"historical"}

    down = command.run("down")
    assert down.returncode == 0, down.stderr
    assert command.processes() == {}
    assert listening(command.ports) == set()
    assert command.run("down").stdout == "nothing ran\n"


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_leaves_nothing(command: Command, with_signal: signal.Signals) -> None:
    starting = command.start("up")
    until("some processes", lambda: len(command.processes()) >= 4)
    started = list(command.processes().values())
    os.kill(starting.pid, with_signal)
    output = starting.communicate(timeout=120)[0]
    assert starting.returncode == 130, output
    assert command.processes() == {}
    assert not [process for process in started if process.is_running() and process.status() != "zombie"]
    assert not living_in(command.directory), "also none that was started and not yet remembered"
    assert listening(command.ports) == set()


def test_a_service_that_ends_is_told_with_its_log(command: Command) -> None:
    (command.directory / "data" / "zookeeper").mkdir(parents=True)
    (command.directory / "data" / "zookeeper" / "version-2").write_text("a file where a directory should be")
    failed = command.run("up")
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    assert "zookeeper ended while it started" in failed.stderr
    assert "version-2" in failed.stderr, "the tail of its log tells why"
    assert command.processes() == {}


def test_a_directory_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failed = Command(tmp_path / "file" / "state", free_ports()).run("up")
    assert failed.returncode == 1
    assert "Choose another by --dir" in failed.stderr
    assert "Traceback" not in failed.stderr
