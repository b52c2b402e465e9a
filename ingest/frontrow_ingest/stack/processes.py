"""The stack's processes: started detached, remembered in a file, ended by their id."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from frontrow_ingest.errors import StackError

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Record:
    """A process that was started. ``created`` tells it from a later process that got the same id."""

    service: str
    pid: int
    created: float

    def process(self) -> psutil.Process | None:
        """The process if it still runs, else None."""
        with contextlib.suppress(psutil.Error):
            found = psutil.Process(self.pid)
            if abs(found.create_time() - self.created) < 1.0 and found.status() != psutil.STATUS_ZOMBIE:
                return found
        return None


def read_records(path: Path) -> dict[str, Record]:
    """Processes that a stack in this directory started last, by service; alive or not."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {entry["service"]: Record(**entry) for entry in entries}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        raise StackError(
            f"{path} is damaged ({error!r}). End the stack's Java processes by hand, then delete that file."
        ) from error


def write_records(path: Path, records: Mapping[str, Record]) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps([asdict(record) for record in records.values()], indent=1), encoding="utf-8")
    temporary.replace(path)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Put Ctrl-C and SIGTERM off to the end of the block: a process just started must be remembered first."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are for the main thread
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda got, _: came.append(got)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


def start(service: str, command: Sequence[str], directory: Path) -> Record:
    """Start a service in ``directory``, in a session of its own: Ctrl-C in this terminal is not for it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JAVA_", "JDK_", "_JAVA"))}
    environment["MALLOC_ARENA_MAX"] = "2"
    with (directory / "logs" / f"{service}.out").open("wb") as out:
        process = subprocess.Popen(
            list(command),
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        created = psutil.Process(process.pid).create_time()
    except psutil.Error:
        created = time.time()  # it is gone already; whoever waits for it will see that
    process.returncode = 0  # it outlives this program: Python is not to warn that nobody waits for it
    return Record(service, process.pid, created)


def run_to_its_end(command: Sequence[str], directory: Path, *, limit_s: float) -> subprocess.CompletedProcess[str]:
    """Run a program whose output is text. Whatever comes in between, Ctrl-C too, the program has ended after it.

    Raises:
        TimeoutExpired: it took longer
    """
    out = subprocess.PIPE
    with subprocess.Popen(list(command), cwd=directory, stdout=out, stderr=out, text=True) as process:
        try:
            said, complained = process.communicate(timeout=limit_s)
        except BaseException:
            # subprocess.run would kill it, too, but after Ctrl-C not wait until it is gone.
            process.kill()
            process.wait()
            raise
    return subprocess.CompletedProcess(command, process.returncode, said, complained)


def stop(records: Iterable[Record], *, patience_s: float) -> list[str]:
    """End processes together: ask, wait, then kill what is left. Returns the services that had to be killed.

    Ctrl-C takes the patience away: what still runs is killed at once, and only then KeyboardInterrupt goes on.
    """
    running = {process.pid: (record.service, process) for record in records if (process := record.process())}
    interrupt: KeyboardInterrupt | None = None
    try:
        for _, process in running.values():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, stubborn = psutil.wait_procs([process for _, process in running.values()], timeout=patience_s)
    except KeyboardInterrupt as error:
        interrupt, stubborn = error, [process for _, process in running.values() if process.is_running()]
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _, left = psutil.wait_procs(stubborn, timeout=10)
    if left:
        raise StackError(f"process {left[0].pid} ({running[left[0].pid][0]}) cannot be ended, even by SIGKILL.")
    if interrupt is not None:
        raise interrupt
    return [running[process.pid][0] for process in stubborn]
