"""Ports and who holds them; processes that are remembered, and ids that were given to somebody else."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from frontrow_ingest.errors import StackError
from frontrow_ingest.stack import LocalStack, Ports, PortTaken, StackSettings, automatic_ports, free_ports
from frontrow_ingest.stack import ports as ports_module
from frontrow_ingest.stack.ports import check_free, free_port, read_ports, write_ports
from frontrow_ingest.stack.processes import (
    Record,
    read_records,
    run_to_its_end,
    start,
    stop,
    uninterrupted,
    write_records,
)


def test_free_ports_are_free_and_different() -> None:
    ports = free_ports().by_name()
    assert len(set(ports.values())) == len(ports)
    check_free(ports)


def test_free_ports_are_none_that_a_connection_gets_by_itself() -> None:
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(given.read_text().split()[0]) if given.exists() else 49_152
    assert lowest <= 20_000 or max(free_ports().by_name().values()) < lowest


def test_nobody_else_is_given_a_free_port_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    for pid in (4_000, 4_001):
        monkeypatch.setattr(os, "getpid", lambda pid=pid: pid)
        monkeypatch.setattr(ports_module, "_turns", itertools.count())
        given += [number for _ in range(5) for number in free_ports().by_name().values()]
    assert len(set(given)) == len(given), "neither to stacks that start side by side nor one after another"
    assert max(given) < 32_768, "nor to a connection, or to a server that takes any port"


def test_a_port_that_is_held_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports_module, "_PLACES", 1)
    monkeypatch.setattr(ports_module, "_PLACE", 2)
    monkeypatch.setattr(ports_module, "_FREE_FROM", 32_100)  # where no stack of another test is
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", free_port()))
        left = free_port()
        assert {free_port() for _ in range(4)} == {left}
        other.bind(("127.0.0.1", left))
        assert free_port() not in (left, one.getsockname()[1]), "any that is free, in the end"


def test_a_taken_port_is_named_with_its_owner() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} \(router\) is taken by process {os.getpid()} ") as caught:
            check_free({"router": port})
    assert "--port router=NUMBER" in str(caught.value)


@pytest.mark.parametrize(("numbers", "said"), [({"kafka": 0}, "not between"), ({"kafka": 8081}, "given to two")])
def test_ports_that_cannot_be(numbers: dict[str, int], said: str) -> None:
    with pytest.raises(StackError, match=said):
        Ports().changed(numbers)


def test_automatic_ports_are_the_last_ones_while_they_are_free(tmp_path: Path) -> None:
    first = automatic_ports(tmp_path)
    assert automatic_ports(tmp_path) != first, "nothing is remembered before a start"
    write_ports(tmp_path, first)
    assert automatic_ports(tmp_path) == first
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", first.kafka))
        holder.listen()
        assert automatic_ports(tmp_path).kafka != first.kafka


def test_damaged_ports_are_named(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text('{"kafak": 1}')
    with pytest.raises(StackError, match=r"ports\.json is damaged"):
        read_ports(tmp_path)


def test_an_unknown_service_is_answered_with_the_known() -> None:
    with pytest.raises(StackError, match=r"no service 'kafak' has a port; there are zookeeper, kafka,"):
        Ports().changed({"kafak": 1})
    with pytest.raises(StackError, match="no service 'brokr'"):
        StackSettings(Path(), heap_mb={"brokr": 512})


def test_a_process_is_started_remembered_and_ended(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    record = start("broker", [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"], tmp_path)
    write_records(tmp_path / "processes.json", {"broker": record})
    assert read_records(tmp_path / "processes.json") == {"broker": record}
    assert record.process() is not None
    assert stop([record], patience_s=60) == []
    assert record.process() is None


def stubborn(service: str, directory: Path) -> Record:
    """A running process that does not end when asked, but says so."""
    (directory / "logs").mkdir(parents=True, exist_ok=True)
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True))\n"
        "print('up', flush=True)\n"
        "time.sleep(600)"
    )
    record = start(service, [sys.executable, "-c", code], directory)
    while not (directory / "logs" / f"{service}.out").read_text():
        assert record.process() is not None
    return record


def test_a_process_that_will_not_end_is_killed(tmp_path: Path) -> None:
    record = stubborn("broker", tmp_path)
    assert stop([record], patience_s=0.2) == ["broker"]
    assert record.process() is None


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[Path], None]]:
    """Press Ctrl-C when a stubborn process of a directory was asked to end: then this one waits for it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    over = threading.Event()
    threads: list[threading.Thread] = []

    def press(directory: Path) -> None:
        while not any("asked" in log.read_text() for log in (directory / "logs").glob("*.out")):
            if over.wait(0.02):
                return
        os.kill(os.getpid(), signal.SIGINT)

    def watch(directory: Path) -> None:
        threads.append(threading.Thread(target=press, args=(directory,)))
        threads[-1].start()

    yield watch
    over.set()
    for thread in threads:
        thread.join()
    signal.signal(signal.SIGINT, before)


