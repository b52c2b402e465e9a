"""``frontrow collect`` as a process, and what it said."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import urllib3

COMMAND = [sys.executable, "-c", "from frontrow_ingest.cli import main; main()"]
DEADLINE_S = 120.0


class CollectorProcess:
    """A running collector: its address, and its lines on standard error."""

    def __init__(
        self,
        *arguments: str,
        before: Sequence[str] = (),
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """``before`` comes before the command's name."""
        self.said: list[str] = []
        command = [*COMMAND, *before, "collect", *arguments]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env, cwd=cwd)
        self._reading = threading.Thread(target=self._read)
        self._reading.start()
        self._pool = urllib3.PoolManager(retries=False, timeout=DEADLINE_S)
        self.url = ""

    @property
    def text(self) -> str:
        return "".join(self.said)

    def await_listening(self) -> None:
        self.wait("its address", lambda: "collecting at" in self.text)
        found = re.search(r"collecting at (http://\S+)/events", self.text)
        assert found is not None
        self.url = found[1]

    def await_ready(self) -> None:
        self.wait("/ready", lambda: self.get("/ready") == 200)

    def wait(self, what: str, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not is_so():
            assert self._process.poll() is None, f"the collector ended: {self.text}"
            assert time.monotonic() < deadline, f"waited {DEADLINE_S:.0f} s for {what}: {self.text}"
            time.sleep(0.02)

    def get(self, path: str) -> int:
        status: int = self._pool.request("GET", self.url + path).status
        return status

    def page(self, path: str) -> str:
        return str(self._pool.request("GET", self.url + path).data.decode())

    def post(self, body: bytes, kind: str = "application/json", path: str = "/events", **headers: str) -> int:
        named = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        status: int = self._pool.request("POST", self.url + path, body=body, headers=named).status
        return status

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and wait for the exit code."""
        self._process.send_signal(number)
        code = self._process.wait(DEADLINE_S)
        self._reading.join(DEADLINE_S)
        return code

    def end(self) -> None:
        """End it whatever state it is in."""
        self._pool.clear()
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._reading.join(DEADLINE_S)
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _read(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(ValueError):
            self.said.extend(iter(self._process.stderr.readline, ""))


@contextlib.contextmanager
def collecting(
    *arguments: str, before: Sequence[str] = (), env: dict[str, str] | None = None
) -> Iterator[CollectorProcess]:
    """A collector on a free port that listens; ended afterwards."""
    process = CollectorProcess("--port", "0", *arguments, before=before, env=env)
    try:
        process.await_listening()
        yield process
    finally:
        process.end()