# Where the signal comes between the opening of a file and the block that closes it, psutil leaves it to the collector.
cut_off = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@cut_off
def test_ctrl_c_while_processes_end_leaves_none(tmp_path: Path, ctrl_c: Callable[[Path], None]) -> None:
    records = [stubborn("broker", tmp_path), stubborn("router", tmp_path)]
    ctrl_c(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        stop(records, patience_s=300)
    assert [record.process() for record in records] == [None, None]


@cut_off
def test_ctrl_c_during_down_ends_the_later_groups_too(tmp_path: Path, ctrl_c: Callable[[Path], None]) -> None:
    directory = tmp_path / "stack"
    records = {service: stubborn(service, directory) for service in ("router", "coordinator", "zookeeper")}
    write_records(directory / "processes.json", records)
    stack = LocalStack(StackSettings(directory), cache=tmp_path / "cache")
    ctrl_c(directory)
    with pytest.raises(KeyboardInterrupt):
        stack.down()
    assert [record.process() for record in records.values()] == [None, None, None]
    assert {service.state for service in stack.status()} == {"stopped"}


def test_somebody_else_with_the_same_id_is_not_ours() -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        created = psutil.Process(stranger.pid).create_time()
        assert Record("broker", stranger.pid, created).process() is not None
        reused = Record("broker", stranger.pid, created - 1000)
        assert reused.process() is None
        assert stop([reused], patience_s=1) == []
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_damaged_list_of_processes_is_named(tmp_path: Path) -> None:
    (tmp_path / "processes.json").write_text("{")
    with pytest.raises(StackError, match=r"processes\.json is damaged"):
        read_records(tmp_path / "processes.json")


def test_status_of_what_never_ran_and_of_what_was_killed(tmp_path: Path) -> None:
    stack = LocalStack(StackSettings(tmp_path / "stack"), cache=tmp_path / "cache")
    assert {service.state for service in stack.status()} == {"stopped"}
    assert stack.down() == []
    (tmp_path / "stack").mkdir()
    write_records(tmp_path / "stack" / "processes.json", {"broker": Record("broker", 2**22 + 1, 1.0)})
    assert {service.service: service.state for service in stack.status()}["broker"] == "dead"


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_waits_until_a_process_is_remembered() -> None:
    remembered = []

    def begin() -> None:
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
            remembered.append("it")

    with pytest.raises(KeyboardInterrupt):
        begin()
    assert remembered == ["it"]


@cut_off
def test_a_program_that_is_run_to_its_end_has_ended_after_ctrl_c_too(
    tmp_path: Path, ctrl_c: Callable[[Path], None]
) -> None:
    code = (
        "import os, pathlib, time; pathlib.Path('pid').write_text(str(os.getpid())); "
        "pathlib.Path('logs/it.out').write_text('asked'); time.sleep(600)"
    )
    (tmp_path / "logs").mkdir()
    ctrl_c(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run_to_its_end([sys.executable, "-c", code], tmp_path, limit_s=600)
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))
    done = run_to_its_end([sys.executable, "-c", "import sys; print(1); sys.exit('no')"], tmp_path, limit_s=600)
    assert (done.returncode, done.stdout, done.stderr) == (1, "1\n", "no\n")
    with pytest.raises(subprocess.TimeoutExpired):
        run_to_its_end([sys.executable, "-c", "import time; time.sleep(600)"], tmp_path, limit_s=0.01)
